"""DHCP options: their tags, their keys, and what keeps a set from being deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
MOST = {
    "domain-name": 1,
    "domain-name-servers": 4,
    "ipv6-address-preferred-lease-time": 1,
    "netbios-name-servers": 4,
    "netbios-node-type": 1,
    "ntp-servers": 4,
}


@book.refuses(
    "dhcp-options-known",
    "CreateDhcpOptions",
    code="InvalidParameterValue",
    does="A DHCP option is one that AWS knows, with at most four servers.",
    see=API + "API_CreateDhcpOptions.html",
)
def known(context: Context) -> str | None:
    """Refuse an unknown option, or too many values."""
    for one in context.params.get("DhcpConfigurations") or [{}]:
        key, values = one.get("Key"), one.get("Values") or []
        if not 1 <= len(values) <= MOST.get(key, 0):
            return f"Value ({','.join(values)}) for parameter {key} is invalid."
    return None


@book.follows(
    "dhcp-options-tags",
    "CreateDhcpOptions",
    does="DHCP options have the tags that were given when they were made.",
    see=API + "API_CreateDhcpOptions.html",
)
def tags(context: Context, result: Any) -> None:
    """Set the tags, which moto forgets."""
    specified = context.params.get("TagSpecifications") or []
    given = {tag["Key"]: tag.get("Value", "") for one in specified for tag in one.get("Tags") or []}
    if given:
        context.ec2.create_tags([result["DhcpOptions"].id], given)


@book.refuses(
    "dhcp-options-in-use",
    "DeleteDhcpOptions",
    code="DependencyViolation",
    does="DHCP options that a VPC uses cannot be deleted.",
    see=API + "API_DeleteDhcpOptions.html",
)
def in_use(context: Context) -> str | None:
    """Refuse to delete what is in use."""
    id_ = context.params.get("DhcpOptionsId", "")
    context.refuse_missing(id_, context.ec2.dhcp_options_sets)
    used = any(vpc.dhcp_options is not None and vpc.dhcp_options.id == id_ for vpc in context.ec2.vpcs.values())
    if used:
        return f"The dhcpOptions '{id_}' has dependencies and cannot be deleted."
    context.ec2.dhcp_options_sets[id_].vpc = None  # moto remembers the last VPC, also when that has another set
    return None
