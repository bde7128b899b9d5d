"""What AWS lists only one by one is looked at once a day, or more often where it is little, within a budget of calls.

Pure: the clock is handed in.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

DAY = 86_400.0
"""Seconds within which everything is looked at once."""

HASTE = 1.25
"""How much faster than once a day the budget lets calls through, so that nobody comes late."""


@dataclass
class _Owner:
    calls: int = 0
    """What one look at all that is the owner's costs."""
    looked: float = -math.inf


class SlowLane:
    """Says which owners' turn it is: those not seen for a day, as many as the budget allows."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, floor: float = 0.0) -> None:
        """*floor*: calls a second that are always free, so that few owners are looked at more often than daily."""
        self._clock, self._floor = clock, floor
        self._owners: dict[str, _Owner] = {}
        self._calls = 0
        self._budget = 0.0
        self._at = clock()
        self._lock = threading.Lock()

    def turn(self, owner: str, calls: int, interval: float) -> bool:
        """Whether the *calls* that a look at *owner* costs may be made in this round of *interval* seconds."""
        with self._lock:
            entry = self._entry(owner, calls)
            self._refill(calls, interval)
            if self._clock() - entry.looked < self._period(interval) - 2 * interval or self._budget < calls:
                return False
            self._budget -= calls
            entry.looked = self._clock()
            return True

    def looked(self, owner: str) -> None:
        """Everything of *owner* was looked at anyway."""
        with self._lock:
            self._owners.setdefault(owner, _Owner()).looked = self._clock()

    def forget(self, owner: str) -> None:
        """The owner is gone."""
        with self._lock:
            self._calls -= self._owners.pop(owner, _Owner()).calls

    def _entry(self, owner: str, calls: int) -> _Owner:
        if owner not in self._owners or not self._calls:
            self._budget = max(self._budget, calls if not self._calls else 0.0)
        entry = self._owners.setdefault(owner, _Owner())
        self._calls += calls - entry.calls
        entry.calls = calls
        return entry

    def _period(self, interval: float) -> float:
        """Within how many seconds everything is looked at once."""
        return max(interval, min(DAY, self._calls / self._floor)) if self._floor else DAY

    def _refill(self, calls: int, interval: float) -> None:
        """Let the budget grow, to no more than one round's, so that no round costs much more than another."""
        now, rate = self._clock(), self._calls * HASTE / self._period(interval)
        self._budget = min(self._budget + (now - self._at) * rate, max(calls, rate * interval))
        self._at = now
