"""The way of packets through VPCs, hop by hop, as AWS's routers, gateways and network ACLs treat them.

Nothing here knows of connections: a question and its answer each make a journey.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .index import EPHEMERAL, NO_INTERNET, Holder, Index
from .model import LOCAL, GatewayKind, Interface, NatGateway, Peering, Subnet
from .packets import Event, Packet, Place, Translation, Trip
from .ranges import IPV4, NONE, Ranges
from .routing import Way, divided

Trips = Iterator[Trip]


class Journeys:
    """Sends packets through a network."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._by_prefix: dict[str, Callable[[Trip, Holder, str], Trips]] = {
            LOCAL: self._local,
            "igw": self._internet_gateway,
            "eigw": self._egress_only,
            "nat": self._nat,
            "pcx": self._peering,
            "tgw": self._transit,
            "vgw": self._vpn,
            "vpce": self._endpoint,
        }

    def leave(self, trip: Trip, holder: Holder) -> Trips:
        """Send on what *holder* gives into its subnet.

        Within a subnet there are neither routes nor ACLs:
        https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html#nacl-basics
        """
        subnet = self._index.subnet_of(holder)
        trip = trip._replace(vpc=subnet.vpc)
        near = trip.packet.destination & self._index.addresses_of(subnet)
        if near:
            yield from self.deliver(trip.to(near), subnet.vpc, subnet)
        if far := trip.packet.destination - near:
            for part, way in divided(self._index.ways(subnet), far):
                yield from self._take(trip.to(part), holder, way)

    def _take(self, trip: Trip, holder: Holder, way: Way | None) -> Trips:
        subnet = self._index.subnet_of(holder)
        if way is None:
            table = self._index.table_of(subnet)
            yield trip.dropped(Event.NO_ROUTE, table.id if table else subnet.id, subnet=subnet.id)
            return
        if way.route.blackhole:
            yield trip.dropped(Event.BLACKHOLE, way.table, way, subnet.id)
            return
        target = way.route.target
        routed = trip.saw(Event.ROUTE, way.table, way, subnet.id)
        onward = self._by_prefix.get(target.partition("-")[0], self._appliance)
        leaving = [routed] if self._is_near(target, subnet) else self.acl(routed, subnet, egress=True)
        yield from then(leaving, lambda t: onward(t, holder, target))

    def _is_near(self, target: str, subnet: Subnet) -> bool:
        """Whether the gateway stands in the subnet itself, which its packets so do not leave."""
        nat = self._index.nats.get(target)
        return nat is not None and nat.subnet == subnet.id

    def acl(self, trip: Trip, subnet: Subnet, *, egress: bool) -> Trips:
        """Pass a subnet's network ACL; a subnet whose ACL is not known has AWS's own, which lets all through."""
        acl = self._index.acl_of(subnet)
        if acl is None:
            yield trip
            return
        lines, event = self._index.acl_lines(acl, egress=egress), Event.ACL_OUT if egress else Event.ACL_IN
        packet = trip.packet
        for ruling in self._index.rulings(lines, (acl.id, egress), _far(packet, egress=egress), packet):
            sorted_out = _narrowed(packet, ruling.addresses, egress=egress)
            if ruling.passed:
                yield trip.carrying(sorted_out._replace(port=ruling.passed)).saw(
                    event, acl.id, ruling.allowing, subnet.id
                )
            if ruling.stopped:
                stopped = trip.carrying(sorted_out._replace(port=ruling.stopped))
                yield stopped.dropped(event, acl.id, ruling.denying, subnet.id)

    def group(self, trip: Trip, interface: Interface, *, egress: bool) -> Trips:
        """Pass the security groups of an interface that begins or takes a connection."""
        lines, event = self._index.group_lines(interface, egress=egress), Event.GROUP_OUT if egress else Event.GROUP_IN
        packet = trip.packet
        for ruling in self._index.rulings(lines, (interface.groups, egress), _far(packet, egress=egress), packet):
            part = trip.carrying(_narrowed(packet, ruling.addresses, egress=egress))
            if ruling.passed:
                yield part.saw(event, interface.id, ruling.allowing, interface.subnet)
            else:
                yield part.dropped(event, interface.id, subnet=interface.subnet)

    def deliver(self, trip: Trip, vpc: str, origin: Subnet | None = None) -> Trips:
        """Bring it to who has its destination as private address in *vpc*."""
        number = trip.packet.destination.only
        holder = None if number is None else self._index.holder(vpc, number)
        if holder is None:
            yield trip.dropped(Event.NOBODY, vpc)
            return
        subnet = self._index.subnet_of(holder)
        arriving = [trip] if origin and origin.id == subnet.id else self.acl(trip, subnet, egress=False)
        place = Place.NAT if isinstance(holder, NatGateway) else Place.INTERFACE
        yield from then(arriving, lambda t: iter([t.ended(place, holder.id)]))

    def arrive(self, trip: Trip) -> Trips:
        """Bring it in from the internet to who has its destination as public address."""
        holder = self._index.public.get(trip.packet.destination.first)
        if holder is None:
            yield trip.dropped(Event.NOBODY, "internet")
            return
        vpc = self._index.vpc_of(holder)
        gateway = self._index.gateway(vpc, GatewayKind.INTERNET)
        if gateway is None:
            yield trip.dropped(Event.NO_INTERNET_GATEWAY, vpc)
            return
        entered = trip.to(self._index.private_address(holder)).saw(Event.INTERNET_IN, gateway.id)
        yield from self.deliver(entered, vpc)

    def _local(self, trip: Trip, holder: Holder, _target: str) -> Trips:
        subnet = self._index.subnet_of(holder)
        yield from self.deliver(trip, subnet.vpc, subnet)

    def _internet_gateway(self, trip: Trip, holder: Holder, target: str) -> Trips:
        if not self._is_attached(target, holder):
            yield trip.dropped(Event.NOT_ATTACHED, target)
        elif source := self._index.outside_address(holder):
            seen = trip.carrying(trip.packet._replace(source=source)).saw(Event.INTERNET_OUT, target)
            yield from self._internet(seen, target)
        else:
            yield trip.dropped(Event.NO_PUBLIC_ADDRESS, target)

    def _egress_only(self, trip: Trip, holder: Holder, target: str) -> Trips:
        if self._is_attached(target, holder):
            yield from self._internet(trip.saw(Event.EGRESS_ONLY, target), target)
        else:
            yield trip.dropped(Event.NOT_ATTACHED, target)

    def _is_attached(self, gateway: str, holder: Holder) -> bool:
        found = self._index.gateways.get(gateway)
        return found is not None and found.vpc == self._index.vpc_of(holder)

    def _internet(self, trip: Trip, gateway: str) -> Trips:
        """What left a VPC: to another public address in sight, or out into the world."""
        destination = trip.packet.destination
        for low, high in (destination & self._index.public_addresses).spans:
            for number in range(low, high + 1):
                yield from self.arrive(trip.to(Ranges(((number, number),))))
        rest = destination - self._index.public_addresses
        unreachable = rest & NO_INTERNET if self._index.version == IPV4 else NONE
        if unreachable:
            yield trip.to(unreachable).dropped(Event.PRIVATE_DESTINATION, gateway)
        if outside := rest - unreachable:
            yield trip.to(outside).ended(Place.INTERNET, gateway)

    def _nat(self, trip: Trip, _holder: Holder, target: str) -> Trips:
        """To its subnet, behind its address, and on by its subnet's routes."""
        nat = self._index.nats.get(target)
        if nat is None or nat.state != "available":
            yield trip.dropped(Event.NAT_DOWN, target)
        elif self._index.version != IPV4:
            yield trip.dropped(Event.NAT_IPV6, target)
        elif trip.answer:
            yield trip.dropped(Event.NAT_ANSWER, target)
        elif any(t.nat == target for t in trip.translations):
            yield trip.dropped(Event.NAT_LOOP, target)
        else:
            yield from self._translated(trip, _holder, nat)

    def _translated(self, trip: Trip, holder: Holder, nat: NatGateway) -> Trips:
        subnet = self._index.subnet_of(nat)
        arriving = [trip] if holder.subnet == nat.subnet else self.acl(trip, subnet, egress=False)

        def behind(t: Trip) -> Trips:
            remembered = (*t.translations, Translation(nat.id, t.packet.source))
            changed = t.packet._replace(source=self._index.private_address(nat))
            yield from self.leave(
                t.saw(Event.NAT, nat.id, subnet=nat.subnet)._replace(packet=changed, translations=remembered), nat
            )

        yield from then(arriving, behind)

    def _peering(self, trip: Trip, holder: Holder, target: str) -> Trips:
        """To the VPC at the other side, and no further.

        https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations
        """
        peering = self._index.peerings.get(target)
        vpc = self._index.vpc_of(holder)
        if peering is None or peering.state != "active" or vpc not in peering.vpcs:
            yield trip.dropped(Event.PEERING_DOWN, target)
            return
        other, addresses = self.other_side(peering, vpc)
        within = trip.packet.destination & addresses
        if beyond := trip.packet.destination - within:
            yield trip.to(beyond).dropped(Event.PEERING_BEYOND, target)
        if within:
            yield from self._over(trip.to(within).saw(Event.PEERING, target), other, target)

    def other_side(self, peering: Peering, vpc: str) -> tuple[str, Ranges]:
        """The VPC at the other side of *vpc*, and its addresses."""
        side = 1 - peering.vpcs.index(vpc)
        return peering.vpcs[side], self._index.of_version(peering.cidrs[side])

    def _over(self, trip: Trip, vpc: str, gateway: str) -> Trips:
        """Into another VPC, as far as it is in sight."""
        if self._index.own(vpc):
            yield from self.deliver(trip, vpc)
        else:
            yield trip.ended(Place.BEYOND, gateway)

    def _transit(self, trip: Trip, holder: Holder, target: str) -> Trips:
        """To another VPC that is attached, as if all the gateway's own tables let it, or beyond what is in sight."""
        vpc = self._index.vpc_of(holder)
        attached = {a.vpc for a in self._index.network.attachments if a.gateway == target and a.state == "available"}
        if vpc not in attached:
            yield trip.dropped(Event.TRANSIT_DOWN, target)
            return
        crossed, rest = trip.saw(Event.TRANSIT, target), trip.packet.destination
        for other in sorted(attached - {vpc}):
            if within := rest & self._index.own(other):
                yield from self.deliver(crossed.to(within), other)
            rest -= self._index.own(other)
        if rest:
            yield crossed.to(rest).ended(Place.BEYOND, target)

    def _vpn(self, trip: Trip, holder: Holder, target: str) -> Trips:
        if self._is_attached(target, holder):
            yield trip.saw(Event.VPN, target).ended(Place.BEYOND, target)
        else:
            yield trip.dropped(Event.NOT_ATTACHED, target)

    def _endpoint(self, trip: Trip, _holder: Holder, target: str) -> Trips:
        endpoint = self._index.endpoints.get(target)
        if endpoint is None or endpoint.state != "available":
            yield trip.dropped(Event.ENDPOINT_DOWN, target)
        elif endpoint.prefix_list:
            yield trip.saw(Event.ENDPOINT, target).ended(Place.SERVICE, target)
        else:
            yield trip.dropped(Event.APPLIANCE, target)

    def _appliance(self, trip: Trip, _holder: Holder, target: str) -> Trips:
        yield trip.dropped(Event.APPLIANCE, target)


def then(trips: Iterable[Trip], further: Callable[[Trip], Trips]) -> Trips:
    """Send on those that are under way; the others have ended."""
    for trip in trips:
        if trip.place is None:
            yield from further(trip)
        else:
            yield trip


def answer_to(packet: Packet, port: Ranges = EPHEMERAL) -> Packet:
    """What is sent back to where *packet* came from."""
    return Packet(packet.destination, packet.source, packet.protocol, port)


def _far(packet: Packet, *, egress: bool) -> Ranges:
    return packet.destination if egress else packet.source


def _narrowed(packet: Packet, addresses: Ranges, *, egress: bool) -> Packet:
    return packet._replace(destination=addresses) if egress else packet._replace(source=addresses)
