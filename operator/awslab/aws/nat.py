"""Elastic IP addresses and the NAT gateways that use them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from awslab.core.outcome import Blocker
from awslab.core.resource import Ids, Observed, Phase, Usual

from . import blockers
from .ec2 import Ec2Resource, Filters, Item, pages
from .network import InternetGateway, Subnet
from .session import Aws


@dataclass(frozen=True, kw_only=True)
class Eip(Ec2Resource):
    """A public address that outlives what uses it."""

    noun: ClassVar = "elastic-ip"
    id_key: ClassVar = "AllocationId"
    id_filter: ClassVar = "allocation-id"

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        """List the addresses; this call of AWS has no pages."""
        addresses: list[Item] = aws.ec2.describe_addresses(Filters=filters)["Addresses"]
        return addresses

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:  # noqa: ARG003 - it has none
        return {}

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:
        return {"public_ip": item.get("PublicIp", "")}

    def create(self, aws: Aws, ids: Ids) -> Observed:
        answer = aws.ec2.allocate_address(Domain="vpc", TagSpecifications=aws.tagged(self, self.noun))
        return self.made(aws, answer)

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.ec2.release_address(AllocationId=found.id)

    @classmethod
    def blockers(cls, aws: Aws, found: Observed) -> Iterator[Blocker]:
        for item in cls.describe(aws, blockers.filters("allocation-id", found.id)):
            if user := item.get("InstanceId") or item.get("NetworkInterfaceId"):
                yield Blocker(user, "the address is associated with it")


@dataclass(frozen=True, kw_only=True)
class NatGateway(Ec2Resource):
    """A way out for private subnets; EC2 takes minutes to make or unmake one."""

    noun: ClassVar = "natgateway"
    id_key: ClassVar = "NatGatewayId"
    id_filter: ClassVar = "nat-gateway-id"
    usual: ClassVar = Usual(create=100, delete=60)
    unobserved: ClassVar = frozenset({"internet"})
    phases: ClassVar = {
        "pending": Phase.PENDING,
        "available": Phase.READY,
        "failed": Phase.FAILED,
        "deleting": Phase.DELETING,
        "deleted": Phase.GONE,  # still listed for about an hour
    }

    subnet: Subnet
    eip: Eip
    internet: InternetGateway
    """Must be attached first, else AWS lets the NAT gateway fail."""

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return pages(aws, "describe_nat_gateways", "NatGateways", Filter=filters)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {"subnet": item["SubnetId"], "eip": cls._address(item).get("AllocationId")}

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:
        return {"public_ip": cls._address(item).get("PublicIp", "")}

    @staticmethod
    def _address(item: Item) -> Item:
        """Its first address, which is the one it was made with."""
        addresses: list[Item] = item.get("NatGatewayAddresses") or [{}]
        return next((a for a in addresses if a.get("IsPrimary")), addresses[0])

    def create(self, aws: Aws, ids: Ids) -> Observed:
        answer = aws.ec2.create_nat_gateway(
            SubnetId=ids.of(self.subnet),
            AllocationId=ids.of(self.eip),
            ClientToken=aws.token(self),
            TagSpecifications=aws.tagged(self, self.noun),
        )
        return self.made(aws, answer["NatGateway"], eip=ids.of(self.eip))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.ec2.delete_nat_gateway(NatGatewayId=found.id)
