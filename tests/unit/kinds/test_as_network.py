"""A composition as the network that it will be."""

from __future__ import annotations

import pytest

from awslab.checks.expectations import Intent, checked, expectations
from awslab.checks.model import LOCAL
from awslab.checks.reach import Flow, reach
from awslab.kinds.as_network import address_ids, as_network

from .specs import composed

ZONES = (("private-a", "us-east-1a"), ("private-b", "us-east-1b"))


@pytest.mark.parametrize(
    ("nats", "intent"),
    [
        ("PerZone", Intent(ZONES)),
        ("Single", Intent(ZONES, nat="Single", nat_zone="us-east-1a")),
        ("None", Intent(ZONES, nat="None")),
    ],
)
def test_it_keeps_its_promises_before_it_is_made(nats, intent):
    network = as_network(composed(natGateways=nats))

    assert [] == [c.message for c in checked(network, expectations(intent)) if not c.held]


def test_every_table_has_the_local_route_that_nobody_composes():
    assert {True} == {
        any((r.destination, r.target) == ("10.0.0.0/16", LOCAL) for r in t.routes)
        for t in as_network(composed()).tables
    }


def test_ids_are_made_of_names():
    ids = address_ids(composed())

    assert ("vpc", "igw", "nat-a", "subnet-data-b", "rtb-private-a", "sg-app") == tuple(
        ids[a]
        for a in (
            "Vpc/vpc",
            "InternetGateway/igw",
            "NatGateway/a",
            "Subnet/data-b",
            "RouteTable/private-a",
            "SecurityGroup/app",
        )
    )
    assert len(composed()) == len(set(ids.values()))


def test_a_hop_has_the_name_of_its_resource():
    verdict = reach(as_network(composed()), Flow("data", "internet", 443, groups=False))

    assert "closed by rtb-data (data): no route to the internet" == verdict.decided_by
