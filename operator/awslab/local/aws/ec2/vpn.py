"""VPN gateways: attaching and detaching, and the routes that they bring into route tables by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses import EC2Response

from awslab.local.aws.ec2.context import backend
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.world import Due, World

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
CODES = API + "errors-overview.html"
GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/"
VPN = "https://docs.aws.amazon.com/vpn/latest/s2svpn/"
ORIGIN = "EnableVgwRoutePropagation"


def _gateway(context: Context) -> Any:
    id_ = context.params.get("VpnGatewayId") or context.params.get("GatewayId") or ""
    context.refuse_missing(id_, context.ec2.vpn_gateways)
    return context.ec2.vpn_gateways[id_]


def places(gateway: Any) -> dict[str, str]:
    """The state of each attachment that there is, by its VPC; one that has been undone is none."""
    return {one.vpc_id: one.state for one in gateway.vpc_attachments if one.state != "detached"}


def is_attached(gateway: Any, vpc: str) -> bool:
    """Tell whether a gateway serves a VPC."""
    return places(gateway).get(vpc) == "attached"


@book.refuses(
    "vpn-gateway-one-vpc",
    "AttachVpnGateway",
    code="VpnGatewayAttachmentLimitExceeded",
    does="A VPN gateway is attached to one VPC at a time.",
    see=API + "API_AttachVpnGateway.html",
)
def elsewhere(context: Context) -> str | None:
    """Refuse a gateway that serves another VPC."""
    others = set(places(_gateway(context))) - {context.params.get("VpcId")}
    return "The maximum number of virtual private gateway attachments has been reached." if others else None


@book.refuses(
    "vpn-gateway-one-per-vpc",
    "AttachVpnGateway",
    code="InvalidVpcState",
    does="A VPC has one VPN gateway at most.",
    see=CODES,
)
def one_per_vpc(context: Context) -> str | None:
    """Refuse a second gateway."""
    vpc, wanted = context.params.get("VpcId"), _gateway(context)
    there = next((one for one in context.ec2.vpn_gateways.values() if one is not wanted and vpc in places(one)), None)
    return f"The VPC {vpc} already has the virtual private gateway {there.id} attached to it" if there else None


@book.refuses(
    "vpn-gateway-gone",
    "AttachVpnGateway",
    code="InvalidVpnGatewayState",
    does="A deleted VPN gateway, which is still shown for a while, can no longer be attached.",
    see=CODES,
)
def gone(context: Context) -> str | None:
    """Refuse what is deleted."""
    gateway = _gateway(context)
    return f"The virtual private gateway {gateway.id} is {gateway.state}" if gateway.state != "available" else None


@book.follows(
    "vpn-gateway-attaching",
    "AttachVpnGateway",
    does="A VPN gateway is `attaching` for some seconds before it is `attached`.",
    see=API + "API_VpcAttachment.html",
)
def attach(context: Context, result: Any) -> None:
    """Let it be attached later."""
    result["VpcAttachment"].state = "attaching"
    context.later("vpn-gateway-attached", context.params["VpnGatewayId"])


def _attached(_world: World, due: Due) -> None:
    _go_on(due, "attaching", "attached")


@book.refuses(
    "vpn-gateway-not-attached",
    "DetachVpnGateway",
    code="InvalidVpnGatewayAttachment.NotFound",
    does="Only an attachment that there is can be undone.",
    see=CODES,
)
def not_attached(context: Context) -> str | None:
    """Refuse to detach from where it is not."""
    gateway, vpc = _gateway(context), context.params.get("VpcId")
    there = vpc in places(gateway)
    return None if there else f"The attachment with vpn gateway ID '{gateway.id}' and vpc ID '{vpc}' does not exist"


@book.follows(
    "vpn-gateway-detaching",
    "DetachVpnGateway",
    does="A VPN gateway is `detaching` for a while, brings no more routes, and is then shown as `detached`.",
    see=API + "API_DetachVpnGateway.html",
)
def detach(context: Context, _result: Any) -> None:
    """Let it be detached later."""
    gateway = _gateway(context)
    gateway.attachments[context.params["VpcId"]].state = "detaching"
    context.later("vpn-gateway-detached", gateway.id)


def _detached(_world: World, due: Due) -> None:
    _go_on(due, "detaching", "detached")


def _go_on(due: Due, before: str, after: str) -> None:
    gateway = backend(due.account, due.region).vpn_gateways.get(due.id)
    for attachment in gateway.vpc_attachments if gateway else ():
        if attachment.state == before:
            attachment.state = after


@book.refuses(
    "vpn-gateway-in-use",
    "DeleteVpnGateway",
    code="IncorrectState",
    does="An attached VPN gateway cannot be deleted.",
    see=API + "API_DeleteVpnGateway.html",
)
def in_use(context: Context) -> str | None:
    """Refuse to delete what is attached."""
    gateway = _gateway(context)
    return f"The virtual private gateway '{gateway.id}' is in use" if places(gateway) else None


@book.refuses(
    "vpn-propagation-attached",
    "EnableVgwRoutePropagation",
    code="Gateway.NotAttached",
    does="A VPN gateway brings its routes into tables of the VPC to which it is attached only.",
    see=API + "API_EnableVgwRoutePropagation.html",
)
def propagation_elsewhere(context: Context) -> str | None:
    """Refuse a gateway that is not attached to the VPC of the table."""
    table, gateway = _table(context), _gateway(context)
    if is_attached(gateway, table.vpc_id):
        return None
    return f"resource {gateway.id} is not attached to network {table.vpc_id}"


def _table(context: Context) -> Any:
    id_ = context.params.get("RouteTableId", "")
    context.refuse_missing(id_, context.ec2.route_tables)
    return context.ec2.route_tables[id_]


def propagating(table: Any) -> list[dict[str, str]]:
    """Return the gateways whose routes come into a table, as AWS shows them."""
    if not hasattr(table, "propagating_vgws"):
        table.propagating_vgws = []
    found: list[dict[str, str]] = table.propagating_vgws
    return found


@book.behaves(
    "vpn-propagation",
    "EnableVgwRoutePropagation",
    "DisableVgwRoutePropagation",
    does="A route table tells by which VPN gateways routes come into it; twice is the same as once.",
    see=API + "API_EnableVgwRoutePropagation.html",
)
def enable(response: Any) -> ActionResult:
    """Have a gateway bring its routes into a table; moto does not know the call."""
    return _with(*_asked(response))


def disable(response: Any) -> ActionResult:
    """Have it bring them no more."""
    return _without(*_asked(response))


def _with(there: list[Any], wanted: Any) -> ActionResult:
    """Add what may be there already, as AWS does without a word."""
    if wanted not in there:
        there.append(wanted)
    return EmptyResult()


def _without(there: list[Any], unwanted: Any) -> ActionResult:
    if unwanted in there:
        there.remove(unwanted)
    return EmptyResult()


def _asked(response: Any) -> tuple[list[dict[str, str]], dict[str, str]]:
    id_, table = response._get_param("GatewayId"), response._get_param("RouteTableId")  # noqa: SLF001 - as moto's own do
    return propagating(response.ec2_backend.get_route_table(table)), {"GatewayId": id_}


@book.behaves(
    "vpn-connection-routes",
    "CreateVpnConnectionRoute",
    "DeleteVpnConnectionRoute",
    code="InvalidVpnConnectionID.NotFound",
    does="A VPN connection has static routes: the networks that lie behind it.",
    see=API + "API_CreateVpnConnectionRoute.html",
)
def add_route(response: Any) -> ActionResult:
    """Add a network behind a connection; moto does not know the call."""
    return _with(*_behind(response))


def remove_route(response: Any) -> ActionResult:
    """Take a network away."""
    return _without(*_behind(response))


def _behind(response: Any) -> tuple[list[str], str]:
    id_, cidr = response._get_param("VpnConnectionId"), response._get_param("DestinationCidrBlock")  # noqa: SLF001 - as above
    connection = response.ec2_backend.vpn_connections.get(id_)
    if connection is None:
        raise AwsError("InvalidVpnConnectionID.NotFound", f"The vpnConnection ID '{id_}' does not exist")
    connection.awslab_routes = getattr(connection, "awslab_routes", [])
    return connection.awslab_routes, cidr


@book.behaves(
    "vpn-propagated-routes",
    "DescribeRouteTables",
    does="A table into which a VPN gateway brings routes shows those behind its connections, beside its own; a route"
    " of its own to the same destination wins.",
    see=VPN + "VPNRoutingTypes.html",
)
def show_propagated(table: Any, item: dict[str, Any]) -> None:
    """Add to a table what comes into it by itself."""
    item["PropagatingVgws"] = list(propagating(table))
    own = {route.get("DestinationCidrBlock") for route in item["Routes"]}
    item["Routes"] += [
        {"DestinationCidrBlock": cidr, "GatewayId": gateway, "Origin": ORIGIN, "State": "active"}
        for gateway, cidr in dict.fromkeys(_brought(table))
        if cidr not in own
    ]


def _brought(table: Any) -> Iterator[tuple[str, str]]:
    ec2 = table.ec2_backend
    ids = [one["GatewayId"] for one in propagating(table)]
    serving = [id_ for id_ in ids if id_ in ec2.vpn_gateways and is_attached(ec2.vpn_gateways[id_], table.vpc_id)]
    for connection in ec2.vpn_connections.values():
        if connection.vpn_gateway_id in serving and connection.state == "available":
            yield from ((connection.vpn_gateway_id, cidr) for cidr in getattr(connection, "awslab_routes", []))


CALLS: dict[str, Callable[[Any], ActionResult]] = {
    "enable_vgw_route_propagation": enable,
    "disable_vgw_route_propagation": disable,
    "create_vpn_connection_route": add_route,
    "delete_vpn_connection_route": remove_route,
}
for _name, _call in CALLS.items():
    setattr(EC2Response, _name, _call)
CHANGES = {"vpn-gateway-attached": _attached, "vpn-gateway-detached": _detached}
