"""Computed fields: a small language of names, numbers, texts, + - * / and a few functions; nothing is ever executed.

An expression is read by Python's own parser and then translated node by node; what is not in the list below is
refused. A name that is no identifier stands in backticks. An empty value makes the result empty.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from .columns import BadValue, quoted
from .errors import InvalidSettings
from .exact import EXACT, Value, divided, rounded

Row = Mapping[str, Value]
Formula = Callable[[Row], Any]

_LONGEST = 1000
_DEEPEST = 200
_MOST_PLACES = 100
_MOST = 10**1000
_BACKTICKED = re.compile(r"`([^`]*)`")


def _number(value: Value) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadValue(f"{quoted(str(value))} is not a number")
    return value


def _of_numbers(compute: Callable[[Any, Any], Any]) -> Callable[[Value, Value], Value]:
    return lambda left, right: None if left is None or right is None else compute(_number(left), _number(right))


def _exact(compute: Callable[[Any, Any], Any], decimals: Callable[[Any, Any], Decimal]) -> Callable[[Any, Any], Any]:
    """Whole numbers stay whole, decimals are computed without loss; both fail before they grow without bounds."""

    def computed(left: int | Decimal, right: int | Decimal) -> int | Decimal:
        if type(left) is not int or type(right) is not int:
            return decimals(left, right)
        whole: int = compute(left, right)
        if -_MOST < whole < _MOST:
            return whole
        raise OverflowError("the number has too many digits")

    return computed


_OPERATORS: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: _of_numbers(_exact(operator.add, EXACT.add)),
    ast.Sub: _of_numbers(_exact(operator.sub, EXACT.subtract)),
    ast.Mult: _of_numbers(_exact(operator.mul, EXACT.multiply)),
    ast.Div: _of_numbers(divided),
}


def _round(value: Value, places: Value = 0) -> Value:
    if type(places) is not int or not 0 <= places <= _MOST_PLACES:
        raise BadValue(f"round: the places are {places}, not 0 to {_MOST_PLACES}")
    return rounded(_number(value), places)


def _abs(value: Value) -> Value:
    number = _number(value)
    return number if number >= 0 else -number if isinstance(number, int) else number.copy_abs()


def _date(value: Value) -> date:
    if not isinstance(value, date):
        raise BadValue(f"{quoted(str(value))} is not a date")
    return value


def _text(value: Value) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


_FUNCTIONS: dict[str, tuple[int, int, Callable[..., Value]]] = {
    "abs": (1, 1, _abs),
    "round": (1, 2, _round),
    "upper": (1, 1, lambda value: _text(value).upper()),
    "lower": (1, 1, lambda value: _text(value).lower()),
    "trim": (1, 1, lambda value: _text(value).strip()),
    "concat": (1, 100, lambda *values: "".join(map(_text, values))),
    "year": (1, 1, lambda value: f"{_date(value):%Y}"),
    "month": (1, 1, lambda value: f"{_date(value):%Y-%m}"),
}
"""Least and most arguments, and what it does; ``coalesce`` alone takes empty values, see _call."""


def compiled(text: str, names: Collection[str]) -> Formula:
    """Return what computes an expression for a row; raises InvalidSettings."""
    if len(text) > _LONGEST:
        raise InvalidSettings(f"an expression is longer than {_LONGEST} characters")
    aliases: dict[str, str] = {}
    try:
        source = _BACKTICKED.sub(lambda found: _alias(found[1], aliases), text).strip()
        return _Translator(source, aliases, names).formula(ast.parse(source, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InvalidSettings(f"cannot read the expression {text!r}: {error}") from error


def _alias(name: str, aliases: dict[str, str]) -> str:
    alias = f"_backticked_{len(aliases)}"
    aliases[alias] = name
    return alias


class _Translator:
    def __init__(self, text: str, aliases: Mapping[str, str], known: Collection[str]) -> None:
        self.text, self.aliases, self.known = text, aliases, known
        self.depth = 0

    def formula(self, node: ast.expr) -> Formula:
        """Return what computes a node; the depth has a limit of its own, for Python's may have been changed."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise InvalidSettings(f"an expression is nested more than {_DEEPEST} deep")
        formula = self._formula(node)
        self.depth -= 1
        return formula

    def _formula(self, node: ast.expr) -> Formula:
        match node:
            case ast.Constant(value=value) if type(value) in {str, int, float}:
                return self._constant(node)
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._operation(ast.Sub, ast.Constant(0), operand)
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
                return self._operation(type(sign), left, right)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args)
        raise InvalidSettings(f"{self.text!r}: only names, numbers, texts, + - * / and functions are understood")

    def _constant(self, node: ast.Constant) -> Formula:
        """A number with a point is read again from its text: the parser's float has lost digits."""
        value: Any = node.value
        if isinstance(value, float):
            digits = ast.get_source_segment(self.text, node) or ""
            if not digits.replace(".", "").isdecimal():
                raise InvalidSettings(f"{self.text!r}: a number is written with digits and a point, not as {digits}")
            value = Decimal(digits)
        return lambda _: value

    def _name(self, name: str) -> Formula:
        column = self.aliases.get(name, name)
        if column not in self.known:
            raise InvalidSettings(f"{self.text!r}: there is no column {column!r}; there are {', '.join(self.known)}")
        return lambda row: row[column]

    def _operation(self, sign: type[ast.operator], left: ast.expr, right: ast.expr) -> Formula:
        compute, first, second = _OPERATORS[sign], self.formula(left), self.formula(right)
        return lambda row: compute(first(row), second(row))

    def _call(self, name: str, args: list[ast.expr]) -> Formula:
        formulas = [self.formula(arg) for arg in args]
        if name == "coalesce" and formulas:
            return lambda row: next((value for each in formulas if (value := each(row)) is not None), None)
        least, most, compute = _FUNCTIONS.get(name, (1, 0, None))
        if compute is None or not least <= len(args) <= most:
            raise InvalidSettings(f"{self.text!r}: there is no {name} of {len(args)}; there are {_known_functions()}")

        def call(row: Row) -> Value:
            values = [each(row) for each in formulas]
            return None if None in values else compute(*values)

        return call


def _known_functions() -> str:
    return ", ".join(sorted([*_FUNCTIONS, "coalesce"]))


FAILURES = (BadValue, ArithmeticError)
"""What computing a row may raise for what is in it."""
