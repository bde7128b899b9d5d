"""NAT gateways: pending, available or failed, deleting, deleted and still shown for an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow
from moto.ec2.models.nat_gateways import NatGatewayBackend

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.ec2.context import backend
from awslab.local.aws.ec2.index import forget_tags
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.world import Due, World

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/"


@book.refuses(
    "nat-missing-subnet",
    "CreateNatGateway",
    code="InvalidSubnetID.NotFound",
    does="A NAT gateway is made in a subnet that is there.",
    see=API + "API_CreateNatGateway.html",
)
def missing_subnet(context: Context) -> str | None:
    """Refuse a subnet that is not there, before anything is made."""
    subnet = context.params.get("SubnetId")
    return None if lookup.subnet(context.ec2, subnet) else f"The subnet ID '{subnet}' does not exist"


@book.refuses(
    "nat-needs-address",
    "CreateNatGateway",
    code="MissingParameter",
    does="A public NAT gateway needs an Elastic IP.",
    see=API + "API_CreateNatGateway.html",
)
def needs_address(context: Context) -> str | None:
    """Refuse a public NAT gateway without address."""
    public = context.params.get("ConnectivityType", "public") == "public"
    missing = public and not context.params.get("AllocationId")
    return "The request must contain the parameter AllocationId" if missing else None


@book.refuses(
    "nat-address-in-use",
    "CreateNatGateway",
    code="Resource.AlreadyAssociated",
    does="A NAT gateway cannot have an Elastic IP that is associated with anything else.",
    see=GUIDE + "nat-gateway-troubleshooting.html",
)
def address_in_use(context: Context) -> str | None:
    """Refuse an address that is taken."""
    address = lookup.address(context.ec2, {"AllocationId": context.params.get("AllocationId")})
    taken = address is not None and address.association_id
    return f"Elastic IP address {address.allocation_id} is already associated" if taken else None


@book.follows(
    "nat-pending",
    "CreateNatGateway",
    does="A NAT gateway is `pending` for some two minutes before it is `available`; its interface is AWS's own.",
    see=GUIDE + "nat-gateway-working-with.html",
)
def begin(context: Context, result: Any) -> None:
    """Let a NAT gateway begin as pending, and decide whether it can become available."""
    nat = result["NatGateway"]
    nat.state, nat.connectivity_type = "pending", nat.connectivity_type or "public"
    nat.zone = lookup.subnet(context.ec2, nat.subnet_id).availability_zone
    _own_interface(nat)
    helpless = nat.connectivity_type == "public" and not lookup.attached_gateways(context.ec2, nat.vpc_id)
    context.later("nat-failed" if helpless else "nat-available", nat.id)


def _own_interface(nat: Any) -> None:
    eni = nat._eni  # noqa: SLF001 - moto keeps it nowhere else
    eni.interface_type, eni.requester_managed, eni.status = "nat_gateway", True, "in-use"
    eni.description = f"Interface for NAT Gateway {nat.id}"
    eni._group_set = []  # noqa: SLF001 - as above; a NAT gateway has no security group


def _become_available(_world: World, due: Due) -> None:
    nat = backend(due.account, due.region).nat_gateways.get(due.id)
    if nat and nat.state == "pending":
        nat.state = "available"


@book.behaves(
    "nat-failed",
    "CreateNatGateway",
    does="In a VPC without internet gateway a public NAT gateway ends as `failed` with Gateway.NotAttached,"
    " and is still shown for an hour.",
    see=GUIDE + "nat-gateway-troubleshooting.html",
)
def _fail(world: World, due: Due) -> None:
    ec2 = backend(due.account, due.region)
    nat = ec2.nat_gateways.get(due.id)
    if nat and nat.state == "pending":
        nat.state, nat.failure_code = "failed", "Gateway.NotAttached"
        nat.failure_message = f"Network {nat.vpc_id} has no Internet gateway attached"
        _let_go(ec2, nat)
        world.later("nat-forgotten", due.account, due.region, nat.id, after=due.at)


def _let_go(ec2: Any, nat: Any) -> None:
    """Give back the interface and the address."""
    for address in ec2.addresses:
        if address.eni is nat._eni:  # noqa: SLF001 - moto keeps it nowhere else
            ec2.disassociate_address(address=address.public_ip)
    if nat._eni.id in ec2.enis:  # noqa: SLF001 - as above
        ec2.delete_network_interface(nat._eni.id)  # noqa: SLF001 - as above


@book.refuses(
    "nat-missing",
    "DeleteNatGateway",
    code="NatGatewayNotFound",
    does="Deleting a NAT gateway that is not there, or is deleted already, fails.",
    see=API + "API_DeleteNatGateway.html",
)
def missing(context: Context) -> str | None:
    """Refuse to delete what is not there."""
    id_ = context.params.get("NatGatewayId")
    nat = context.ec2.nat_gateways.get(id_)
    return None if nat and nat.state != "deleted" else f"NAT gateway {id_} was not found"


@book.behaves(
    "nat-deleting",
    "DeleteNatGateway",
    does="A NAT gateway is `deleting` for about a minute; until it is `deleted` it keeps its interface in the subnet"
    " and its Elastic IP.",
    see=API + "API_DeleteNatGateway.html",
)
def _begin_to_delete(self: Any, nat_gateway_id: str) -> Any:
    nat = self.nat_gateways[nat_gateway_id]
    if nat.state not in {"deleting", "deleted"}:
        nat.was_deleting = False
        nat.state, nat.delete_time = "deleting", utcnow()
    return nat


@book.follows(
    "nat-shown-when-deleted",
    "DeleteNatGateway",
    does="A deleted NAT gateway is still shown, as `deleted`, for about an hour.",
    see=API + "API_DeleteNatGateway.html",
)
def go_on_deleting(context: Context, _result: Any) -> None:
    """Let the end come once, however often the call is repeated."""
    nat = context.ec2.nat_gateways[context.params["NatGatewayId"]]
    if not nat.was_deleting:
        nat.was_deleting = True
        context.later("nat-deleted", nat.id)


def _end(world: World, due: Due) -> None:
    ec2 = backend(due.account, due.region)
    nat = ec2.nat_gateways.get(due.id)
    if nat:
        nat.state = "deleted"
        _let_go(ec2, nat)
        world.later("nat-forgotten", due.account, due.region, nat.id, after=due.at)


def _forget(_world: World, due: Due) -> None:
    ec2 = backend(due.account, due.region)
    nat = ec2.nat_gateways.get(due.id)
    if nat and nat.state in {"deleted", "failed"}:
        del ec2.nat_gateways[due.id]
        forget_tags(ec2, due.id)


CHANGES = {
    "nat-available": _become_available,
    "nat-failed": _fail,
    "nat-deleted": _end,
    "nat-forgotten": _forget,
}
NatGatewayBackend.delete_nat_gateway = _begin_to_delete
