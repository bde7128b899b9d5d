"""On whose behalf AWS is called, and how urgently: known to every call without being handed along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum


class Urgency(IntEnum):
    """Who is served first where calls have to wait."""

    CHANGE = 0
    """What a person asked for and waits for: changes and deletions."""
    CREATION = 1
    DRIFT = 2
    """A routine look."""


@dataclass(frozen=True)
class Caller:
    """An owner's key, and the urgency of its pass."""

    owner: str = ""
    urgency: Urgency = Urgency.CREATION


NOBODY = Caller()

_CALLER: ContextVar[Caller] = ContextVar("caller", default=NOBODY)


def caller() -> Caller:
    """Who calls AWS in this thread now."""
    return _CALLER.get()


@contextmanager
def calling(who: Caller) -> Iterator[None]:
    """Call AWS on behalf of *who*; a thread that is given work has to be run in a copy of this context."""
    token = _CALLER.set(who)
    try:
        yield
    finally:
        _CALLER.reset(token)
