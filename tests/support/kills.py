"""Die at a chosen call to AWS, before or after it was carried out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from awslab.aws import session


class Killed(BaseException):
    """As SIGKILL: nobody catches it."""


@contextmanager
def dying(at: int, moment: str) -> Iterator[list[str]]:
    """Let the call number *at* (from 0) be the last, *moment* being "before" or "after" it is carried out.

    Gives the list of the operations called so far; number -1 kills nobody.
    """
    calls: list[str] = []
    numbers = itertools.count()

    def instrument(client, observer, gate):
        original(client, observer, gate)

        def before(model, **_):
            number = next(numbers)
            calls.append(model.name)
            if dead or (number == at and moment == "before"):
                dead.append(number)
                raise Killed(model.name)

        def after(model, **_):
            if dead or (moment == "after" and len(calls) - 1 >= at >= 0 and calls[at] == model.name):
                dead.append(at)
                raise Killed(model.name)

        client.meta.events.register_first("before-call", before)
        client.meta.events.register_last("after-call", after)

    dead: list[int] = []
    original = session.instrument
    with patch.object(session, "instrument", instrument):
        yield calls
