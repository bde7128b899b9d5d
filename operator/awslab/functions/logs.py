"""Log lines as JSON, one object a line, with the run and the request in each."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

_said: dict[str, Any] = {}
"""What every line says; Lambda gives an environment one event at a time."""


def info(message: str, **fields: Any) -> None:
    """Log what happened."""
    _write("INFO", message, fields)


def error(message: str, **fields: Any) -> None:
    """Log what failed."""
    _write("ERROR", message, fields)


def _write(level: str, message: str, fields: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps({"level": level, "message": message, **_said, **fields}, default=str) + "\n")
    sys.stdout.flush()


@contextmanager
def saying(**fields: Any) -> Iterator[None]:
    """Put fields into every line within."""
    before = dict(_said)
    _said.update(fields)
    try:
        yield
    finally:
        _said.clear()
        _said.update(before)


Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def logged(handler: Handler) -> Handler:
    """Log how a handler fails, and name function and request in all that it logs."""

    @wraps(handler)
    def wrapper(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request = getattr(context, "aws_request_id", "")
        with saying(function=os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""), requestId=request):
            try:
                return handler(event, context)
            except Exception as failure:
                error(str(failure), error=type(failure).__name__)
                raise

    return wrapper
