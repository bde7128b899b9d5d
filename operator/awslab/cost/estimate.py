"""What a composition costs a month while it stands."""

from __future__ import annotations

from collections.abc import Iterable

from awslab.core.resource import Resource

from .prices import HOURS_A_MONTH, hourly


def monthly(resources: Iterable[Resource], region: str) -> float | None:
    """US dollars a month for *resources*; None where a price is not known."""
    prices = [hourly(type(resource).__name__, region, resource.wishes) for resource in resources]
    if any(price is None for price in prices):
        return None
    return sum(price for price in prices if price is not None) * HOURS_A_MONTH


def words(amount: float | None) -> str:
    """As in the column of `kubectl get`: ``$73.00``, or nothing where it is not known."""
    return "" if amount is None else f"${amount:,.2f}"
