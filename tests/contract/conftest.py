from __future__ import annotations

import copy

import boto3
import pytest
from moto.acm.models import acm_backends
from moto.ec2.models import ec2_backends

from tests.contract.examples.load_balancing import CERTIFICATES
from tests.contract.examples.network import VPN_GATEWAY
from tests.contract.examples.peering import GATEWAY
from tests.support.certificates import self_signed
from tests.support.lab import Lab


@pytest.fixture
def lab(local_aws, ec2, request) -> Lab:
    """One owner in an empty account, in which somebody has a transit gateway where an example needs one."""
    if "TransitGateway" in request.node.name:
        _make_transit_gateway(ec2)
    _make_vpn_gateway(ec2)
    if "Listener" in request.node.name:
        _import_certificates()
    return Lab(local_aws)


def _import_certificates():
    """Those that the example names, under these very ARNs."""
    store = acm_backends["123456789012"]["us-east-1"]._certificates
    private, public = self_signed("example.com")
    made = boto3.client("acm", region_name="us-east-1").import_certificate(Certificate=public, PrivateKey=private)
    first = store.pop(made["CertificateArn"])
    store.update({arn: _named(first, arn) for arn in CERTIFICATES})


def _named(certificate, arn):
    other = copy.copy(certificate)
    other.arn = arn
    return other


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
