"""VPC endpoints: services, states, the interfaces and routes that belong to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES, COVERED_ENDPOINT_SERVICES, VPCEndPoint
from moto.ec2.responses.vpcs import VPCs

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.ec2.context import backend
from awslab.local.aws.ec2.index import forget_tags
from awslab.local.aws.ec2.kinds import BY_PREFIX
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.world import Due, World

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/vpc/latest/privatelink/"
SERVICES = frozenset(AWS_ENDPOINT_SERVICES) | frozenset(COVERED_ENDPOINT_SERVICES)
BY_GATEWAY = {"s3", "dynamodb"}
GONE = {"deleting", "deleted"}


def _type(context: Context) -> str:
    return str(context.params.get("VpcEndpointType") or "Gateway")


@book.refuses(
    "endpoint-service",
    "CreateVpcEndpoint",
    code="InvalidServiceName",
    does="An endpoint leads to a service that AWS offers in the region; only S3 and DynamoDB have gateway endpoints.",
    see=GUIDE + "aws-services-privatelink-support.html",
)
def service(context: Context) -> str | None:
    """Refuse a service that is not there."""
    name = context.params.get("ServiceName", "")
    region, _, short = name.removeprefix("com.amazonaws.").partition(".")
    custom = name.startswith("com.amazonaws.vpce.")
    known = region == context.call.region and short in (BY_GATEWAY if _type(context) == "Gateway" else SERVICES)
    return None if known or custom else f"The Vpc Endpoint Service '{name}' does not exist"


@book.refuses(
    "endpoint-route-exists",
    "CreateVpcEndpoint",
    code="RouteAlreadyExists",
    does="A route table leads to a service through one gateway endpoint.",
    see=GUIDE + "gateway-endpoints.html",
)
def route_exists(context: Context) -> str | None:
    """Refuse a second gateway endpoint for a table."""
    list_id = _prefix_list(context.ec2, context.params.get("ServiceName"))
    for id_ in context.params.get("RouteTableIds") or []:
        table = context.ec2.route_tables.get(id_)
        if table and list_id and any(route.destination_prefix_list_id == list_id for route in table.routes):
            return f"route table {id_} already has a route with destination-prefix-list-id {list_id}"
    return None


def _prefix_list(ec2: Any, service_name: str | None) -> str | None:
    lists = ec2.managed_prefix_lists.values()
    return next((one.id for one in lists if one.prefix_list_name == service_name), None)


@book.refuses(
    "endpoint-private-dns",
    "CreateVpcEndpoint",
    code="InvalidParameter",
    does="Private DNS of an interface endpoint needs DNS support and DNS hostnames of the VPC.",
    see=GUIDE + "manage-dns-names.html",
)
def private_dns(context: Context) -> str | None:
    """Refuse private DNS in a VPC without DNS."""
    vpc = context.ec2.vpcs.get(context.params.get("VpcId"))
    wanted = _type(context) == "Interface" and context.params.get("PrivateDnsEnabled", True)
    if vpc is None or not wanted or (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        return None
    return (
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes"
        f" set to true for {vpc.id}"
    )


@book.follows(
    "endpoint-pending",
    "CreateVpcEndpoint",
    does="An interface endpoint is `pending` for about a minute; a gateway endpoint is `available` at once.",
    see=API + "API_CreateVpcEndpoint.html",
)
def begin(context: Context, result: Any) -> None:
    """Let an endpoint begin, and its interfaces be AWS's own."""
    endpoint = result["VpcEndpoint"]
    endpoint.vpc_endpoint_type = _type(context)
    if endpoint.vpc_endpoint_type == "Interface":
        endpoint.state = "pending"
        _own_interfaces(context.ec2, endpoint)
        context.later("endpoint-available", endpoint.id)


def _own_interfaces(ec2: Any, endpoint: Any) -> None:
    groups = [ec2.get_security_group_from_id(id_) for id_ in endpoint.security_group_ids]
    groups = groups or [ec2.get_default_security_group(endpoint.vpc_id)]
    endpoint.security_group_ids = [group.id for group in groups]
    for id_ in endpoint.network_interface_ids:
        eni = ec2.enis[id_]
        eni.interface_type, eni.requester_managed, eni.status = "vpc_endpoint", True, "in-use"
        eni.description = f"VPC Endpoint Interface {endpoint.id}"
        eni._group_set = list(groups)  # noqa: SLF001 - moto keeps it nowhere else


@book.follows(
    "service-prefix-lists",
    "DescribePrefixLists",
    does="The services that have gateway endpoints are listed, each with the addresses that it may be reached at.",
    see=API + "API_DescribePrefixLists.html",
)
def of_services(_context: Context, result: Any) -> None:
    """Tell addresses, and nothing of the other lists of AWS's."""
    served = (one for one in result["PrefixLists"] if one.prefix_list_name.rpartition(".")[2] in BY_GATEWAY)
    result["PrefixLists"] = [
        {"PrefixListId": one.id, "PrefixListName": one.prefix_list_name, "Cidrs": _addresses(one)} for one in served
    ]


def _addresses(prefix_list: Any) -> list[str]:
    (*_, newest) = prefix_list.entries.values()
    return [entry["Cidr"] for entry in newest]


@book.follows(
    "endpoint-modify",
    "ModifyVpcEndpoint",
    does="Changing an endpoint's route tables or subnets makes and removes its routes and interfaces; its policy can be"
    " reset, and private DNS switched.",
    see=API + "API_ModifyVpcEndpoint.html",
)
def modified(context: Context, _result: Any) -> None:
    """Bring routes and interfaces into line with the endpoint."""
    endpoint = context.ec2.vpc_end_points[context.params["VpcEndpointId"]]
    if context.params.get("ResetPolicy"):
        endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
    if (private := context.params.get("PrivateDnsEnabled")) is not None:
        endpoint.private_dns_enabled = private
    if endpoint.vpc_endpoint_type == "Interface":
        _align_interfaces(context.ec2, endpoint)
    else:
        _align_routes(context.ec2, endpoint, set(endpoint.route_table_ids))


def _align_interfaces(ec2: Any, endpoint: Any) -> None:
    there = {ec2.enis[id_].subnet.id: id_ for id_ in endpoint.network_interface_ids}
    for subnet in set(endpoint.subnet_ids) - set(there):
        there[subnet] = ec2.create_network_interface(subnet, None).id
    for subnet in set(there) - set(endpoint.subnet_ids):
        ec2.delete_network_interface(there.pop(subnet))
    endpoint.network_interface_ids = list(there.values())
    _own_interfaces(ec2, endpoint)


def _align_routes(ec2: Any, endpoint: Any, wanted: set[str]) -> None:
    list_id = endpoint.destination_prefix_list_id
    for table in lookup.tables_of(ec2, endpoint.vpc_id):
        routes = table._routes  # noqa: SLF001 - moto keeps them nowhere else
        ours = [key for key, route in routes.items() if getattr(route.gateway, "id", "") == endpoint.id]
        if table.id in wanted and not ours:
            ec2.create_route(table.id, None, gateway_id=endpoint.id, destination_prefix_list_id=list_id)
        for key in ours if table.id not in wanted else []:
            del routes[key]


@book.behaves(
    "endpoint-missing",
    "DeleteVpcEndpoints",
    code="InvalidVpcEndpointId.NotFound",
    does="Endpoints that cannot be deleted are listed as unsuccessful; the call itself succeeds.",
    see=API + "API_DeleteVpcEndpoints.html",
)
def delete(self: Any) -> ActionResult:
    """Begin to delete the endpoints that are there, and list the others."""
    kind, unsuccessful = BY_PREFIX["vpce-"], []
    for id_ in self._get_param("VpcEndpointIds", []):
        endpoint = self.ec2_backend.vpc_end_points.get(id_)
        if endpoint is None:
            error = {"Code": kind.missing, "Message": kind.sentence.format(id=id_)}
            unsuccessful.append({"ResourceId": id_, "Error": error})
        elif endpoint.state not in GONE:
            endpoint.state, endpoint.ends = "deleting", False
    return ActionResult({"Unsuccessful": unsuccessful})


@book.follows(
    "endpoint-deleting",
    "DeleteVpcEndpoints",
    does="An interface endpoint is `deleting` for about a minute and holds its subnets until it is gone;"
    " a gateway endpoint goes at once, with its routes.",
    see=API + "API_DeleteVpcEndpoints.html",
)
def go_on_deleting(context: Context, _result: Any) -> None:
    """Let the end come once."""
    for id_ in context.params.get("VpcEndpointIds") or []:
        endpoint = context.ec2.vpc_end_points.get(id_)
        if endpoint is None or endpoint.ends:
            continue
        endpoint.ends = True
        if endpoint.vpc_endpoint_type == "Interface":
            context.later("endpoint-deleted", id_)
        else:
            _end(context.ec2, endpoint)


def _end(ec2: Any, endpoint: Any) -> None:
    _align_routes(ec2, endpoint, set())
    for id_ in endpoint.network_interface_ids:
        if id_ in ec2.enis:
            ec2.delete_network_interface(id_)
    del ec2.vpc_end_points[endpoint.id]
    forget_tags(ec2, endpoint.id)


def _deleted(_world: World, due: Due) -> None:
    ec2 = backend(due.account, due.region)
    if endpoint := ec2.vpc_end_points.get(due.id):
        _end(ec2, endpoint)


def _become_available(_world: World, due: Due) -> None:
    endpoint = backend(due.account, due.region).vpc_end_points.get(due.id)
    if endpoint and endpoint.state == "pending":
        endpoint.state = "available"


CHANGES = {"endpoint-available": _become_available, "endpoint-deleted": _deleted}
VPCs.delete_vpc_endpoints = delete
