"""What a composition costs a month while it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from awslab.core.resource import Resource

from .prices import HOURS_A_MONTH, hourly


@dataclass(frozen=True)
class Line:
    """Resources of one type, and what they cost together."""

    type: str
    names: tuple[str, ...]
    hourly: float | None
    """US dollars; None where a price is not known."""

    @property
    def monthly(self) -> float | None:
        """US dollars."""
        return None if self.hourly is None else self.hourly * HOURS_A_MONTH


def lines(resources: Iterable[Resource], region: str) -> tuple[Line, ...]:
    """What is paid by the hour in *region*, by type; what is free by itself is left out."""
    by_type: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        by_type[type(resource).__name__].append(resource)
    told = (_line(name, found, region) for name, found in sorted(by_type.items()))
    return tuple(line for line in told if line.hourly != 0)


def _line(name: str, resources: Iterable[Resource], region: str) -> Line:
    prices = {r.name: hourly(name, region, r.wishes) for r in resources}
    known = [price for price in prices.values() if price is not None]
    return Line(name, tuple(sorted(prices)), sum(known) if len(known) == len(prices) else None)


def monthly(resources: Iterable[Resource], region: str) -> float | None:
    """US dollars a month for *resources*; None where a price is not known."""
    return total(line.monthly for line in lines(resources, region))


def total(amounts: Iterable[float | None]) -> float | None:
    """The sum; None where one is not known."""
    known = list(amounts)
    return None if None in known else sum(amount for amount in known if amount is not None)


def words(amount: float | None) -> str:
    """As in the column of `kubectl get`: ``$73.00``, or nothing where it is not known."""
    return "" if amount is None else f"${amount:,.2f}"
