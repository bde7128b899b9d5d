"""The threads that call AWS: every object at work has its share of them, however many calls another one makes."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from awslab.aws.callers import caller

T = TypeVar("T")


class FairPool(Executor):
    """Runs calls in the context of who asks for them; no owner has more than *share* threads at a time.

    A call may wait long for its turn (see awslab.aws.limits) and holds its thread meanwhile. As at most
    *workers* objects are at work, nobody ever waits for a thread that another one holds.
    """

    def __init__(self, threads: int, workers: int) -> None:
        self.share = max(1, threads // workers)
        self._threads = ThreadPoolExecutor(max(threads, workers), thread_name_prefix="aws")
        self._running: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[Callable[[], None]]] = defaultdict(deque)
        self._lock = threading.Lock()

    def submit(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run *function* as soon as the caller's share allows."""
        owner, context, future = caller().owner, copy_context(), Future[T]()

        def run() -> None:
            try:
                if future.set_running_or_notify_cancel():
                    future.set_result(context.run(function, *args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is for who waits for the result
                future.set_exception(error)
            finally:
                self._ended(owner)

        with self._lock:
            self._waiting[owner].append(run)
            self._start(owner)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - Executor's own
        """Take no more calls."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)

    def _ended(self, owner: str) -> None:
        with self._lock:
            self._running[owner] -= 1
            self._start(owner)

    def _start(self, owner: str) -> None:
        """Give threads to *owner* up to its share; forget an owner that wants none."""
        waiting = self._waiting[owner]
        while waiting and self._running[owner] < self.share:
            self._running[owner] += 1
            self._threads.submit(waiting.popleft())
        if not waiting:
            del self._waiting[owner]
        if not self._running[owner]:
            del self._running[owner]
