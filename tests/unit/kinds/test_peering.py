"""Peerings of a LabVpc."""

from __future__ import annotations

from dataclasses import replace

import pytest

from awslab.core.errors import SpecError
from awslab.kinds.peering import Peer
from tests.unit.kinds.specs import FACTS, composed, of

SHOP = Peer("LabVpc lab/shop", "vpc-shop", "123456789012", "eu-west-1", ("10.1.0.0/16",), ("rtb-1", "rtb-2"))
FIELDS = {"peerings": [{"name": "shop", "vpcRef": {"name": "shop"}}]}


def peered(peer=SHOP, **fields):
    return composed(replace(FACTS, peers={"shop": peer}), **FIELDS, **fields)


def test_public_and_private_subnets_are_led_to_the_other_side_and_back():
    peering = of(peered(secondaryCidrs=["100.64.0.0/16"]), "Peering")["shop"]

    assert ("vpc-shop", "123456789012", "eu-west-1") == (peering.peer, peering.account, peering.region)
    assert {("public", "10.1.0.0/16"), ("private-a", "10.1.0.0/16"), ("private-b", "10.1.0.0/16")} == {
        (r.table.name, r.cidr) for r in peering.routes
    }
    assert {(table, cidr) for table in ("rtb-1", "rtb-2") for cidr in ("10.0.0.0/16", "100.64.0.0/16")} == {
        (r.table, r.cidr) for r in peering.peer_routes
    }


def test_network_acls_let_the_other_side_in_but_not_to_the_data():
    acls = of(peered(connectedCidrs=["10.2.0.0/16"]), "NetworkAcl")

    for tier, expected in (("public", True), ("private", True), ("data", False)):
        let_in = {e.cidr for e in acls[tier].ingress.values()}
        assert [expected, expected] == [cidr in let_in for cidr in ("10.1.0.0/16", "10.2.0.0/16")]


@pytest.mark.parametrize("theirs", ["10.0.0.0/16", "10.0.128.0/20", "10.0.0.0/8", "100.64.1.0/24"])
def test_networks_that_overlap_are_refused_with_both_ranges(theirs):
    sentence = rf"spec\.peerings\.shop: .* of this network and {theirs} of LabVpc lab/shop overlap"

    with pytest.raises(SpecError, match=sentence):
        peered(replace(SHOP, cidrs=("10.1.0.0/16", theirs)), secondaryCidrs=["100.64.0.0/16"])
