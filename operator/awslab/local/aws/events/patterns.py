"""Event patterns: which are taken, and which events they match (moto's matching)."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from moto.events.models import EventPattern

from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

book = Book("events")
GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"
FILTERS = frozenset(
    {
        "prefix",
        "suffix",
        "anything-but",
        "numeric",
        "cidr",
        "exists",
        "equals-ignore-case",
        "wildcard",
    }
)


@book.behaves(
    "pattern-valid",
    "PutRule",
    "TestEventPattern",
    code="InvalidEventPatternException",
    does="An event pattern is an object whose values are lists of values and known filters.",
    see=GUIDE,
)
def checked(text: str) -> str:
    """Return a pattern that is one; raises AwsError."""
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise _invalid(f"Unexpected token: {error}") from error
    if not isinstance(pattern, dict) or not pattern:
        raise _invalid("Filter is not an object")
    _check_node(pattern, "")
    return text


def _check_node(node: dict[str, Any], place: str) -> None:
    for name, value in node.items():
        where = f"{place}.{name}".lstrip(".")
        if name == "$or" and isinstance(value, list):
            for one in value:
                _check_node(one, where)
        elif isinstance(value, dict) and value:
            _check_node(value, where)
        elif not isinstance(value, list) or not value:
            raise _invalid(f'"{where}" must be an object or an array')
        else:
            _check_filters(value, where)


def _check_filters(filters: list[Any], where: str) -> None:
    for one in filters:
        if isinstance(one, list) or (isinstance(one, dict) and (len(one) != 1 or not set(one) <= FILTERS)):
            raise _invalid(f"Unrecognized match type {next(iter(one), '')} at {where}")


def _invalid(why: str) -> AwsError:
    return AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {why}")


@book.behaves(
    "pattern-matches",
    "PutEvents",
    "TestEventPattern",
    does="An event matches by values, prefix, suffix, wildcard, anything-but, numeric, exists, cidr,"
    " equals-ignore-case and $or.",
    see=GUIDE,
)
def matches(pattern: str, event: dict[str, Any]) -> bool:
    """Tell whether an event is one that a pattern asks for."""
    return bool(_loaded(pattern).matches_event(event))


@lru_cache(maxsize=256)
def _loaded(pattern: str) -> EventPattern:
    return EventPattern.load(pattern)
