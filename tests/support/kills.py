"""Die at a chosen call to AWS, before or after it was carried out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from awslab.aws import session


class Killed(BaseException):
    """As SIGKILL: nobody catches it."""


@contextmanager
def dying(at: int, moment: str, numbered: Callable[[str], bool] = lambda _: True) -> Iterator[list[str]]:
    """Let the call number *at* (from 0) be the last, *moment* being "before" or "after" it is carried out.

    Only operations that are *numbered* count, of which it gives those called so far; number -1 kills nobody.
    """
    calls: list[str] = []
    numbers = itertools.count()

    def instrument(client, observer, gate):
        original(client, observer, gate)

        def before(model, context, **_):
            if numbered(model.name):
                context["number"] = next(numbers)
                calls.append(model.name)
            if dead or (context.get("number") == at and moment == "before"):
                dead.append(at)
                raise Killed(model.name)

        def after(model, context, **_):
            if dead or (context.get("number") == at and moment == "after"):
                dead.append(at)
                raise Killed(model.name)

        client.meta.events.register_first("before-call", before)
        client.meta.events.register_last("after-call", after)

    dead: list[int] = []
    original = session.instrument
    with patch.object(session, "instrument", instrument):
        yield calls
