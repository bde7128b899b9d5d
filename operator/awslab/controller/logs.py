"""Logs for people (console) or machines (JSON), each line with the object and the pass it belongs to."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from pythonjsonlogger.json import JsonFormatter

from awslab.core.secrets import redacted

OWNER: ContextVar[str] = ContextVar("owner", default="")
PASS_ID: ContextVar[str] = ContextVar("pass_id", default="")

_CONSOLE = "%(asctime)s %(levelname)-7s %(context)s%(message)s"
_JSON = "%(asctime)s %(levelname)s %(name)s %(message)s"
# Libraries that tell more than anybody wants to read; their warnings stay.
_QUIET = ("kopf", "aiohttp", "asyncio", "urllib3", "kubernetes", "boto3", "botocore", "s3transfer")


@contextmanager
def about(owner: str, pass_id: str = "") -> Iterator[None]:
    """Put *owner* and *pass_id* into every line that is logged inside.

    A thread pool must be handed the context (``contextvars.copy_context().run``) for its lines to have them.
    """
    owner_before, pass_before = OWNER.set(owner), PASS_ID.set(pass_id)
    try:
        yield
    finally:
        OWNER.reset(owner_before)
        PASS_ID.reset(pass_before)


class _ContextFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        owner, pass_id = OWNER.get(), PASS_ID.get()
        record.owner, record.pass_id = owner, pass_id
        record.context = f"[{owner} {pass_id}] ".replace(" ]", "]") if owner else ""
        return True


class _ConsoleFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class _JsonFormatter(JsonFormatter):
    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        super().add_fields(log_data, record, message_dict)
        log_data.pop("context", None)
        for name in ("owner", "pass_id"):
            if not log_data.get(name):
                log_data.pop(name, None)

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def _formatter(style: Literal["json", "console"]) -> logging.Formatter:
    if style == "console":
        return _ConsoleFormatter(_CONSOLE, datefmt="%H:%M:%S")
    return _JsonFormatter(
        _JSON,
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )


def configure(style: Literal["json", "console"], level: str) -> None:
    """Send all logs to standard error in that style; libraries only from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(style))
    handler.addFilter(_ContextFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
