"""Start and stop processes that outlive the command that started them, and never touch a stranger.

A process is known by its number together with its start time (or its whole command line, which names the
world's folder, where the clock was set meanwhile): numbers are used again.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from awslab.local.errors import LocalWorldError

_CHILDREN: Final[dict[int, subprocess.Popen[bytes]]] = {}  # those of this process: it must collect them
_CLOCK_TOLERANCE = 2.0  # seconds
_POLL = 0.03
_PAUSE_LIMIT = 2.0
_TAIL = 20


@dataclass(frozen=True)
class Component:
    """What to run, and how to see that it is ready."""

    name: str
    command: Sequence[str]
    log: Path
    endpoint: str = ""
    environment: Mapping[str, str] | None = None
    ready: Callable[[], bool] = lambda: True
    patience: float = 60.0  # seconds until ready


@dataclass(frozen=True)
class Running:
    """A process that was started, as it is written down."""

    name: str
    pid: int
    started: float  # seconds since the epoch
    command: tuple[str, ...]
    endpoint: str
    log: str

    def process(self) -> psutil.Process | None:
        """Return the process while it lives, and never another one that got its number."""
        _collect(self.pid)
        try:
            found = psutil.Process(self.pid)
            if found.status() == psutil.STATUS_ZOMBIE:
                return None
            same_start = abs(found.create_time() - self.started) < _CLOCK_TOLERANCE
            return found if same_start or tuple(found.cmdline()) == self.command else None
        except psutil.Error:
            return None

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the process still lives."""
        if process := self.process():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def pause(self) -> None:
        """Stop it where it is until SIGCONT; returns when it stands still."""
        self.send(signal.SIGSTOP)
        deadline = time.monotonic() + _PAUSE_LIMIT
        while not self.is_paused() and time.monotonic() < deadline:
            time.sleep(_POLL)

    def is_paused(self) -> bool:
        """Return whether it stands still."""
        process = self.process()
        try:
            return bool(process and process.status() == psutil.STATUS_STOPPED)
        except psutil.NoSuchProcess:  # ended between two looks
            return False

    def wait(self, timeout: float) -> bool:
        """Return whether it ended within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self.process():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def stop(self, grace: float, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, and end it when `grace` seconds were not enough."""
        self.send(number)
        self.send(signal.SIGCONT)  # one that was paused hears it only when it goes on
        if not self.wait(grace):
            self.kill()

    def kill(self) -> None:
        """End it and what it started, at once."""
        if self.process():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        if not self.wait(5):
            raise LocalWorldError(f"{self.name} (process {self.pid}) does not end: `kill -9 {self.pid}` as its owner.")


def start(component: Component, folder: Path) -> Running:
    """Start the component in a group of its own, its output in its log, `folder` as current one."""
    component.log.parent.mkdir(parents=True, exist_ok=True)
    with component.log.open("ab") as log:
        try:
            child = subprocess.Popen(  # noqa: S603 - the commands are ours
                component.command,
                cwd=folder,
                env=component.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise LocalWorldError(
                f"{component.name} cannot be started: {component.command[0]}: {error.strerror}"
            ) from error
    _CHILDREN[child.pid] = child
    return _written_down(component, child.pid)


def await_ready(component: Component, running: Running) -> None:
    """Wait until the component answers; say why, with the end of its log, where it does not."""
    deadline = time.monotonic() + component.patience
    while not component.ready():
        if not running.process():
            raise LocalWorldError(f"{component.name} ended right after its start. {_end_of(component.log)}")
        if time.monotonic() > deadline:
            raise LocalWorldError(
                f"{component.name} is not ready after {component.patience:.0f} s. {_end_of(component.log)}"
            )
        time.sleep(_POLL)


def _written_down(component: Component, pid: int) -> Running:
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:  # ended already; await_ready() tells why
        started = 0.0
    return Running(component.name, pid, started, tuple(component.command), component.endpoint, str(component.log))


def _end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-_TAIL:]
    hint = ""
    if any("address already in use" in line for line in lines):
        hint = "Another process took its port meanwhile: try again.\n"
    if any("no space left on device" in line.lower() for line in lines):
        hint = "The disk is full: make room and try again.\n"
    return f"{hint}The end of its log, {log}:\n" + "\n".join(f"  {line}" for line in lines or ["(empty)"])


def _collect(pid: int) -> None:
    """Take note of the end of a child of ours, so that it does not stay as a zombie."""
    if child := _CHILDREN.get(pid):
        child.poll()


def exit_code(pid: int, seconds: float) -> int:
    """Wait for the end of a child of ours, and tell its exit code; raises subprocess.TimeoutExpired."""
    return _CHILDREN[pid].wait(seconds)
