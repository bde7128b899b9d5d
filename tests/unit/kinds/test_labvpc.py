"""What a LabVpc is made of."""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import IPv4Network
from itertools import combinations

import pytest

from awslab.aws.network import Subnet, Vpc
from awslab.aws.security_group import Rule
from awslab.core.errors import SpecError
from awslab.core.graph import line
from awslab.core.ownership import Owner
from awslab.core.resource import Observed, Ref
from awslab.kinds.labvpc import LAB_VPC, Facts, compose, guess, outputs, zones_of
from tests.unit.kinds.specs import FACTS, REGION, composed, of, spec

MODES = ("None", "Single", "PerZone")


def test_a_default_network_is_complete():
    assert sorted(r.address for r in composed()) == [
        "DefaultNetworkAcl/default",
        "DefaultSecurityGroup/default",
        "Eip/nat-a",
        "Eip/nat-b",
        "GatewayEndpoint/dynamodb",
        "GatewayEndpoint/s3",
        "InternetGateway/igw",
        "NatGateway/a",
        "NatGateway/b",
        "NetworkAcl/data",
        "NetworkAcl/private",
        "NetworkAcl/public",
        "RouteTable/data",
        "RouteTable/private-a",
        "RouteTable/private-b",
        "RouteTable/public",
        "SecurityGroup/app",
        "SecurityGroup/data",
        "SecurityGroup/load-balancer",
        "Subnet/data-a",
        "Subnet/data-b",
        "Subnet/private-a",
        "Subnet/private-b",
        "Subnet/public-a",
        "Subnet/public-b",
        "Vpc/vpc",
    ]


def test_every_type_that_is_composed_is_also_looked_for():
    graphs = [composed(natGateways=mode) for mode in MODES]

    assert {type(r) for graph in graphs for r in graph} <= set(LAB_VPC.types)


class TestSubnets:
    def test_only_public_ones_give_public_addresses(self):
        subnets = of(composed(), "Subnet")

        assert [n for n, s in subnets.items() if s.public_ips] == ["public-a", "public-b"]

    @pytest.mark.parametrize("prefix", range(16, 25))
    def test_they_lie_inside_and_do_not_overlap(self, prefix):
        graph = composed(cidr=f"10.0.0.0/{prefix}", availabilityZones=4)

        cidrs = [IPv4Network(s.cidr) for s in of(graph, "Subnet").values()]
        assert len(cidrs) == 12
        assert all(c.subnet_of(IPv4Network(f"10.0.0.0/{prefix}")) for c in cidrs)
        assert not any(a.overlaps(b) for a, b in combinations(cidrs, 2))

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("count", range(1, 6))
    def test_another_zone_changes_nothing_but_what_is_for_all_zones(self, mode, count):
        before = {r.address: line(r) for r in composed(availabilityZones=count, natGateways=mode)}
        after = {r.address: line(r) for r in composed(availabilityZones=count + 1, natGateways=mode)}

        assert {a for a in before if before[a] != after[a]} == {
            "RouteTable/public", "RouteTable/data", "NetworkAcl/public", "NetworkAcl/private", "NetworkAcl/data",
            "GatewayEndpoint/s3", "GatewayEndpoint/dynamodb",
        }  # fmt: skip

    def test_removing_the_first_zone_moves_no_other(self):
        both = of(composed(availabilityZones=["us-east-1a", "us-east-1b"]), "Subnet")
        one = of(composed(availabilityZones=["us-east-1b"]), "Subnet")

        assert {n: s.cidr for n, s in one.items()} == {n: s.cidr for n, s in both.items() if n.endswith("-b")}

    def test_explicit_cidrs_are_taken(self):
        graph = composed(subnets={"public": {"cidrs": {"us-east-1a": "10.0.24.0/24", "us-east-1b": "10.0.25.0/24"}},
                                  "data": {"enabled": False}})  # fmt: skip

        subnets = of(graph, "Subnet")
        assert (subnets["public-a"].cidr, subnets["public-b"].cidr) == ("10.0.24.0/24", "10.0.25.0/24")
        assert subnets["private-a"].cidr == "10.0.0.0/20"

    def test_a_tiers_tags_win_over_the_specs(self):
        graph = composed(tags={"team": "platform", "tier": "x"}, subnets={"public": {"tags": {"tier": "edge"}}})

        subnets = of(graph, "Subnet")
        assert subnets["public-a"].tags == {"team": "platform", "tier": "edge"}
        assert subnets["data-a"].tags == {"team": "platform", "tier": "x"}

    def test_every_resource_has_the_users_tags(self):
        assert [r.address for r in composed(tags={"team": "x"}) if dict(r.tags) != {"team": "x"}] == []


class TestDataTier:
    graph = composed(subnets={"data": {"enabled": False}})

    def test_it_can_be_switched_off(self):
        assert [r.address for r in self.graph if r.name.startswith("data")] == ["SecurityGroup/data"]

    def test_it_has_no_route_anywhere(self):
        table = of(composed(), "RouteTable")["data"]

        assert dict(table.routes) == {}
        assert {s.name for s in table.subnets} == {"data-a", "data-b"}


class TestPublicTier:
    graph = composed(subnets={"public": {"enabled": False}}, natGateways="None", ipv6=True)

    def test_without_it_there_is_no_way_to_the_internet_in_either_family(self):
        assert {} == of(self.graph, "InternetGateway") == of(self.graph, "EgressOnlyGateway")
        assert {} == {
            route: target for t in of(self.graph, "RouteTable").values() for route, target in t.routes.items()
        }
        assert [] == [r.address for r in self.graph if r.name.startswith("public")]

    def test_without_it_all_other_subnets_are_where_they_would_be(self):
        others = {n: s for n, s in of(composed(ipv6=True), "Subnet").items() if not n.startswith("public")}

        assert {n: (s.cidr, s.ipv6) for n, s in others.items()} == {
            n: (s.cidr, s.ipv6) for n, s in of(self.graph, "Subnet").items()
        }


class TestRouting:
    def test_public_subnets_reach_the_internet_through_the_gateway(self):
        graph = composed()
        table = of(graph, "RouteTable")["public"]

        assert dict(table.routes) == {"0.0.0.0/0": graph["InternetGateway/igw"]}
        assert {s.name for s in table.subnets} == {"public-a", "public-b"}

    def test_with_a_nat_for_each_zone_every_zone_uses_its_own(self):
        graph = composed(natGateways="PerZone")

        assert self.ways(graph) == {"private-a": ["NatGateway/a"], "private-b": ["NatGateway/b"]}
        assert {n: g.subnet.name for n, g in of(graph, "NatGateway").items()} == {"a": "public-a", "b": "public-b"}

    def test_with_a_single_nat_every_zone_uses_the_first_ones(self):
        graph = composed(natGateways="Single")

        assert self.ways(graph) == {"private-a": ["NatGateway/a"], "private-b": ["NatGateway/a"]}
        assert sorted(of(graph, "Eip")) == ["nat-a"]

    def test_without_nat_there_is_no_way_out_but_the_tables_stay(self):
        graph = composed(natGateways="None")

        assert self.ways(graph) == {"private-a": [], "private-b": []}
        assert of(graph, "Eip") == of(graph, "NatGateway") == {}

    @pytest.mark.parametrize(("one", "other"), list(combinations(MODES, 2)))
    def test_the_nat_mode_changes_routes_and_nothing_else_that_stays(self, one, other):
        before, after = ({r.address: r for r in composed(natGateways=mode)} for mode in (one, other))

        changed = {a for a in before.keys() & after.keys() if line(before[a]) != line(after[a])}

        assert {a.partition("/")[0] for a in changed} == {"RouteTable"}
        assert all(before[a].subnets == after[a].subnets for a in changed)

    def test_a_nat_gateway_waits_for_the_attached_internet_gateway(self):
        graph = composed()

        assert graph["InternetGateway/igw"] in graph["NatGateway/a"].references

    def ways(self, graph):
        tables = of(graph, "RouteTable")
        return {n: [g.address for g in t.routes.values()] for n, t in tables.items() if n.startswith("private")}


class TestSecurityGroups:
    def test_each_admits_only_the_one_before_it(self):
        groups = of(composed(), "SecurityGroup")
        balancer, app, data = (Ref("SecurityGroup", n) for n in ("load-balancer", "app", "data"))

        assert set(groups["load-balancer"].ingress) == {Rule.tcp(80, "0.0.0.0/0"), Rule.tcp(443, "0.0.0.0/0")}
        assert set(groups["load-balancer"].egress) == {Rule.tcp(80, app)}
        assert set(groups["app"].ingress) == {Rule.tcp(80, balancer)}
        assert set(groups["app"].egress) == {
            Rule.tcp(5432, data), Rule.tcp(80, "0.0.0.0/0"), Rule.tcp(443, "0.0.0.0/0"),
        }  # fmt: skip
        assert set(groups["data"].ingress) == {Rule.tcp(5432, app)}
        assert set(groups["data"].egress) == set()

    def test_the_spec_says_ports_and_sources(self):
        groups = of(
            composed(securityGroups={"loadBalancer": {"ports": [8443], "from": ["198.51.100.0/24"]},
                                     "app": {"port": 8080}, "data": {"ports": [3306, 6379]}}),
            "SecurityGroup",
        )  # fmt: skip

        assert {str(r) for r in groups["load-balancer"].ingress} == {"tcp 8443 198.51.100.0/24"}
        assert {r.from_port for r in groups["app"].ingress} == {8080}
        assert {r.from_port for r in groups["data"].ingress} == {3306, 6379}

    def test_the_default_group_is_emptied(self):
        default = composed()["DefaultSecurityGroup/default"]

        assert (dict(default.ingress), dict(default.egress)) == ({}, {})


class TestZones:
    def test_a_count_takes_the_regions_first_ones(self):
        assert zones_of(spec(availabilityZones=3), FACTS) == ("us-east-1a", "us-east-1b", "us-east-1c")

    def test_a_count_skips_letters_that_the_account_does_not_have(self):
        facts = Facts(("us-east-1a", "us-east-1c", "us-east-1d"))

        assert zones_of(spec(availabilityZones=2), facts) == ("us-east-1a", "us-east-1c")

    def test_a_list_is_taken_in_the_order_of_letters(self):
        assert zones_of(spec(availabilityZones=["us-east-1c", "us-east-1a"]), FACTS) == ("us-east-1a", "us-east-1c")

    def test_without_aws_the_zones_are_guessed(self):
        assert guess(spec(), Owner("test", "LabVpc", "lab", "net")).zones == FACTS.zones
        assert (
            "us-east-1z" in guess(spec(availabilityZones=["us-east-1z"]), Owner("test", "LabVpc", "lab", "net")).zones
        )


REFUSED = {
    "more zones than the region has": (
        {"availabilityZones": 4},
        Facts(("us-east-1a", "us-east-1b")),
        "spec.availabilityZones",
        "us-east-1 has 2 zones that fit a /16 (us-east-1a, us-east-1b), fewer than 4; ask for fewer",
    ),
    "more zones than fit": (
        {"availabilityZones": 5, "cidr": "10.0.0.0/24"},
        FACTS,
        "spec.availabilityZones",
        (
            "us-east-1 has 4 zones that fit a /24 (us-east-1a, us-east-1b, us-east-1c, us-east-1d), "
            "fewer than 5; ask for fewer"
        ),
    ),
    "a zone that the account does not have": (
        {"availabilityZones": ["us-east-1a", "us-east-1x"]},
        Facts(("us-east-1a",)),
        "spec.availabilityZones",
        "us-east-1x is no zone of us-east-1 for this account; it has us-east-1a",
    ),
    "a zone without room": (
        {"availabilityZones": ["us-east-1f"], "cidr": "10.0.0.0/23"},
        FACTS,
        "spec.availabilityZones",
        "a /23 has room for the zones a to d only, not for us-east-1f; leave it out, or make a larger VPC",
    ),
    "a tier without a CIDR for a zone": (
        {"subnets": {"private": {"cidrs": {"us-east-1a": "10.0.0.0/24"}}}},
        FACTS,
        "spec.subnets.private.cidrs",
        "has no CIDR for us-east-1b; give one for every zone, or for none",
    ),
    "an explicit CIDR over the plan's": (
        {"availabilityZones": 1, "subnets": {"data": {"cidrs": {"us-east-1a": "10.0.0.0/24"}}}},
        FACTS,
        "spec.subnets.data.cidrs",
        (
            "private in us-east-1a (10.0.0.0/20) and data in us-east-1a (10.0.0.0/24) overlap; "
            "give ranges that do not, for all tiers or for none"
        ),
    ),
}


@pytest.mark.parametrize(("fields", "facts", "field", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_with_its_field_and_the_way_out(fields, facts, field, sentence):
    with pytest.raises(SpecError) as caught:
        compose(spec(**fields), facts)

    assert (caught.value.field, str(caught.value)) == (field, f"{field}: {sentence}")


DIFFERENT = [
    {},
    {"cidr": "10.1.0.0/16"},
    {"availabilityZones": 1},
    {"natGateways": "Single"},
    {"natGateways": "None"},
    {"tags": {"team": "x"}},
    {"tags": {"team": "y"}},
    {"subnets": {"public": {"tags": {"team": "x"}}}},
    {"subnets": {"data": {"enabled": False}}},
    {"securityGroups": {"app": {"port": 8080}}},
    {"securityGroups": {"loadBalancer": {"from": ["10.0.0.0/8"]}}},
    {"securityGroups": {"data": {"ports": [3306]}}},
    {"networkAcls": "Default"},
    {"emptyDefaultNetworkAcl": True},
    {"endpoints": {"gateways": []}},
    {"endpoints": {"interfaces": {"ssm": {}}}},
    {"endpoints": {"interfaces": {"ssm": {"privateDns": False}}}},
    {"endpoints": {"policies": {"s3": {"Statement": []}}}},
]

DIGEST = "from tests.unit.kinds.specs import composed; print(composed().digest)"


class TestDigest:
    def test_different_wishes_have_different_digests(self):
        digests = {composed(**fields).digest for fields in DIFFERENT}

        assert len(digests) == len(DIFFERENT)

    @pytest.mark.parametrize("fields", DIFFERENT, ids=str)
    def test_equal_wishes_have_equal_digests(self, fields):
        assert composed(**fields).digest == composed(**fields).digest

    def test_ways_to_write_the_same_wish_have_one_digest(self):
        counted = composed(availabilityZones=2)
        named = composed(availabilityZones=["us-east-1b", "us-east-1a"])

        assert counted.digest == named.digest

    @pytest.mark.parametrize("seed", ["1", "2"])
    def test_it_is_the_same_after_a_restart(self, seed):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}

        run = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
        )

        assert run.stdout.strip() == composed().digest


class TestOutputs:
    def test_what_is_not_there_yet_is_left_out(self):
        told = outputs(spec(), FACTS, [])

        assert (told["vpcId"], told["subnets"], told["natGatewayIps"]) == (None, [], [])
        assert told["zones"] == ["us-east-1a", "us-east-1b"]

    def test_ids_and_texts_come_from_what_was_found(self):
        owner = Owner("test", "LabVpc", "lab", "net").key
        vpc = Observed(Vpc, "vpc", "vpc-1", fields={"cidr": "10.0.0.0/16"}, owner=owner)
        subnet = Observed(
            Subnet, "private-a", "subnet-1", fields={"zone": f"{REGION}a", "cidr": "10.0.0.0/20"}, owner=owner
        )

        told = LAB_VPC.outputs(spec(), FACTS, [subnet, vpc])

        assert (told["vpcId"], told["cidr"], told["privateSubnetIds"]) == ("vpc-1", "10.0.0.0/16", ["subnet-1"])
        assert told["subnets"] == [
            {
                "name": "private-a",
                "tier": "private",
                "zone": "us-east-1a",
                "id": "subnet-1",
                "cidr": "10.0.0.0/20",
                "usableAddresses": 4091,
            }
        ]
        assert told["summary"] == {"zones": "us-east-1a,us-east-1b", "natIps": "", "bastionIp": ""}
