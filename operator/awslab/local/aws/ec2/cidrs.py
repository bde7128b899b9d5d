"""The blocks of addresses that a VPC gets later: their states, and what keeps one from being taken away."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from moto.ec2.models import vpcs as moto_vpcs

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.ec2.context import backend
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.world import Due, World

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/"
LARGEST, SMALLEST = 16, 28
PRIVATE = tuple(IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
RESERVED = tuple(IPv4Network(cidr) for cidr in ("169.254.0.0/16", "198.19.0.0/16", "172.31.0.0/16", "127.0.0.0/8"))
NEAR, FIRST = IPv4Network("10.0.0.0/15"), IPv4Network("10.0.0.0/16")
LIVING = frozenset({"associating", "associated"})


def associations(vpc: Any) -> dict[str, dict[str, Any]]:
    """Return the blocks of a VPC by the ids of their associations; those that are undone are not among them."""
    every: dict[str, dict[str, Any]] = vpc._cidr_block_association_set  # noqa: SLF001 - moto keeps it nowhere else
    return {id_: one for id_, one in every.items() if one["cidr_block_state"]["state"] in LIVING}


def blocks(vpc: Any) -> list[IPv4Network | IPv6Network]:
    """Return the addresses of a VPC, of both families."""
    return [ip_network(one["cidr_block"]) for one in associations(vpc).values()]


def ipv6_blocks(vpc: Any) -> list[IPv6Network]:
    """Return the IPv6 addresses of a VPC that it may use already."""
    ready = [one for one in associations(vpc).values() if one["cidr_block_state"]["state"] == "associated"]
    return [block for one in ready if isinstance(block := ip_network(one["cidr_block"]), IPv6Network)]


@book.follows(
    "vpc-cidr-associating",
    "AssociateVpcCidrBlock",
    does="Another block of a VPC is `associating` for a moment before it is `associated`.",
    see=API + "API_VpcCidrBlockState.html",
)
def begin(context: Context, result: Any) -> None:
    """Let the association come about later."""
    made = result.get("Ipv6CidrBlockAssociation") or result["CidrBlockAssociation"]
    vpc = context.ec2.vpcs[context.params["VpcId"]]
    associations(vpc)[made["AssociationId"]]["cidr_block_state"]["state"] = "associating"
    context.later("cidr-associated", made["AssociationId"])


def _associated(_world: World, due: Due) -> None:
    for vpc in backend(due.account, due.region).vpcs.values():
        one = associations(vpc).get(due.id)
        if one and one["cidr_block_state"]["state"] == "associating":
            one["cidr_block_state"]["state"] = "associated"


@book.refuses(
    "vpc-cidr-conflict",
    "AssociateVpcCidrBlock",
    code="InvalidVpc.Conflict",
    does="The blocks of a VPC do not overlap.",
    see=GUIDE + "vpc-cidr-blocks.html",
)
def conflict(context: Context) -> str | None:
    """Refuse addresses that the VPC has."""
    vpc, wish = context.ec2.vpcs.get(context.params.get("VpcId")), _asked(context)
    taken = wish and vpc and any(wish.version == one.version and wish.overlaps(one) for one in blocks(vpc))
    return f"The CIDR '{wish}' conflicts with another CIDR block of the VPC" if taken else None


@book.refuses(
    "vpc-cidr-restricted",
    "AssociateVpcCidrBlock",
    code="InvalidVpc.Range",
    does="A further block of a VPC is between /16 and /28, and of the same private range as the first or of none; one"
    " of 10.0.0.0/16 does not go with one of 10.0.0.0/15.",
    see=GUIDE + "vpc-cidr-blocks.html#add-cidr-block-restrictions",
)
def restricted(context: Context) -> str | None:
    """Refuse addresses that do not go with those of the VPC."""
    vpc, wish = context.ec2.vpcs.get(context.params.get("VpcId")), _asked(context)
    if vpc is None or wish is None:
        return None
    first = IPv4Network(vpc.cidr_block)
    homes = [next((p for p in PRIVATE if one.subnet_of(p)), None) for one in (first, wish)]
    near = any(one.version == NEAR.version and one.subnet_of(NEAR) for one in blocks(vpc))
    kept = any(wish.overlaps(one) for one in RESERVED) or (near and wish.subnet_of(FIRST))
    if LARGEST <= wish.prefixlen <= SMALLEST and not kept and homes[1] in {None, homes[0]}:
        return None
    return (
        f"The CIDR '{wish}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or"
        " use a publicly-routable CIDR. For additional restrictions, see"
        " https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"
    )


def _asked(context: Context) -> IPv4Network | None:
    cidr = context.params.get("CidrBlock")
    return IPv4Network(cidr, strict=False) if cidr else None


@book.refuses(
    "vpc-cidr-in-use",
    "DisassociateVpcCidrBlock",
    code="InvalidCidrBlock.InUse",
    does="A block of a VPC in which a subnet lies cannot be taken away.",
    see=API + "API_DisassociateVpcCidrBlock.html",
)
def in_use(context: Context) -> str | None:
    """Refuse to take addresses from subnets."""
    id_ = context.params.get("AssociationId", "")
    for vpc in context.ec2.vpcs.values():
        if id_ in associations(vpc):
            cidr = associations(vpc)[id_]["cidr_block"]
            held = any(_lies_in(subnet, ip_network(cidr)) for subnet in lookup.subnets_of(context.ec2, vpc.id))
            return f"The vpc {vpc.id} currently has a subnet within CIDR block {cidr}" if held else None
    return None


def _lies_in(subnet: Any, block: IPv4Network | IPv6Network) -> bool:
    if isinstance(block, IPv4Network):
        return bool(subnet.cidr.subnet_of(block))
    places = subnet.ipv6_cidr_block_associations.values()
    living = (one for one in places if one["ipv6CidrBlockState"]["State"] in LIVING)
    return any(IPv6Network(one["ipv6CidrBlock"]).subnet_of(block) for one in living)


def _random_block() -> str:
    """Choose a /56 of Amazon's, written as AWS writes it."""
    return str(IPv6Network(_random_of_moto()))


_random_of_moto = moto_vpcs.random_ipv6_cidr
moto_vpcs.random_ipv6_cidr = _random_block
CHANGES = {"cidr-associated": _associated}
