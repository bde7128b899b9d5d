"""The VPC, its subnets and its way to the internet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.outcome import Blocker
from awslab.core.resource import Ids, Observed

from . import blockers
from .ec2 import Ec2Resource, Filters, Item, pages, unless_gone
from .session import Aws


@dataclass(frozen=True, kw_only=True)
class Vpc(Ec2Resource):
    """A virtual network."""

    noun: ClassVar = "vpc"
    id_key: ClassVar = "VpcId"
    id_filter: ClassVar = "vpc-id"
    mutable: ClassVar = frozenset({"dns_support", "dns_hostnames"})
    outlives: ClassVar = frozenset({"NatGateway", "InternetGateway"})
    one_by_one: ClassVar = frozenset({"dns_support", "dns_hostnames"})

    cidr: str
    dns_support: bool = True
    dns_hostnames: bool = True

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return pages(aws, "describe_vpcs", "Vpcs", Filters=filters)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {"cidr": item["CidrBlock"]}

    @classmethod
    def examined(cls, aws: Aws, found: Observed) -> Observed:
        """Add the DNS attributes, which AWS tells one at a time."""
        support = aws.ec2.describe_vpc_attribute(VpcId=found.id, Attribute="enableDnsSupport")
        hostnames = aws.ec2.describe_vpc_attribute(VpcId=found.id, Attribute="enableDnsHostnames")
        dns = {
            "dns_support": support["EnableDnsSupport"]["Value"],
            "dns_hostnames": hostnames["EnableDnsHostnames"]["Value"],
        }
        return replace(found, fields={**found.fields, **dns})

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Make it; AWS begins every VPC with DNS support on and host names off."""
        answer = aws.ec2.create_vpc(CidrBlock=self.cidr, TagSpecifications=aws.tagged(self, self.noun))
        return self.made(aws, {**answer["Vpc"], "State": "available"}, dns_support=True, dns_hostnames=False)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Set the attributes, one a call as AWS asks, support before host names, which need it."""
        if changes.of("dns_support"):
            aws.ec2.modify_vpc_attribute(VpcId=found.id, EnableDnsSupport={"Value": changes.desired("dns_support")})
        if changes.of("dns_hostnames"):
            aws.ec2.modify_vpc_attribute(VpcId=found.id, EnableDnsHostnames={"Value": changes.desired("dns_hostnames")})

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.ec2.delete_vpc(VpcId=found.id)

    @classmethod
    def blockers(cls, aws: Aws, found: Observed) -> Iterator[Blocker]:
        """Everything in the VPC that is not the owner's, interfaces first: they tell most."""
        inside = blockers.filters("vpc-id", found.id)
        groups = pages(aws, "describe_security_groups", "SecurityGroups", Filters=inside)
        tables = pages(aws, "describe_route_tables", "RouteTables", Filters=inside)
        side_tables = (t for t in tables if not any(a.get("Main") for a in t["Associations"]))
        yield from blockers.interfaces(aws, "vpc-id", found.id)
        subnets = pages(aws, "describe_subnets", "Subnets", Filters=inside)
        yield from blockers.strangers(aws, subnets, "SubnetId", "subnet")
        yield from blockers.strangers(
            aws, (g for g in groups if g["GroupName"] != "default"), "GroupId", "security group"
        )
        yield from blockers.strangers(aws, side_tables, "RouteTableId", "route table")
        acls = pages(
            aws, "describe_network_acls", "NetworkAcls", Filters=[*inside, *blockers.filters("default", "false")]
        )
        yield from blockers.strangers(aws, acls, "NetworkAclId", "network ACL")
        endpoints = pages(aws, "describe_vpc_endpoints", "VpcEndpoints", Filters=inside)
        yield from blockers.strangers(aws, endpoints, "VpcEndpointId", "VPC endpoint")


@dataclass(frozen=True, kw_only=True)
class Subnet(Ec2Resource):
    """A part of a VPC, in one availability zone."""

    noun: ClassVar = "subnet"
    id_key: ClassVar = "SubnetId"
    id_filter: ClassVar = "subnet-id"
    mutable: ClassVar = frozenset({"public_ips"})

    vpc: Vpc
    cidr: str
    zone: str
    public_ips: bool = False

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return pages(aws, "describe_subnets", "Subnets", Filters=filters)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {
            "vpc": item["VpcId"],
            "cidr": item["CidrBlock"],
            "zone": item["AvailabilityZone"],
            "public_ips": item["MapPublicIpOnLaunch"],
        }

    def create(self, aws: Aws, ids: Ids) -> Observed:
        answer = aws.ec2.create_subnet(
            VpcId=ids.of(self.vpc),
            CidrBlock=self.cidr,
            AvailabilityZone=self.zone,
            TagSpecifications=aws.tagged(self, self.noun),
        )
        return self.made(aws, {**answer["Subnet"], "State": "available"})

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        aws.ec2.modify_subnet_attribute(SubnetId=found.id, MapPublicIpOnLaunch={"Value": changes.desired("public_ips")})

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.ec2.delete_subnet(SubnetId=found.id)

    @classmethod
    def blockers(cls, aws: Aws, found: Observed) -> Iterator[Blocker]:
        return blockers.interfaces(aws, "subnet-id", found.id)


@dataclass(frozen=True, kw_only=True)
class InternetGateway(Ec2Resource):
    """The way between a VPC and the internet; usable once it is attached."""

    noun: ClassVar = "internet-gateway"
    id_key: ClassVar = "InternetGatewayId"
    id_filter: ClassVar = "internet-gateway-id"
    mutable: ClassVar = frozenset({"vpc"})
    late: ClassVar = frozenset({"vpc"})
    # AWS refuses to detach it while public addresses of the VPC are in use.
    outlives: ClassVar = frozenset({"NatGateway", "Instance", "LoadBalancer"})

    vpc: Vpc

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return pages(aws, "describe_internet_gateways", "InternetGateways", Filters=filters)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {"vpc": next((a["VpcId"] for a in item.get("Attachments", ())), None)}

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        found = super().read(item, name)
        return replace(found, usable=found.fields["vpc"] is not None)

    def create(self, aws: Aws, ids: Ids) -> Observed:
        answer = aws.ec2.create_internet_gateway(TagSpecifications=aws.tagged(self, self.noun))
        return self.made(aws, answer["InternetGateway"])

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        cls._detach(aws, found)
        aws.ec2.attach_internet_gateway(InternetGatewayId=found.id, VpcId=changes.desired("vpc"))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        cls._detach(aws, found)
        aws.ec2.delete_internet_gateway(InternetGatewayId=found.id)

    @classmethod
    def blockers(cls, aws: Aws, found: Observed) -> Iterator[Blocker]:
        """The interfaces of the VPC that have a public address."""
        public = [*blockers.filters("vpc-id", found.fields["vpc"]), *blockers.filters("association.public-ip", "*")]
        return blockers.interfaces_that(aws, public)

    @classmethod
    def _detach(cls, aws: Aws, found: Observed) -> None:
        if not found.fields["vpc"]:
            return
        with unless_gone():
            aws.ec2.detach_internet_gateway(InternetGatewayId=found.id, VpcId=found.fields["vpc"])
