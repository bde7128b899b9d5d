"""The terms in a command of Logs Insights: names, conditions, sums."""

from __future__ import annotations

import operator
import re
from statistics import fmean
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Row = Mapping[str, Any]
    Condition = Callable[[Row], bool]

TOKEN = re.compile(
    r"""\s*("(?:\\.|[^"])*"|'(?:\\.|[^'])*'|/(?:\\.|[^/])+/|`[^`]+`|[@\w.*:-]+|!=|<=|>=|=~|[=<>(),\[\]])"""
)
TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
AGGREGATES: dict[str, Callable[[list[float]], float]] = {"sum": sum, "avg": fmean, "min": min, "max": max}


def number(value: Any) -> float | None:
    """Return the number that a value is, if it is one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def text_of(value: Any) -> str | None:
    """Return a value as results tell it: whole numbers without a point."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if float(value).is_integer() else str(value)


class Reader:
    """Reads the words of one command, from left to right."""

    def __init__(self, command: str) -> None:
        self.command, self.at = command, 0
        self.tokens = TOKEN.findall(command)
        if TOKEN.sub("", command).strip():
            raise self.wrong(TOKEN.sub("", command).strip())

    def wrong(self, found: str) -> AwsError:
        """Return the refusal of what stands where it makes no sense."""
        return AwsError("MalformedQueryException", f"unexpected symbol found {found} in: {self.command}")

    def peek(self) -> str:
        """Return the next word, or nothing at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def word(self) -> str:
        """Take the next word; raises AwsError at the end."""
        found = self.peek()
        if not found:
            raise self.wrong("the end")
        self.at += 1
        return str(found)

    def take(self, word: str) -> bool:
        """Take the next word if it is this one."""
        there = self.peek().lower() == word
        self.at += there
        return there

    def need(self, word: str) -> None:
        """Take this word; raises AwsError where it is another one."""
        if not self.take(word):
            raise self.wrong(self.peek() or "the end")

    def end(self) -> None:
        """Raise AwsError unless all is read."""
        if self.peek():
            raise self.wrong(self.peek())

    def items(self) -> Iterator[None]:
        """Go on as long as there are commas."""
        yield
        while self.take(","):
            yield

    def names(self) -> list[str]:
        """Take names of fields."""
        return [self.word().strip("`") for _ in self.items()]

    def value(self) -> str:
        """Take a text or a number, without its quotes."""
        found = self.word()
        return found[1:-1] if found[0] in "\"'/" else found

    def aggregate(self) -> tuple[str, Callable[[list[Row]], float]]:
        """Take `sum(bytes) as total`: the name of the column, and how to come to its value."""
        function = self.word().lower()
        self.need("(")
        of = "" if self.peek() == ")" else self.word().strip("`")
        self.need(")")
        name = self.word() if self.take("as") else f"{function}({of})"
        if function not in {*AGGREGATES, "count", "count_distinct"}:
            raise self.wrong(function)
        return name, lambda rows: _aggregated(function, of, rows)

    def condition(self) -> Condition:
        """Take a condition: choices of all-of, each with brackets or without."""
        some = [self._all_of()]
        while self.take("or"):
            some.append(self._all_of())
        return lambda row: any(test(row) for test in some)

    def _all_of(self) -> Condition:
        every = [self._one()]
        while self.take("and"):
            every.append(self._one())
        return lambda row: all(test(row) for test in every)

    def _one(self) -> Condition:
        if self.take("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self.take("("):
            inner = self.condition()
            self.need(")")
            return inner
        if self.take("ispresent"):
            self.need("(")
            there = self.word()
            self.need(")")
            return lambda row: row.get(there) is not None
        return self._comparison(self.word().strip("`"))

    def _comparison(self, name: str) -> Condition:
        negated = self.take("not")
        if self.take("in"):
            self.need("[")
            choices = {self.value() for _ in self.items()}
            self.need("]")
            return lambda row: (row.get(name) in choices) != negated
        if self.take("like") or self.take("=~"):
            return _likeness(name, self.word(), negated=negated)
        sign, wanted = self.word(), self.value()
        if sign not in TESTS:
            raise self.wrong(sign)
        return lambda row: _holds(sign, row.get(name), wanted)


def _likeness(name: str, pattern: str, *, negated: bool) -> Condition:
    """A text is like one that it contains, or like an expression that is found in it."""
    found = re.compile(pattern[1:-1] if pattern.startswith("/") else re.escape(pattern.strip("\"'")))
    return lambda row: bool(found.search(str(row.get(name) or ""))) != negated


def _holds(sign: str, found: Any, wanted: str) -> bool:
    if found is None:
        return sign == "!="
    left, right = number(found), number(wanted)
    if left is not None and right is not None:
        return TESTS[sign](left, right)
    return TESTS[sign](str(found), wanted)


def _aggregated(function: str, of: str, rows: list[Row]) -> float:
    values = [row[of] for row in rows if row.get(of) is not None] if of not in {"", "*"} else [*rows]
    if function == "count":
        return len(values)
    if function == "count_distinct":
        return len(set(values))
    numbers = [n for n in map(number, values) if n is not None]
    return AGGREGATES[function](numbers) if numbers else 0
