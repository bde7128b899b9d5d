"""Which packets the numbered rules of a network ACL, or the rules of security groups, let through.

A packet's answer is looked at with all ports that a client may have begun
from, and one side may be a whole set of addresses.  So a filter is not asked
for yes or no, but to divide: into addresses that fare alike, with the ports
that pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .model import ALL
from .ranges import NONE, Ranges, union


@dataclass(frozen=True)
class Line:
    """One rule, its addresses looked up."""

    allow: bool
    protocol: str
    ports: Ranges
    addresses: Ranges
    says: str
    """For people: ``rule 100``, or the rule itself."""

    def concerns(self, protocol: str, ports: Ranges) -> bool:
        """Whether it says anything of such packets."""
        if self.protocol not in (ALL, protocol):
            return False
        low, high = self.ports.spans[0]
        return any(low <= b and a <= high for a, b in ports.spans)


@dataclass(frozen=True)
class Ruling:
    """Addresses that fare alike: which ports pass, and by which rules."""

    addresses: Ranges
    passed: Ranges
    stopped: Ranges
    allowing: Line | None = None
    """The first rule that lets some through."""
    denying: Line | None = None
    """The first rule that stops some; None where nothing is said and so they are stopped."""


def rulings(lines: Iterable[Line], addresses: Ranges, protocol: str, ports: Ranges) -> list[Ruling]:
    """What becomes of packets from or to *addresses*: the first rule that concerns them decides."""
    waiting, decided = [_Part(addresses, NONE, ports)], []
    for line in lines:
        if line.concerns(protocol, ports):
            parts = [part for before in waiting for part in _ruled(before, line)]
            decided += [part for part in parts if not part.waiting]
            waiting = [part for part in parts if part.waiting]
            if not waiting:
                break
    return _merged(decided + waiting, ports)


class _Part(NamedTuple):
    """Addresses for which the same rules were tried."""

    addresses: Ranges
    passed: Ranges
    waiting: Ranges
    """The ports of which no rule has said anything yet."""
    allowing: Line | None = None
    denying: Line | None = None


def _ruled(part: _Part, line: Line) -> Iterator[_Part]:
    """*part* after *line*: the addresses that it names, and the others."""
    named = part.addresses & line.addresses
    hit = part.waiting & line.ports
    if not (named and hit):
        yield part
        return
    if others := part.addresses - line.addresses:
        yield part._replace(addresses=others)
    rest = part.waiting - line.ports
    if line.allow:
        yield _Part(named, part.passed | hit, rest, part.allowing or line, part.denying)
    else:
        yield _Part(named, part.passed, rest, part.allowing, part.denying or line)


def _merged(parts: Sequence[_Part], ports: Ranges) -> list[Ruling]:
    """Addresses together that fare alike; the rules named are those of the largest part."""
    if len(parts) == 1:
        (one,) = parts
        return [Ruling(one.addresses, one.passed, ports - one.passed, one.allowing, one.denying)]
    alike: dict[Ranges, list[_Part]] = {}
    for part in sorted(parts, key=lambda p: -p.addresses.size):
        alike.setdefault(part.passed, []).append(part)
    return [
        Ruling(union(p.addresses for p in same), passed, ports - passed, same[0].allowing, same[0].denying)
        for passed, same in alike.items()
    ]
