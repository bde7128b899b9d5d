"""Work that goes on beside the calls: each piece in a thread, and none outlives its world."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)
JOIN_SECONDS = 5.0


class Ends(Protocol):
    """Something that is alive until it is told to end."""

    def end(self) -> None:
        """Let go whatever waits."""


class Background:
    """The threads of one world between two resets."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._alive: dict[object, Ends] = {}
        self._lock = threading.Lock()

    def start(self, name: str, work: Callable[..., object], *arguments: Any) -> threading.Thread | None:
        """Do some work in a thread; returns None, and does nothing, where the world has ended."""
        thread = threading.Thread(target=self._do, args=(work, arguments), name=name, daemon=True)
        with self._lock:
            if self.stopped.is_set():
                return None
            self._threads.add(thread)
        thread.start()
        return thread

    def keep(self, key: object, one: Ends) -> None:
        """Keep something that is alive, as an execution, to be found by its key and ended with the world."""
        with self._lock:
            self._alive[key] = one

    def find(self, key: object) -> Any:
        """Return what is alive under a key; None where nothing is."""
        return self._alive.get(key)

    def drop(self, key: object) -> None:
        """Forget what has ended."""
        with self._lock:
            self._alive.pop(key, None)

    def sleep(self, seconds: float) -> bool:
        """Wait so many real seconds; False where the world ended meanwhile."""
        return not self.stopped.wait(seconds)

    def stop(self) -> None:
        """End all work and wait for it, some seconds at most; whoever holds the world's lock must not call.

        Work may begin anew afterwards: `stopped` is then another event, and old work has the old one.
        """
        self.stopped.set()
        with self._lock:
            alive, threads = list(self._alive.values()), list(self._threads)
        for one in alive:
            one.end()
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(JOIN_SECONDS)
        with self._lock:
            self.stopped, self._alive = threading.Event(), {}

    def _do(self, work: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        stopped = self.stopped
        try:
            work(*arguments)
        except Exception:
            if not stopped.is_set():
                log.exception("%s failed inside the local AWS", threading.current_thread().name)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
