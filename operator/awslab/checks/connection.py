"""A connection: a question that arrives, and an answer that finds back.

Security groups remember connections, and NAT gateways do; routes and network
ACLs do not, so that the answer makes a way of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .index import EPHEMERAL, PING, PONG, Holder, Index
from .journey import Journeys, Trips, answer_to, then
from .model import GatewayKind, Interface
from .packets import Event, Packet, Place, Trip
from .ranges import IPV4, Ranges, single
from .routing import divided

Side = Interface | Ranges
"""One end: an interface, or addresses outside of all VPCs in sight."""


@dataclass(frozen=True)
class _Origin:
    """Where a question came from, and so where its answer has to arrive."""

    place: Place
    at: str
    asked: Ranges
    """The addresses that were asked, as the asker knew them."""


class Connections:
    """Tries connections through a network."""

    def __init__(self, index: Index, *, groups: bool = True) -> None:
        self._index = index
        self._groups = groups
        self._journeys = Journeys(index)

    def attempt(self, source: Side, target: Side, protocol: str, port: int) -> Trips:
        """Every way that the packets of such connections take; an open one ends with the event ANSWERED."""
        goal = target if isinstance(target, Ranges) else self._index.address_of(target)
        number = single(PING.get(protocol, port))
        if isinstance(source, Ranges):
            yield from self._from_outside(source, target, Packet(source, goal, protocol, number))
        else:
            yield from self._from_interface(source, Packet(self._index.address_of(source), goal, protocol, number))

    def _from_interface(self, source: Interface, packet: Packet) -> Trips:
        trip = Trip(packet)
        if not (packet.source and packet.destination):
            yield trip.dropped(Event.NO_ADDRESS, source.id)
            return
        sent = then(self._group(trip, source, egress=True), lambda t: self._journeys.leave(t, source))
        for asked in sent:
            origin = _Origin(Place.INTERFACE, source.id, _as_asked(asked, packet.destination))
            yield from self._taken(asked, origin)

    def _from_outside(self, source: Ranges, target: Side, packet: Packet) -> Trips:
        if isinstance(target, Ranges):
            asking = packet._replace(source=source & self._index.internet)
            for low, high in (target & self._index.public_addresses).spans:
                for number in range(low, high + 1):
                    yield from self._from_internet(self._index.public[number], Trip(asking))
            return
        for part, gate in self._gates(source, target):
            yield from self._through(gate, target, packet._replace(source=part))

    def _gates(self, source: Ranges, target: Interface) -> Iterator[tuple[Ranges, str]]:
        """By what *source* would come to *target*: the internet, or the gateway to which answers go."""
        if internet := source & self._index.internet:
            yield internet, "internet"
        subnet = self._index.subnet_of(target)
        if rest := source - self._index.internet:
            for part, way in divided(self._index.ways(subnet), rest):
                yield part, way.route.target if way else ""

    def _through(self, gate: str, target: Interface, packet: Packet) -> Trips:
        trip = Trip(packet)
        if gate == "internet":
            yield from self._from_internet(target, trip)
        elif gate.startswith(("pcx-", "tgw-", "vgw-")):
            origin = _Origin(Place.BEYOND, gate, packet.destination)
            entered = trip.saw(Event.FROM_BEYOND, gate)
            for asked in self._journeys.deliver(entered, self._index.vpc_of(target)):
                yield from self._taken(asked, origin)
        else:
            yield trip.dropped(Event.NO_WAY_IN, self._index.vpc_of(target))

    def _from_internet(self, target: Holder, trip: Trip) -> Trips:
        gateway = self._index.gateway(self._index.vpc_of(target), GatewayKind.INTERNET)
        seen = self._index.outside_address(target)
        if not seen:
            yield trip.dropped(Event.NO_PUBLIC_ADDRESS, target.id)
        elif gateway is None:
            yield trip.to(seen).dropped(Event.NO_INTERNET_GATEWAY, self._index.vpc_of(target))
        else:
            origin = _Origin(Place.INTERNET, gateway.id, seen)
            for asked in self._journeys.arrive(trip.to(seen)):
                yield from self._taken(asked, origin)

    def _taken(self, asked: Trip, origin: _Origin) -> Trips:
        """What arrived, let in by who is there, and answered."""
        if asked.place is Place.NOWHERE:
            yield asked
        elif asked.place is Place.NAT:
            yield asked._replace(place=None).dropped(Event.NAT_REFUSES, asked.at)
        elif asked.place is Place.INTERFACE:
            yield from self._let_in(asked, self._index.interfaces[asked.at], origin)
        else:
            yield from self._unwound(self._answered_from_outside(asked), origin)

    def _group(self, trip: Trip, interface: Interface, *, egress: bool) -> Trips:
        return self._journeys.group(trip, interface, egress=egress) if self._groups else iter([trip])

    def _let_in(self, asked: Trip, target: Interface, origin: _Origin) -> Trips:
        arrived = asked._replace(place=None)
        for taken in self._group(arrived, target, egress=False):
            if taken.place is Place.NOWHERE:
                yield taken
            elif not self._listens(target, taken.packet):
                yield taken.dropped(Event.NO_LISTENER, target.id)
            else:
                answer = self._answer(taken.saw(Event.DELIVERED, target.id, subnet=target.subnet))
                yield from self._unwound(self._journeys.leave(answer, target), origin)

    def _listens(self, target: Interface, packet: Packet) -> bool:
        """Whether a load balancer has a listener there; what others listen to, no network knows."""
        balancer = self._index.balanced.get(target.id)
        return balancer is None or any(listener.port in packet.port for listener in balancer.listeners)

    def _answer(self, asked: Trip) -> Trip:
        port = single(PONG[asked.packet.protocol]) if asked.packet.protocol in PONG else EPHEMERAL
        return asked._replace(packet=answer_to(asked.packet, port), answer=True, place=None)

    def _answered_from_outside(self, asked: Trip) -> Trips:
        """The answer of the internet, a service, or whoever is beyond a gateway."""
        event = {Place.SERVICE: Event.FROM_SERVICE, Place.BEYOND: Event.FROM_BEYOND}
        answer = self._answer(asked)
        if asked.place is Place.INTERNET and self._index.version == IPV4:
            yield from self._journeys.arrive(answer)
        else:
            entered = answer.saw(event.get(asked.place or Place.BEYOND, Event.INTERNET_IN), asked.at)
            yield from self._journeys.deliver(entered, answer.vpc)

    def _unwound(self, trips: Trips, origin: _Origin) -> Trips:
        """Answers under way: back through every NAT gateway that the question passed, to who asked."""
        for trip in trips:
            if trip.place is Place.NOWHERE:
                yield trip
            elif not trip.packet.source <= origin.asked:
                yield trip._replace(place=None).dropped(Event.WRONG_WAY_BACK, trip.at)
            elif trip.place is Place.NAT and trip.translations and trip.translations[-1].nat == trip.at:
                yield from self._unwound(self._behind(trip), origin)
            elif not trip.translations and (trip.place, trip.at) == (origin.place, origin.at):
                yield trip.saw(Event.ANSWERED, trip.at)
            else:
                yield trip._replace(place=None).dropped(Event.WRONG_WAY_BACK, trip.at)

    def _behind(self, trip: Trip) -> Trips:
        """The answer, sent on by the NAT gateway to whose question it is."""
        *before, last = trip.translations
        port = EPHEMERAL if trip.packet.protocol not in PONG else trip.packet.port
        packet = trip.packet._replace(destination=last.source, port=port)
        back = trip.saw(Event.NAT, last.nat)._replace(packet=packet, place=None, at="", translations=tuple(before))
        yield from self._journeys.leave(back, self._index.nats[last.nat])


def _as_asked(asked: Trip, destination: Ranges) -> Ranges:
    """The part of *destination* that took this way; an internet gateway may have changed it at the very end."""
    part = asked.packet.destination & destination
    return part or destination


def is_open(trip: Trip) -> bool:
    """Whether its question was answered."""
    return bool(trip.steps) and trip.steps[-1].event is Event.ANSWERED
