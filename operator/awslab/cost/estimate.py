"""What a composition costs a month, and what a plan changes in that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from awslab.core.resource import Observed, Phase, Resource
from awslab.core.step import Step

from .prices import AS_OF, HOURS_A_MONTH, hourly


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


@dataclass(frozen=True)
class Estimate:
    """What an object costs a month."""

    region: str
    standing: tuple[Line, ...]
    work: Mapping[str, float] | None
    """US dollars a month by service; None where prices are not known."""

    @property
    def monthly(self) -> float | None:
        """US dollars for all of it."""
        working = self.work.values() if self.work is not None else [None]
        return total([*(line.monthly for line in self.standing), *working])

    def on_wire(self) -> dict[str, Any] | None:
        """As in ``status.cost``; None where prices are not known."""
        if self.monthly is None:
            return None
        parts = [{"part": s.type, "count": len(s.names), "monthly": words(s.monthly)} for s in self.standing]
        work = [{"part": service, "monthly": words(amount)} for service, amount in (self.work or {}).items()]
        return {"monthly": words(self.monthly), "parts": [*parts, *work], "pricesAsOf": AS_OF}


@dataclass(frozen=True)
class CostChange:
    """What stands in AWS costs a month before and after a plan, in US dollars; None where a price is not known."""

    before: float | None
    after: float | None

    def on_wire(self) -> dict[str, str] | None:
        """As in ``status.plan.cost``; None where prices are not known."""
        if self.before is None or self.after is None:
            return None
        cents = round((self.after - self.before) * 100)
        difference = f"{'-' if cents < 0 else '+'}{words(abs(cents) / 100)}"
        return {"before": words(self.before), "after": words(self.after), "difference": difference}


def change(steps: Iterable[Step], region: str) -> CostChange:
    """What *steps* change, all of them: also those that keep what is there."""
    steps = list(steps)
    desired = {step.address: step.desired for step in steps if step.desired}
    found = [s.found for s in steps if s.found and s.found.phase not in {Phase.DELETING, Phase.GONE}]
    return CostChange(_monthly_now(found, region), monthly(desired.values(), region))


def _monthly_now(found: Iterable[Observed], region: str) -> float | None:
    """As *monthly*, of what was found; prices go by what a resource refers to as well."""
    by_id: dict[str, Any] = {o.id: o for o in found}
    referred = {id_: SimpleNamespace(**o.fields) for id_, o in by_id.items()}
    hours = [hourly(o.type.__name__, region, _resolved(o.fields, referred)) for o in by_id.values()]
    return total(None if hour is None else hour * HOURS_A_MONTH for hour in hours)


def _resolved(fields: Mapping[str, Any], referred: Mapping[str, Any]) -> dict[str, Any]:
    return {name: referred.get(value, value) if isinstance(value, str) else value for name, value in fields.items()}


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
