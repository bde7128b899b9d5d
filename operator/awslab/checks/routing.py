"""Which route a packet takes.

The most specific one; of equally specific ones a static route to a CIDR before
one to a prefix list, and that before a propagated one; and never a propagated
one to the VPC's own addresses.
https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from .model import Route, RouteTable
from .ranges import NONE, Ranges, addresses, prefix_length, version_of


class Rank(IntEnum):
    """Which of equally specific routes wins."""

    STATIC = 0
    PREFIX_LIST = 1
    PROPAGATED = 2


@dataclass(frozen=True)
class Way:
    """A route to one CIDR."""

    table: str
    route: Route
    cidr: str
    length: int
    rank: Rank
    addresses: Ranges


def ways(table: RouteTable, own: Ranges, lists: Mapping[str, Sequence[str]], version: int) -> list[Way]:
    """The ways of a table in the order in which they are tried; *own* are the VPC's addresses."""
    found = [
        Way(table.id, route, cidr, prefix_length(cidr), rank, _reach(cidr, rank, own))
        for route in table.routes
        for cidr, rank in _destinations(route, lists)
        if version_of(cidr) == version
    ]
    return sorted((way for way in found if way.addresses), key=lambda way: (-way.length, way.rank))


def _destinations(route: Route, lists: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Rank]]:
    if route.destination.startswith("pl-"):
        yield from ((cidr, Rank.PREFIX_LIST) for cidr in lists.get(route.destination, ()))
    else:
        yield route.destination, Rank.PROPAGATED if route.propagated else Rank.STATIC


def _reach(cidr: str, rank: Rank, own: Ranges) -> Ranges:
    return addresses(cidr) - own if rank is Rank.PROPAGATED else addresses(cidr)


def divided(table: Iterable[Way], destination: Ranges) -> list[tuple[Ranges, Way | None]]:
    """*destination* in parts with the way that each takes; None for those without one."""
    parts: dict[Route, tuple[Ranges, Way]] = {}
    rest = destination
    for way in table:
        if part := rest & way.addresses:
            before, first = parts.get(way.route, (NONE, way))
            parts[way.route] = (before | part, first)
            rest -= way.addresses
            if not rest:
                break
    return [*parts.values(), (rest, None)] if rest else [*parts.values()]
