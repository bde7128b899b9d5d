"""Count, sum, least, greatest and mean of a run's records, for all of them and for each group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .errors import InvalidData, InvalidSettings
from .exact import EXACT, Number, mean
from .state import Step

SETTINGS = ("fields", "groupBy", "decimals", "maxGroups")

_ORDERED = frozenset({"date", "timestamp"})


@dataclass(slots=True)
class Total:
    """What is known of one field."""

    ordered: bool = False
    count: int = 0
    empty: int = 0
    numbers: int = 0
    sum: Number = 0
    least: Any = None
    most: Any = None

    def add(self, value: Any) -> None:
        """Take a value in; sums are exact."""
        if value is None:
            self.empty += 1
            return
        self.count += 1
        kind = type(value)
        if kind is int or kind is Decimal:
            self.numbers += 1
            self.sum = EXACT.add(self.sum, value)
        elif kind is not str or not self.ordered:
            return
        if self.least is None or value < self.least:
            self.least = value
        if self.most is None or value > self.most:
            self.most = value

    def told(self, places: int) -> dict[str, Any]:
        """Return what JSON says of the field."""
        said: dict[str, Any] = {"count": self.count, "empty": self.empty}
        if self.numbers:
            said |= {"sum": self.sum, "mean": mean(self.sum, self.numbers, places)}
        if self.least is not None:
            said |= {"min": self.least, "max": self.most}
        return said


@dataclass(slots=True)
class Group:
    """Records that have the same values in the fields to group by; all records, where there are none."""

    rows: int = 0
    totals: dict[str, Total] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """The settings."""

    fields: list[str]
    group_by: list[str]
    places: int
    most: int
    ordered: frozenset[str]

    @classmethod
    def of(cls, step: Step) -> Wanted:
        """Read the settings; raises InvalidSettings."""
        return cls(
            step.names("fields"),
            step.names("groupBy"),
            step.whole("decimals", 6, 0, 50),
            step.whole("maxGroups", 10_000, 1, 100_000),
            frozenset(str(column.get("name")) for column in step.columns if column.get("type") in _ORDERED),
        )


class Totals:
    """Takes in records, and tells what they come to."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.all = Group()
        self.groups: dict[tuple[Any, ...], Group] = {}

    def take(self, records: Iterable[dict[str, Any]]) -> Totals:
        """Read all records; raises InvalidData for too many groups, InvalidSettings for a field that none has."""
        try:
            for record in records:
                if not self.all.rows:
                    self._know(record)
                self._add(self.all, record)
                if self.wanted.group_by:
                    self._add(self._group(record), record)
        except ArithmeticError as error:
            raise InvalidData(f"record {self.all.rows}: the sum has too many digits") from error
        return self

    def _know(self, record: dict[str, Any]) -> None:
        for name in [*self.wanted.fields, *self.wanted.group_by]:
            if name not in record:
                raise InvalidSettings(f"there is no field {name!r} in the records; there are {', '.join(record)}")

    def _group(self, record: dict[str, Any]) -> Group:
        key = tuple([record[name] for name in self.wanted.group_by])
        group = self.groups.get(key)
        if group is None:
            if len(self.groups) >= self.wanted.most:
                by = ", ".join(self.wanted.group_by)
                raise InvalidData(f"there are more than {self.wanted.most} groups by {by}; see maxGroups")
            group = self.groups[key] = Group()
        return group

    def _add(self, group: Group, record: dict[str, Any]) -> None:
        group.rows += 1
        totals = group.totals
        for name in self.wanted.fields or record:
            total = totals.get(name)
            if total is None:
                total = totals[name] = Total(ordered=name in self.wanted.ordered)
            total.add(record[name])

    def told(self) -> dict[str, Any]:
        """Return rows, fields and groups as JSON has them; groups are in the order of their values."""
        by = self.wanted.group_by
        said = {"rows": self.all.rows, "fields": self._fields(self.all)}
        if by:
            said["groupBy"] = by
            said["groups"] = [
                {"key": dict(zip(by, key, strict=True)), "rows": group.rows, "fields": self._numbers(group)}
                for key, group in sorted(self.groups.items(), key=_place)
            ]
        return said

    def _fields(self, group: Group) -> dict[str, Any]:
        return {name: total.told(self.wanted.places) for name, total in group.totals.items()}

    def _numbers(self, group: Group) -> dict[str, Any]:
        return {name: total.told(self.wanted.places) for name, total in group.totals.items() if total.numbers}


def _place(item: tuple[tuple[Any, ...], Group]) -> tuple[tuple[bool, str, Any], ...]:
    """Order values of any kinds: by kind, then by value, the empty ones last."""
    return tuple(
        (value is None, "number" if isinstance(value, int | Decimal) else "text", 0 if value is None else value)
        for value in item[0]
    )
