import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from awslab.local.errors import LocalWorldError
from awslab.local.processes import Component, Running, await_ready, start
from tests.support.shell import eventually

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


@pytest.fixture
def component(tmp_path):
    """A component that runs a piece of Python."""

    def make(code="import time; time.sleep(60)", **options):
        command = (sys.executable, "-c", code)
        return Component("thing", command, tmp_path / "logs" / "thing.log", **options)

    return make


@pytest.fixture
def started(component, tmp_path):
    """Start a component, and end it with the test."""
    running = []

    def begin(*args, **options):
        running.append(start(component(*args, **options), tmp_path))
        return running[-1]

    yield begin
    for one in running:
        one.kill()


def test_a_process_is_found_by_another_command_and_ended(started):
    known = started()
    as_written_down = Running(**vars(known))

    as_written_down.stop(grace=5)

    assert as_written_down.process() is None
    assert not psutil.pid_exists(known.pid)


def test_a_stranger_with_the_same_number_is_never_touched():
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        recycled = Running("etcd", stranger.pid, time.time() - 3600, ("etcd", "--data-dir=/w"), "", "")

        recycled.stop(grace=1)
        recycled.kill()

        assert recycled.process() is None
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_clock_that_was_set_does_not_make_a_process_a_stranger(started):
    known = started()

    moved = Running(**vars(known) | {"started": known.started - 3600})

    # A process that has just begun has no command line yet.
    assert eventually(moved.process, 5)


def test_a_process_that_ended_is_gone(started):
    known = started("")

    assert known.wait(timeout=10)
    assert known.process() is None


def test_a_process_that_does_not_listen_is_killed(started, tmp_path):
    known = started(DEAF)
    log = tmp_path / "logs" / "thing.log"
    while "deaf" not in log.read_text():
        time.sleep(0.02)

    known.stop(grace=0.2)

    assert known.process() is None


def test_a_paused_process_can_be_stopped(started):
    known = started()
    known.send(signal.SIGSTOP)

    known.stop(grace=5)

    assert known.process() is None


def test_a_process_has_a_group_of_its_own(started):
    known = started()

    assert os.getpgid(known.pid) == known.pid != os.getpgid(0)


def test_readiness_is_waited_for(component, started):
    answers = iter([False, False, True])
    known = started()

    await_ready(component(ready=lambda: next(answers)), known)

    assert next(answers, "asked until true") == "asked until true"


def test_a_process_that_dies_at_its_start_shows_the_end_of_its_log(component, started):
    code = "print('\\n'.join(f'line {n}' for n in range(100))); raise SystemExit('bad flag')"
    known = started(code)

    with pytest.raises(LocalWorldError, match="thing ended right after its start") as raised:
        await_ready(component(ready=lambda: False), known)

    assert "bad flag" in str(raised.value)
    assert "line 99" in str(raised.value)
    assert "line 5\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("listen tcp 127.0.0.1:1: bind: address already in use", "took its port meanwhile: try again"),
        ("write: no space left on device", "disk is full: make room"),
    ],
)
def test_what_can_be_done_about_a_failed_start_is_said(component, started, said, advice):
    known = started(f"raise SystemExit({said!r})")

    with pytest.raises(LocalWorldError, match=advice):
        await_ready(component(ready=lambda: False), known)


def test_a_process_that_is_never_ready_is_a_sentence(component, started):
    known = started()

    with pytest.raises(LocalWorldError, match="thing is not ready after 0 s"):
        await_ready(component(ready=lambda: False, patience=0.1), known)


def test_a_command_that_is_missing_is_a_sentence(tmp_path):
    with pytest.raises(LocalWorldError, match="etcd cannot be started: /nowhere/etcd: No such file"):
        start(Component("etcd", ("/nowhere/etcd",), tmp_path / "etcd.log"), tmp_path)
