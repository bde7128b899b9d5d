"""IPv6: the /64s of subnets, and what AWS opens by itself in a VPC that has it."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv6Network
from typing import TYPE_CHECKING, Any

from moto.ec2.models.subnets import Subnet

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.ec2.cidrs import ipv6_blocks
from awslab.local.aws.ec2.context import backend
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.world import Due, World

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/"
EVERYWHERE = "::/0"
OF_A_SUBNET = 64
LIVING = frozenset({"associating", "associated"})


def _places(subnet: Any) -> list[dict[str, Any]]:
    """Return the associations of a subnet that are not undone."""
    every = subnet.ipv6_cidr_block_associations.values()
    return [one for one in every if one["ipv6CidrBlockState"]["State"] in LIVING]


def _asked(context: Context) -> tuple[Any, IPv6Network | None]:
    """Return the VPC and the IPv6 range that a call is about."""
    subnet = lookup.subnet(context.ec2, context.params.get("SubnetId"))
    vpc = context.ec2.vpcs.get(subnet.vpc_id if subnet else context.params.get("VpcId"))
    with suppress(ValueError):
        return vpc, IPv6Network(context.params.get("Ipv6CidrBlock") or "")
    return vpc, None


@book.refuses(
    "subnet-ipv-range",
    "AssociateSubnetCidrBlock",
    "CreateSubnet",
    code="InvalidSubnet.Range",
    does="A subnet's IPv6 range is a /64 of a block that is associated with its VPC.",
    see=GUIDE + "subnet-sizing.html",
)
def outside(context: Context) -> str | None:
    """Refuse a range of another size, or of somebody else."""
    wish, (vpc, network) = context.params.get("Ipv6CidrBlock"), _asked(context)
    if not wish or vpc is None:
        return None
    inside = network is not None and any(network.subnet_of(block) for block in ipv6_blocks(vpc))
    good = inside and network is not None and network.prefixlen == OF_A_SUBNET
    return None if good else f"The CIDR '{wish}' is invalid."


@book.refuses(
    "subnet-ipv-conflict",
    "AssociateSubnetCidrBlock",
    "CreateSubnet",
    code="InvalidSubnet.Conflict",
    does="Two subnets of a VPC cannot share an IPv6 range.",
    see=API + "API_AssociateSubnetCidrBlock.html",
)
def taken(context: Context) -> str | None:
    """Refuse a range that another subnet has."""
    vpc, network = _asked(context)
    if vpc is None or network is None:
        return None
    there = [one["ipv6CidrBlock"] for subnet in lookup.subnets_of(context.ec2, vpc.id) for one in _places(subnet)]
    return f"The CIDR '{network}' conflicts with another subnet" if str(network) in there else None


@book.refuses(
    "subnet-ipv-one",
    "AssociateSubnetCidrBlock",
    code="InvalidParameterValue",
    does="A subnet has one IPv6 range at most.",
    see=API + "API_AssociateSubnetCidrBlock.html",
)
def second(context: Context) -> str | None:
    """Refuse a second range."""
    subnet = lookup.subnet(context.ec2, context.params.get("SubnetId"))
    return f"Subnet {subnet.id} already has an IPv6 CIDR block" if subnet and _places(subnet) else None


@book.follows(
    "subnet-ipv-associating",
    "AssociateSubnetCidrBlock",
    does="A subnet's IPv6 range is `associating` for a moment before it is `associated`.",
    see=API + "API_SubnetCidrBlockState.html",
)
def begin(context: Context, result: Any) -> None:
    """Let the association come about later."""
    result["Ipv6CidrBlockAssociation"]["ipv6CidrBlockState"] = {"State": "associating"}
    context.later("subnet-cidr-associated", result["Ipv6CidrBlockAssociation"]["associationId"])


def _associated(_world: World, due: Due) -> None:
    ec2 = backend(due.account, due.region)
    subnet = ec2.get_subnet_from_ipv6_association(due.id)
    association = subnet.ipv6_cidr_block_associations[due.id] if subnet else None
    if association and association["ipv6CidrBlockState"]["State"] == "associating":
        association["ipv6CidrBlockState"] = {"State": "associated"}


def _shown(subnet: Any) -> list[dict[str, Any]]:
    """Show what moto leaves out: ranges that are not yet associated."""
    return [
        {
            "AssociationId": one["associationId"],
            "Ipv6CidrBlock": one["ipv6CidrBlock"],
            "Ipv6CidrBlockState": one["ipv6CidrBlockState"],
        }
        for one in _places(subnet)
    ]


@book.refuses(
    "subnet-ipv-addresses",
    "ModifySubnetAttribute",
    code="InvalidParameterValue",
    does="A subnet gives IPv6 addresses only once it has an IPv6 range.",
    see=API + "API_ModifySubnetAttribute.html",
)
def without_range(context: Context) -> str | None:
    """Refuse to give addresses that there are none of."""
    subnet = lookup.subnet(context.ec2, context.params.get("SubnetId"))
    wish = (context.params.get("AssignIpv6AddressOnCreation") or {}).get("Value")
    ready = subnet and any(one["ipv6CidrBlockState"]["State"] == "associated" for one in _places(subnet))
    if subnet is None or ready or wish is not True:
        return None
    return f"Invalid value 'true' for assignIpv6AddressOnCreation: subnet {subnet.id} has no IPv6 CIDR block"


@book.refuses(
    "subnet-ipv-given",
    "DisassociateSubnetCidrBlock",
    code="InvalidCidrBlock.InUse",
    does="A subnet keeps its IPv6 range while it gives addresses of it, or something in it has one.",
    see=API + "API_DisassociateSubnetCidrBlock.html",
)
def given(context: Context) -> str | None:
    """Refuse to take a range away that is in use."""
    id_ = context.params.get("AssociationId")
    subnet = context.ec2.get_subnet_from_ipv6_association(id_)
    if subnet is None:
        return None
    about = f"The subnet IPv6 CIDR block with association ID {id_} may not be disassociated"
    if subnet.assign_ipv6_address_on_creation:
        return f"{about}, because its subnet has assign-ipv6-address-on-creation set to true."
    held = any(eni.ipv6_addresses for eni in lookup.interfaces_in(context.ec2, subnet.id))
    return f"{about}, because addresses of it are in use." if held else None


@book.follows(
    "acl-default-ipv",
    "AssociateVpcCidrBlock",
    does="The default network ACL of a VPC lets IPv6 through once the VPC has it.",
    see=GUIDE + "default-network-acl.html",
)
def open_acl(context: Context, _result: Any) -> None:
    """Add the entries that AWS adds."""
    if not context.params.get("AmazonProvidedIpv6CidrBlock"):
        return
    acls = context.ec2.network_acls.values()
    acl = next(one for one in acls if one.vpc_id == context.params["VpcId"] and one.default)
    taken = {(one.rule_number, bool(one.egress)) for one in acl.network_acl_entries}
    for egress in (True, False):
        if (101, egress) not in taken:
            context.ec2.create_network_acl_entry(
                acl.id, 101, "-1", "allow", egress, None, None, None, None, None, EVERYWHERE
            )


CHANGES = {"subnet-cidr-associated": _associated}
Subnet.ipv6_cidr_block_association_set = property(_shown)
