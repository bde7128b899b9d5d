"""A network made ready for questions about one IP version: everything by what it is asked by."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Protocol

from .filters import Line, Ruling, rulings
from .model import (
    Gateway,
    GatewayKind,
    GroupRule,
    Interface,
    NatGateway,
    Network,
    NetworkAcl,
    Peering,
    RouteTable,
    SecurityGroup,
    Subnet,
)
from .packets import Packet
from .ranges import IPV4, NONE, Ranges, addresses, between, prefix_length, union, version_of
from .routing import Way, ways

Holder = Interface | NatGateway
"""Who has an address."""

ANY_GROUP = "any"
"""A group that lets everything pass, of interfaces that stand for addresses of which nothing else is known."""

ELSEWHERE = ("pcx-", "tgw-", "vgw-")
"""How the gateways to networks of one's own are called; a default route to one says nothing of who is behind it."""

PING = {"icmp": 8, "icmpv6": 128}
"""What is asked with, as ICMP's types; and with what it is answered."""
PONG = {"icmp": 0, "icmpv6": 129}

EPHEMERAL = between(1024, 65535)
"""From where clients begin, and where answers go; what NAT gateways and load balancers use.

https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
"""

NO_INTERNET = union(
    map(
        addresses,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.168.0.0/16",
            "224.0.0.0/3",
        ),
    )
)
"""IPv4 addresses to which no internet gateway sends: https://www.iana.org/assignments/iana-ipv4-special-registry ."""

POOL = addresses("192.0.0.0/24")
"""The public addresses of what is only supposed to be there: they are nobody's."""

GLOBAL_IPV6 = addresses("2000::/3")


def is_supposed(address: str) -> bool:
    """Whether it is the public address of something that is only supposed."""
    return bool(address) and addresses(address) <= POOL


class _Named(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


class Index:
    """A network for packets of one IP version."""

    def __init__(self, network: Network, version: int) -> None:
        self.network = network
        self.version = version
        self.subnets = {s.id: s for s in network.subnets}
        self.interfaces = {i.id: i for i in network.interfaces}
        self.nats = {n.id: n for n in network.nats}
        self.peerings = {p.id: p for p in network.peerings}
        self.endpoints = {e.id: e for e in network.endpoints}
        self.gateways = {g.id: g for g in network.gateways}
        self.groups = {g.id: g for g in network.groups}
        self.balanced = {i: b for b in network.balancers for i in b.interfaces}
        self._ways: dict[str, list[Way]] = {}
        self._rulings: dict[Hashable, list[Ruling]] = {}
        self._acl_lines: dict[tuple[str, bool], list[Line]] = {}
        self._group_lines: dict[tuple[str, bool], list[Line]] = {}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What everything is called, by its id."""
        n = self.network
        named: Iterable[_Named] = chain(
            n.vpcs, n.subnets, n.tables, n.gateways, n.nats, n.acls, n.groups, n.interfaces, n.balancers, n.peerings,
            n.endpoints,
        )  # fmt: skip
        return {thing.id: thing.name for thing in named}

    def own(self, vpc: str) -> Ranges:
        """The addresses of a VPC; none where it is not in sight."""
        return self._own.get(vpc, NONE)

    @cached_property
    def _own(self) -> Mapping[str, Ranges]:
        return {v.id: self.of_version(v.cidrs) for v in self.network.vpcs}

    @cached_property
    def _subnet_addresses(self) -> Mapping[str, Ranges]:
        return {s.id: self.of_version(s.cidrs) for s in self.network.subnets}

    def addresses_of(self, subnet: Subnet) -> Ranges:
        """The addresses of a subnet."""
        return self._subnet_addresses[subnet.id]

    def subnet_around(self, these: Ranges) -> Ranges:
        """The addresses of the subnet that holds all of *these*; nothing where none does."""
        first = these.first
        return next((s for s in self._subnet_addresses.values() if first in s and these <= s), NONE)

    def of_version(self, cidrs: Iterable[str]) -> Ranges:
        """The addresses of those CIDRs that are of this version."""
        return union(addresses(c) for c in cidrs if version_of(c) == self.version)

    def vpc_of(self, holder: Holder) -> str:
        """The VPC in which an interface or NAT gateway is."""
        return self.subnets[holder.subnet].vpc

    def subnet_of(self, holder: Holder) -> Subnet:
        """The subnet in which an interface or NAT gateway is."""
        return self.subnets[holder.subnet]

    def address_of(self, interface: Interface) -> Ranges:
        """Its private address; nothing where it has none of this version."""
        found = (addresses(a) for a in interface.addresses if version_of(a) == self.version)
        return next(found, NONE)

    def private_address(self, holder: Holder) -> Ranges:
        """The address that it has in its subnet."""
        return self.address_of(holder) if isinstance(holder, Interface) else addresses(holder.private_ip)

    def holder(self, vpc: str, number: int) -> Holder | None:
        """Who has a private address in a VPC."""
        return self._private.get((vpc, number))

    @cached_property
    def _private(self) -> Mapping[tuple[str, int], Holder]:
        own = ((i, a) for i in self.network.interfaces for a in i.addresses)
        nats = ((n, n.private_ip) for n in self.network.nats if n.private_ip)
        held: list[tuple[Holder, str]] = [*own, *nats]
        return {(self.vpc_of(h), addresses(a).first): h for h, a in held if version_of(a) == self.version}

    def outside_address(self, holder: Holder) -> Ranges:
        """The address by which the internet sees it; nothing where it does not."""
        if isinstance(holder, Interface) and self.version != IPV4:
            return self.address_of(holder)
        return addresses(holder.public_ip) if holder.public_ip else NONE

    @cached_property
    def public(self) -> Mapping[int, Holder]:
        """Who is seen from the internet, by that address."""
        holders: list[Holder] = [*self.network.interfaces, *self.network.nats]
        return {seen.first: h for h in holders if (seen := self.outside_address(h))}

    @cached_property
    def public_addresses(self) -> Ranges:
        """Every address that belongs to somebody in sight."""
        return Ranges(tuple((n, n) for n in sorted(self.public)))

    @cached_property
    def internet(self) -> Ranges:
        """The addresses of the internet: none that are in sight, of services with an endpoint, or led to elsewhere."""
        everything = between(0, 2**32 - 1) - NO_INTERNET if self.version == IPV4 else GLOBAL_IPV6
        known = [*self._own.values(), self.public_addresses, *map(self.services, self.network.endpoints_lists)]
        return everything - union([*known, *self._led_elsewhere()])

    def _led_elsewhere(self) -> Iterator[Ranges]:
        """The addresses, though they be public, for which a route says that they are behind another gateway."""
        for route in (r for t in self.network.tables for r in t.routes if r.target.startswith(ELSEWHERE)):
            if route.destination.startswith("pl-"):
                yield self.services(route.destination)
            elif version_of(route.destination) == self.version and prefix_length(route.destination):
                yield addresses(route.destination)

    def services(self, prefix_list: str) -> Ranges:
        """The addresses of a prefix list."""
        return self.of_version(self.lists.get(prefix_list, ()))

    @cached_property
    def lists(self) -> Mapping[str, tuple[str, ...]]:
        """The CIDRs of each prefix list."""
        return {p.id: p.cidrs for p in self.network.prefix_lists}

    def rulings(self, lines: list[Line], key: Hashable, far: Ranges, packet: Packet) -> list[Ruling]:
        """What *lines*, known by *key*, say of packets whose far end is *far*; each question is answered once."""
        question = (key, far, packet.protocol, packet.port)
        if question not in self._rulings:
            self._rulings[question] = rulings(lines, far, packet.protocol, packet.port)
        return self._rulings[question]

    def gateway(self, vpc: str, kind: GatewayKind) -> Gateway | None:
        """The gateway of that kind that is attached to a VPC."""
        return next((g for g in self.network.gateways if g.vpc == vpc and g.kind is kind), None)

    def table_of(self, subnet: Subnet) -> RouteTable | None:
        """Its route table: its own, or the main one."""
        return self._tables.get(subnet.id) or self._tables.get(subnet.vpc)

    @cached_property
    def _tables(self) -> Mapping[str, RouteTable]:
        return {s: t for t in self.network.tables for s in (*t.subnets, *([t.vpc] if t.main else ()))}

    def ways(self, subnet: Subnet) -> list[Way]:
        """The routes of a subnet, in the order in which they are tried."""
        table = self.table_of(subnet)
        if table is None:
            return []
        if table.id not in self._ways:
            self._ways[table.id] = ways(table, self.own(subnet.vpc), self.lists, self.version)
        return self._ways[table.id]

    def acl_of(self, subnet: Subnet) -> NetworkAcl | None:
        """Its network ACL; None where it was not told."""
        return self._acls.get(subnet.id)

    @cached_property
    def _acls(self) -> Mapping[str, NetworkAcl]:
        return {s: acl for acl in self.network.acls for s in acl.subnets}

    def acl_lines(self, acl: NetworkAcl, *, egress: bool) -> list[Line]:
        """Its rules in one direction, in their order."""
        key = (acl.id, egress)
        if key not in self._acl_lines:
            rules = sorted((r for r in acl.rules if r.egress is egress), key=lambda r: r.number)
            self._acl_lines[key] = [
                Line(r.allow, r.protocol, between(*r.ports), addresses(r.cidr), f"rule {r.number}")
                for r in rules
                if version_of(r.cidr) == self.version
            ]
        return self._acl_lines[key]

    def group_lines(self, interface: Interface, *, egress: bool) -> list[Line]:
        """What the groups of an interface let through in one direction."""
        return [line for group in interface.groups for line in self._lines_of(group, egress=egress)]

    def _lines_of(self, group: str, *, egress: bool) -> list[Line]:
        key = (group, egress)
        if key not in self._group_lines:
            self._group_lines[key] = [*self._group_rules(group, egress=egress)]
        return self._group_lines[key]

    def _group_rules(self, group: str, *, egress: bool) -> Iterator[Line]:
        if group == ANY_GROUP:
            everything = between(0, 2**128 - 1)
            yield Line(True, "all", between(0, 65535), everything, "any group")  # noqa: FBT003 - what it allows
            return
        found = self.groups.get(group)
        for rule in found.rules if found else ():
            if rule.egress is egress and found and (peers := self._peers(found, rule)):
                yield Line(True, rule.protocol, between(*rule.ports), peers, rule.peer)  # noqa: FBT003 - as above

    def _peers(self, group: SecurityGroup, rule: GroupRule) -> Ranges:
        if rule.peer.startswith("pl-"):
            return self.services(rule.peer)
        if rule.peer.startswith("sg-"):
            return self._members(rule.peer) if self._may_name(group, rule.peer) else NONE
        return addresses(rule.peer) if version_of(rule.peer) == self.version else NONE

    def _members(self, group: str) -> Ranges:
        """The private addresses of a group's interfaces: that is what a reference to it means.

        https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
        """
        return union(self.address_of(i) for i in self.network.interfaces if group in i.groups)

    def _may_name(self, group: SecurityGroup, other: str) -> bool:
        """Whether a rule of *group* about *other* holds: of the same VPC, or of one with an active peering."""
        found = self.groups.get(other)
        if found is None:
            return False
        return found.vpc == group.vpc or any(_joins(p, found.vpc, group.vpc) for p in self.network.peerings)


def _joins(peering: Peering, one: str, other: str) -> bool:
    return peering.state == "active" and {one, other} == set(peering.vpcs)
