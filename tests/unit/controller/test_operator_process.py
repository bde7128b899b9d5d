"""Signals, in earnest: real processes that end, are killed, and are stopped and go on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import operator_process
from tests.support.shell import eventually, is_ready, lab

ROOT = Path(operator_process.__file__).parents[2]


@pytest.fixture
def spawn(api, tmp_path):
    """Start operators as processes; whoever is left at the end is killed."""
    running = []

    def start(name, seconds=0.0):
        script = [sys.executable, "-m", "tests.support.operator_process"]
        arguments = [name, str(tmp_path / "journal"), str(seconds), api.kubeconfig(tmp_path), "0.2"]
        output = (tmp_path / f"{name}.log").open("w")
        process = subprocess.Popen([*script, *arguments], cwd=ROOT, stderr=output)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "journal"
    return lambda: path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def log(tmp_path):
    return lambda name: (tmp_path / f"{name}.log").read_text()


def test_sigterm_lets_a_pass_end_writes_its_status_and_gives_the_lease_back(api, spawn, journal):
    api.create("labvpcs", lab("a"))
    process = spawn("one", seconds=1.5)
    eventually(lambda: journal() == ["one begin"], 20)
    process.send_signal(signal.SIGTERM)

    assert 0 == process.wait(10)
    assert ["one begin", "one call"] == journal()
    assert is_ready(api, "a")
    assert "" == api.get("leases", "awslab-system", "awslab-operator")["spec"]["holderIdentity"]


def test_a_second_signal_ends_at_once(api, spawn, journal):
    api.create("labvpcs", lab("a"))
    process = spawn("one", seconds=30)
    eventually(lambda: journal() == ["one begin"], 20)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)

    assert 128 + signal.SIGTERM == process.wait(10)
    assert time.monotonic() - began < 1


def test_a_killed_leader_is_followed_when_its_lease_is_over(api, spawn, journal, log):
    api.create("labvpcs", lab("a"))
    one = spawn("one")
    eventually(lambda: "one call" in journal(), 20)
    spawn("two")
    eventually(lambda: "watching labvpcs" in log("two"), 20)
    one.kill()
    began = time.monotonic()
    api.create("labvpcs", lab("b"))
    eventually(lambda: "two call" in journal(), 20)

    assert 0.5 < time.monotonic() - began < 5


def test_a_leader_that_was_stopped_and_goes_on_makes_no_call_any_more(api, spawn, journal, log):
    api.create("labvpcs", lab("a"))
    one = spawn("one")
    eventually(lambda: "one call" in journal(), 20)
    spawn("two")
    eventually(lambda: "watching labvpcs" in log("two"), 20)
    os.kill(one.pid, signal.SIGSTOP)
    api.create("labvpcs", lab("b"))
    eventually(lambda: "two call" in journal(), 20)
    before = len(journal())
    os.kill(one.pid, signal.SIGCONT)

    assert 1 == one.wait(10)
    assert "one call" not in journal()[before:]
    eventually(lambda: "two call" in journal()[before:])
