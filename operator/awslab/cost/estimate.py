"""What a composition costs a month while it stands."""

from __future__ import annotations

from collections.abc import Iterable

from .prices import HOURS_A_MONTH, hourly


def monthly(type_names: Iterable[str], region: str) -> float | None:
    """US dollars a month for one resource of each name; None where a price is not known."""
    prices = [hourly(name, region) for name in type_names]
    if any(price is None for price in prices):
        return None
    return sum(price for price in prices if price is not None) * HOURS_A_MONTH


def words(amount: float | None) -> str:
    """As in the column of `kubectl get`: ``$73.00``, or nothing where it is not known."""
    return "" if amount is None else f"${amount:,.2f}"
