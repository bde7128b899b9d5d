"""Route tables: where a subnet's traffic goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Change, Changes
from awslab.core.resource import Ids, Observed, Resource
from awslab.core.values import FrozenMap

from .ec2 import PAGE, Ec2Resource, Filters, Item, pages, unless_gone
from .led_routes import put
from .network import Subnet, Vpc
from .session import Aws
from .vpn_gateway import VpnGateway
from .ways import ways_with_keepers

TARGETS = {
    "nat-": "NatGatewayId",
    "igw-": "GatewayId",
    "vgw-": "GatewayId",
    "pcx-": "VpcPeeringConnectionId",
    "tgw-": "TransitGatewayId",
    "eigw-": "EgressOnlyInternetGatewayId",
    "eni-": "NetworkInterfaceId",
    "vpce-": "VpcEndpointId",
}
"""The parameter of CreateRoute that takes a target, by the prefix of its id."""

DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
KEEPERS = "Keepers"
"""Where a description has, beside what AWS tells, the ways whose routes are kept elsewhere."""

OTHERS_KEYS = ("InstanceId", "CarrierGatewayId", "LocalGatewayId", "CoreNetworkArn", "OdbNetworkArn")


@dataclass(frozen=True, kw_only=True)
class RouteTable(Ec2Resource):
    """Routes, and the subnets that use them."""

    noun: ClassVar = "route-table"
    id_key: ClassVar = "RouteTableId"
    id_filter: ClassVar = "route-table-id"
    mutable: ClassVar = frozenset({"routes", "subnets", "propagated"})
    late: ClassVar = frozenset({"routes", "subnets", "propagated"})

    vpc: Vpc
    routes: FrozenMap[str, Resource] = FrozenMap()  # noqa: RUF009 - it is frozen
    """The target by destination CIDR; the VPC's own addresses are always local."""
    subnets: frozenset[Subnet] = frozenset()
    propagated: frozenset[VpnGateway] = frozenset()
    """The VPN gateways by which further routes come and go, which are nobody's drift."""

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        """Every table, with which of its routes are for a way between networks to keep."""
        tables = pages(aws, "describe_route_tables", "RouteTables", Filters=filters)
        while some := list(islice(tables, PAGE)):
            keepers = ways_with_keepers(aws, some)
            yield from ({**item, KEEPERS: keepers} for item in some)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {
            "vpc": item["VpcId"],
            "routes": FrozenMap({_destination(r): _target(r) for r in item.get("Routes", ()) if _is_for_us(r, item)}),
            "subnets": frozenset(cls.details_of(item)["associations"]),
            "propagated": frozenset(one["GatewayId"] for one in item.get("PropagatingVgws", ())),
        }

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:
        associations = item.get("Associations", ())
        return {"associations": {a["SubnetId"]: a["RouteTableAssociationId"] for a in associations if "SubnetId" in a}}

    def create(self, aws: Aws, ids: Ids) -> Observed:
        answer = aws.ec2.create_route_table(
            VpcId=ids.of(self.vpc),
            ClientToken=aws.token(self),
            TagSpecifications=aws.tagged(self, self.noun),
        )
        return self.made(aws, answer["RouteTable"])

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """First add, then remove: traffic is never without a route."""
        for route in changes.of("routes").additions:
            _set_route(aws, found.id, route)
        for subnet in changes.of("subnets").additions:
            _associate(aws, found.id, subnet.key)
        for gateway in changes.of("propagated").additions:
            aws.ec2.enable_vgw_route_propagation(RouteTableId=found.id, GatewayId=gateway.key)
        for gateway in changes.of("propagated").removals:
            with unless_gone():
                aws.ec2.disable_vgw_route_propagation(RouteTableId=found.id, GatewayId=gateway.key)
        for route in changes.of("routes").removals:
            with unless_gone():
                aws.ec2.delete_route(RouteTableId=found.id, **_destination_argument(route.key))
        for subnet in changes.of("subnets").removals:
            aws.ec2.disassociate_route_table(AssociationId=found.details["associations"][subnet.key])

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Take it from its subnets first, as AWS asks."""
        for association in found.details["associations"].values():
            with unless_gone():
                aws.ec2.disassociate_route_table(AssociationId=association)
        aws.ec2.delete_route_table(RouteTableId=found.id)


def _set_route(aws: Aws, table: str, route: Change) -> None:
    arguments = {"RouteTableId": table, **_destination_argument(route.key), **_target_argument(route.desired)}
    if route.adds:
        put(aws.ec2, arguments)
    else:
        aws.ec2.replace_route(**arguments)


def _associate(aws: Aws, table: str, subnet: str) -> None:
    """Give *subnet* this table, in place of any other that somebody gave it."""
    try:
        aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    except ClientError as error:
        if error.response["Error"]["Code"] != "Resource.AlreadyAssociated":
            raise
        aws.ec2.replace_route_table_association(AssociationId=_association(aws, subnet), RouteTableId=table)


def _association(aws: Aws, subnet: str) -> str:
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    tables = pages(aws, "describe_route_tables", "RouteTables", Filters=filters)
    associations = [a for t in tables for a in t["Associations"] if a.get("SubnetId") == subnet]
    return str(associations[0]["RouteTableAssociationId"])


def _is_for_us(route: Item, table: Item) -> bool:
    """Whether it was made by CreateRoute, and is neither an endpoint's nor kept by a way of its own."""
    by_hand = route.get("Origin", "CreateRoute") == "CreateRoute"
    of_endpoint = "DestinationPrefixListId" in route and _target(route).startswith("vpce-")
    kept = "DestinationCidrBlock" in route and (table["VpcId"], _target(route)) in table.get(KEEPERS, ())
    return by_hand and not of_endpoint and not kept


def _destination(route: Item) -> str:
    return str(next(route[key] for key in DESTINATIONS if route.get(key)))


def _target(route: Item) -> str:
    keys = (*dict.fromkeys(TARGETS.values()), *OTHERS_KEYS)
    return next((route[key] for key in keys if route.get(key)), "")


def _destination_argument(destination: str) -> dict[str, str]:
    if destination.startswith("pl-"):
        return {"DestinationPrefixListId": destination}
    return {"DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock": destination}


def _target_argument(target: str) -> dict[str, str]:
    return {next(key for prefix, key in TARGETS.items() if target.startswith(prefix)): target}
