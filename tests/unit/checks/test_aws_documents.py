"""What AWS's documents say of packets, each as a small network with the verdict that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from awslab.checks.model import (
    Endpoint,
    Gateway,
    GatewayKind,
    GroupRule,
    Interface,
    NatGateway,
    Network,
    Peering,
    PrefixList,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    TransitAttachment,
    Vpc,
)
from awslab.checks.reach import Flow, reach
from tests.unit.checks.networks import (
    EVERYWHERE,
    VPC,
    entry,
    open_acl,
    production,
    tcp,
    with_acl,
    with_group,
    with_interfaces,
    with_table,
)

GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/"
PEERING = "https://docs.aws.amazon.com/vpc/latest/peering/"
PRIVATELINK = "https://docs.aws.amazon.com/vpc/latest/privatelink/"
LOCAL = Route("10.0.0.0/16", "local")
LISTED = PrefixList("pl-s3", "com.amazonaws.us-east-1.s3", ("52.216.0.0/15",))


@dataclass(frozen=True)
class Case:
    """A rule of AWS's, a network that shows it, and the end of the sentence that the verdict says."""

    says: str
    source: str
    network: Callable[[], Network]
    flow: Flow
    decided: str


def base(**more):
    return production(bastion=True, web=True, **more)


def private_acl(*rules):
    return with_acl(base(), "acl-2", ["subnet-private-a", "subnet-private-b"], *rules, name="private")


def one_web(network):
    return replace(network, interfaces=tuple(i for i in network.interfaces if i.id != "eni-web-b"))


def peered(*, state="active", back=True, rules=(), cidr="10.1.0.0/16"):
    """The production network with a peered one, in which there is a database."""
    near = one_web(base())
    routes = (LOCAL, Route("10.1.0.0/16", "pcx-1"), Route(EVERYWHERE, "nat-a"))
    near = with_table(near, "rtb-a", *routes)
    near = with_group(near, "sg-app", *near.groups[1].rules, tcp(5432, "10.1.0.0/16", egress=True))
    far_local = Route(cidr, "local")
    return replace(
        near,
        vpcs=(*near.vpcs, Vpc("vpc-2", (cidr,), "peer")),
        subnets=(*near.subnets, Subnet("subnet-far", "vpc-2", ("10.1.0.0/24",), "us-east-1a")),
        tables=(
            *near.tables,
            RouteTable(
                "rtb-far",
                "vpc-2",
                (far_local, *((Route("10.0.0.0/16", "pcx-1"),) if back else ())),
                main=True,
                name="far",
            ),
        ),
        groups=(*near.groups, SecurityGroup("sg-far", "vpc-2", rules or (tcp(5432, "10.0.0.0/16"),), "far")),
        interfaces=(*near.interfaces, Interface("eni-far", "subnet-far", ("10.1.0.5",), ("sg-far",), "", "far-db")),
        peerings=(Peering("pcx-1", (VPC, "vpc-2"), (("10.0.0.0/16",), ("10.1.0.0/16",)), state),),
    )


def with_endpoint(network, *, group=()):
    routes = (LOCAL, Route("pl-s3", "vpce-s3"))
    network = replace(
        with_table(network, "rtb-data", *routes),
        endpoints=(Endpoint("vpce-s3", VPC, "s3", "pl-s3", name="s3"),),
        prefix_lists=(LISTED,),
    )
    return with_group(network, "sg-data", *network.groups[2].rules, *group)


def private_nat(*, public="", target="igw-1", group="sg-app"):
    """A NAT gateway in the private subnet of zone a, used by the data subnets."""
    network = base()
    nat = NatGateway("nat-x", "subnet-private-a", "10.0.16.10", public, name="x")
    network = with_table(network, "rtb-data", LOCAL, Route(EVERYWHERE, "nat-x"))
    network = with_table(network, "rtb-a", LOCAL, Route(EVERYWHERE, target))
    database = Interface("eni-db", "subnet-data-a", ("10.0.32.20",), (group,), "", "db", "data")
    return with_interfaces(replace(network, nats=(*network.nats, nat)), database)


def crossed():
    """Two NAT gateways whose subnets lead to each other."""
    network = base()
    for zone, other in ("ab", "ba"):
        table = RouteTable(
            f"rtb-nat-{zone}",
            VPC,
            (LOCAL, Route(EVERYWHERE, f"nat-{other}")),
            frozenset({f"subnet-public-{zone}"}),
            name=f"public-{zone}",
        )
        kept = tuple(replace(t, subnets=t.subnets - table.subnets) for t in network.tables)
        network = replace(network, tables=(*kept, table))
    return network


def middle_table(*routes):
    return one_web(with_table(base(), "rtb-a", LOCAL, *routes))


def dual_stack(gateway):
    """The first public subnet with IPv6, by one kind of gateway."""
    network = base()
    first = network.subnets[0]
    subnets = (replace(first, cidrs=(*first.cidrs, "2600:1:0:1::/64")), *network.subnets[1:])
    server = Interface("eni-six", first.id, ("10.0.0.30", "2600:1:0:1::30"), ("sg-six",), "", "six")
    group = SecurityGroup("sg-six", VPC, (tcp(443, "::/0"), tcp(443, "::/0", egress=True)), "six")
    network = replace(
        network,
        vpcs=(Vpc(VPC, ("10.0.0.0/16", "2600:1::/56"), "vpc"),),
        subnets=subnets,
        groups=(*network.groups, group),
        gateways=(*network.gateways, Gateway("eigw-1", VPC, GatewayKind.EGRESS_ONLY)),
        acls=(open_acl("acl-1", [s.id for s in subnets]),),
    )
    acl = replace(
        network.acls[0],
        rules=(*network.acls[0].rules, *(entry(101, egress=e, cidr="::/0", protocol="all") for e in (False, True))),
    )
    network = replace(network, acls=(acl,))
    routes = (LOCAL, Route("2600:1::/56", "local"), Route("::/0", gateway))
    return with_interfaces(with_table(network, "rtb-public", *routes), server)


CASES = [
    Case(
        "Rules are tried from the lowest number on, and the first that matches decides",
        "custom-network-acl.html",
        lambda: private_acl(
            entry(100, cidr="10.0.0.0/16"), entry(90, allow=False, ports=(22, 22)), entry(100, egress=True)
        ),
        Flow("bastion", "web", 22),
        "closed by acl-2 (private): rule 90 denies tcp 22 in from 10.0.0.0/24",
    ),
    Case(
        "A rule of a higher number does not undo one of a lower",
        "custom-network-acl.html",
        lambda: private_acl(entry(80, ports=(22, 22)), entry(90, allow=False, ports=(22, 22)), entry(100, egress=True)),
        Flow("bastion", "web", 22),
        "open",
    ),
    Case(
        "What no rule matches is denied",
        "custom-network-acl.html",
        lambda: private_acl(entry(100, ports=(80, 80)), entry(100, egress=True)),
        Flow("bastion", "web", 22),
        "closed by acl-2 (private): no rule lets tcp 22 in from 10.0.0.0/24",
    ),
    Case(
        "Network ACLs are stateless: answers must be allowed by a rule",
        "vpc-network-acls.html#nacl-basics",
        lambda: private_acl(entry(100), entry(100, egress=True, ports=(443, 443))),
        Flow("bastion", "web", 22),
        "closed by acl-2 (private): no rule lets tcp 1024-65535 out to 10.0.0.0/24",
    ),
    Case(
        "Clients use ephemeral ports from 1024 to 65535; a part of them is a part of the answers",
        "custom-network-acl.html#nacl-ephemeral-ports",
        lambda: one_web(private_acl(entry(100), entry(100, egress=True, ports=(32768, 65535)))),
        Flow("bastion", "web", 22),
        "open from 10.0.0.20 (bastion) to 10.0.16.20 (web-a) (answers to tcp 32768-65535 only), but closed by "
        "acl-2 (private): no rule lets tcp 1024-32767 out to 10.0.0.0/24",
    ),
    Case(
        "NAT gateways use the ports 1024-65535, and the ACL of their subnet has to let the answers in",
        "nat-gateway-troubleshooting.html#nat-gateway-troubleshooting-no-internet-connection",
        lambda: with_acl(
            base(),
            "acl-2",
            ["subnet-public-a", "subnet-public-b"],
            entry(100, cidr="10.0.0.0/16"),
            entry(110, ports=(80, 80)),
            entry(110, egress=True),
            name="public",
        ),
        Flow("web", "internet", 443),
        "closed by acl-2 (public): no rule lets tcp 1024-65535 in from the internet",
    ),
    Case(
        "Network ACLs do not concern traffic within a subnet",
        "vpc-network-acls.html#nacl-basics",
        lambda: with_interfaces(
            with_group(private_acl(), "sg-app", GroupRule(egress=False, peer="sg-bastion")),
            Interface("eni-near", "subnet-private-a", ("10.0.16.30",), ("sg-bastion",), "", "near"),
        ),
        Flow("near", "eni-web-a", 80),
        "open",
    ),
    Case(
        "Security groups are stateful: the answer passes whatever their rules say",
        "vpc-security-groups.html#security-group-basics",
        lambda: with_group(base(), "sg-app", tcp(80, "sg-bastion")),
        Flow("bastion", "web", 80),
        "open",
    ),
    Case(
        "Security groups have rules that allow only; what none allows is closed",
        "vpc-security-groups.html#security-group-basics",
        lambda: with_group(base(), "sg-app"),
        Flow("bastion", "web", 80),
        "closed by sg-app (app): no rule lets tcp 80 in from 10.0.0.20 (bastion)",
    ),
    Case(
        "A reference to a security group means the private addresses of its interfaces, not the public ones",
        "security-group-rules.html#security-group-referencing",
        lambda: with_interfaces(
            with_group(base(), "sg-lb", tcp(443, "sg-bastion")),
            Interface("eni-lb", "subnet-public-b", ("10.0.1.40",), ("sg-lb",), "54.0.0.9", "lb", "load-balancer"),
        ),
        Flow("bastion", "54.0.0.9", 443),
        "closed by sg-lb (load-balancer): no rule lets tcp 443 in from 54.0.0.1 (bastion)",
    ),
    Case(
        "The most specific route that matches is taken",
        "route-tables-priority.html",
        lambda: middle_table(Route(EVERYWHERE, "nat-a"), Route("8.8.8.0/24", "tgw-1", blackhole=True)),
        Flow("web", "8.8.8.8", 443),
        "closed by rtb-a (private-a): 8.8.8.0/24 goes to tgw-1, which is not there any more (blackhole)",
    ),
    Case(
        "A less specific route is not taken in its place, and others do not mind it",
        "route-tables-priority.html",
        lambda: middle_table(Route(EVERYWHERE, "nat-a"), Route("8.8.8.0/24", "tgw-1", blackhole=True)),
        Flow("web", "8.8.9.8", 443),
        "open through NAT gateway nat-a (a)",
    ),
    Case(
        "A static route goes before a propagated one to the same destination",
        "route-tables-priority.html#route-table-priority-propagated-routes",
        lambda: middle_table(Route(EVERYWHERE, "vgw-1", propagated=True), Route(EVERYWHERE, "nat-a")),
        Flow("web", "internet", 443),
        "open through NAT gateway nat-a (a)",
    ),
    Case(
        "The local route goes before propagated ones, even more specific ones",
        "route-tables-priority.html#route-table-priority-propagated-routes",
        lambda: middle_table(Route("10.0.32.0/24", "vgw-1", propagated=True)),
        Flow("web", "data", 5432),
        "open",
    ),
    Case(
        "Traffic of a blackhole route is dropped",
        "route-table-options.html",
        lambda: middle_table(Route(EVERYWHERE, "nat-9", blackhole=True)),
        Flow("web", "internet", 443),
        "closed by rtb-a (private-a): 0.0.0.0/0 goes to nat-9, which is not there any more (blackhole)",
    ),
    Case(
        "Without a route there is no way",
        "VPC_Internet_Gateway.html#vpc-igw-internet-access",
        middle_table,
        Flow("web", "internet", 443),
        "closed by rtb-a (private-a): no route to the internet",
    ),
    Case(
        "A subnet without a table of its own uses the main one",
        "RouteTables.html",
        lambda: replace(base(), tables=tuple(t for t in base().tables if t.id in ("rtb-main", "rtb-public"))),
        Flow("web", "internet", 443),
        "closed by rtb-main: no route to the internet",
    ),
    Case(
        "An internet gateway serves only who has a public address",
        "VPC_Internet_Gateway.html#vpc-igw-internet-access",
        lambda: middle_table(Route(EVERYWHERE, "igw-1")),
        Flow("web", "internet", 443),
        "closed by igw-1 (igw): there is no public address, which the internet could see",
    ),
    Case(
        "Who has a public address in a subnet without a route to the internet gateway is not reached",
        "VPC_Internet_Gateway.html#vpc-igw-internet-access",
        lambda: with_group(
            replace(base(), interfaces=(replace(one_web(base()).interfaces[1], public_ip="54.0.0.2"),)),
            "sg-app",
            tcp(80, EVERYWHERE),
        ),
        Flow("internet", "web", 80),
        "closed: the answer to the internet would go to NAT gateway nat-a (a), where the question did not come from",
    ),
    Case(
        "A NAT gateway lets nobody begin from outside",
        "vpc-nat-gateway.html",
        base,
        Flow("internet", "52.0.0.1", 443),
        "closed: NAT gateway nat-a (a) lets nobody begin a connection from outside",
    ),
    Case(
        "A public NAT gateway works in a subnet with a route to the internet gateway only",
        "nat-gateway-troubleshooting.html#nat-gateway-troubleshooting-no-internet-connection",
        lambda: private_nat(public="52.0.0.9", target="nat-x"),
        Flow("data", "internet", 443),
        "closed: NAT gateway nat-x (x) gets its own packets back, as its subnet's route leads to it again",
    ),
    Case(
        "An internet gateway drops what comes from a private NAT gateway",
        "nat-gateway-basics.html",
        private_nat,
        Flow("data", "internet", 443),
        "closed by igw-1 (igw): there is no public address, which the internet could see",
    ),
    Case(
        "In a private subnet a NAT gateway sends on through the next one, where routes say so",
        "nat-gateway-scenarios.html",
        lambda: private_nat(target="nat-a"),
        Flow("data", "internet", 443),
        "open through NAT gateways nat-a (a), nat-x (x)",
    ),
    Case(
        "Two NAT gateways crossed: each has the other behind it",
        "nat-gateway-scenarios.html",
        crossed,
        Flow("web", "internet", 443),
        "closed: NAT gateway nat-a (a) gets its own packets back, as its subnet's route leads to it again",
    ),
    Case(
        "A NAT gateway that failed takes nothing",
        "nat-gateway-troubleshooting.html#nat-gateway-troubleshooting-failed",
        lambda: replace(base(), nats=tuple(replace(n, state="failed") for n in base().nats)),
        Flow("web", "internet", 443),
        "closed: NAT gateway nat-a (a) is not available",
    ),
    Case(
        "Peered VPCs reach each other with routes in both",
        PEERING + "vpc-peering-routing.html",
        peered,
        Flow("web", "far-db", 5432),
        "open",
    ),
    Case(
        "Without a route in the other VPC nothing comes back",
        PEERING + "vpc-peering-routing.html",
        lambda: peered(back=False),
        Flow("web", "far-db", 5432),
        "closed by rtb-far (far): no route to 10.0.16.20 (web-a)",
    ),
    Case(
        "A peering that is not accepted carries nothing",
        PEERING + "vpc-peering-basics.html#vpc-peering-lifecycle",
        lambda: peered(state="pending-acceptance"),
        Flow("web", "far-db", 5432),
        "closed: peering pcx-1 is not active",
    ),
    Case(
        "A rule may name a security group of the peered VPC",
        PEERING + "vpc-peering-security-groups.html",
        lambda: peered(rules=(tcp(5432, "sg-app"),)),
        Flow("web", "far-db", 5432),
        "open",
    ),
    Case(
        "Such a rule is stale once the peering is gone, and lets nobody in",
        PEERING + "vpc-peering-security-groups.html#vpc-peering-stale-groups",
        lambda: replace(
            peered(rules=(tcp(5432, "sg-app"),)),
            peerings=(),
            attachments=tuple(TransitAttachment(f"tgw-attach-{v}", "tgw-1", v) for v in (VPC, "vpc-2")),
            tables=tuple(
                replace(t, routes=tuple(replace(r, target="tgw-1") if r.target == "pcx-1" else r for r in t.routes))
                for t in peered().tables
            ),
        ),
        Flow("web", "far-db", 5432),
        "closed by sg-far (far): no rule lets tcp 5432 in from 10.0.16.20 (web-a)",
    ),
    Case(
        "No transit: through a peering only its other VPC is reached, not the internet behind it",
        PEERING + "vpc-peering-basics.html#vpc-peering-limitations",
        lambda: with_table(peered(), "rtb-a", LOCAL, Route(EVERYWHERE, "pcx-1")),
        Flow("web", "8.8.8.8", 443),
        "closed: peering pcx-1 leads to its other VPC only, which does not have 8.8.8.8",
    ),
    Case(
        "A gateway endpoint is a route to the service's prefix list, without internet",
        PRIVATELINK + "gateway-endpoints.html#gateway-endpoint-routing",
        lambda: with_endpoint(base(), group=(tcp(443, "pl-s3", egress=True),)),
        Flow("data", "s3", 443),
        "open",
    ),
    Case(
        "The security group has to let it out to the prefix list",
        PRIVATELINK + "vpc-endpoints-s3.html#gateway-endpoint-s3-security-groups",
        lambda: with_endpoint(base()),
        Flow("data", "s3", 443),
        "closed by sg-data (data): no rule lets tcp 443 out to s3",
    ),
    Case(
        "The network ACL has to let its answers in from the service's addresses",
        PRIVATELINK + "gateway-endpoints.html#gateway-endpoint-considerations",
        lambda: with_acl(
            with_endpoint(base(), group=(tcp(443, "pl-s3", egress=True),)),
            "acl-2",
            ["subnet-data-a", "subnet-data-b"],
            entry(100, cidr="10.0.0.0/16"),
            entry(100, egress=True),
            name="data",
        ),
        Flow("data", "s3", 443),
        "closed by acl-2 (data): no rule lets tcp 1024-65535 in from s3",
    ),
    Case(
        "The endpoint's route is more specific than the default route",
        PRIVATELINK + "gateway-endpoints.html#gateway-endpoint-routing",
        lambda: replace(
            with_table(base(), "rtb-a", LOCAL, Route(EVERYWHERE, "nat-a"), Route("pl-s3", "vpce-s3")),
            endpoints=(Endpoint("vpce-s3", VPC, "s3", "pl-s3", state="failed", name="s3"),),
            prefix_lists=(LISTED,),
        ),
        Flow("web", "s3", 443),
        "open from 10.0.17.20 (web-b) to s3, but closed: endpoint vpce-s3 (s3) is not available",
    ),
    Case(
        "An egress-only internet gateway lets nobody in",
        "egress-only-internet-gateway.html",
        lambda: replace(dual_stack("eigw-1"), gateways=(Gateway("eigw-1", VPC, GatewayKind.EGRESS_ONLY),)),
        Flow("internet", "six", 443, version=6),
        "closed: vpc-1 (vpc) has no internet gateway by which anything could come in",
    ),
    Case(
        "It lets out, and the answers in",
        "egress-only-internet-gateway.html",
        lambda: dual_stack("eigw-1"),
        Flow("six", "internet", 443, version=6),
        "open",
    ),
    Case(
        "IPv6 addresses are public: by the internet gateway they are reached",
        "VPC_Internet_Gateway.html#vpc-igw-internet-access",
        lambda: dual_stack("igw-1"),
        Flow("internet", "six", 443, version=6),
        "open",
    ),
    Case(
        "A ping needs the request in and the reply out; ports say nothing of it",
        "custom-network-acl.html",
        lambda: with_group(
            one_web(private_acl(entry(100, protocol="icmp", ports=(8, 8)), entry(100, egress=True))),
            "sg-app",
            GroupRule(egress=False, peer="sg-bastion", protocol="icmp", ports=(8, 8)),
        ),
        Flow("bastion", "web", protocol="icmp"),
        "closed by acl-2 (private): no rule lets a ping's answer out to 10.0.0.0/24",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says.replace(" ", "-"))
def test_a_network_behaves_as_the_document_says(case):
    verdict = reach(case.network(), case.flow)

    assert case.decided == verdict.decided_by
    assert case.decided.startswith("open") is bool(verdict.open_hops)


def test_every_case_has_its_document():
    for case in CASES:
        link = case.source if case.source.startswith("https://") else GUIDE + case.source
        assert link.startswith("https://docs.aws.amazon.com/vpc/latest/")
