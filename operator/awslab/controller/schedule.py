"""When is whose turn: the order of work, without threads and without a clock.

A key is in at most one of three places: *delayed* (due later), *ready* (due), *running* (with a worker).
While it runs it may also be noted as due again; it becomes ready when the worker gives it back. So no key is
ever with two workers, and no wish is lost: it is followed by a turn that begins after it.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Priority(IntEnum):
    """Who goes first: what a person asked for, then what is under way, then the routine look."""

    URGENT = 0
    PROGRESS = 1
    RESYNC = 2


@dataclass(frozen=True)
class Backoff:
    """How long a key that failed *n* times waits: anything from 0 to ``min(cap, base * 2**n)`` seconds.

    Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    base: float = 0.5
    cap: float = 300.0

    def delay(self, failures: int, chance: Callable[[float, float], float] = random.uniform) -> float:
        """Seconds to wait after that many failures in a row (1 is the first)."""
        exponent = min(failures - 1, 32)
        return chance(0.0, min(self.cap, self.base * 2**exponent))


@dataclass(frozen=True)
class _Due:
    at: float
    priority: Priority


class Schedule(Generic[K]):
    """The work queue's memory. Every method that needs the time is told it, in seconds of any one clock."""

    def __init__(self, *, backoff: Backoff | None = None, patience: float = 60.0) -> None:
        """Keys that waited longer than *patience* seconds go before better priorities: nobody starves."""
        self._backoff = backoff or Backoff()
        self._patience = patience
        self._ready: dict[Priority, dict[K, float]] = {priority: {} for priority in Priority}
        self._delayed: dict[K, _Due] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._ticket = 0
        self._running: dict[K, float] = {}
        self._again: dict[K, Priority] = {}
        self._failures: dict[K, int] = {}

    def add(self, key: K, priority: Priority, now: float) -> None:
        """The key is due. It keeps its place when it already is, and moves up with a better priority."""
        self._delayed.pop(key, None)
        if key in self._running:
            self._again[key] = min(priority, self._again.get(key, priority))
            return
        for present, keys in self._ready.items():
            if key in keys:
                if priority < present:
                    self._ready[priority][key] = keys.pop(key)
                return
        self._ready[priority][key] = now

    def add_after(self, key: K, delay: float, priority: Priority, now: float) -> None:
        """The key is due in *delay* seconds, unless it is due earlier anyway."""
        if delay <= 0:
            self.add(key, priority, now)
            return
        due = _Due(now + delay, priority)
        present = self._delayed.get(key)
        if (present is not None and present.at <= due.at) or self._is_ready(key):
            return
        self._delayed[key] = due
        self._ticket += 1
        heapq.heappush(self._heap, (due.at, self._ticket, key))

    def take(self, now: float) -> tuple[K, float] | None:
        """The next key and for how many seconds it was due; it is with the caller until :meth:`done`."""
        self._release(now)
        priority = self._next_priority(now)
        if priority is None:
            return None
        key = next(iter(self._ready[priority]))
        due = self._ready[priority].pop(key)
        self._running[key] = now
        return key, now - due

    def done(self, key: K, now: float) -> None:
        """The worker gives the key back; it is due again when somebody asked meanwhile."""
        self._running.pop(key, None)
        priority = self._again.pop(key, None)
        if priority is not None:
            self.add(key, priority, now)

    def failed(self, key: K, now: float) -> float:
        """Count a failure of the running key, note it for a later turn, and return the delay in seconds."""
        self._failures[key] = self._failures.get(key, 0) + 1
        delay = self._backoff.delay(self._failures[key])
        self.add_after(key, delay, Priority.PROGRESS, now)
        return delay

    def succeeded(self, key: K) -> None:
        """Forget earlier failures of the key."""
        self._failures.pop(key, None)

    def discard(self, key: K) -> None:
        """Forget the key: its object is gone. A running turn is not touched, but has no successor."""
        self._delayed.pop(key, None)
        self._again.pop(key, None)
        self._failures.pop(key, None)
        for keys in self._ready.values():
            keys.pop(key, None)

    def next_at(self, now: float) -> float | None:
        """When there may be something to take: *now*, a later time, or never (None)."""
        self._release(now)
        if any(self._ready.values()):
            return now
        return self._heap[0][0] if self._heap else None

    def depth(self) -> dict[Priority, int]:
        """How many keys are due, by priority."""
        return {priority: len(keys) for priority, keys in self._ready.items()}

    def oldest(self, now: float) -> float:
        """For how many seconds the key that waits longest has been due; 0 when none waits."""
        return max((now - since for keys in self._ready.values() for since in keys.values()), default=0.0)

    @property
    def running(self) -> dict[K, float]:
        """The keys that are with workers, and since when."""
        return dict(self._running)

    def failures(self, key: K) -> int:
        """How often in a row the key failed."""
        return self._failures.get(key, 0)

    def _is_ready(self, key: K) -> bool:
        return any(key in keys for keys in self._ready.values())

    def _release(self, now: float) -> None:
        """Make due whatever's time has come; skip entries of the heap that were overtaken."""
        while self._heap:
            at, _, key = self._heap[0]
            due = self._delayed.get(key)
            if due is not None and due.at == at:
                if at > now:
                    return
                self.add(key, due.priority, at)
            heapq.heappop(self._heap)

    def _next_priority(self, now: float) -> Priority | None:
        waiting = [priority for priority, keys in self._ready.items() if keys]
        impatient = [p for p in waiting if now - next(iter(self._ready[p].values())) > self._patience]
        if impatient:
            return min(impatient, key=lambda p: next(iter(self._ready[p].values())))
        return min(waiting, default=None)
