"""Have a boto3 client wait for its turns, and repeat reads that fail by chance.

boto3's own retries are off: those here are counted like every call, and wait for their turn like every call.
A write is never repeated here: the next pass looks first what became of it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Any

from .calls import CallObserver, is_read
from .errors import NO_ANSWER, THROTTLED
from .limits import Limiter

TRIES = 5
"""How often a read is tried before its pass fails: with every second call refused, 31 of 32 get through."""

BASE = 0.1
"""Seconds that the first repetition waits at most; each further one twice that."""

SERVER_FAILED = 500


def pace(client: Any, limiter: Limiter | None, observer: CallObserver) -> None:
    """Have each call of *client* wait for *limiter*, and reads repeated; a call that is repeated counts as two."""
    service = client.meta.service_model.service_name
    events = client.meta.events

    def before(model: Any, **_: Any) -> None:
        if limiter:
            limiter.acquire(service, model.name)

    def after(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if limiter and _code(parsed) in THROTTLED:
            limiter.slow_down(service, model.name)

    def again(
        response: tuple[Any, dict[str, Any]] | None,
        operation: Any,
        attempts: int,
        caught_exception: BaseException | None,
        request_dict: Mapping[str, Any],
        **_: Any,
    ) -> float | None:
        if attempts >= TRIES or not is_read(operation.name) or not _by_chance(response, caught_exception):
            return None
        code = _code(response[1]) if response else type(caught_exception).__name__
        _count(request_dict["context"], service, code, observer)
        if limiter:
            if code in THROTTLED:
                limiter.slow_down(service, operation.name)
            limiter.acquire(service, operation.name)
        return random.uniform(0, BASE * 2 ** (attempts - 1))  # noqa: S311 - jitter is no secret

    events.register("before-call", before)
    events.register("after-call", after)
    events.register("needs-retry", again)


def _by_chance(response: tuple[Any, dict[str, Any]] | None, error: BaseException | None) -> bool:
    """Whether the same call may well succeed a moment later."""
    if response is None:
        return isinstance(error, NO_ANSWER)
    status = response[1].get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= SERVER_FAILED or _code(response[1]) in THROTTLED


def _code(parsed: Mapping[str, Any]) -> str:
    return str(parsed.get("Error", {}).get("Code", ""))


def _count(context: dict[str, Any], service: str, code: str, observer: CallObserver) -> None:
    """Report a try that failed, and begin the next one."""
    operation, started = context.get("awslab_started", ("", 0.0))
    observer(service, operation, code, time.monotonic() - started)
    context["awslab_started"] = (operation, time.monotonic())
