"""Whether a flow gets through a network: every hop of its question and of its answer.

>>> reach(network, Flow("web", "internet", 443)).decided_by      # doctest: +SKIP
'open through NAT gateway nat-1 (a)'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from .connection import Connections, Side, is_open
from .ends import INTERNET, SUPPOSED, End, UnknownEnd, find, find_place
from .index import Index
from .model import Interface, Network
from .packets import Event, Packet, Step, Trip
from .parts import alone
from .ranges import IPV4, IPV6, Ranges, addresses, version_of
from .words import Words

PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6")


class Result(StrEnum):
    """How a flow fares."""

    OPEN = "open"
    """Every packet gets through, and every answer."""
    PARTLY = "partly open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Flow:
    """Connections that somebody may want to make."""

    source: str
    target: str
    port: int = 0
    protocol: str = "tcp"
    version: int = IPV4
    groups: bool = True
    """Whether security groups have a say.

    Without them it is told what the routes and ACLs of this VPC alone let through, whoever is in it: not what
    those do who are there now, nor what the networks beside it let through.
    """

    def __str__(self) -> str:
        what = "ping" if self.protocol.startswith("icmp") else f"{self.protocol} {self.port}"
        return f"{self.source} to {self.target}, {what}" + (" over IPv6" if self.version == IPV6 else "")


@dataclass(frozen=True)
class Hop:
    """One thing on the way, as a sentence."""

    id: str
    name: str
    text: str
    answer: bool = False
    """Whether it is on the way back."""
    passed: bool = True
    subnet: str = ""
    """The id of the subnet where it is, as far as it is in one."""

    @property
    def called(self) -> str:
        """Its id, and its name where it has one; what is only supposed has no id."""
        if self.id.startswith(SUPPOSED):
            return self.name
        return self.id if self.name in {"", self.id} else f"{self.id} ({self.name})"

    def on_wire(self) -> dict[str, Any]:
        """As in JSON."""
        told = {"id": self.id, "name": self.name, "text": self.text, "answer": self.answer, "passed": self.passed}
        told |= {"subnet": self.subnet}
        return {k: v for k, v in told.items() if v != ""}


@dataclass(frozen=True)
class Verdict:
    """What becomes of a flow, and what decided."""

    flow: Flow
    result: Result
    hops: tuple[Hop, ...]
    """Of the way that decided: a closed one, where there is one."""
    decided_by: str
    assumed: tuple[str, ...] = ()
    """What is supposed, as it is not there or not in sight; sentences."""
    nats: tuple[str, ...] = ()
    """The NAT gateways that open ways pass, in the order of their ids."""
    open_hops: tuple[Hop, ...] = ()
    """Of an open way, where the flow is partly open."""

    @property
    def open(self) -> bool:
        """Whether every packet gets through."""
        return self.result is Result.OPEN

    @property
    def path(self) -> tuple[str, ...]:
        """What the question passes, as far as it comes."""
        return tuple(dict.fromkeys(h.called for h in self.hops if not h.answer))

    def on_wire(self) -> dict[str, Any]:
        """As in JSON."""
        flow = self.flow
        return {
            "from": flow.source,
            "to": flow.target,
            "protocol": flow.protocol,
            **({"port": flow.port} if flow.port else {}),
            "result": self.result.value,
            "decidedBy": self.decided_by,
            "natGateways": list(self.nats),
            "assumed": list(self.assumed),
            "hops": [hop.on_wire() for hop in self.hops],
        }


def reach(network: Network, flow: Flow) -> Verdict:
    """What becomes of *flow*; raises UnknownEnd for a name that means nothing."""
    return reach_all(network, [flow])[0]


def reach_all(network: Network, flows: Sequence[Flow]) -> list[Verdict]:
    """As *reach*, for many flows at once; what has to be looked up is looked up once."""
    return [_raised(verdict) for verdict in attempts(network, flows)]


def _raised(verdict: Verdict | UnknownEnd) -> Verdict:
    if isinstance(verdict, UnknownEnd):
        raise verdict
    return verdict


def attempts(network: Network, flows: Sequence[Flow]) -> list[Verdict | UnknownEnd]:
    """As *reach_all*, with an UnknownEnd in place of the verdict on a flow whose names mean nothing."""
    ends: dict[tuple[str, bool], End | UnknownEnd] = {}
    for key in dict.fromkeys((name, flow.groups) for flow in flows for name in (flow.source, flow.target)):
        ends[key] = end = _found(network, *key)
        if isinstance(end, End):
            supposed = tuple(i for i in end.interfaces if i.hypothetical)
            network = replace(network, interfaces=(*network.interfaces, *supposed))
    indexes = {key: Index(_in_sight(network, key[1]), key[0]) for key in {(f.version, f.groups) for f in flows}}
    return [
        _attempt(indexes[f.version, f.groups], f, ends[f.source, f.groups], ends[f.target, f.groups]) for f in flows
    ]


def _in_sight(network: Network, groups: bool) -> Network:  # noqa: FBT001 - as in the flow
    return network if groups else alone(network)


def _found(network: Network, name: str, groups: bool) -> End | UnknownEnd:  # noqa: FBT001 - as in the flow
    try:
        return find(network, name) if groups else find_place(network, name)
    except UnknownEnd as error:
        return error


def _attempt(index: Index, flow: Flow, source: End | UnknownEnd, target: End | UnknownEnd) -> Verdict | UnknownEnd:
    if isinstance(source, UnknownEnd):
        return source
    if isinstance(target, UnknownEnd):
        return target
    try:
        return _Inquiry(index, Connections(index, groups=flow.groups), flow, source, target).verdict()
    except UnknownEnd as error:
        return error


@dataclass(frozen=True)
class _Inquiry:
    """One flow between two ends."""

    index: Index
    connections: Connections
    flow: Flow
    source: End
    target: End

    def verdict(self) -> Verdict:
        trips = [trip for a, b in self._pairs() for trip in self._trips(a, b)]
        if not trips:
            raise UnknownEnd(f"{self.flow}: no packet of such a flow is in sight of this network")
        open_, closed = [t for t in trips if is_open(t)], [t for t in trips if not is_open(t)]
        result = Result.CLOSED if not open_ else Result.PARTLY if closed else Result.OPEN
        decisive, words = (closed or open_)[0], self._words()
        return Verdict(
            self.flow,
            result,
            self._hops(decisive, words),
            self._sentence(result, open_, closed, words),
            tuple(self._assumed(trips, words)),
            tuple(sorted({s.at for t in open_ for s in t.steps if s.event is Event.NAT})),
            self._hops(open_[0], words) if open_ else (),
        )

    def _trips(self, source: Side, target: Side) -> Iterator[Trip]:
        return self.connections.attempt(source, target, self.flow.protocol, self.flow.port)

    def _pairs(self) -> Iterator[tuple[Side, Side]]:
        """Every sender with every receiver."""
        targets = self._sides(self.target)
        for source in map(self._holder, self._sides(self.source)):
            yield from ((source, target) for target in targets if source != target)

    def _holder(self, side: Side) -> Side:
        """Whose address it is that something is sent from."""
        number = side.only if isinstance(side, Ranges) else None
        holder = None if number is None else self.index.public.get(number)
        return holder if isinstance(holder, Interface) else side

    def _sides(self, end: End) -> list[Side]:
        return [*end.interfaces] if end.interfaces else [self._outside(end)]

    def _outside(self, end: End) -> Ranges:
        if end.outside == INTERNET:
            return self.index.internet
        if end.outside.startswith("pl-"):
            return self.index.services(end.outside)
        if version_of(end.outside) != self.flow.version:
            raise UnknownEnd(f"{end.name} is no address of IPv{self.flow.version}")
        return addresses(end.outside)

    def _words(self) -> Words:
        named = {self._outside(e): _named(e) for e in (self.source, self.target) if e.outside}
        return Words(self.index, {self.index.internet: "the internet", **named})

    def _hops(self, trip: Trip, words: Words) -> tuple[Hop, ...]:
        return tuple(Hop(s.at, words.name(s.at), words.tell(s), s.answer, s.passed, s.subnet) for s in trip.steps)

    def _sentence(self, result: Result, open_: Sequence[Trip], closed: Sequence[Trip], words: Words) -> str:
        if result is Result.OPEN:
            return self._open_sentence(open_, words)
        decided = words.closed(closed[0].steps[-1])
        if result is Result.CLOSED:
            return decided
        return f"open {self._which(open_[0], words)}, but {decided}"

    def _open_sentence(self, trips: Sequence[Trip], words: Words) -> str:
        nats = sorted({s.at for t in trips for s in t.steps if s.event is Event.NAT})
        if not nats:
            return "open"
        noun = "NAT gateway" if len(nats) == 1 else "NAT gateways"
        return f"open through {noun} {', '.join(map(words.called, nats))}"

    def _which(self, trip: Trip, words: Words) -> str:
        """Of a flow that is open in part: for which packets."""
        first, last = trip.steps[0].packet, trip.steps[-1].packet
        ports = f" (answers to {words.traffic(last)} only)" if last.port.only is None and last.port.size < _ALL else ""
        return f"from {words.place(first.source)} to {words.place(first.destination)}{ports}"

    def _assumed(self, trips: Iterable[Trip], words: Words) -> Iterator[str]:
        if self.flow.groups:
            yield from dict.fromkeys(end.assumed for end in (self.source, self.target) if end.assumed)
        steps = {(s.event, s.at) for t in trips for s in t.steps if is_open(t)}
        for event, at in sorted(steps):
            if event in _UNSEEN:
                yield f"what is behind {words.called(at)} is not in sight, and supposed to let it pass"


_ALL = 65535 - 1024 + 1
_UNSEEN = frozenset({Event.TRANSIT, Event.VPN, Event.FROM_BEYOND})


def _named(end: End) -> str:
    return "the internet" if end.outside == INTERNET else end.name


__all__ = ["PROTOCOLS", "Flow", "Hop", "Packet", "Result", "Step", "UnknownEnd", "Verdict", "reach", "reach_all"]
