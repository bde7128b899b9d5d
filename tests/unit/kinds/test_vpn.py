"""The VPN gateway of a LabVpc."""

from __future__ import annotations

import pytest

from awslab.checks.model import GatewayKind
from awslab.drawing.network import drawn
from awslab.kinds.as_network import as_network
from tests.unit.kinds.specs import composed, of

ID = "vgw-0123456789abcdef0"


def tables(**vpn):
    """The names of the tables into which the gateway brings its routes."""
    graph = composed(vpnGateway={"id": ID, **vpn})
    return {name for name, table in of(graph, "RouteTable").items() if table.propagated}


def test_a_vpn_gateway_brings_its_routes_to_the_private_subnets():
    assert {"private-a", "private-b"} == tables()


@pytest.mark.parametrize(
    ("tiers", "expected"),
    [
        (["Public"], {"public"}),
        (["Data", "Private"], {"data", "private-a", "private-b"}),
        ([], set()),
    ],
)
def test_a_vpn_gateway_brings_its_routes_where_the_spec_wants_them(tiers, expected):
    assert expected == tables(propagateTo=tiers)


def test_without_a_vpn_gateway_no_table_takes_routes():
    graph = composed()

    assert {} == of(graph, "VpnGateway")
    assert {frozenset()} == {table.propagated for table in of(graph, "RouteTable").values()}


def test_a_drawing_shows_the_vpn_gateway_beside_the_network():
    network = as_network(composed(vpnGateway={"id": ID}))

    assert [(ID, GatewayKind.VPN)] == [(g.id, g.kind) for g in network.gateways if g.id == ID]
    assert "VPN gateway" in drawn(network, "LabVpc lab/production")
