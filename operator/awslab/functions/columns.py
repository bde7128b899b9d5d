"""Columns with types: how the text of a cell becomes a value, or why it does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from .errors import InvalidSettings
from .exact import DIGITS, Value

Reader = Callable[[str], Value]
"""Reads the text of a cell; raises BadValue."""

_INTEGER = re.compile(rf"[+-]?[0-9]{{1,{DIGITS}}}").fullmatch
_DECIMAL = re.compile(rf"[+-]?(?:[0-9]{{1,{DIGITS}}}(?:\.[0-9]{{0,{DIGITS}}})?|\.[0-9]{{1,{DIGITS}}})").fullmatch
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
).fullmatch
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_UNDECODED = re.compile("[\udc80-\udcff]").search
"""What the error handler ``surrogateescape`` makes of bytes that are not of the encoding."""
_SHOWN = 60


class BadValue(Exception):
    """The text of a cell is not what its column holds; the message continues "amount is"."""


def quoted(text: str) -> str:
    """Return a text for a message: everything unprintable escaped, and then cut."""
    start = text[: _SHOWN + 1]
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in start)
    return f"'{safe if len(safe) <= _SHOWN else safe[: _SHOWN - 1] + '…'}'"


def shown(name: str) -> str:
    """Return a column's name for a message: bare where it is short and printable."""
    return name if name and name.isprintable() and len(name) <= _SHOWN else quoted(name)


def _string(text: str) -> str:
    if not text.isascii() and (found := _UNDECODED(text)):
        raise BadValue(f"not in the file's encoding (byte 0x{ord(found[0]) - 0xDC00:02x})")
    return text


def _integer(text: str) -> int:
    if not _INTEGER(text):
        raise BadValue(f"{quoted(text)}, not a whole number")
    return int(text)


def _decimal(text: str) -> Decimal:
    if not _DECIMAL(text):
        raise BadValue(f"{quoted(text)}, not a decimal number")
    return Decimal(text)


def _boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise BadValue(f"{quoted(text)}, not true or false") from None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text if _DATE(text) else "")
    except ValueError:
        raise BadValue(f"{quoted(text)}, not a date such as 2024-12-31") from None


def _timestamp(text: str) -> datetime:
    try:
        return _utc(datetime.fromisoformat(text if _TIMESTAMP(text) else ""))
    except (ValueError, OverflowError):
        raise BadValue(f"{quoted(text)}, not a time such as 2024-12-31T23:59:00Z") from None


def _utc(when: datetime) -> datetime:
    """Return a time in UTC, which a time without a zone is taken for."""
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _formatted(form: str, convert: Callable[[datetime], Value]) -> Reader:
    """Read dates or times that are written in a way of their own, as strptime has it."""

    def read(text: str) -> Value:
        try:
            return convert(datetime.strptime(text, form))  # noqa: DTZ007 - _utc gives it the zone that it lacks
        except (ValueError, OverflowError):
            raise BadValue(f"{quoted(text)}, not written as {form}") from None

    return read


TYPES: dict[str, Reader] = {
    "string": _string,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}
_ALSO = {"number": "decimal", "datetime": "timestamp", "minimum": "min", "maximum": "max"}
"""Other names of types and limits, those that the kind's API has among them."""


@dataclass(frozen=True)
class Column:
    """A column of the schema."""

    name: str
    type: str = "string"
    required: bool = True
    format: str | None = None
    min: Value = None
    max: Value = None
    pattern: str | None = None
    values: frozenset[Value] | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Column:
        """Read a column of the spec; raises InvalidSettings, naming it."""
        said = {_ALSO.get(word, word): value for word, value in given.items() if value is not None}
        if unknown := sorted(set(said) - set(cls.__dataclass_fields__)):
            raise InvalidSettings(f"column {given.get('name')}: unknown {', '.join(unknown)}")
        name, kind = said.get("name"), _kind(said.get("type", "string"))
        if not isinstance(name, str) or not name or kind not in TYPES:
            raise InvalidSettings(f"column {name}: needs a name, and a type of {', '.join(TYPES)}")
        try:
            return cls._limited(name, kind, said)
        except (BadValue, ValueError, TypeError, re.error) as error:
            raise InvalidSettings(f"column {name}: a limit is {error}") from error

    @classmethod
    def _limited(cls, name: str, kind: str, said: Mapping[str, Any]) -> Column:
        form, read = said.get("format"), _parser(kind, said.get("format"))
        values = [read(_text(value)) for value in said.get("values") or ()]
        return cls(
            name,
            kind,
            bool(said.get("required", True)),
            form,
            _bound(said.get("min"), kind),
            _bound(said.get("max"), kind),
            None if said.get("pattern") is None else re.compile(said["pattern"]).pattern,
            frozenset(values) if values else None,
        )

    def reader(self) -> Reader:
        """Return what reads a cell of this column."""
        parse, checks, required = _parser(self.type, self.format), self._checks(), self.required

        def read(text: str) -> Value:
            if not text:
                if required:
                    raise BadValue("empty")
                return None
            value = parse(text)
            for check in checks:
                check(text, value)
            return value

        return read

    def _checks(self) -> list[Callable[[str, Any], None]]:
        checks: list[Callable[[str, Any], None]] = []
        if self.min is not None or self.max is not None:
            checks.append(self._within)
        if self.values is not None:
            checks.append(self._listed)
        if self.pattern is not None:
            checks.append(_matching(self.pattern))
        return checks

    def _within(self, text: str, value: Any) -> None:
        unit = ""
        if isinstance(value, str):
            value, unit = len(value), " characters"
        if self.min is not None and value < self.min:
            raise BadValue(f"{quoted(text)}, less than {_text(self.min)}{unit}")
        if self.max is not None and value > self.max:
            raise BadValue(f"{quoted(text)}, more than {_text(self.max)}{unit}")

    def _listed(self, text: str, value: Value) -> None:
        assert self.values is not None  # noqa: S101 - says to mypy what _checks knows
        if value not in self.values:
            listed = quoted(", ".join(sorted(_text(value) for value in self.values)))
            raise BadValue(f"{quoted(text)}, not one of {listed[1:-1]}")


def schema(columns: list[dict[str, Any]]) -> dict[str, Column]:
    """Read the schema; raises InvalidSettings."""
    read = {column.name: column for column in map(Column.of, columns)}
    if len(read) < len(columns):
        raise InvalidSettings("two columns of the schema have one name")
    return read


def _kind(given: Any) -> str:
    kind = str(given).lower()
    return _ALSO.get(kind, kind)


def _parser(kind: str, form: str | None) -> Reader:
    if form is None:
        return TYPES[kind]
    if kind not in {"date", "timestamp"}:
        raise BadValue("a format, which only dates and times have")
    return _formatted(form, datetime.date if kind == "date" else _utc)


def _bound(given: Any, kind: str) -> Value:
    """Read a limit: a number for numbers, for the length of texts too; a date or a time as ISO 8601 has it."""
    if given is None:
        return None
    if kind == "boolean":
        raise BadValue("min or max, which booleans do not have")
    return TYPES[kind](str(given)) if kind in {"date", "timestamp"} else _decimal(_text(given))


def _matching(pattern: str) -> Callable[[str, Value], None]:
    match = re.compile(pattern).fullmatch

    def check(text: str, _: Value) -> None:
        if not match(text):
            raise BadValue(f"{quoted(text)}, which does not match {pattern}")

    return check


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


TEXT = Column("", required=False).reader()
"""Reads a column that the schema does not name."""
