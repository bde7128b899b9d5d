"""Numbers without loss: decimals stay decimal in arithmetic, in JSON and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from json.encoder import encode_basestring
from math import isfinite
from typing import Any

DIGITS = 100
"""The most digits that a number of a file may have, on each side of its point."""

EXACT = Context(prec=2000, rounding=ROUND_HALF_UP, traps=[Inexact, InvalidOperation])
"""Adds and multiplies what files hold without rounding; fails where it would have to round."""

_ROUNDING = Context(prec=4000, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
_DIVIDING = Context(prec=28, rounding=ROUND_HALF_UP, traps=[InvalidOperation])

_WHOLE = 2**53
"""Up to here a double holds every whole number."""

Value = str | int | Decimal | bool | date | datetime | None
Number = int | Decimal


def rounded(number: Number, places: int) -> Decimal:
    """Round to so many decimal places, half away from zero as on paper."""
    return Decimal(number).quantize(Decimal(1).scaleb(-places), context=_ROUNDING)


def divided(number: Number, by: Number) -> Decimal:
    """Divide, to 28 significant digits; raises ZeroDivisionError."""
    if not by:
        raise ZeroDivisionError("division by zero")
    return _DIVIDING.divide(Decimal(number), Decimal(by))


def mean(total: Number, count: int, places: int) -> Decimal:
    """Return total / count, to at most so many places, without zeros at the end."""
    quotient = _ROUNDING.divide(Decimal(total), Decimal(count))
    return Decimal(f"{rounded(quotient, places).normalize(_ROUNDING):f}")


def _decimal(value: Decimal) -> str:
    return f"{value:f}"


def _timestamp(value: datetime) -> str:
    return f'"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"'


TEXTS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: int.__repr__,
    Decimal: _decimal,
    bool: lambda value: "true" if value else "false",
    date: lambda value: f'"{value.isoformat()}"',
    datetime: _timestamp,
    type(None): lambda _: "null",
}
"""How each type of value is written in JSON, every digit kept."""


def scalar(value: Value) -> str:
    """Return a value as JSON, every digit kept."""
    return TEXTS[type(value)](value)


def dumps(value: Any, indent: str = "\n") -> str:
    """Return lists and objects of values as indented JSON, every digit kept."""
    deeper = indent + "  "
    if isinstance(value, float):
        return json.dumps(value)
    if isinstance(value, dict):
        items = [f"{encode_basestring(str(name))}: {dumps(item, deeper)}" for name, item in value.items()]
    elif isinstance(value, list | tuple):
        items = [dumps(item, deeper) for item in value]
    else:
        return scalar(value)
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return begin + deeper + f",{deeper}".join(items) + indent + end if items else begin + end


def loads(text: str) -> Any:
    """Read JSON; what has a point becomes a Decimal."""
    return json.loads(text, parse_float=Decimal)


def plain(value: Any) -> Any:
    """Return a value for the state, whose numbers are doubles: a decimal becomes the nearest one, or else a text."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, Decimal):
        return value
    double = float(value)
    if not isfinite(double):
        return str(value)
    return int(double) if double.is_integer() and abs(double) <= _WHOLE else double
