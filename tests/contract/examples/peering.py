"""What connects a network with others."""

from __future__ import annotations

from awslab.aws.network import Vpc
from awslab.aws.peering import DNS, Peering, PeerRoute
from awslab.aws.routing import RouteTable
from tests.contract.examples.example import Example
from tests.contract.examples.network import VPC, with_ec2

OTHER = Vpc(name="other", cidr="10.1.0.0/16")
TABLE = RouteTable(name="plain", vpc=VPC)
OTHER_TABLE = RouteTable(name="other", vpc=OTHER)
PEERING = Peering(
    name="other",
    vpc=VPC,
    peer=OTHER,
    account="123456789012",
    region="us-east-1",
    routes=frozenset({PeerRoute(TABLE, "10.1.0.0/16")}),
    peer_routes=frozenset({PeerRoute(OTHER_TABLE, "10.0.0.0/16")}),
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


_EXAMPLES = [
    Example(
        PEERING,
        {
            "routes": _without("routes"),
            "peer_routes": _without("peer_routes"),
            "dns": _without_names("Requester"),
            "peer_dns": _without_names("Accepter"),
        },
    )
]

EXAMPLES = [with_ec2(example) for example in _EXAMPLES]
