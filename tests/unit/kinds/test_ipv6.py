"""IPv6 in a LabVpc."""

from __future__ import annotations

from ipaddress import IPv6Network

import pytest

from awslab.aws.cidr_blocks import Ipv6Part
from awslab.aws.network import part_of_block
from tests.unit.kinds.specs import composed, of

BLOCK = "2600:1f18:12ab:3400::/56"


def numbers(graph):
    return {name: next(iter(s.ipv6)) for name, s in of(graph, "Subnet").items()}


def test_without_it_nothing_has_it():
    graph = composed()

    assert {} == of(graph, "Ipv6Block") == of(graph, "EgressOnlyGateway")
    assert not any(s.ipv6 or s.gives_ipv6 for s in of(graph, "Subnet").values())
    assert "::" not in " ".join(str(e) for a in of(graph, "NetworkAcl").values() for e in a.ingress.values())


def test_every_subnet_has_a_number_of_its_own_that_never_changes():
    few, many = numbers(composed(ipv6=True, availabilityZones=1)), numbers(composed(ipv6=True, availabilityZones=6))

    assert few.items() <= many.items()
    assert len(many) == len(set(many.values()))
    assert {"public-a": 0, "public-b": 1, "private-a": 32, "data-c": 66}.items() <= many.items()


def test_private_subnets_get_out_and_nobody_gets_in():
    tables = of(composed(ipv6=True, natGateways="None"), "RouteTable")

    assert "InternetGateway/igw" == tables["public"].routes["::/0"].address
    assert {"::/0": "EgressOnlyGateway/out"} == {d: t.address for d, t in tables["private-a"].routes.items()}
    assert {} == dict(tables["data"].routes)


def test_groups_that_are_open_to_everybody_are_so_over_ipv6():
    graph = composed(ipv6=True)
    named = composed(ipv6=True, securityGroups={"loadBalancer": {"from": ["198.51.100.0/24"]}})

    assert "tcp 443 ::/0" in {str(r) for r in graph["SecurityGroup/load-balancer"].ingress}
    assert "tcp 443 ::/0" in {str(r) for r in graph["SecurityGroup/app"].egress}
    assert not any("::" in str(r) for r in named["SecurityGroup/load-balancer"].ingress)


def test_network_acls_let_through_the_same_as_over_ipv4():
    acls = of(composed(ipv6=True), "NetworkAcl")

    assert [
        "101 allow all Ipv6Block/ipv6",
        "9030 allow tcp 1024-65535 ::/0",
        "9040 allow udp 1024-65535 ::/0",
        "9050 allow icmpv6 2-0 ::/0",
    ] == [f"{n} {e}" for n, e in sorted(acls["private"].ingress.items()) if "0.0.0.0" not in str(e) and n != 100]
    parts = {n: e.cidr.number for n, e in acls["data"].ingress.items() if isinstance(e.cidr, Ipv6Part)}
    assert {201: 1, 301: 2} == parts
    assert acls["data"].ingress == acls["data"].egress


@pytest.mark.parametrize("zones", [1, 6])
def test_there_is_room_for_all_entries(zones):
    acls = of(composed(ipv6=True, availabilityZones=zones), "NetworkAcl")

    assert max(len(way) for a in acls.values() for way in (a.ingress, a.egress)) <= 20


@pytest.mark.parametrize(("prefix", "number"), [(59, 0), (59, 2), (64, 0), (64, 66), (64, 255)])
def test_a_part_of_a_block_is_read_as_it_is_written(prefix, number):
    part = Ipv6Part(BLOCK, prefix, number)

    assert part == Ipv6Part.of(str(part))


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "::/0", BLOCK])
def test_what_is_no_part_of_a_block_stays_a_range(cidr):
    assert cidr == Ipv6Part.of(cidr)


def test_a_tier_holds_its_subnets():
    tier = IPv6Network(str(Ipv6Part(BLOCK, 59, 1)))

    assert 32 == part_of_block(next(tier.subnets(new_prefix=64)))
