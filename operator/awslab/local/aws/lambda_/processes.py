"""The processes that functions run in: made quickly, watched while they work, ended for sure."""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import psutil

log = logging.getLogger(__name__)
LENGTH = struct.Struct("!I")
LOOK_SECONDS = 0.05  # how often the memory of a process that works is looked at
START_SECONDS = 30
END_SECONDS = 2
NOBODY = 0  # no process has this id
WORKER = Path(__file__).with_name("worker.py")
NODE_WORKER = Path(__file__).with_name("worker.mjs")


@dataclass(frozen=True)
class Start:
    """What a process is started with."""

    environment: dict[str, str]
    root: str  # of the function's code, where it works
    path: list[str]  # where its modules are looked for first
    memory_mb: int
    json_logs: bool = False
    log_level: str = "WARNING"

    def order(self) -> dict[str, Any]:
        """Return it as the program in the process reads it."""
        return {
            "environment": self.environment,
            "root": self.root,
            "path": self.path,
            "json_logs": self.json_logs,
            "log_level": self.log_level,
        }


@dataclass
class Reply:
    """What came of one wait for a process: its message, or how it ended."""

    message: dict[str, Any] | None = None
    ended: int | None = None  # exit status; negative is the signal
    timed_out: bool = False
    seconds: float = 0.0
    peak_mb: int = 0
    lines: list[tuple[float, str]] = field(default_factory=list)  # moment and text of what it wrote


class Process:
    """One process with a function in it."""

    def __init__(
        self, pid: int, messages: socket.socket, output: int, memory_mb: int, kill: Callable[[], None]
    ) -> None:
        self.pid = pid
        self.memory_mb = memory_mb
        self.ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.alive = True
        self._messages = messages
        self._outputs = [output]  # empty once it is closed
        self._kill = kill
        self._inbox = b""
        self._text = b""
        os.set_blocking(output, False)

    def ask(self, message: dict[str, Any] | None, seconds: float) -> Reply:
        """Send a message, where there is one, and wait for the answer at most so long."""
        began = time.monotonic()
        reply = Reply()
        if message is not None:
            with suppress(OSError):  # it ended in between: the wait will tell
                data = json.dumps(message).encode()
                self._messages.sendall(LENGTH.pack(len(data)) + data)
        while reply.message is None and reply.ended is None:
            left = began + seconds - time.monotonic()
            if left <= 0:
                reply.timed_out = True
                self.end()
                break
            self._wait(reply, min(left, LOOK_SECONDS))
            # A program that has just begun may still share the memory of this one, which is not its own.
            reply.peak_mb = max(reply.peak_mb, self._memory() if message is not None else 0)
            if reply.peak_mb > self.memory_mb and reply.ended is None:
                self.end()
                reply.message, reply.ended = None, -int(signal.SIGKILL)
        reply.seconds = time.monotonic() - began
        self._drain(reply, last=True)
        return reply

    def end(self) -> None:
        """Kill the process; what it has started goes with it."""
        self.alive = False
        self._kill()

    def close(self) -> None:
        """Kill the process and let go of its connections."""
        self.end()
        self._messages.close()
        self._close_output()

    def _close_output(self) -> None:
        for one in self._outputs:
            os.close(one)
        self._outputs = []

    def _wait(self, reply: Reply, seconds: float) -> None:
        sources: list[Any] = [self._messages, *self._outputs]
        ready = wait(sources, seconds)
        if self._outputs and self._outputs[0] in ready:
            self._drain(reply)
        if self._messages in ready:
            self._read(reply)

    def _read(self, reply: Reply) -> None:
        part = b""
        with suppress(OSError):
            part = self._messages.recv(1 << 20)
        if not part:
            self.alive = False
            reply.ended = self._end_status()
            return
        self._inbox += part
        if len(self._inbox) < LENGTH.size:
            return
        size = LENGTH.size + LENGTH.unpack(self._inbox[: LENGTH.size])[0]
        if len(self._inbox) >= size:
            reply.message = json.loads(self._inbox[LENGTH.size : size])
            self._inbox = self._inbox[size:]
            reply.peak_mb = max(reply.peak_mb, (reply.message or {}).get("peak", 0) // 1024)

    def _end_status(self) -> int:
        """Return how the process ended; one that only hung up is killed."""
        with suppress(queue.Empty):
            return self.ended.get(timeout=END_SECONDS)
        self.end()
        return self.ended.get(timeout=START_SECONDS)

    def _drain(self, reply: Reply, *, last: bool = False) -> None:
        """Take over what was written; the last line may be without an end."""
        part = b"-"
        with suppress(BlockingIOError):
            while self._outputs and (part := os.read(self._outputs[0], 1 << 16)):
                self._text += part
                *whole, self._text = self._text.split(b"\n")
                reply.lines += [(time.time(), line.decode(errors="replace")) for line in whole]
        if not part:
            self._close_output()
        if last and self._text:
            reply.lines.append((time.time(), self._text.decode(errors="replace")))
            self._text = b""

    def _memory(self) -> int:
        """Return how many megabytes of memory it holds; 0 once it is gone."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss) >> 20
        except psutil.Error:
            return 0


class Zygote:
    """Makes Python processes by copying one that has loaded boto3."""

    def __init__(self, runtime: Path) -> None:
        ours, theirs = socket.socketpair()
        self._control = ours
        self._starting = threading.Lock()
        self._started: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._processes: dict[int, Process] = {}
        self._ended_early: dict[int, int] = {}
        self._lock = threading.Lock()
        self._child = _popen([sys.executable, "-I", "-S", "-X", "utf8", str(WORKER), str(runtime)], theirs)
        theirs.close()
        threading.Thread(target=self._listen, daemon=True, name="lambda-processes").start()

    def start(self, start: Start) -> Process:
        """Make a process; it loads the function's code by itself."""
        (ours, theirs), (output, written) = socket.socketpair(), os.pipe()
        data = json.dumps({"start": start.order()}).encode()
        with self._starting:
            socket.send_fds(self._control, [LENGTH.pack(len(data))], [theirs.fileno(), written])
            self._control.sendall(data)
            pid = self._started.get(timeout=START_SECONDS)
        theirs.close()
        os.close(written)
        if pid == NOBODY:
            raise ConnectionError("the functions' processes were ended")
        process = Process(pid, ours, output, start.memory_mb, lambda: self._kill(pid))
        with self._lock:
            self._processes[pid] = process
            if pid in self._ended_early:
                process.ended.put(self._ended_early.pop(pid))
        return process

    def close(self) -> None:
        """End all of them."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._child.wait(START_SECONDS)
        self._control.close()

    def _kill(self, pid: int) -> None:
        data = json.dumps({"kill": pid}).encode()
        with self._starting, suppress(OSError):
            self._control.sendall(LENGTH.pack(len(data)) + data)

    def _listen(self) -> None:
        """Hear which processes were started and which have ended, until the connection closes."""
        reader = self._control.makefile("rb")
        with suppress(OSError, ValueError):
            while head := reader.read(LENGTH.size):
                self._hear(json.loads(reader.read(LENGTH.unpack(head)[0])))
        self._started.put(NOBODY)  # whoever waits for a process
        with self._lock:
            for process in self._processes.values():
                process.ended.put(-int(signal.SIGKILL))

    def _hear(self, message: dict[str, int]) -> None:
        if "started" in message:
            self._started.put(message["started"])
            return
        with self._lock:
            process = self._processes.pop(message["ended"], None)
            if process is None:
                self._ended_early[message["ended"]] = message["status"]
        if process is not None:
            process.ended.put(message["status"])


def start_node(node: str, start: Start) -> Process:
    """Make a process of Node.js, which cannot be copied and takes a little longer."""
    (ours, theirs), (output, written) = socket.socketpair(), os.pipe()
    child = _popen([node, str(NODE_WORKER), json.dumps(start.order())], theirs, stdout=written, stderr=written, env={})
    theirs.close()
    os.close(written)

    def kill() -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)

    process = Process(child.pid, ours, output, start.memory_mb, kill)
    threading.Thread(target=lambda: process.ended.put(child.wait()), daemon=True).start()
    return process


def _popen(command: list[str], connection: socket.socket, **more: Any) -> subprocess.Popen[bytes]:
    """Start a program of ours, in a session of its own, with a connection to us that its last argument names."""
    number = connection.fileno()
    return subprocess.Popen(  # noqa: S603 - our own programs
        [*command, str(number)], stdin=subprocess.DEVNULL, pass_fds=[number], start_new_session=True, **more
    )
