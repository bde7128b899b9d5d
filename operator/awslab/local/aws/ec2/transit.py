"""Attachments to transit gateways: their states, their subnets, and routes over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.ec2.context import backend
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.world import Due, World

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/vpc/latest/tgw/"
LIVING = frozenset({"pendingAcceptance", "pending", "available", "modifying"})


def _subnets(context: Context, ids: Iterable[str]) -> list[Any]:
    return [one for id_ in ids if (one := lookup.subnet(context.ec2, id_)) is not None]


@book.refuses(
    "transit-one-subnet-per-zone",
    "CreateTransitGatewayVpcAttachment",
    "ModifyTransitGatewayVpcAttachment",
    code="DuplicateSubnetsInSameZone",
    does="An attachment to a transit gateway has one subnet in an Availability Zone at most.",
    see=GUIDE + "tgw-vpc-attachments.html",
)
def zones(context: Context) -> str | None:
    """Refuse two subnets of a zone."""
    attachment = context.ec2.transit_gateway_attachments.get(context.params.get("TransitGatewayAttachmentId"))
    there = set(attachment.subnet_ids) if attachment else set()
    wanted = {*there, *(context.params.get("SubnetIds") or []), *(context.params.get("AddSubnetIds") or [])}
    found = _subnets(context, wanted - set(context.params.get("RemoveSubnetIds") or []))
    names = [one.availability_zone for one in found]
    return "Duplicate Subnets for same AZ" if len(names) > len(set(names)) else None


@book.follows(
    "transit-attachment-pending",
    "CreateTransitGatewayVpcAttachment",
    does="A new attachment to a transit gateway is `pending` before it is `available`.",
    see=API + "API_TransitGatewayVpcAttachment.html",
)
def begin(context: Context, result: Any) -> None:
    """Let it be available later; set the tags, for which moto looks in the wrong place."""
    made = result["TransitGatewayVpcAttachment"]
    made.state = "pending"
    specified = context.params.get("TagSpecifications") or []
    if given := {tag["Key"]: tag.get("Value", "") for one in specified for tag in one.get("Tags") or []}:
        context.ec2.create_tags([made.id], given)
    context.later("transit-attached", made.id)


def _attached(_world: World, due: Due) -> None:
    attachment = backend(due.account, due.region).transit_gateway_attachments.get(due.id)
    if attachment is not None and attachment.state == "pending":
        attachment.state = "available"


@book.follows(
    "transit-attachment-deleting",
    "DeleteTransitGatewayVpcAttachment",
    does="An attachment to a transit gateway is `deleting` for a while, and is then still shown as `deleted`.",
    see=API + "API_TransitGatewayVpcAttachment.html",
)
def end(context: Context, result: Any) -> None:
    """Keep what moto forgets at once."""
    gone = result["TransitGatewayVpcAttachment"]
    gone.state = "deleting"
    context.ec2.transit_gateway_attachments[gone.id] = gone
    context.later("transit-detached", gone.id)


def _detached(_world: World, due: Due) -> None:
    attachment = backend(due.account, due.region).transit_gateway_attachments.get(due.id)
    if attachment is not None:
        attachment.state = "deleted"


@book.refuses(
    "transit-attachment-in-vpc",
    "DeleteVpc",
    "DeleteSubnet",
    code="DependencyViolation",
    does="A VPC that is attached to a transit gateway, and the subnets of the attachment, cannot be deleted.",
    see=GUIDE + "tgw-vpc-attachments.html",
)
def in_use(context: Context) -> str | None:
    """Refuse to delete what is attached."""
    vpc, subnet = context.params.get("VpcId"), context.params.get("SubnetId")
    for one in context.ec2.transit_gateway_attachments.values():
        held = one.resource_type == "vpc" and one.state in {*LIVING, "deleting"}
        if held and (one.resource_id == vpc or subnet in one.subnet_ids):
            return f"The resource '{subnet or vpc}' has dependencies and cannot be deleted."
    return None


@book.refuses(
    "route-transit",
    "CreateRoute",
    "ReplaceRoute",
    code="InvalidTransitGatewayID.NotFound",
    does="A route leads to a transit gateway to which the VPC of its table is attached.",
    see=GUIDE + "tgw-vpc-attachments.html",
)
def route(context: Context) -> str | None:
    """Refuse a gateway to which there is no way."""
    id_ = context.params.get("TransitGatewayId")
    table = context.ec2.route_tables.get(context.params.get("RouteTableId"))
    if not id_ or table is None:
        return None
    every = context.ec2.transit_gateway_attachments.values()
    there = any((a.transit_gateway_id, a.resource_id, a.state) == (id_, table.vpc_id, "available") for a in every)
    return None if there else f"The transitGateway ID '{id_}' does not exist"


CHANGES = {"transit-attached": _attached, "transit-detached": _detached}
