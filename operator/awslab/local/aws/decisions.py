"""The record of every decision about a permission: who wanted what, and whose word decided."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from typing import Any

CAPACITY = 200_000


class Decisions:
    """A ring of decisions, numbered from 1; the oldest fall out first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=capacity)
        self._last = 0
        self._lock = threading.Lock()

    def add(self, *, principal: str, session: str, action: str, resource: str, allowed: bool, by: str) -> None:
        """Write one decision down.

        `principal` is a role's ARN or a service such as `s3.amazonaws.com`; `by` names the statement that decided,
        as `access[0]` or `resource-policy[1]`, and is empty where nothing allowed it.
        """
        entry = {
            "principal": principal,
            "session": session,
            "action": action,
            "resource": resource,
            "allowed": allowed,
            "by": by,
        }
        with self._lock:
            self._last += 1
            self._entries.append({"n": self._last} | entry)

    def since(self, number: int) -> dict[str, Any]:
        """Return the entries after `number`, oldest first, and the number to ask with next."""
        with self._lock:
            fresh = list(itertools.takewhile(lambda entry: entry["n"] > number, reversed(self._entries)))
            return {"next": self._last, "authorizations": fresh[::-1]}

    def clear(self) -> None:
        """Forget all entries; the numbers go on."""
        with self._lock:
            self._entries.clear()
