"""Random networks of up to two VPCs, with everything that can decide over a packet, and flows through them."""

from __future__ import annotations

from hypothesis import strategies as st

from awslab.checks.model import (
    AclRule,
    Endpoint,
    Gateway,
    GatewayKind,
    GroupRule,
    Interface,
    Listener,
    LoadBalancer,
    NatGateway,
    Network,
    NetworkAcl,
    Peering,
    PrefixList,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    TransitAttachment,
    Vpc,
)
from awslab.checks.reach import Flow

FAR, UNSEEN = "vpc-2", "vpc-9"
CIDRS = [
    "0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", "::/0", "10.0.0.0/16", "10.0.1.0/24", "10.0.2.16/28", "10.1.0.0/16",
    "10.1.0.0/24", "10.0.0.0/8",
    "10.9.0.0/16",
    "172.16.0.0/12", "8.8.8.0/24", "8.0.0.0/8", "52.216.0.0/15", "54.0.0.0/24",
    "2600:1::/56", "2600:2::/56", "2a00::/16",
]  # fmt: skip
PORTS = [(0, 65535), (0, 65535), (1024, 65535), (1024, 65535), (443, 443), (22, 443), (32768, 61000), (1024, 5000)]
PROTOCOLS = ["all", "all", "tcp", "tcp", "udp", "icmp", "icmpv6"]
TARGETS = ["igw-1", "igw-1", "nat-1", "nat-1", "nat-2", "pcx-1", "pcx-9", "tgw-1", "vgw-1", "eigw-1", "vpce-1", "eni-9"]
DESTINATIONS = [
    "0.0.0.0/0",
    "0.0.0.0/0",
    "::/0",
    "pl-1",
    "10.1.0.0/16",
    "10.1.0.0/16",
    "10.0.1.0/24",
    "10.9.0.0/16",
    "8.8.8.0/24",
    "172.16.0.0/12",
    "54.0.0.0/24",
    "2600:2::/56",
]
SUBNETS = {"vpc-1": ("subnet-0", "subnet-1", "subnet-2"), FAR: ("subnet-3", "subnet-4")}

OUTSIDE_IPV6 = ["internet", "internet", "2a00::/16"]


USUALLY = st.sampled_from([True] * 6 + [False])


def mostly(value, *others):
    return st.sampled_from([value] * 6 + [*others])


@st.composite
def acl_rules(draw):
    protocol = draw(st.sampled_from(PROTOCOLS))
    ports = draw(st.sampled_from(PORTS))
    ports = (0, 255) if protocol.startswith("icmp") or protocol == "all" else ports
    ports = (0, 65535) if protocol == "all" else ports
    allow, number = draw(USUALLY), draw(st.integers(1, 9)) * 10
    return AclRule(number, draw(st.booleans()), allow, draw(st.sampled_from(CIDRS)), protocol, ports)


def unique(rules):
    return tuple({(r.number, r.egress): r for r in rules}.values())


@st.composite
def acls(draw, id_, vpc, subnets):
    ends = [(100, "0.0.0.0/0"), (101, "::/0")] if draw(USUALLY) else []
    last = [AclRule(n, egress=e, allow=True, cidr=c) for e in (False, True) for n, c in ends]
    rules = unique(draw(st.lists(acl_rules(), max_size=3)))
    return NetworkAcl(id_, vpc, (*rules, *last), frozenset(subnets))


@st.composite
def group_rules(draw):
    protocol = draw(st.sampled_from(PROTOCOLS))
    ports = (
        (0, 65535) if protocol == "all" else (0, 255) if protocol.startswith("icmp") else draw(st.sampled_from(PORTS))
    )
    peer = draw(st.sampled_from([*CIDRS, "sg-1", "sg-2", "sg-3", "pl-1"]))
    return GroupRule(draw(st.booleans()), peer, protocol, ports)


@st.composite
def security_groups(draw, id_, vpc):
    open_ = [GroupRule(e, c) for e in (False, True) for c in ("0.0.0.0/0", "::/0") if draw(USUALLY)]
    return SecurityGroup(id_, vpc, (*open_, *draw(st.lists(group_rules(), max_size=3))))


@st.composite
def tables(draw, id_, vpc, subnets):
    own = ["10.0.0.0/16", "2600:1::/56"] if vpc == "vpc-1" else ["10.1.0.0/16", "2600:2::/56"]
    routes = {}
    for destination in draw(st.lists(st.sampled_from(DESTINATIONS), min_size=1, max_size=4, unique=True)):
        target = "vpce-1" if destination == "pl-1" else draw(st.sampled_from(TARGETS))
        propagated = target == "vgw-1" and draw(st.booleans())
        routes[destination] = Route(destination, target, not draw(USUALLY), propagated)
    local = [Route(c, "local") for c in own]
    return RouteTable(id_, vpc, (*local, *routes.values()), frozenset(subnets), main=not subnets)


@st.composite
def interfaces(draw):
    found = []
    for number, subnet in enumerate(s for subnets in SUBNETS.values() for s in subnets):
        vpc = 0 if number < 3 else 1
        for host in range(draw(st.integers(0, 2))):
            third = number if vpc == 0 else number - 3
            held = (f"10.{vpc}.{third}.{20 + host}",)
            if draw(st.booleans()):
                held = (*held, f"2600:{vpc + 1}:0:{third}::{20 + host}")
            groups = draw(st.sampled_from([("sg-1",), ("sg-2",), ("sg-1", "sg-2")] if vpc == 0 else [("sg-3",)]))
            public = f"54.0.0.{number * 4 + host}" if draw(st.booleans()) else ""
            found.append(Interface(f"eni-{number}{host}", subnet, held, groups, public))
    return tuple(found)


@st.composite
def networks(draw):
    near_subnets, far_subnets = SUBNETS["vpc-1"], SUBNETS[FAR]
    subnets = [Subnet(s, "vpc-1", (f"10.0.{n}.0/24", f"2600:1:0:{n}::/64"), "a") for n, s in enumerate(near_subnets)]
    subnets += [Subnet(s, FAR, (f"10.1.{n}.0/24", f"2600:2:0:{n}::/64"), "a") for n, s in enumerate(far_subnets)]
    split = draw(st.integers(0, 3))
    held = draw(interfaces())
    gateways = [
        Gateway("igw-1", draw(mostly("vpc-1", FAR)), GatewayKind.INTERNET),
        *([Gateway("igw-2", FAR, GatewayKind.INTERNET)] if draw(st.booleans()) else []),
        Gateway("eigw-1", "vpc-1", GatewayKind.EGRESS_ONLY),
        *([Gateway("vgw-1", "vpc-1", GatewayKind.VPN)] if draw(st.booleans()) else []),
    ]
    nats = tuple(
        NatGateway(f"nat-{n}", f"subnet-{place}", f"10.0.{place}.1{n}", public, state)
        for n in (1, 2)
        for place in [draw(st.integers(0, 2))]
        for public in [draw(mostly(f"52.0.0.{n}", ""))]
        for state in [draw(mostly("available", "failed"))]
    )
    listed = [i.id for i in held[:1]]
    state = draw(mostly("active", "pending-acceptance"))
    near_cidrs, far_cidrs = ("10.0.0.0/16", "2600:1::/56"), ("10.1.0.0/16", "2600:2::/56")
    return Network(
        vpcs=(
            Vpc("vpc-1", ("10.0.0.0/16", "2600:1::/56")),
            Vpc(FAR, ("10.1.0.0/16", "2600:2::/56")),
        ),
        subnets=tuple(subnets),
        tables=(
            draw(tables("rtb-1", "vpc-1", ())),
            draw(tables("rtb-2", "vpc-1", near_subnets[:split])) if split else draw(tables("rtb-x", UNSEEN, ("x",))),
            draw(tables("rtb-3", FAR, ())),
        ),
        gateways=tuple(gateways),
        nats=nats,
        acls=(
            draw(acls("acl-1", "vpc-1", near_subnets[:1])),
            draw(acls("acl-2", "vpc-1", near_subnets[1:2])),
            draw(acls("acl-3", FAR, far_subnets)),
        ),
        groups=(
            draw(security_groups("sg-1", "vpc-1")),
            draw(security_groups("sg-2", "vpc-1")),
            draw(security_groups("sg-3", FAR)),
        ),
        interfaces=held,
        balancers=(LoadBalancer("lb-1", "lb", tuple(listed), (Listener(443, "tcp"),)),) if draw(st.booleans()) else (),
        peerings=(
            Peering("pcx-1", ("vpc-1", FAR), (near_cidrs, far_cidrs), state),
            Peering("pcx-9", ("vpc-1", UNSEEN), (("10.0.0.0/16",), ("10.9.0.0/16",))),
        ),
        attachments=tuple(
            TransitAttachment(f"tgw-attach-{v}", "tgw-1", v) for v in ("vpc-1", FAR) if draw(st.booleans())
        ),
        endpoints=(Endpoint("vpce-1", "vpc-1", "s3", "pl-1", (), draw(mostly("available", "failed"))),),
        prefix_lists=(PrefixList("pl-1", "s3", ("52.216.0.0/15", "8.8.8.128/25")),),
    )  # fmt: skip


@st.composite
def flows(draw, network):
    """A flow with an interface at one end at least."""
    ids = [i.id for i in network.interfaces]
    version = draw(mostly(4, 6))
    outside = ["internet", "internet", "8.0.0.0/8", "172.16.5.0/24", "10.9.1.0/24"] if version == 4 else OUTSIDE_IPV6
    ways_out = draw(st.booleans())
    more = ["54.0.0.0", "52.0.0.1"] if version == 4 and ways_out else []
    inner, outer = draw(st.sampled_from(ids)), draw(st.sampled_from([*ids, *ids, *outside, *more]))
    source, target = (inner, outer) if ways_out else (outer, inner)
    protocol = draw(mostly("tcp", "udp", "icmp" if version == 4 else "icmpv6"))
    return Flow(
        source, target, 0 if protocol.startswith("icmp") else draw(st.sampled_from([443, 443, 22])), protocol, version
    )
