"""The analyzer against packets: over random networks it says what the naive simulator sees."""

from __future__ import annotations

import os
from collections import Counter
from ipaddress import ip_address, ip_network
from itertools import product

from hypothesis import HealthCheck, Phase, assume, given, reject, settings
from hypothesis import strategies as st

from awslab.checks.reach import Result, UnknownEnd, reach
from tests.unit.checks.simulator import SPECIAL, Dropped, Packet, World, is_internet
from tests.unit.checks.topologies import flows, networks

EXAMPLES = int(os.environ.get("AWSLAB_TOPOLOGIES", "150"))
MANY = 1000
"""From here on the networks are other ones at each run."""
SEEN = Counter()


@st.composite
def questions(draw):
    network = draw(networks())
    assume(network.interfaces)
    return network, draw(flows(network))


@given(questions())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES < MANY,
    report_multiple_bugs=False,
    phases=[Phase.generate] if os.environ.get("NOSHRINK") else list(Phase),
)
def test_over_random_networks_packets_fare_as_the_verdict_says(question):
    network, flow = question
    try:
        verdict = reach(network, flow)
    except UnknownEnd:
        reject()

    fates = list(sent(network, flow))

    arrived = [fate for fate in fates if not fate]
    expected = Result.CLOSED if not arrived else Result.OPEN if len(arrived) == len(fates) else Result.PARTLY
    assert expected == verdict.result, (flow, verdict.decided_by, Counter(fates))
    if expected is not Result.OPEN:
        assert verdict.hops[-1].id in set().union(*fates), (flow, verdict.decided_by, Counter(fates))
    SEEN[expected] += 1


def sent(network, flow):
    """The fate of every packet that differs from others: what dropped it, or nothing where its answer came back."""
    for source in ends(network, flow.source, flow.version):
        for target in ends(network, flow.target, flow.version):
            if source != target:
                yield from tried(network, flow, source, target)


def tried(network, flow, source, target):
    src, dst = address(source, flow.version), address(target, flow.version)
    if not src or not dst:
        yield frozenset({source.id if hasattr(source, "id") else target.id})
        return
    ports = client_ports(network) if not flow.protocol.startswith("icmp") else [1024]
    dport = {"icmp": 8, "icmpv6": 128}.get(flow.protocol, flow.port)
    for client in ports:
        packet = Packet(src, client, dst, dport, flow.protocol)
        crossed, fate = once(network, source, target, packet, [client])
        if not crossed:
            yield fate
            continue
        for chosen in product(ports, repeat=crossed):
            yield once(network, source, target, packet, list(chosen))[1]


def once(network, source, target, packet, chosen):
    """How many NAT gateways a packet crossed, and what dropped it: by each gate through which it might have come."""
    drops, crossed = set(), 0
    for origin, asked in origins(network, source, target, packet):
        world = World(network, chosen)
        try:
            world.connect(origin, asked)
        except Dropped as drop:
            drops.add(str(drop))
            crossed = world.crossed
        else:
            return world.crossed, frozenset()
    return crossed, frozenset(drops | nobody(network, source, target))


def nobody(network, source, target):
    """What keeps out a packet from outside for which there is no gate: the VPC, or the lack of a public address."""
    if hasattr(source, "id"):
        return set()
    return {target.id, World(network).vpc_of(target)} if hasattr(target, "id") else {"internet"}


def origins(network, source, target, packet):
    """By what a packet may come: from its interface, the internet, or any gateway of the receiver's VPC."""
    if hasattr(source, "id"):
        return [(source, packet)]
    world = World(network)
    if not is_internet(network, source):
        vpc = world.vpc_of(target)
        gates = [p.id for p in network.peerings if vpc in p.vpcs]
        gates += [a.gateway for a in network.attachments if a.vpc == vpc]
        gates += [g.id for g in network.gateways if g.vpc == vpc and g.id.startswith("vgw")]
        return [(("beyond", gate), packet) for gate in gates]
    holder, seen = (target, target.public_ip) if hasattr(target, "id") else (world.seen_as(target), target)
    seen = packet.dst if ":" in packet.dst else seen
    asked = Packet(packet.src, packet.sport, seen, packet.dport, packet.protocol)
    gates = [g.id for g in network.gateways if g.vpc == world.vpc_of(holder) and g.id.startswith("igw")]
    return [(("internet", gate), asked) for gate in gates] if seen else []


def ends(network, name, version):
    """The interface that is meant, or an address of each kind that an outside end has."""
    for interface in network.interfaces:
        if interface.id == name:
            return [interface]
    edges = {str(ip_address(n)) for n in edges_of(network, version)}
    if name == "internet":
        return [a for a in edges if is_internet(network, a)]
    within = ip_network(name)
    return [a for a in edges | {str(within[0]), str(within[-1])} if ip_address(a) in within]


def edges_of(network, version):
    """The first and last address of every range that anything in the network names, and their neighbors."""
    cidrs = [c for v in network.vpcs for c in v.cidrs] + [c for p in network.prefix_lists for c in p.cidrs]
    cidrs += [r.destination for t in network.tables for r in t.routes if "/" in r.destination]
    cidrs += [r.cidr for a in network.acls for r in a.rules] + [
        r.peer for g in network.groups for r in g.rules if "/" in r.peer
    ]
    cidrs += [*SPECIAL, "2000::/3", *(p for i in network.interfaces if (p := i.public_ip))]
    cidrs += [n.public_ip for n in network.nats if n.public_ip]
    size = 2**32 if version == 4 else 2**128
    for network_ in {ip_network(c) for c in cidrs}:
        if network_.version == version:
            first, last = int(network_[0]), int(network_[-1])
            for number in (first - 1, first, last, last + 1):
                if 0 <= number < size and (version == 4 or number >= 2**32):
                    yield number


def address(end, version):
    if isinstance(end, str):
        return end
    return next((a for a in end.addresses if (":" in a) == (version == 6)), "")


def client_ports(network):
    """A port of each kind that clients may begin from."""
    edges = {n for a in network.acls for r in a.rules for n in (r.ports[0] - 1, r.ports[0], r.ports[1], r.ports[1] + 1)}
    return sorted(n for n in {*edges, 1024, 65535} if 1024 <= n <= 65535)


def test_the_random_networks_are_of_every_kind():
    if not SEEN:
        test_over_random_networks_packets_fare_as_the_verdict_says()

    assert set(Result) == set(SEEN)
