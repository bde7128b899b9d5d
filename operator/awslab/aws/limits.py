"""Ask AWS politely: no call before its turn, under the rates that AWS documents and those that it lets us feel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from awslab.core.errors import Throttled

from .callers import caller
from .errors import THROTTLED
from .rates import class_of, rate_of, shared_by
from .turns import Bucket, Line, Ticket

GIVE_UP = 20.0
"""Seconds after which a call that had no turn is given up, so that no thread is held for long."""

Waited = Callable[[str, str, float], None]
"""Is told of every turn: its service, the class of its operation, the seconds it was waited for."""


def not_told(service: str, class_: str, seconds: float) -> None:
    """Take no note."""


class _Turnstile:
    """One operation's bucket and line, for threads."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.line = Line()
        self.changed = threading.Condition()


class Limiter:
    """The turnstiles of one account and region: one for each operation, or for those that AWS counts together."""

    def __init__(
        self,
        *,
        share: float = 1.0,
        speed: float = 1.0,
        waited: Waited = not_told,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """*share* is the part of AWS's rates to use, 0 for no limit; an AWS *speed* times as fast takes more."""
        self._share, self._speed = share, speed
        self._waited, self._clock = waited, clock
        self._turnstiles: dict[tuple[str, str], _Turnstile] = {}
        self._lock = threading.Lock()

    def acquire(self, service: str, operation: str) -> None:
        """Return when it is the caller's turn; raises Throttled where that takes too long."""
        if not self._share:
            return
        turnstile = self._turnstile(service, operation)
        began = self._clock()
        with turnstile.changed:
            ticket = turnstile.line.join(caller())
            try:
                self._await(turnstile, ticket, operation, began + GIVE_UP)
            finally:
                turnstile.changed.notify_all()
        self._waited(service, class_of(service, operation), self._clock() - began)

    def slow_down(self, service: str, operation: str) -> None:
        """AWS refused such a call because there were too many."""
        if not self._share:
            return
        turnstile = self._turnstile(service, operation)
        with turnstile.changed:
            turnstile.bucket.slow_down(self._now())

    def _await(self, turnstile: _Turnstile, ticket: Ticket, operation: str, end: float) -> None:
        while not (turnstile.line.first() is ticket and turnstile.bucket.take(self._now())):
            left = end - self._clock()
            if left <= 0:
                turnstile.line.leave(ticket)
                message = f"{operation} had no turn within {GIVE_UP:.0f} s under AWS's request rates; it comes again"
                raise Throttled(message, "RequestRate", operation)
            leads = turnstile.line.first() is ticket
            turnstile.changed.wait(min(left, turnstile.bucket.wait(self._now()) / self._speed) if leads else left)
        turnstile.line.served(ticket)

    def _turnstile(self, service: str, operation: str) -> _Turnstile:
        with self._lock:
            key = (service, shared_by(service, operation))
            if key not in self._turnstiles:
                rate = rate_of(service, operation).times(self._share)
                self._turnstiles[key] = _Turnstile(Bucket(rate, self._now()))
            return self._turnstiles[key]

    def _now(self) -> float:
        """The time as AWS lives it."""
        return self._clock() * self._speed


UNLIMITED = Limiter(share=0)


def limited(client: Any, limiter: Limiter) -> None:
    """Have each call of *client* wait for its turn, and *limiter* learn from refusals."""
    service = client.meta.service_model.service_name

    def before(model: Any, **_: Any) -> None:
        limiter.acquire(service, model.name)

    def after(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if parsed.get("Error", {}).get("Code") in THROTTLED:
            limiter.slow_down(service, model.name)

    client.meta.events.register("before-call", before)
    client.meta.events.register("after-call", after)
