"""Route tables: what a route may lead to, associations, and what keeps a table from being deleted."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.ec2.patches import route_state
from awslab.local.aws.ec2.vpn import is_attached
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "InstanceId",
    "NetworkInterfaceId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "VpcEndpointId",
    "CarrierGatewayId",
    "LocalGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "LocalTarget",
)
DESTINATIONS = {
    "DestinationCidrBlock": "destination_cidr_block",
    "DestinationIpv6CidrBlock": "destination_ipv6_cidr_block",
    "DestinationPrefixListId": "destination_prefix_list_id",
}

book.behaves(
    "route-blackhole",
    "DescribeRouteTables",
    does="A route whose NAT gateway is gone, or whose gateway is not attached, is shown as `blackhole`.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html",
)(route_state)


def _table(context: Context) -> Any:
    return context.ec2.route_tables.get(context.params.get("RouteTableId"))


def _destination(context: Context) -> str:
    return next((str(context.params[name]) for name in DESTINATIONS if context.params.get(name)), "")


def _canonical(destination: str) -> str:
    try:
        return str(ipaddress.ip_network(destination, strict=False))
    except ValueError:
        return destination


def _there(table: Any, destination: str) -> Any:
    """Return the route of a table to a destination, if there is one."""
    wanted = _canonical(destination)
    for route in table.routes:
        of = next((value for name in DESTINATIONS.values() if (value := getattr(route, name))), "")
        if _canonical(of) == wanted:
            return route
    return None


@book.refuses(
    "table-main",
    "DeleteRouteTable",
    code="DependencyViolation",
    does="A VPC's main route table cannot be deleted.",
    see=API + "API_DeleteRouteTable.html",
)
def main_table(context: Context) -> str | None:
    """Refuse to delete the main table."""
    table = _table(context)
    held = table is not None and table.main_association_id
    return f"The routeTable '{table.id}' has dependencies and cannot be deleted." if held else None


@book.refuses(
    "table-associated",
    "DeleteRouteTable",
    code="DependencyViolation",
    does="A route table that is associated with a subnet or gateway cannot be deleted.",
    see=API + "API_DeleteRouteTable.html",
)
def associated_table(context: Context) -> str | None:
    """Refuse to delete a table in use."""
    table = _table(context)
    held = table is not None and table.associations
    return f"The routeTable '{table.id}' has dependencies and cannot be deleted." if held else None


@book.refuses(
    "association-taken",
    "AssociateRouteTable",
    code="Resource.AlreadyAssociated",
    does="A subnet is associated with one route table at most.",
    see=API + "API_AssociateRouteTable.html",
)
def association_taken(context: Context) -> str | None:
    """Refuse a second table for a subnet."""
    table, subnet = _table(context), context.params.get("SubnetId")
    there = lookup.tables_of(context.ec2, table.vpc_id) if table is not None else []
    others = (one for one in there if one.id != table.id)
    if not subnet or not any(subnet in one._associations.values() for one in others):  # noqa: SLF001 - kept nowhere else
        return None
    return f"the specified association for route table {table.id} conflicts with an existing association"


@book.refuses(
    "association-other-vpc",
    "AssociateRouteTable",
    code="InvalidParameterValue",
    does="A route table serves subnets of its own VPC.",
    see=API + "API_AssociateRouteTable.html",
)
def association_other_vpc(context: Context) -> str | None:
    """Refuse a subnet of another VPC."""
    table, subnet = _table(context), lookup.subnet(context.ec2, context.params.get("SubnetId"))
    if table is None or subnet is None or table.vpc_id == subnet.vpc_id:
        return None
    return f"Route table {table.id} and subnet {subnet.id} belong to different networks"


@book.refuses(
    "association-main",
    "DisassociateRouteTable",
    code="InvalidParameterValue",
    does="The association of a VPC with its main route table cannot be taken away, only replaced.",
    see=API + "API_DisassociateRouteTable.html",
)
def association_main(context: Context) -> str | None:
    """Refuse to take the main association away."""
    id_ = context.params.get("AssociationId")
    main = any(one.main_association_id == id_ for one in context.ec2.route_tables.values())
    return f"cannot disassociate the main route table association {id_}" if main else None


@book.refuses(
    "route-exists",
    "CreateRoute",
    code="RouteAlreadyExists",
    does="A route table has one route to a destination.",
    see=API + "API_CreateRoute.html",
)
def exists(context: Context) -> str | None:
    """Refuse a second route to the same destination."""
    table, destination = _table(context), _destination(context)
    route = _there(table, destination) if table is not None and destination else None
    if route is None or route.local:
        return None
    return f"The route identified by {destination} already exists."


@book.refuses(
    "route-local",
    "CreateRoute",
    "DeleteRoute",
    code="InvalidParameterValue",
    does="The local route of a VPC's range can neither be made nor deleted.",
    see="https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html",
)
def local(context: Context) -> str | None:
    """Refuse to touch the local route."""
    table, destination = _table(context), _destination(context)
    route = _there(table, destination) if table is not None and destination else None
    if route is None or not route.local:
        return None
    if context.call.action == "DeleteRoute":
        return f"cannot remove local route {destination} in route table {table.id}"
    return f"The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks."


@book.refuses(
    "route-one-target",
    "CreateRoute",
    "ReplaceRoute",
    code="InvalidParameterCombination",
    does="A route has exactly one target.",
    see=API + "API_CreateRoute.html",
)
def one_target(context: Context) -> str | None:
    """Refuse no target, or two."""
    given = [name for name in TARGETS if context.params.get(name)]
    if not given:
        raise AwsError("MissingParameter", "The request must contain exactly one target, such as gatewayId.")
    return f"Only one target can be given, not {' and '.join(given)}." if len(given) > 1 else None


@book.refuses(
    "route-missing-gateway",
    "CreateRoute",
    "ReplaceRoute",
    code="InvalidGatewayID.NotFound",
    does="A route cannot lead to a gateway that is not there.",
    see=API + "API_CreateRoute.html",
)
def missing_gateway(context: Context) -> str | None:
    """Refuse a gateway that is not there."""
    ec2 = context.ec2
    stores = {
        "igw-": ec2.internet_gateways,
        "eigw-": ec2.egress_only_internet_gateways,
        "vgw-": ec2.vpn_gateways,
    }
    for name in ("GatewayId", "EgressOnlyInternetGatewayId"):
        id_ = context.params.get(name) or "local"
        store = next((one for prefix, one in stores.items() if id_.startswith(prefix)), None)
        if store is None and id_ != "local":
            return f"The gateway ID '{id_}' does not exist"
        if store is not None and id_ not in store:
            return f"The gateway ID '{id_}' does not exist"
    return None


@book.refuses(
    "route-missing-nat",
    "CreateRoute",
    "ReplaceRoute",
    code="InvalidNatGatewayID.NotFound",
    does="A route cannot lead to a NAT gateway that is not there, failed or deleted.",
    see=API + "API_CreateRoute.html",
)
def missing_nat(context: Context) -> str | None:
    """Refuse a NAT gateway that is not there."""
    id_ = context.params.get("NatGatewayId")
    nat = context.ec2.nat_gateways.get(id_)
    gone = id_ and (nat is None or nat.state not in {"pending", "available"})
    return f"The natGateway ID '{id_}' does not exist" if gone else None


@book.refuses(
    "route-other-vpc",
    "CreateRoute",
    "ReplaceRoute",
    code="InvalidParameterValue",
    does="A route's gateway is attached to the VPC of its table, and a NAT gateway lies in it.",
    see=API + "API_CreateRoute.html",
)
def other_vpc(context: Context) -> str | None:
    """Refuse a target in another VPC."""
    table = _table(context)
    igw = context.ec2.internet_gateways.get(context.params.get("GatewayId"))
    vgw = context.ec2.vpn_gateways.get(context.params.get("GatewayId"))
    nat = context.ec2.nat_gateways.get(context.params.get("NatGatewayId"))
    if table is None:
        return None
    if vgw is not None and not is_attached(vgw, table.vpc_id):
        return f"route table {table.id} and network gateway {vgw.id} belong to different networks"
    if igw is not None and (igw.vpc is None or igw.vpc.id != table.vpc_id):
        return f"route table {table.id} and network gateway {igw.id} belong to different networks"
    if nat is not None and nat.vpc_id != table.vpc_id:
        return f"route table {table.id} and NAT gateway {nat.id} belong to different networks"
    return None


@book.refuses(
    "route-replace-missing",
    "ReplaceRoute",
    code="InvalidParameterValue",
    does="Only a route that is there can be replaced.",
    see=API + "API_ReplaceRoute.html",
)
def replace_missing(context: Context) -> str | None:
    """Refuse to replace what is not there."""
    table, destination = _table(context), _destination(context)
    if table is None or _there(table, destination) is not None:
        return None
    return f"There is no route defined for '{destination}' in the route table. Use CreateRoute instead."


@book.refuses(
    "route-delete-missing",
    "DeleteRoute",
    code="InvalidRoute.NotFound",
    does="Only a route that is there can be deleted.",
    see=API + "API_DeleteRoute.html",
)
def delete_missing(context: Context) -> str | None:
    """Refuse to delete what is not there."""
    table, destination = _table(context), _destination(context)
    if table is None or _there(table, destination) is not None:
        return None
    return f"no route with destination-cidr-block {destination} in route table {table.id}"
