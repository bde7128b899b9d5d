from __future__ import annotations

import pytest
from moto.ec2.models import ec2_backends

from tests.contract.examples.network import VPN_GATEWAY
from tests.contract.examples.peering import GATEWAY
from tests.support.lab import Lab


@pytest.fixture
def lab(local_aws, ec2, request) -> Lab:
    """One owner in an empty account, in which somebody has a transit gateway where an example needs one."""
    if "TransitGateway" in request.node.name:
        _make_transit_gateway(ec2)
    if "VpnGateway" in request.node.name or "RouteTable" in request.node.name:
        _make_vpn_gateway(ec2)
    return Lab(local_aws)


def _make_vpn_gateway(ec2):
    """The same with a VPN gateway."""
    store = ec2_backends["123456789012"]["us-east-1"].vpn_gateways
    gateway = store.pop(ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"])
    gateway.id, store[VPN_GATEWAY] = VPN_GATEWAY, gateway


def _make_transit_gateway(ec2):
    """The transit gateway that the example names, under that very id."""
    store = ec2_backends["123456789012"]["us-east-1"].transit_gateways
    gateway = store.pop(ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"])
    gateway.id, store[GATEWAY] = GATEWAY, gateway
