"""A deliberately naive network: one packet at a time, one rule at a time, with addresses as text.

It shares nothing with the analyzer but the description of the network.
Interfaces remember connections and NAT gateways remember translations, as the
real ones do; receivers really answer, and a connection is open when its answer
arrives at who asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network

from awslab.checks.model import GatewayKind, Interface

SPECIAL = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "224.0.0.0/3",
]  # fmt: skip


class Dropped(Exception):
    """The packet went no further; says at what."""


@dataclass(frozen=True)
class Packet:
    src: str
    sport: int
    dst: str
    dport: int
    protocol: str = "tcp"

    def answer(self):
        """What its receiver sends back."""
        if self.protocol == "icmp":
            return Packet(self.dst, self.sport, self.src, 0, "icmp")
        if self.protocol == "icmpv6":
            return Packet(self.dst, self.sport, self.src, 129, "icmpv6")
        return Packet(self.dst, self.dport, self.src, self.sport, self.protocol)


def inside(address, cidr):
    network = ip_network(cidr)
    return ip_address(address).version == network.version and ip_address(address) in network


def in_any(address, cidrs):
    return any(inside(address, c) for c in cidrs)


@dataclass
class World:
    """A network with packets in it; *ports* are those that the NAT gateways will choose, in turn."""

    net: object
    ports: list = field(default_factory=list)
    crossed: int = 0
    tracked: set = field(default_factory=set)
    translations: dict = field(default_factory=dict)

    def by_id(self, things, id_):
        return next((t for t in things if t.id == id_), None)

    def connect(self, source, packet):
        """Raises Dropped, or returns after the answer has come back."""
        if isinstance(source, Interface):
            place, at, seen = self.out_of(source, packet)
        else:
            place, at, seen = self.into(source, packet)
        if place == "interface":
            receiver = self.by_id(self.net.interfaces, at)
            for balancer in self.net.balancers:
                if at in balancer.interfaces and not any(x.port == packet.dport for x in balancer.listeners):
                    raise Dropped(at)
            place, at, back = self.out_of(receiver, seen.answer(), answering=True)
        else:
            place, at, back = self.into((place, at), seen.answer(), answering=True)
        wanted = ("interface", source.id) if isinstance(source, Interface) else source
        if (place, at) != wanted or back != packet.answer():
            raise Dropped(at)

    def out_of(self, interface, packet, *, answering=False):
        if (interface.id, packet.src, packet.dst, packet.sport, packet.protocol) not in self.tracked:
            assert not answering
            self.let(interface, packet.dst, packet, egress=True)
        return self.router(interface, packet, answering)

    def let(self, interface, far, packet, *, egress):
        for group_id in interface.groups:
            if group_id == "any":
                return
            group = self.by_id(self.net.groups, group_id)
            for rule in group.rules:
                if rule.egress == egress and self.matches(rule, packet) and self.is_peer(group, rule.peer, far):
                    return
        raise Dropped(interface.id)

    def matches(self, rule, packet):
        return rule.protocol in ("all", packet.protocol) and rule.ports[0] <= packet.dport <= rule.ports[1]

    def is_peer(self, group, peer, far):
        if peer.startswith("pl-"):
            return in_any(far, self.by_id(self.net.prefix_lists, peer).cidrs)
        if not peer.startswith("sg-"):
            return inside(far, peer)
        other = self.by_id(self.net.groups, peer)
        if other is None:
            return False
        if other.vpc != group.vpc and not any(
            p.state == "active" and set(p.vpcs) == {other.vpc, group.vpc} for p in self.net.peerings
        ):
            return False
        return any(peer in i.groups and far in i.addresses for i in self.net.interfaces)

    def acl(self, subnet, packet, far, *, egress):
        for acl in self.net.acls:
            if subnet.id in acl.subnets:
                for rule in sorted(acl.rules, key=lambda r: r.number):
                    if rule.egress == egress and self.matches(rule, packet) and inside(far, rule.cidr):
                        if not rule.allow:
                            raise Dropped(acl.id)
                        return
                raise Dropped(acl.id)

    def vpc_of(self, holder):
        return self.by_id(self.net.subnets, holder.subnet).vpc

    def router(self, holder, packet, answering):
        subnet = self.by_id(self.net.subnets, holder.subnet)
        if in_any(packet.dst, subnet.cidrs):
            return self.deliver(subnet.vpc, packet, subnet, answering)
        table, route = self.route(subnet, packet.dst)
        if route is None or route.blackhole:
            raise Dropped(table)
        nat = self.by_id(self.net.nats, route.target)
        if not (nat and nat.subnet == subnet.id):
            self.acl(subnet, packet, packet.dst, egress=True)
        return self.forward(route.target, holder, packet, subnet, answering)

    def route(self, subnet, dst):
        tables = [t for t in self.net.tables if subnet.id in t.subnets]
        tables = tables or [t for t in self.net.tables if t.main and t.vpc == subnet.vpc]
        if not tables:
            return subnet.id, None
        best, chosen = None, None
        vpc = self.by_id(self.net.vpcs, subnet.vpc)
        for route in tables[0].routes:
            listed = route.destination.startswith("pl-")
            lists = [p for p in self.net.prefix_lists if p.id == route.destination]
            cidrs = (lists[0].cidrs if lists else []) if listed else [route.destination]
            for cidr in cidrs:
                if not inside(dst, cidr) or (route.propagated and in_any(dst, vpc.cidrs)):
                    continue
                rank = (-ip_network(cidr).prefixlen, 1 if listed else 2 if route.propagated else 0)
                if best is None or rank < best:
                    best, chosen = rank, route
        return tables[0].id, chosen

    def forward(self, target, holder, packet, subnet, answering):
        kind = target.split("-")[0]
        if kind == "local":
            return self.deliver(subnet.vpc, packet, subnet, answering)
        if kind == "nat":
            return self.nat(target, holder, packet, answering)
        if kind in ("igw", "eigw", "vgw"):
            return self.gateway(target, holder, packet, subnet, answering)
        if kind == "pcx":
            return self.peering(target, subnet.vpc, packet, answering)
        if kind == "tgw":
            return self.transit(target, subnet.vpc, packet, answering)
        endpoint = self.by_id(self.net.endpoints, target)
        if endpoint and endpoint.state == "available" and endpoint.prefix_list:
            return "service", target, packet
        raise Dropped(target)

    def gateway(self, target, holder, packet, subnet, answering):
        gateway = self.by_id(self.net.gateways, target)
        if gateway is None or gateway.vpc != subnet.vpc:
            raise Dropped(target)
        if target.startswith("vgw"):
            return "beyond", target, packet
        if target.startswith("igw") and ip_address(packet.src).version == 4:
            if not holder.public_ip:
                raise Dropped(target)
            packet = replace(packet, src=holder.public_ip)
        return self.internet(packet, target, answering)

    def transit(self, target, vpc, packet, answering):
        attached = [a.vpc for a in self.net.attachments if a.gateway == target and a.state == "available"]
        if vpc not in attached:
            raise Dropped(target)
        for other in self.net.vpcs:
            if other.id in attached and other.id != vpc and in_any(packet.dst, other.cidrs):
                return self.deliver(other.id, packet, None, answering)
        return "beyond", target, packet

    def nat(self, target, holder, packet, answering):
        nat = self.by_id(self.net.nats, target)
        if nat is None or nat.state != "available" or answering or ip_address(packet.src).version == 6:
            raise Dropped(target)
        if any(key[0] == target for key in self.translations):
            raise Dropped(target)  # its own packet again
        home = self.by_id(self.net.subnets, nat.subnet)
        if holder.subnet != nat.subnet:
            self.acl(home, packet, packet.src, egress=False)
        port = self.ports[self.crossed % len(self.ports)] if self.ports else 1024
        self.crossed += 1
        self.translations[target, port] = packet
        return self.router(nat, replace(packet, src=nat.private_ip, sport=port), answering)

    def peering(self, target, vpc, packet, answering):
        peering = self.by_id(self.net.peerings, target)
        if peering is None or peering.state != "active" or vpc not in peering.vpcs:
            raise Dropped(target)
        side = 1 if peering.vpcs[0] == vpc else 0
        if not in_any(packet.dst, peering.cidrs[side]):
            raise Dropped(target)
        if any(v.id == peering.vpcs[side] for v in self.net.vpcs):
            return self.deliver(peering.vpcs[side], packet, None, answering)
        return "beyond", target, packet

    def internet(self, packet, gateway, answering):
        if self.seen_as(packet.dst):
            return self.arrive(packet, answering)
        if ip_address(packet.dst).version == 4 and in_any(packet.dst, SPECIAL):
            raise Dropped(gateway)
        return "internet", gateway, packet

    def seen_as(self, address):
        for holder in (*self.net.interfaces, *self.net.nats):
            if holder.public_ip == address:
                return holder
            if isinstance(holder, Interface) and ":" in address and address in holder.addresses:
                return holder
        return None

    def arrive(self, packet, answering):
        holder = self.seen_as(packet.dst)
        vpc = self.vpc_of(holder)
        if not any(g.vpc == vpc and g.kind is GatewayKind.INTERNET for g in self.net.gateways):
            raise Dropped(vpc)
        if ":" not in packet.dst:
            private = (
                holder.private_ip if holder in self.net.nats else next(a for a in holder.addresses if ":" not in a)
            )
            packet = replace(packet, dst=private)
        return self.deliver(vpc, packet, None, answering)

    def deliver(self, vpc, packet, origin, answering):
        for holder in (*self.net.interfaces, *self.net.nats):
            addresses = holder.addresses if isinstance(holder, Interface) else (holder.private_ip,)
            if packet.dst in addresses and self.vpc_of(holder) == vpc:
                break
        else:
            raise Dropped(vpc)
        subnet = self.by_id(self.net.subnets, holder.subnet)
        if origin is None or origin.id != subnet.id:
            self.acl(subnet, packet, packet.src, egress=False)
        if not isinstance(holder, Interface):
            return self.translate_back(holder, packet, answering)
        if not answering:
            self.let(holder, packet.src, packet, egress=False)
            self.tracked.add((holder.id, packet.dst, packet.src, packet.answer().sport, packet.protocol))
        return "interface", holder.id, packet

    def translate_back(self, nat, packet, answering):
        key = (nat.id, packet.sport if packet.protocol.startswith("icmp") else packet.dport)
        asked = self.translations.get(key)
        if not answering or asked is None or asked.dst != packet.src:
            raise Dropped(nat.id)
        del self.translations[key]
        back = replace(packet, dst=asked.src)
        back = (
            replace(back, sport=asked.sport) if packet.protocol.startswith("icmp") else replace(back, dport=asked.sport)
        )
        return self.router(nat, back, answering)

    def into(self, gate, packet, *, answering=False):
        """A packet from outside, by the internet or by a gateway."""
        place, _ = gate
        if place == "internet" and (":" not in packet.dst or not answering):
            holder = self.seen_as(packet.dst)
            if holder is None:
                raise Dropped("internet")
            return self.arrive(packet, answering)
        return self.deliver(self.home(packet.dst), packet, None, answering)

    def home(self, address):
        return next(v.id for v in self.net.vpcs if in_any(address, v.cidrs))


def is_internet(net, address):
    """Whether an address is the internet's, and nobody's in sight."""
    version = ip_address(address).version
    if version == 4 and in_any(address, SPECIAL):
        return False
    if version == 6 and not inside(address, "2000::/3"):
        return False
    lists = [e.prefix_list for e in net.endpoints]
    services = [c for p in net.prefix_lists if p.id in lists for c in p.cidrs]
    own = [c for v in net.vpcs for c in v.cidrs]
    routes = [r for t in net.tables for r in t.routes if r.target[:4] in ("pcx-", "tgw-", "vgw-")]
    by_list = [c for p in net.prefix_lists for c in p.cidrs if any(r.destination == p.id for r in routes)]
    elsewhere = [r.destination for r in routes if "/" in r.destination and not r.destination.endswith("/0")]
    return not in_any(address, own + services + by_list + elsewhere) and World(net).seen_as(address) is None
