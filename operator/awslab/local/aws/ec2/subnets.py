"""Subnets: their range and zone, their state, and what keeps one from being deleted."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.ec2.context import backend
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.world import Due, World

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
LARGEST, SMALLEST = 16, 28


@book.refuses(
    "subnet-in-use",
    "DeleteSubnet",
    code="DependencyViolation",
    does="A subnet with a network interface in it (of a NAT gateway, instance, endpoint, anything) cannot be deleted.",
    see=API + "API_DeleteSubnet.html",
)
def in_use(context: Context) -> str | None:
    """Refuse to delete a subnet with an interface in it."""
    subnet = context.params.get("SubnetId", "")
    if not lookup.interfaces_in(context.ec2, subnet):
        return None
    return f"The subnet '{subnet}' has dependencies and cannot be deleted."


@book.follows(
    "subnet-takes-associations",
    "DeleteSubnet",
    does="A deleted subnet is no longer associated with its route table and network ACL.",
    see=API + "API_DeleteSubnet.html",
)
def takes_associations(context: Context, _result: Any) -> None:
    """Forget the subnet in route tables and network ACLs."""
    subnet = context.params["SubnetId"]
    for table in context.ec2.route_tables.values():
        _forget(table._associations, [key for key, value in table._associations.items() if value == subnet])  # noqa: SLF001 - moto keeps them nowhere else
    for acl in context.ec2.network_acls.values():
        _forget(acl._associations, [key for key, one in acl._associations.items() if one.subnet_id == subnet])  # noqa: SLF001 - as above


def _forget(associations: dict[str, Any], keys: list[str]) -> None:
    for key in keys:
        del associations[key]


def _network(cidr: str | None) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(cidr or "", strict=False)
    except ValueError:
        return None


@book.refuses(
    "subnet-range",
    "CreateSubnet",
    code="InvalidSubnet.Range",
    does="A subnet's range is between /16 and /28 and lies within a range of its VPC.",
    see=API + "API_CreateSubnet.html",
)
def subnet_range(context: Context) -> str | None:
    """Refuse a subnet that is too large, too small or outside."""
    vpc, network = (
        context.ec2.vpcs.get(context.params.get("VpcId")),
        _network(context.params.get("CidrBlock")),
    )
    if vpc is None or network is None:
        return None
    ranges = [_network(one["cidr_block"]) for one in vpc.get_cidr_block_association_set()]
    inside = any(one is not None and network.subnet_of(one) for one in ranges)
    good = inside and LARGEST <= network.prefixlen <= SMALLEST
    return None if good else f"The CIDR '{context.params['CidrBlock']}' is invalid."


@book.refuses(
    "subnet-conflict",
    "CreateSubnet",
    code="InvalidSubnet.Conflict",
    does="Two subnets of a VPC cannot share an address.",
    see=API + "API_CreateSubnet.html",
)
def conflict(context: Context) -> str | None:
    """Refuse a range that overlaps with another subnet's."""
    vpc, network = context.params.get("VpcId"), _network(context.params.get("CidrBlock"))
    there = lookup.subnets_of(context.ec2, vpc or "")
    if network is None or not any(one.cidr.version == network.version and one.cidr.overlaps(network) for one in there):
        return None
    return f"The CIDR '{context.params['CidrBlock']}' conflicts with another subnet"


@book.refuses(
    "subnet-zone",
    "CreateSubnet",
    code="InvalidParameterValue",
    does="A subnet lies in an Availability Zone of its region.",
    see=API + "API_CreateSubnet.html",
)
def zone(context: Context) -> str | None:
    """Refuse a zone of another region, or of none."""
    zones = list(context.ec2.describe_availability_zones())
    for name, known in (("AvailabilityZone", "name"), ("AvailabilityZoneId", "zone_id")):
        wish, there = context.params.get(name), [getattr(one, known) for one in zones]
        if wish and wish not in there:
            parameter = name[0].lower() + name[1:]
            return (
                f"Value ({wish}) for parameter {parameter} is invalid. Subnets can currently only be created"
                f" in the following availability zones: {', '.join(there)}."
            )
    return None


@book.follows(
    "subnet-pending",
    "CreateSubnet",
    does="A new subnet is `pending` for a moment before it is `available`; it is never the default of its zone.",
    see=API + "API_Subnet.html",
)
def begin(context: Context, result: Any) -> None:
    """Write the range as AWS does and let the subnet begin as pending."""
    subnet = result["Subnet"]
    subnet.state = "pending"
    subnet.default_for_az = subnet.map_public_ip_on_launch = False
    if subnet.cidr_block:
        subnet.cidr_block = str(subnet.cidr)
    context.later("subnet-available", subnet.id)


def _become_available(_world: World, due: Due) -> None:
    subnet = lookup.subnet(backend(due.account, due.region), due.id)
    if subnet:
        subnet.state = "available"


CHANGES = {"subnet-available": _become_available}
