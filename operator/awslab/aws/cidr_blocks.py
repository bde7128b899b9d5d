"""The blocks of addresses that a VPC gets beside its first: parts of it, known by its tags."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Network
from typing import Any, ClassVar

from awslab.core.ownership import OWNER_TAG, RESOURCE_TAG
from awslab.core.resource import Ids, Observed, Phase, Ref, Resource, Usual
from awslab.core.values import FrozenMap

from .blockers import filters
from .ec2 import Item, unless_gone
from .listed import Listed, tags_of
from .network import VPC_BLOCK, Vpc, part_of_block
from .session import Aws

PHASES: Mapping[str, Phase] = {
    "associating": Phase.PENDING,
    "associated": Phase.READY,
    "disassociating": Phase.DELETING,
    "disassociated": Phase.GONE,
    "failing": Phase.PENDING,
    "failed": Phase.FAILED,
}
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcCidrBlockState.html"""

IPV6 = "ipv6"
"""The name of a VPC's block of IPv6 addresses."""


@dataclass(frozen=True)
class Ipv6Part:
    """A part of a VPC's IPv6 block: which it is we say, where the block lies says AWS."""

    block: Resource | Ref | str
    prefix: int
    number: int

    @classmethod
    def of(cls, cidr: str) -> str | Ipv6Part:
        """Read *cidr* as a part of a VPC's block, where it is smaller than one."""
        network = IPv6Network(cidr) if ":" in cidr else None
        if network is None or network.prefixlen <= VPC_BLOCK:
            return cidr
        return cls(str(network.supernet(new_prefix=VPC_BLOCK)), network.prefixlen, part_of_block(network))

    def __str__(self) -> str:
        block = str(getattr(self.block, "address", self.block))
        if ":" not in block:  # AWS has not told it
            return f"part {self.number} (/{self.prefix}) of {block}"
        start = int(IPv6Network(block).network_address)
        return str(IPv6Network((start + (self.number << (128 - self.prefix)), self.prefix)))


@dataclass(frozen=True, kw_only=True)
class _Block(Listed):
    """What both families share: an association with a VPC, which has no tags of its own.

    The description of the VPC tells of them, so that one listing serves all three types.
    """

    taggable: ClassVar = False
    usual: ClassVar = Usual(create=5, delete=5)
    listing: ClassVar[str]
    """Where the description of a VPC has them."""
    describe = Vpc.describe

    vpc: Vpc

    @classmethod
    def tagged_with(cls, aws: Aws, tags: Mapping[str, str]) -> Iterator[Observed]:  # noqa: ARG003 - none has tags
        """Nothing: it comes with its VPC."""
        return iter(())

    @classmethod
    def all_in(cls, item: Item) -> Iterator[Observed]:
        """Read the blocks of a VPC of ours."""
        if tags_of(item).get(RESOURCE_TAG, "").partition("/")[0] == Vpc.__name__:
            yield from (cls.read(block, cls.name_of(block)) for block in cls.blocks_of(item))

    @classmethod
    def blocks_of(cls, vpc: Item) -> Iterator[Item]:
        """The associations of a VPC, without the one that it was made with."""
        for block in vpc.get(cls.listing, ()):
            if block.get("CidrBlock") != vpc["CidrBlock"]:
                yield {**block, "VpcId": vpc["VpcId"], "Tags": vpc.get("Tags", ())}

    @classmethod
    @abstractmethod
    def name_of(cls, item: Item) -> str:
        """Our name of an association."""

    @classmethod
    @abstractmethod
    def block_of(cls, item: Item) -> str:
        """The addresses; empty while AWS has not told them."""

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        state = item.get("Ipv6CidrBlockState") or item.get("CidrBlockState") or {"State": "associating"}
        return Observed(
            type=cls,
            name=name,
            id=cls.block_of(item) or item["AssociationId"],
            phase=PHASES.get(state["State"], Phase.PENDING),
            fields=cls.fields_of(item),
            owner=tags_of(item).get(OWNER_TAG, ""),
            details={"association": item["AssociationId"]},
            message=state.get("StatusMessage") or "",
        )

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        """The fields of one association."""
        return {"vpc": item["VpcId"]}

    @classmethod
    def find(cls, aws: Aws, name: str, id: str) -> Observed | None:  # noqa: A002 - AWS's own word
        """The block with these addresses."""
        vpcs = cls.describe(aws, filters(cls.id_filter(), id))
        return next((found for v in vpcs for b in cls.blocks_of(v) if (found := cls.read(b, name)).id == id), None)

    @classmethod
    @abstractmethod
    def id_filter(cls) -> str:
        """The filter of DescribeVpcs that finds the addresses."""

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Associate it, unless the VPC has it: the call knows no token, and a second one would be another block."""
        vpc = ids.of(self.vpc)
        vpcs = self.describe(aws, filters("vpc-id", vpc))
        there = (b for v in vpcs for b in self.blocks_of(v) if self.name_of(b) == self.name)
        item = next((i for i in there if self.read(i, self.name).phase in {Phase.PENDING, Phase.READY}), None)
        made = item or {**self.associate(aws, vpc), "VpcId": vpc}
        return self.read({**made, "Tags": [{"Key": OWNER_TAG, "Value": aws.owner.key}]}, self.name)

    @abstractmethod
    def associate(self, aws: Aws, vpc: str) -> Item:
        """Ask AWS for the block."""

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        with unless_gone():
            aws.ec2.disassociate_vpc_cidr_block(AssociationId=found.details["association"])


@dataclass(frozen=True, kw_only=True)
class Ipv6Block(_Block):
    """A /56 of Amazon's IPv6 addresses; these are its id, so that everything can refer to them."""

    outlives: ClassVar = frozenset({"EgressOnlyGateway"})
    listing: ClassVar = "Ipv6CidrBlockAssociationSet"

    @classmethod
    def name_of(cls, item: Item) -> str:  # noqa: ARG003 - there is one
        return IPV6

    @classmethod
    def block_of(cls, item: Item) -> str:
        cidr = item.get("Ipv6CidrBlock")
        return str(IPv6Network(cidr)) if cidr else ""

    @classmethod
    def id_filter(cls) -> str:
        return "ipv6-cidr-block-association.ipv6-cidr-block"

    def associate(self, aws: Aws, vpc: str) -> Item:
        answer = aws.ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
        return dict(answer["Ipv6CidrBlockAssociation"])


Ipv6Places = FrozenMap[int, Ipv6Block]
"""Which /64 of a block a subnet has; none without IPv6."""


@dataclass(frozen=True, kw_only=True)
class SecondaryCidr(_Block):
    """Further IPv4 addresses of a VPC."""

    outlives: ClassVar = frozenset({"Subnet"})

    listing: ClassVar = "CidrBlockAssociationSet"

    cidr: str

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {"vpc": item["VpcId"], "cidr": item["CidrBlock"]}

    @classmethod
    def name_of(cls, item: Item) -> str:
        return str(item["CidrBlock"])

    @classmethod
    def block_of(cls, item: Item) -> str:
        return str(item["AssociationId"])

    @classmethod
    def id_filter(cls) -> str:
        return "cidr-block-association.association-id"

    def associate(self, aws: Aws, vpc: str) -> Item:
        return dict(aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=self.cidr)["CidrBlockAssociation"])
