"""VPCs: their range, their state, their attributes, and what keeps one from being deleted."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.ec2.context import backend
from awslab.local.aws.ec2.index import forget_tags
from awslab.local.aws.ec2.vpn import places
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.world import Due, World

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
DNS = ("EnableDnsSupport", "EnableDnsHostnames", "EnableNetworkAddressUsageMetrics")
LARGEST, SMALLEST = 16, 28


@book.refuses(
    "vpc-in-use",
    "DeleteVpc",
    code="DependencyViolation",
    does="A VPC that still holds anything but its default group, main route table and default ACL cannot be deleted.",
    see=API + "API_DeleteVpc.html",
)
def in_use(context: Context) -> str | None:
    """Refuse to delete a VPC with something in it."""
    vpc = context.params.get("VpcId", "")
    if vpc not in context.ec2.vpcs or not _holds(context.ec2, vpc):
        return None
    return f"The vpc '{vpc}' has dependencies and cannot be deleted."


def _holds(ec2: Any, vpc: str) -> bool:
    """Tell whether a VPC holds something that AWS does not delete with it."""
    return any(
        (
            lookup.subnets_of(ec2, vpc),
            lookup.attached_gateways(ec2, vpc),
            any(one.vpc_id == vpc for one in ec2.egress_only_internet_gateways.values()),
            any(not group.is_default for group in ec2.groups.get(vpc, {}).values()),
            any(not one.main_association_id for one in lookup.tables_of(ec2, vpc)),
            any(one.vpc_id == vpc and not one.default for one in ec2.network_acls.values()),
            any(one.vpc_id == vpc and one.state != "deleted" for one in ec2.vpc_end_points.values()),
            lookup.interfaces_of(ec2, vpc),
            any(_is_peered(one, vpc) for one in ec2.vpc_pcxs.values()),
            any(vpc in places(one) for one in ec2.vpn_gateways.values()),
        )
    )


def _is_peered(peering: Any, vpc: str) -> bool:
    active = peering._status.code == "active"  # noqa: SLF001 - moto shows it nowhere else
    return active and vpc in {peering.vpc.id, peering.peer_vpc.id}


@book.follows(
    "vpc-takes-its-own",
    "DeleteVpc",
    does="A VPC's main route table, default network ACL and default security group go with it.",
    see=API + "API_DeleteVpc.html",
)
def takes_its_own(context: Context, _result: Any) -> None:
    """Delete what AWS made with the VPC."""
    vpc = context.params["VpcId"]
    acls = context.ec2.network_acls
    for id_ in [one.id for one in acls.values() if one.vpc_id == vpc]:
        del acls[id_]
        forget_tags(context.ec2, id_)
    for id_ in context.ec2.groups.pop(vpc, {}):
        forget_tags(context.ec2, id_)


@book.refuses(
    "vpc-range",
    "CreateVpc",
    code="InvalidVpc.Range",
    does="A VPC's range is between /16 and /28.",
    see=API + "API_CreateVpc.html",
)
def vpc_range(context: Context) -> str | None:
    """Refuse a VPC that is too large or too small."""
    cidr = context.params.get("CidrBlock", "")
    try:
        size = ipaddress.IPv4Network(cidr, strict=False).prefixlen
    except ValueError:
        return None  # moto says what is wrong with it
    return None if LARGEST <= size <= SMALLEST else f"The CIDR '{cidr}' is invalid."


@book.behaves(
    "vpc-pending",
    "CreateVpc",
    does="A new VPC is `pending` for a moment before it is `available`.",
    see=API + "API_Vpc.html",
)
def _become_available(_world: World, due: Due) -> None:
    vpc = backend(due.account, due.region).vpcs.get(due.id)
    if vpc:
        vpc.state = "available"


@book.follows(
    "vpc-canonical-range",
    "CreateVpc",
    does="A range with host bits set is brought into its canonical form: 10.0.0.9/16 becomes 10.0.0.0/16.",
    see=API + "API_CreateVpc.html",
)
def begin(context: Context, result: Any) -> None:
    """Write the range as AWS does and let the VPC begin as pending."""
    vpc = result["Vpc"]
    vpc.state = "pending"
    context.later("vpc-available", vpc.id)
    canonical = str(ipaddress.ip_network(vpc.cidr_block, strict=False))
    for association in vpc._cidr_block_association_set.values():  # noqa: SLF001 - moto keeps it nowhere else
        if association["cidr_block"] == vpc.cidr_block:
            association["cidr_block"] = canonical
    vpc.cidr_block = canonical


@book.refuses(
    "vpc-one-attribute",
    "ModifyVpcAttribute",
    code="InvalidParameterCombination",
    does="One call changes one attribute of a VPC.",
    see=API + "API_ModifyVpcAttribute.html",
)
def one_attribute(context: Context) -> str | None:
    """Refuse two attributes at once."""
    given = [name for name in DNS if context.params.get(name) is not None]
    return f"Only one of {', '.join(given)} can be specified." if len(given) > 1 else None


@book.refuses(
    "vpc-dns-hostnames",
    "ModifyVpcAttribute",
    code="InvalidParameterValue",
    does="DNS hostnames need DNS support: they cannot be turned on without it, nor it off with them.",
    see=API + "API_ModifyVpcAttribute.html",
)
def dns_hostnames(context: Context) -> str | None:
    """Refuse hostnames without support."""
    vpc = context.ec2.vpcs.get(context.params.get("VpcId"))
    hostnames, support = (_wish(context, name) for name in ("EnableDnsHostnames", "EnableDnsSupport"))
    if vpc is None:
        return None
    if hostnames is True and not vpc.enable_dns_support:
        return "Enabling DNS hostnames requires DNS support to be enabled."
    if support is False and vpc.enable_dns_hostnames:
        return "Disabling DNS support requires DNS hostnames to be disabled."
    return None


def _wish(context: Context, attribute: str) -> bool | None:
    value: bool | None = (context.params.get(attribute) or {}).get("Value")
    return value


CHANGES = {"vpc-available": _become_available}
