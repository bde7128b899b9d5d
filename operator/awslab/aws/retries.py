"""Ask again at once what may be asked again: a look that failed, and a call that was throttled.

Everything else is left to the next pass, which looks before it acts.
"""

from __future__ import annotations

import random
from typing import Any

from botocore.exceptions import BotoCoreError

from .calls import CallObserver, Gate, is_read
from .errors import THROTTLED, UNCERTAIN
from .limits import Limiter

TRIES = 6
"""Attempts at one call, the first included."""

BASE, CAP = 0.05, 2.0
"""Seconds of the first and of the longest delay."""


def retrying(client: Any, observer: CallObserver, gate: Gate, limiter: Limiter) -> None:
    """Have *client* repeat what is safe to repeat, with full jitter.

    Each attempt is told to *observer*, and each repetition waits for its turn and asks *gate*, as a first call does.
    """
    service = client.meta.service_model.service_name

    def needs_retry(
        operation: Any, attempts: int, response: Any = None, caught_exception: Any = None, **_: Any
    ) -> float | None:
        code = _code(response, caught_exception)
        if attempts >= TRIES or not _safe(operation.name, code, caught_exception):
            return None
        observer(service, operation.name, code, 0.0)
        if code in THROTTLED:
            limiter.slow_down(service, operation.name)
        limiter.acquire(service, operation.name)
        if not is_read(operation.name):
            gate()
        return random.uniform(0, min(CAP, BASE * 2.0**attempts))  # noqa: S311 - jitter is no secret

    client.meta.events.register_first(f"needs-retry.{service}", needs_retry)


def _code(response: Any, error: BaseException | None) -> str:
    if error is not None:
        return type(error).__name__
    status = response[0].status_code
    code = str(response[1].get("Error", {}).get("Code", ""))
    return code or (str(status) if status >= 500 else "")  # noqa: PLR2004 - HTTP's own limit


def _safe(operation: str, code: str, error: BaseException | None) -> bool:
    """Whether the call was surely not carried out, or changes nothing."""
    if code in THROTTLED:
        return True
    return is_read(operation) and (code in UNCERTAIN or isinstance(error, BotoCoreError))
