"""The log of every call: who did what to which resource, and what came of it."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awslab.local.aws.call import Call

CAPACITY = 200_000


class CallLog:
    """A ring of entries, numbered from 1; the oldest fall out first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=capacity)
        self._numbers = itertools.count(1)
        self._last = 0
        self._lock = threading.Lock()

    def add(self, call: Call, *, began: float, seconds: float, status: int, result: str) -> None:
        """Write one call down, after it was answered; `began` is in seconds since the epoch."""
        entry = {
            "time": began,
            "service": call.service,
            "action": call.action,
            "region": call.region,
            "account": call.account,
            "who": call.who,
            "user_agent": call.user_agent,
            "resources": call.resources(),
            "params": call.params,
            "result": result,
            "status": status,
            "ms": round(seconds * 1000, 2),
        }
        with self._lock:
            self._last = next(self._numbers)
            self._entries.append({"n": self._last} | entry)

    def since(self, number: int) -> dict[str, Any]:
        """Return the entries after `number`, oldest first, and the number to ask with next."""
        with self._lock:
            fresh = list(itertools.takewhile(lambda entry: entry["n"] > number, reversed(self._entries)))
            return {"next": self._last, "calls": fresh[::-1]}

    def clear(self) -> None:
        """Forget all entries; the numbers go on, so that no reader misses a call."""
        with self._lock:
            self._entries.clear()
