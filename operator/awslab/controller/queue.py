"""The work queue: :class:`Schedule` behind a lock, for threads that add and threads that take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from awslab import metrics
from awslab.controller.schedule import Backoff, Priority, Schedule

K = TypeVar("K", bound=Hashable)

__all__ = ["Backoff", "Priority", "WorkQueue"]


class WorkQueue(Generic[K]):
    """Gives each key to one worker at a time, in the order of :class:`Schedule`."""

    def __init__(self, *, backoff: Backoff | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._schedule: Schedule[K] = Schedule(backoff=backoff)
        self._clock = clock
        self._changed = threading.Condition()
        self._closed = False

    def add(self, key: K, priority: Priority = Priority.URGENT) -> None:
        """The key is due now."""
        with self._changed:
            self._schedule.add(key, priority, self._clock())
            self._changed.notify()

    def add_after(self, key: K, delay: float, priority: Priority = Priority.PROGRESS) -> None:
        """The key is due in *delay* seconds; an earlier wish for it stands."""
        with self._changed:
            self._schedule.add_after(key, delay, priority, self._clock())
            self._changed.notify()

    def take(self) -> K | None:
        """The next key, as soon as there is one; None once the queue is closed."""
        with self._changed:
            while not self._closed:
                taken = self._schedule.take(self._clock())
                if taken is not None:
                    key, waited = taken
                    metrics.QUEUE_WAIT_SECONDS.observe(waited)
                    return key
                self._changed.wait(self._seconds_to_next())
            return None

    def done(self, key: K) -> None:
        """The worker is through with the key; whoever waits for the queue to be idle is told."""
        with self._changed:
            self._schedule.done(key, self._clock())
            self._changed.notify_all()

    def retry(self, key: K) -> float:
        """The pass over the key failed: it comes again after a growing delay, which is returned (seconds)."""
        metrics.QUEUE_RETRIES.inc()
        with self._changed:
            delay = self._schedule.failed(key, self._clock())
            self._changed.notify()
            return delay

    def forget(self, key: K) -> None:
        """The pass over the key succeeded: the next failure is its first."""
        with self._changed:
            self._schedule.succeeded(key)

    def discard(self, key: K) -> None:
        """The object of the key is gone."""
        with self._changed:
            self._schedule.discard(key)

    def close(self) -> None:
        """Give out nothing any more; workers that wait are sent home."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_idle(self, timeout: float) -> bool:
        """Wait until no worker holds a key; False when some still do after *timeout* seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._schedule.running, timeout)

    def depth(self, priority: Priority) -> int:
        """How many keys of the priority are due."""
        with self._changed:
            return self._schedule.depth()[priority]

    def oldest(self) -> float:
        """For how many seconds the key that waits longest has been due."""
        with self._changed:
            return self._schedule.oldest(self._clock())

    def running(self) -> dict[K, float]:
        """The keys that are with workers, and for how many seconds."""
        with self._changed:
            now = self._clock()
            return {key: now - since for key, since in self._schedule.running.items()}

    def _seconds_to_next(self) -> float | None:
        now = self._clock()
        at = self._schedule.next_at(now)
        return None if at is None else max(0.0, at - now)
