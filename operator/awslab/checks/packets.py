"""Packets that fare alike, and what happened to them on their way.

Tuples rather than dataclasses, as an analysis makes thousands of them.
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import NamedTuple

from .filters import Line
from .ranges import Ranges
from .routing import Way


class Packet(NamedTuple):
    """All packets from and to these addresses; at most one of the two is more than one address."""

    source: Ranges
    destination: Ranges
    protocol: str
    port: Ranges
    """Where they go to; of ICMP, the type."""


class Event(StrEnum):
    """What can happen to a packet."""

    GROUP_OUT = auto()
    GROUP_IN = auto()
    ACL_OUT = auto()
    ACL_IN = auto()
    ROUTE = auto()
    NO_ROUTE = auto()
    BLACKHOLE = auto()
    NAT = auto()
    NAT_DOWN = auto()
    NAT_LOOP = auto()
    NAT_IPV6 = auto()
    NAT_REFUSES = auto()
    NAT_ANSWER = auto()
    INTERNET_OUT = auto()
    INTERNET_IN = auto()
    NOT_ATTACHED = auto()
    NO_PUBLIC_ADDRESS = auto()
    NO_ADDRESS = auto()
    PRIVATE_DESTINATION = auto()
    EGRESS_ONLY = auto()
    NO_INTERNET_GATEWAY = auto()
    PEERING = auto()
    PEERING_DOWN = auto()
    PEERING_BEYOND = auto()
    TRANSIT = auto()
    TRANSIT_DOWN = auto()
    VPN = auto()
    FROM_BEYOND = auto()
    NO_WAY_IN = auto()
    ENDPOINT = auto()
    ENDPOINT_DOWN = auto()
    FROM_SERVICE = auto()
    APPLIANCE = auto()
    NOBODY = auto()
    DELIVERED = auto()
    NO_LISTENER = auto()
    WRONG_WAY_BACK = auto()
    ANSWERED = auto()


class Step(NamedTuple):
    """One thing that happened, with the packet as it was then."""

    event: Event
    at: str
    """The id of what decided."""
    packet: Packet
    rule: Line | Way | None = None
    answer: bool = False
    passed: bool = True
    subnet: str = ""
    """Where it happened, as far as it was in a subnet."""


class Place(StrEnum):
    """Where packets end."""

    INTERFACE = auto()
    NAT = auto()
    INTERNET = auto()
    SERVICE = auto()
    BEYOND = auto()
    NOWHERE = auto()


class Translation(NamedTuple):
    """What a NAT gateway remembers of a connection."""

    nat: str
    source: Ranges
    """Whose connection it is."""


class Trip(NamedTuple):
    """Packets under way, or at their end."""

    packet: Packet
    steps: tuple[Step, ...] = ()
    translations: tuple[Translation, ...] = ()
    answer: bool = False
    vpc: str = ""
    """The VPC where it was sent on last."""
    place: Place | None = None
    at: str = ""
    """The id of the interface or gateway where it ended."""

    def to(self, destination: Ranges) -> Trip:
        """Those of the packets that go to *destination*."""
        return self.carrying(self.packet._replace(destination=destination))

    def carrying(self, packet: Packet) -> Trip:
        """The same way, with the packet changed."""
        return self if packet == self.packet else self._replace(packet=packet)

    def saw(self, event: Event, at: str, rule: Line | Way | None = None, subnet: str = "") -> Trip:
        """The same, one step later."""
        step = Step(event, at, self.packet, rule, self.answer, passed=True, subnet=subnet)
        return self._replace(steps=(*self.steps, step))

    def dropped(self, event: Event, at: str, rule: Line | Way | None = None, subnet: str = "") -> Trip:
        """The end of the way, short of its aim."""
        step = Step(event, at, self.packet, rule, self.answer, passed=False, subnet=subnet)
        return self._replace(steps=(*self.steps, step), place=Place.NOWHERE, at=at)

    def ended(self, place: Place, at: str) -> Trip:
        """The end of the way."""
        return self._replace(place=place, at=at)
