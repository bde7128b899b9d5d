"""Networks to ask about: a production network of some zones, and how to change one detail of it."""

from __future__ import annotations

from dataclasses import replace

from awslab.checks.expectations import Intent
from awslab.checks.model import (
    AclRule,
    Gateway,
    GatewayKind,
    GroupRule,
    Interface,
    NatGateway,
    Network,
    NetworkAcl,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)

EVERYWHERE = "0.0.0.0/0"
EPHEMERAL = (1024, 65535)
VPC = "vpc-1"


def entry(number, *, egress=False, allow=True, cidr=EVERYWHERE, protocol="tcp", ports=(0, 65535)):
    return AclRule(number, egress, allow, cidr, protocol, ports)


def open_acl(id_, subnets, vpc=VPC):
    """As AWS makes it with a VPC."""
    rules = tuple(entry(n, egress=e, protocol="all", allow=n < 200) for e in (False, True) for n in (100, 32767))
    return NetworkAcl(id_, vpc, rules, frozenset(subnets), "default")


def tcp(port, peer, *, egress=False):
    return GroupRule(egress, peer, "tcp", (port, port))


def production(zones="ab", *, nats="per-zone", bastion=False, web=False):
    """The network of a LabVpc, without instances unless asked for."""
    subnets, tables, gateways = [], [], []
    for number, zone in enumerate(zones):
        for tier, third in (("public", number), ("private", 16 + number), ("data", 32 + number)):
            subnets.append(
                Subnet(
                    f"subnet-{tier}-{zone}",
                    VPC,
                    (f"10.0.{third}.0/24",),
                    f"us-east-1{zone}",
                    tier,
                    f"{tier}-{zone}",
                    public_ips=tier == "public",
                )
            )
        gateways.append(
            NatGateway(f"nat-{zone}", f"subnet-public-{zone}", f"10.0.{number}.10", f"52.0.0.{number + 1}", name=zone)
        )
    local = Route("10.0.0.0/16", "local")
    public = frozenset(s.id for s in subnets if s.tier == "public")
    data = frozenset(s.id for s in subnets if s.tier == "data")
    tables.append(RouteTable("rtb-main", VPC, (local,), main=True))
    tables.append(RouteTable("rtb-public", VPC, (local, Route(EVERYWHERE, "igw-1")), public, name="public"))
    tables.append(RouteTable("rtb-data", VPC, (local,), data, name="data"))
    for zone in zones:
        nat = f"nat-{zone if nats == 'per-zone' else zones[0]}"
        routes = (local, Route(EVERYWHERE, nat)) if nats else (local,)
        tables.append(
            RouteTable(f"rtb-{zone}", VPC, routes, frozenset({f"subnet-private-{zone}"}), name=f"private-{zone}")
        )
    interfaces = []
    if bastion:
        interfaces.append(
            Interface(
                "eni-bastion",
                "subnet-public-a",
                ("10.0.0.20",),
                ("sg-bastion",),
                "54.0.0.1",
                "bastion",
                "bastion",
                "i-bastion",
            )
        )
    if web:
        interfaces += [
            Interface(
                f"eni-web-{z}",
                f"subnet-private-{z}",
                (f"10.0.{16 + n}.20",),
                ("sg-app",),
                "",
                f"web-{z}",
                "web",
                f"i-web-{z}",
            )
            for n, z in enumerate(zones)
        ]
    return Network(
        vpcs=(Vpc(VPC, ("10.0.0.0/16",), "vpc"),),
        subnets=tuple(subnets),
        tables=tuple(tables),
        gateways=(Gateway("igw-1", VPC, GatewayKind.INTERNET, "igw"),),
        nats=tuple(gateways if nats == "per-zone" else gateways[:1] if nats else ()),
        acls=(open_acl("acl-1", [s.id for s in subnets]),),
        groups=groups(),
        interfaces=tuple(interfaces),
    )


def groups():
    return (
        SecurityGroup(
            "sg-lb", VPC, (tcp(80, EVERYWHERE), tcp(443, EVERYWHERE), tcp(80, "sg-app", egress=True)), "load-balancer"
        ),
        SecurityGroup(
            "sg-app",
            VPC,
            (
                tcp(80, "sg-lb"),
                tcp(80, "sg-bastion"),
                tcp(22, "sg-bastion"),
                tcp(5432, "sg-data", egress=True),
                tcp(80, EVERYWHERE, egress=True),
                tcp(443, EVERYWHERE, egress=True),
            ),
            "app",
        ),
        SecurityGroup("sg-data", VPC, (tcp(5432, "sg-app"),), "data"),
        SecurityGroup("sg-bastion", VPC, (GroupRule(egress=True, peer=EVERYWHERE),), "bastion"),
    )


def with_table(network, id_, *routes):
    """*network* with other routes in a table."""
    return replace(network, tables=tuple(replace(t, routes=routes) if t.id == id_ else t for t in network.tables))


def with_acl(network, id_, subnets, *rules, name=""):
    """*network* with an ACL of these rules around some subnets."""
    left = tuple(replace(a, subnets=a.subnets - set(subnets)) for a in network.acls)
    return replace(network, acls=(*left, NetworkAcl(id_, VPC, rules, frozenset(subnets), name)))


def with_group(network, id_, *rules):
    """*network* with other rules in a group."""
    return replace(network, groups=tuple(replace(g, rules=rules) if g.id == id_ else g for g in network.groups))


def with_interfaces(network, *interfaces):
    """*network* with more interfaces."""
    return replace(network, interfaces=(*network.interfaces, *interfaces))


def large():
    """Six zones and 200 rules, with what is wanted of them; for measuring."""
    zones = "abcdef"
    network = production(zones, bastion=True, web=True)
    denials = [
        entry(10 + n, egress=egress, allow=False, cidr=f"198.51.{n}.0/24")
        for n in range(15)
        for egress in (False, True)
    ]
    rest = [entry(500, egress=egress, protocol="all") for egress in (False, True)]
    for tier in ("public", "private", "data"):
        subnets = [s.id for s in network.subnets if s.tier == tier]
        network = with_acl(network, f"acl-{tier}", subnets, *denials, *rest, name=tier)
    more = tuple(tcp(443, f"203.0.{n}.0/24", egress=egress) for n in range(25) for egress in (False, True))
    for group in network.groups[:2]:
        network = with_group(network, group.id, *group.rules, *more)
    return network, Intent(tuple((f"private-{z}", f"us-east-1{z}") for z in zones), bastion_ports=(22, 80))
