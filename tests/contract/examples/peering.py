"""What connects a network with others."""

from __future__ import annotations

from awslab.aws.led_routes import LedRoute
from awslab.aws.network import Vpc
from awslab.aws.peering import DNS, Peering
from awslab.aws.routing import RouteTable
from awslab.aws.transit_gateway import TransitGatewayAttachment
from tests.contract.examples.example import Example
from tests.contract.examples.network import SUBNET, VPC, with_ec2

GATEWAY = "tgw-0123456789abcdef0"
"""Somebody else's; tests/contract/conftest.py makes it."""

OTHER = Vpc(name="other", cidr="10.1.0.0/16")
TABLE = RouteTable(name="plain", vpc=VPC)
OTHER_TABLE = RouteTable(name="other", vpc=OTHER)
PEERING = Peering(
    name="other",
    vpc=VPC,
    peer=OTHER,
    account="123456789012",
    region="us-east-1",
    routes=frozenset({LedRoute(TABLE, "10.1.0.0/16")}),
    peer_routes=frozenset({LedRoute(OTHER_TABLE, "10.0.0.0/16")}),
)


def _without(field):
    def drift(ec2, found):
        (route,) = found.fields[field]
        ec2.delete_route(RouteTableId=route.table, DestinationCidrBlock=route.cidr)

    return drift


def _without_names(side):
    def drift(ec2, found):
        options = {f"{side}PeeringConnectionOptions": {DNS: False}}
        ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=found.id, **options)

    return drift


TRANSIT = TransitGatewayAttachment(
    name="transit",
    gateway=GATEWAY,
    vpc=VPC,
    subnets=frozenset({SUBNET}),
    routes=frozenset({LedRoute(TABLE, "10.8.0.0/16")}),
)


def _another_subnet(ec2, found):
    subnet = ec2.create_subnet(VpcId=found.fields["vpc"], CidrBlock="10.0.64.0/20", AvailabilityZone="us-east-1b")
    id_ = subnet["Subnet"]["SubnetId"]
    ec2.modify_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=found.id, AddSubnetIds=[id_])
    return lambda: ec2.delete_subnet(SubnetId=id_)


_EXAMPLES = [
    Example(
        PEERING,
        {
            "routes": _without("routes"),
            "peer_routes": _without("peer_routes"),
            "dns": _without_names("Requester"),
            "peer_dns": _without_names("Accepter"),
        },
    ),
    Example(TRANSIT, {"routes": _without("routes"), "subnets": _another_subnet}),
]

EXAMPLES = [with_ec2(example) for example in _EXAMPLES]
