"""Whose turn it is to call AWS: one operation's token bucket and those who wait for it.  Pure: the time is an argument.

The bucket begins as large as AWS documents it and learns from refusals: half the rate at once, back by and by
(additive increase, multiplicative decrease: https://en.wikipedia.org/wiki/Additive_increase/multiplicative_decrease).
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass

from .callers import Caller, Urgency
from .rates import Rate

LEAST = 0.05
"""The part of its rate that a bucket keeps however often AWS refuses."""

RECOVERY = 60.0
"""Seconds in which a rate comes back from nothing."""

REACTION = 1.0
"""Seconds within which several refusals count as one: they answer calls that were on their way together."""

EIGHTH = 8
"""Every so many turns the one who waited longest is served, so that nobody waits for ever behind the urgent."""


class Bucket:
    """Tokens for calls, refilled as time passes."""

    def __init__(self, rate: Rate, now: float) -> None:
        self.full = rate
        self.per_second = rate.per_second
        self._tokens = rate.burst
        self._at = now
        self._slowed_at = -math.inf

    def take(self, now: float) -> bool:
        """Take one token, if there is one."""
        self._refill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def wait(self, now: float) -> float:
        """Seconds until there is a token."""
        self._refill(now)
        return max(0.0, (1 - self._tokens) / self.per_second)

    def slow_down(self, now: float) -> None:
        """AWS refused a call: its bucket is empty, and so is ours."""
        self._refill(now)
        self._tokens = min(self._tokens, 0.0)
        if now - self._slowed_at >= REACTION:
            self._slowed_at = now
            self.per_second = max(self.per_second / 2, self.full.per_second * LEAST)

    def _refill(self, now: float) -> None:
        passed = max(0.0, now - self._at)
        self._at = now
        self._tokens = min(self.full.burst, self._tokens + passed * self.per_second)
        self.per_second = min(self.full.per_second, self.per_second + passed * self.full.per_second / RECOVERY)


@dataclass(eq=False)
class Ticket:
    """One call that waits."""

    caller: Caller


class Line:
    """Those who wait: the urgent before the others, the owners of one urgency in turn."""

    def __init__(self) -> None:
        self._owners: dict[Urgency, OrderedDict[str, deque[Ticket]]] = {u: OrderedDict() for u in Urgency}
        self._arrivals: dict[Ticket, None] = {}
        self._turns = 0

    def __len__(self) -> int:
        return len(self._arrivals)

    def join(self, caller: Caller) -> Ticket:
        """Wait behind the owner's earlier calls."""
        ticket = Ticket(caller)
        self._owners[caller.urgency].setdefault(caller.owner, deque()).append(ticket)
        self._arrivals[ticket] = None
        return ticket

    def first(self) -> Ticket | None:
        """Whose turn is next."""
        if not self._arrivals:
            return None
        if self._turns % EIGHTH == EIGHTH - 1:
            return next(iter(self._arrivals))
        owners = next(self._owners[u] for u in Urgency if self._owners[u])
        return next(iter(owners.values()))[0]

    def served(self, ticket: Ticket) -> None:
        """It had its turn: its owner's next one comes after the other owners."""
        self._turns += 1
        self.leave(ticket)
        owners, owner = self._owners[ticket.caller.urgency], ticket.caller.owner
        if owner in owners:
            owners.move_to_end(owner)

    def leave(self, ticket: Ticket) -> None:
        """It waits no longer."""
        del self._arrivals[ticket]
        owners, owner = self._owners[ticket.caller.urgency], ticket.caller.owner
        owners[owner].remove(ticket)
        if not owners[owner]:
            del owners[owner]
