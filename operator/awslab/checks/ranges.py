"""Sets of numbers: the addresses of one IP version, or ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network

IPV4, IPV6 = 4, 6


@dataclass(frozen=True)
class Ranges:
    """A set of integers, as spans in ascending order that neither touch nor overlap."""

    spans: tuple[tuple[int, int], ...] = ()

    def __and__(self, other: Ranges) -> Ranges:
        both = [(max(c, a), min(d, b)) for a, b in self.spans for c, d in other.spans if a <= d and c <= b]
        return self if len(both) == len(self.spans) and tuple(both) == self.spans else Ranges(tuple(both))

    def __sub__(self, other: Ranges) -> Ranges:
        left = self.spans
        for low, high in other.spans:
            if any(a <= high and low <= b for a, b in left):
                left = tuple(piece for span in left for piece in _without(span, low, high))
        return self if left is self.spans else Ranges(left)

    def __or__(self, other: Ranges) -> Ranges:
        return Ranges(_joined(sorted(self.spans + other.spans)))

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __contains__(self, number: int) -> bool:
        return any(low <= number <= high for low, high in self.spans)

    def __le__(self, other: Ranges) -> bool:
        return self is other or not self - other

    def __len__(self) -> int:
        raise TypeError("an IPv6 range has more numbers than len() can tell; use size")

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(high - low + 1 for low, high in self.spans)

    @property
    def first(self) -> int:
        """The least number; IndexError where there is none."""
        return self.spans[0][0]

    @property
    def only(self) -> int | None:
        """The number, where there is one only."""
        return self.first if self.size == 1 else None


def _without(span: tuple[int, int], low: int, high: int) -> Iterable[tuple[int, int]]:
    a, b = span
    if high < a or b < low:
        yield span
        return
    if a < low:
        yield a, low - 1
    if high < b:
        yield high + 1, b


def _joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for low, high in spans:
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return tuple(joined)


NONE = Ranges()


def single(number: int) -> Ranges:
    """The set of one number."""
    return Ranges(((number, number),))


def between(low: int, high: int) -> Ranges:
    """All numbers from *low* to *high*."""
    return Ranges(((low, high),))


@lru_cache(maxsize=16384)
def version_of(text: str) -> int:
    """The IP version of an address or CIDR."""
    return IPV6 if ":" in text else IPV4


@lru_cache(maxsize=16384)
def addresses(cidr: str) -> Ranges:
    """The addresses of a CIDR, or the one that is given; ValueError where it is neither."""
    network = ip_network(cidr, strict=False)
    return between(int(network.network_address), int(network.broadcast_address))


def prefix_length(cidr: str) -> int:
    """How many bits of the destination a route to *cidr* fixes."""
    return ip_network(cidr, strict=False).prefixlen


def union(parts: Iterable[Ranges]) -> Ranges:
    """What is in any of *parts*."""
    return Ranges(_joined(sorted(span for part in parts for span in part.spans)))


def address_text(number: int, version: int) -> str:
    """An address as people write it."""
    return str(ip_address(number.to_bytes(4 if version == IPV4 else 16, "big")))


def cidrs(these: Ranges, version: int) -> Iterator[str]:
    """The fewest CIDRs (or addresses) that make up the set, in order."""
    bits = 32 if version == IPV4 else 128
    for low, high in these.spans:
        at = low
        while at <= high:
            size = min(at & -at or 1 << bits, 1 << (high - at + 1).bit_length() - 1)
            length = bits - size.bit_length() + 1
            yield address_text(at, version) + (f"/{length}" if length < bits else "")
            at += size
