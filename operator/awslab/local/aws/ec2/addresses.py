"""Elastic IPs: releasing, associating and taking away what is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
NOT_YOURS = "You do not have permission to access the specified resource."


def _managed(context: Context) -> bool:
    """Tell whether the address is held by a NAT gateway or another thing of AWS's own."""
    address = lookup.address(context.ec2, context.params)
    return bool(address and address.eni and address.eni.requester_managed)


@book.refuses(
    "eip-of-nat",
    "ReleaseAddress",
    "DisassociateAddress",
    code="AuthFailure",
    does="The Elastic IP of a NAT gateway belongs to it until it is deleted; AWS answers that you have no permission.",
    see="https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html",
)
def of_nat(context: Context) -> str | None:
    """Refuse to take a NAT gateway's address."""
    return NOT_YOURS if _managed(context) else None


@book.refuses(
    "eip-in-use",
    "ReleaseAddress",
    code="InvalidIPAddress.InUse",
    does="An Elastic IP that is associated with an instance or an interface cannot be released.",
    see=API + "API_ReleaseAddress.html",
)
def in_use(context: Context) -> str | None:
    """Refuse to release what is associated."""
    address = lookup.address(context.ec2, context.params)
    return f"Address {address.public_ip} is in use." if address and address.association_id else None


@book.refuses(
    "eip-associated",
    "AssociateAddress",
    code="Resource.AlreadyAssociated",
    does="An Elastic IP that is associated moves only with AllowReassociation, and never away from a NAT gateway.",
    see=API + "API_AssociateAddress.html",
)
def associated(context: Context) -> str | None:
    """Refuse to move an address without being told to."""
    address = lookup.address(context.ec2, context.params)
    if address is None or not address.association_id:
        return None
    allowed = context.params.get("AllowReassociation") and not _managed(context)
    return None if allowed else f"resource {address.allocation_id} is already associated with {address.association_id}"


@book.refuses(
    "eip-needs-gateway",
    "AssociateAddress",
    code="Gateway.NotAttached",
    does="An Elastic IP can be associated only where the VPC has an internet gateway.",
    see=API + "API_AssociateAddress.html",
)
def needs_gateway(context: Context) -> str | None:
    """Refuse a public address in a VPC without a way out."""
    vpc = _target_vpc(context.ec2, context.params)
    if vpc is None or lookup.attached_gateways(context.ec2, vpc):
        return None
    return f"Network {vpc} is not attached to any internet gateway"


def _target_vpc(ec2: Any, params: dict[str, Any]) -> str | None:
    if eni := ec2.enis.get(params.get("NetworkInterfaceId")):
        return str(eni.vpc_id)
    instances = (one for reservation in ec2.reservations.values() for one in reservation.instances)
    return next((one.vpc_id for one in instances if one.id == params.get("InstanceId")), None)
