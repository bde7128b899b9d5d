"""Internet gateways, also the egress-only ones: attaching, detaching, deleting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"


@book.refuses(
    "igw-attached",
    "DeleteInternetGateway",
    code="DependencyViolation",
    does="An attached internet gateway cannot be deleted.",
    see=API + "API_DeleteInternetGateway.html",
)
def attached(context: Context) -> str | None:
    """Refuse to delete what is attached."""
    igw = context.ec2.internet_gateways.get(context.params.get("InternetGatewayId"))
    held = igw is not None and igw.vpc is not None
    return f"The internetGateway '{igw.id}' has dependencies and cannot be deleted." if held else None


@book.refuses(
    "igw-mapped-addresses",
    "DetachInternetGateway",
    code="DependencyViolation",
    does="An internet gateway cannot be detached while something in the VPC has a public address: a NAT gateway"
    " that is not deleted, an instance, an interface with an Elastic IP.",
    see=API + "API_DetachInternetGateway.html",
)
def mapped_addresses(context: Context) -> str | None:
    """Refuse to detach while public addresses are mapped."""
    vpc = context.params.get("VpcId", "")
    igw = context.ec2.internet_gateways.get(context.params.get("InternetGatewayId"))
    if igw is None or igw.vpc is None or igw.vpc.id != vpc or not _has_public_address(context.ec2, vpc):
        return None
    return (
        f"Network {vpc} has some mapped public address(es)."
        " Please unmap those public address(es) before detaching the gateway."
    )


def _has_public_address(ec2: Any, vpc: str) -> bool:
    elastic = {address.eni.id for address in ec2.addresses if address.eni}
    return any(eni.public_ip or eni.id in elastic for eni in lookup.interfaces_of(ec2, vpc))


@book.refuses(
    "igw-attached-elsewhere",
    "AttachInternetGateway",
    code="Resource.AlreadyAssociated",
    does="An internet gateway is attached to one VPC at a time.",
    see=API + "API_AttachInternetGateway.html",
)
def attached_elsewhere(context: Context) -> str | None:
    """Refuse to attach twice."""
    igw = context.ec2.internet_gateways.get(context.params.get("InternetGatewayId"))
    if igw is None or igw.vpc is None:
        return None
    return f"resource {igw.id} is already attached to network {igw.vpc.id}"


@book.refuses(
    "igw-one-per-vpc",
    "AttachInternetGateway",
    code="InvalidParameterValue",
    does="A VPC has one internet gateway at most.",
    see="https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
)
def one_per_vpc(context: Context) -> str | None:
    """Refuse a second gateway."""
    vpc = context.params.get("VpcId", "")
    there = lookup.attached_gateways(context.ec2, vpc)
    return f"Network {vpc} already has an internet gateway attached" if there else None


@book.refuses(
    "eigw-one-per-vpc",
    "CreateEgressOnlyInternetGateway",
    code="EgressOnlyInternetGatewayLimitExceeded",
    does="A VPC has one egress-only internet gateway at most.",
    see="https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
)
def one_egress_only_per_vpc(context: Context) -> str | None:
    """Refuse a second egress-only gateway."""
    vpc = context.params.get("VpcId")
    there = any(one.vpc_id == vpc for one in context.ec2.egress_only_internet_gateways.values())
    return f"Network {vpc} already has an egress-only internet gateway" if there else None
