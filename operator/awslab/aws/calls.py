"""Every AWS call passes here: counted, and fenced if it writes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

READS = (
    "Describe",
    "Get",
    "List",
    "Head",
    "Search",
    "Lookup",
    "Filter",
    "Simulate",
    "AssumeRole",
    "Query",
    "Scan",
)

Gate = Callable[[], None]
"""Raises where this process may not write any more: another one leads."""


class CallObserver(Protocol):
    """Is told of every call: its service, operation, error code ("" where it succeeded), seconds."""

    def __call__(self, service: str, operation: str, code: str, seconds: float) -> None:
        """Take note."""


def no_observer(service: str, operation: str, code: str, seconds: float) -> None:
    """Take no note."""


def no_gate() -> None:
    """Let everything pass."""


def is_read(operation: str) -> bool:
    """Whether AWS's *operation* (``DescribeVpcs``) changes nothing."""
    return operation.startswith(READS)


def instrument(client: Any, observer: CallObserver, gate: Gate) -> None:
    """Have *client* report each call to *observer* and ask *gate* before each write."""
    service = client.meta.service_model.service_name

    def before(model: Any, context: dict[str, Any], **_: Any) -> None:
        if not is_read(model.name):
            gate()
        context["awslab_started"] = (model.name, time.monotonic())

    def after(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        report(context, str(parsed.get("Error", {}).get("Code", "")))

    def failed(exception: BaseException, context: dict[str, Any], **_: Any) -> None:
        report(context, type(exception).__name__)

    def report(context: dict[str, Any], code: str) -> None:
        operation, started = context.get("awslab_started", ("", 0.0))
        if operation:
            observer(service, operation, code, time.monotonic() - started)

    events = client.meta.events
    events.register("before-call", before)
    events.register("after-call", after)
    events.register("after-call-error", failed)
