"""Peering: the states of a connection, what each side may do, and routes over it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2.context import backend
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.world import Due, World

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/vpc/latest/peering/"
OPEN = frozenset({"initiating-request", "pending-acceptance", "provisioning", "active"})
ENDED = frozenset({"failed", "rejected", "expired"})


def _peering(context: Context) -> Any:
    return context.ec2.vpc_pcxs.get(context.params.get("VpcPeeringConnectionId"))


def _state(peering: Any) -> str:
    return str(peering._status.code)  # noqa: SLF001 - moto shows it nowhere else


def _turn(peering: Any, state: str, message: str) -> None:
    peering._status.code, peering._status.message = state, message  # noqa: SLF001 - as above


def _ends(peering: Any) -> frozenset[str]:
    return frozenset({peering.vpc.id, peering.peer_vpc.id})


@book.refuses(
    "peering-exists",
    "CreateVpcPeeringConnection",
    code="VpcPeeringConnectionAlreadyExists",
    does="Two VPCs have one peering connection.",
    see=API + "API_CreateVpcPeeringConnection.html",
)
def exists(context: Context) -> str | None:
    """Refuse a second connection."""
    wanted = frozenset({context.params.get("VpcId"), context.params.get("PeerVpcId")})
    there = (one for one in context.ec2.vpc_pcxs.values() if _state(one) in OPEN and _ends(one) == wanted)
    found = next(there, None)
    return f"{found.id} already exists between these VPCs" if found else None


@book.follows(
    "peering-begins",
    "CreateVpcPeeringConnection",
    does="A connection is `initiating-request`, then `pending-acceptance`; between VPCs with overlapping ranges it"
    " is `failed`.",
    see=GUIDE + "vpc-peering-basics.html#vpc-peering-lifecycle",
)
def begin(context: Context, result: Any) -> None:
    """Let the request go on its way."""
    made = result["VpcPeeringConnection"]
    _turn(made, "initiating-request", f"Initiating Request to {made.peer_vpc.owner_id}")
    context.later("peering-asked", made.id)


def _asked(_world: World, due: Due) -> None:
    peering = backend(due.account, due.region).vpc_pcxs.get(due.id)
    if peering is None or _state(peering) != "initiating-request":
        return
    if _overlap(peering):
        message = f"Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range: {peering.vpc.id}"
        _turn(peering, "failed", message)
    else:
        _turn(peering, "pending-acceptance", f"Pending Acceptance by {peering.peer_vpc.owner_id}")


def _overlap(peering: Any) -> bool:
    mine, theirs = (
        [ip_network(one["cidr_block"]) for one in vpc.get_cidr_block_association_set()]
        for vpc in (peering.vpc, peering.peer_vpc)
    )
    return any(one.overlaps(other) for one in mine for other in theirs)


@book.follows(
    "peering-provisioning",
    "AcceptVpcPeeringConnection",
    does="An accepted connection is `provisioning` for a moment before it is `active`.",
    see=GUIDE + "vpc-peering-basics.html#vpc-peering-lifecycle",
)
def provision(context: Context, result: Any) -> None:
    """Let it become active later."""
    _turn(result["VpcPeeringConnection"], "provisioning", "Provisioning")
    context.later("peering-active", result["VpcPeeringConnection"].id)


def _active(_world: World, due: Due) -> None:
    peering = backend(due.account, due.region).vpc_pcxs.get(due.id)
    if peering is not None and _state(peering) == "provisioning":
        _turn(peering, "active", "Active")


@book.refuses(
    "peering-ended",
    "DeleteVpcPeeringConnection",
    code="InvalidStateTransition",
    does="A connection that failed, was rejected or has expired cannot be deleted; it vanishes by itself.",
    see=API + "API_DeleteVpcPeeringConnection.html",
)
def ended(context: Context) -> str | None:
    """Refuse to delete what has ended."""
    peering = _peering(context)
    if peering is None or _state(peering) not in ENDED:
        return None
    return f"Invalid state transition for {peering.id}, attempted to transition from {_state(peering)} to deleting"


@book.refuses(
    "peering-options",
    "ModifyVpcPeeringConnectionOptions",
    code="OperationNotPermitted",
    does="Options are set while a connection is active, those of each side by its owner in its region.",
    see=API + "API_ModifyVpcPeeringConnectionOptions.html",
)
def options(context: Context) -> str | None:
    """Refuse options of the other side, or too early."""
    peering, call = _peering(context), context.call
    if peering is None:
        return None
    if _state(peering) != "active":
        return f"Peering {peering.id} is not active. Peering options can be added only to active peerings."
    sides = (("Requester", peering.vpc), ("Accepter", peering.peer_vpc))
    for side, vpc in sides:
        asked = context.params.get(f"{side}PeeringConnectionOptions")
        if asked and (vpc.owner_id, vpc.region) != (call.account, call.region):
            return f"User {call.account} cannot modify the {side.lower()} options of {peering.id} in {call.region}"
    return None


@book.refuses(
    "route-peering",
    "CreateRoute",
    "ReplaceRoute",
    code="InvalidVpcPeeringConnectionID.NotFound",
    does="A route leads over a peering connection that is there and ends in the VPC of its table.",
    see=GUIDE + "vpc-peering-routing.html",
)
def route(context: Context) -> str | None:
    """Refuse a connection that is not there, or leads elsewhere."""
    id_, table = _route_target(context), context.ec2.route_tables.get(context.params.get("RouteTableId"))
    if not id_ or table is None:
        return None
    peering = context.ec2.vpc_pcxs.get(id_)
    good = peering is not None and _state(peering) in OPEN and table.vpc_id in _ends(peering)
    return None if good else f"The vpcPeeringConnection ID '{id_}' does not exist"


def _route_target(context: Context) -> str:
    return str(context.params.get("VpcPeeringConnectionId") or "")


CHANGES = {"peering-asked": _asked, "peering-active": _active}
