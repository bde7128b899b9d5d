"""Network interfaces: their addresses and groups, and which of them are AWS's own."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.ec2.patches import available_ip_address_count
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
INTO_SUBNET = ("CreateNetworkInterface", "CreateNatGateway", "RunInstances")


@book.refuses(
    "interface-managed",
    "DeleteNetworkInterface",
    "ModifyNetworkInterfaceAttribute",
    "DetachNetworkInterface",
    code="AuthFailure",
    does="The interface of a NAT gateway or endpoint is AWS's own: nobody else deletes, detaches or changes it.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html",
)
def managed(context: Context) -> str | None:
    """Refuse to touch AWS's own interfaces."""
    eni = context.ec2.enis.get(context.params.get("NetworkInterfaceId"))
    return "You do not have permission to access the specified resource." if eni and eni.requester_managed else None


@book.refuses(
    "interface-in-use",
    "DeleteNetworkInterface",
    code="InvalidParameterValue",
    does="An attached network interface cannot be deleted.",
    see=API + "API_DeleteNetworkInterface.html",
)
def in_use(context: Context) -> str | None:
    """Refuse to delete what is attached."""
    eni = context.ec2.enis.get(context.params.get("NetworkInterfaceId"))
    return f"Network interface '{eni.id}' is currently in use." if eni and eni.status == "in-use" else None


def groups_named(params: dict[str, Any]) -> list[str]:
    """Return the ids of all security groups that a call puts an interface in."""
    nics = params.get("NetworkInterfaces") or []
    named = [
        *(params.get("SecurityGroupIds") or []),
        *(one for nic in nics for one in nic.get("Groups") or []),
    ]
    return named + [one for one in params.get("Groups") or [] if isinstance(one, str)]


@book.refuses(
    "interface-missing-group",
    "CreateNetworkInterface",
    "ModifyNetworkInterfaceAttribute",
    "RunInstances",
    "CreateVpcEndpoint",
    code="InvalidGroup.NotFound",
    does="An interface, instance or endpoint can only be in a security group that is there.",
    see=API + "API_CreateNetworkInterface.html",
)
def missing_group(context: Context) -> str | None:
    """Refuse a group that is not there."""
    for id_ in groups_named(context.params):
        if context.ec2.get_security_group_from_id(id_) is None:
            return f"The security group '{id_}' does not exist"
    return None


@book.refuses(
    "interface-group-other-vpc",
    *("CreateNetworkInterface", "RunInstances"),
    code="InvalidParameter",
    does="An interface's security groups are of the VPC of its subnet.",
    see=API + "API_CreateNetworkInterface.html",
)
def group_other_vpc(context: Context) -> str | None:
    """Refuse a group of another VPC."""
    subnet = lookup.subnet(context.ec2, context.params.get("SubnetId"))
    for id_ in groups_named(context.params) if subnet else []:
        group = context.ec2.get_security_group_from_id(id_)
        if group and group.vpc_id != subnet.vpc_id:
            return f"Security group {id_} and subnet {subnet.id} belong to different networks."
    return None


@book.refuses(
    "interface-address-outside",
    *INTO_SUBNET,
    code="InvalidParameterValue",
    does="A private address lies within its subnet's range.",
    see=API + "API_CreateNetworkInterface.html",
)
def address_outside(context: Context) -> str | None:
    """Refuse an address of elsewhere."""
    subnet, wish = (
        lookup.subnet(context.ec2, context.params.get("SubnetId")),
        context.params.get("PrivateIpAddress"),
    )
    if subnet is None or not wish or ipaddress.ip_address(wish) in subnet.cidr:
        return None
    return f"Address {wish} does not fall within the subnet's address range"


@book.refuses(
    "interface-address-taken",
    *INTO_SUBNET,
    code="InvalidIPAddress.InUse",
    does="A private address is given once.",
    see=API + "API_CreateNetworkInterface.html",
)
def address_taken(context: Context) -> str | None:
    """Refuse an address that is in use."""
    wish, subnet = context.params.get("PrivateIpAddress"), context.params.get("SubnetId")
    taken = (
        address["PrivateIpAddress"]
        for eni in lookup.interfaces_in(context.ec2, subnet or "")
        for address in eni.private_ip_addresses
    )
    return f"Address {wish} is in use." if wish and wish in taken else None


@book.refuses(
    "subnet-full",
    *INTO_SUBNET,
    code="InsufficientFreeAddressesInSubnet",
    does="A subnet without a free address takes no further interface.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
)
def subnet_full(context: Context) -> str | None:
    """Refuse an interface for which there is no address."""
    subnet = lookup.subnet(context.ec2, context.params.get("SubnetId"))
    wanted = int(context.params.get("MaxCount") or 1)
    if subnet is None or available_ip_address_count(subnet) >= wanted:
        return None
    return f"The specified subnet {subnet.id} does not have enough free addresses to satisfy the request."


@book.refuses(
    "interface-last",
    "DetachNetworkInterface",
    code="OperationNotPermitted",
    does="The primary interface of an instance cannot be detached.",
    see=API + "API_DetachNetworkInterface.html",
)
def last(context: Context) -> str | None:
    """Refuse to detach the primary interface, or one of AWS's own."""
    id_ = context.params.get("AttachmentId")
    eni = next((one for one in context.ec2.enis.values() if one.attachment_id == id_), None)
    if eni is None:
        raise AwsError("InvalidAttachmentID.NotFound", f"The attachment ID '{id_}' does not exist")
    return "The network interface at device index 0 cannot be detached." if eni.device_index == 0 else None
