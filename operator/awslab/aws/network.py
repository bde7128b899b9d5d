"""The VPC, its subnets and its way to the internet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv6Network
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.outcome import Blocker
from awslab.core.resource import Ids, Observed, Phase, Resource
from awslab.core.values import UNTOLD, FrozenMap

from . import blockers
from .ec2 import Ec2Resource, Filters, Item, pages, unless_gone
from .session import Aws

VPC_BLOCK = 56
"""The prefix length of the IPv6 addresses that Amazon gives a VPC."""

SUBNET_BLOCK = 64
"""That of a subnet's."""


def part_of_block(network: IPv6Network) -> int:
    """Which part of the VPC's block *network* is, counted in parts of its own size."""
    return (int(network.network_address) >> (128 - network.prefixlen)) & ((1 << (network.prefixlen - VPC_BLOCK)) - 1)


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
        for side in ("requester", "accepter"):
            wanted = [
                *blockers.filters(f"{side}-vpc-info.vpc-id", found.id),
                *blockers.filters("status-code", "active"),
            ]
            peerings = pages(aws, "describe_vpc_peering_connections", "VpcPeeringConnections", Filters=wanted)
            yield from blockers.strangers(aws, peerings, "VpcPeeringConnectionId", "peering connection")
        endpoints = pages(aws, "describe_vpc_endpoints", "VpcEndpoints", Filters=inside)
        yield from blockers.strangers(aws, endpoints, "VpcEndpointId", "VPC endpoint")
        attached = [*blockers.filters("attachment.vpc-id", found.id), *blockers.filters("attachment.state", "attached")]
        gateways = aws.ec2.describe_vpn_gateways(Filters=attached)["VpnGateways"]
        yield from blockers.strangers(aws, gateways, "VpnGatewayId", "VPN gateway")


@dataclass(frozen=True, kw_only=True)
class Subnet(Ec2Resource):
    """A part of a VPC, in one availability zone."""

    noun: ClassVar = "subnet"
    id_key: ClassVar = "SubnetId"
    id_filter: ClassVar = "subnet-id"
    mutable: ClassVar = frozenset({"public_ips", "ipv6", "gives_ipv6"})
    late: ClassVar = frozenset({"ipv6"})
    unobserved: ClassVar = frozenset({"block"})

    vpc: Vpc
    cidr: str
    zone: str
    public_ips: bool = False
    ipv6: FrozenMap[int, Resource] = FrozenMap()  # noqa: RUF009 - it is frozen
    """The number of its /64 in the VPC's block of IPv6 addresses, and that block."""
    gives_ipv6: bool = False
    """Whether what is made in it gets an IPv6 address; AWS knows this of subnets with a /64 only."""
    block: Resource | None = None
    """The secondary block of the VPC in which its addresses lie."""

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return pages(aws, "describe_subnets", "Subnets", Filters=filters)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        places = _places(item)
        return {
            "vpc": item["VpcId"],
            "cidr": item["CidrBlock"],
            "zone": item["AvailabilityZone"],
            "public_ips": item["MapPublicIpOnLaunch"],
            "ipv6": FrozenMap({part_of_block(n): str(n.supernet(new_prefix=VPC_BLOCK)) for n in places}),
            "gives_ipv6": item.get("AssignIpv6AddressOnCreation", False) if places else UNTOLD,
        }

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:
        places = {part_of_block(network): (id_, str(network)) for network, id_ in _places(item).items()}
        return {
            "ipv6_associations": {number: id_ for number, (id_, _) in places.items()},
            "ipv6_cidr": next((cidr for _, cidr in places.values()), ""),
        }

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        """Read one description; it is pending while its IPv6 addresses are."""
        found = super().read(item, name)
        states = {a["Ipv6CidrBlockState"]["State"] for a in item.get("Ipv6CidrBlockAssociationSet") or ()}
        return replace(found, phase=Phase.PENDING) if "associating" in states else found

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
        """Set one attribute a call, as AWS asks; IPv6 addresses are no longer given before they are taken away."""
        if changes.of("public_ips"):
            public = {"Value": changes.desired("public_ips")}
            aws.ec2.modify_subnet_attribute(SubnetId=found.id, MapPublicIpOnLaunch=public)
        if changes.of("gives_ipv6"):
            gives = {"Value": changes.desired("gives_ipv6")}
            aws.ec2.modify_subnet_attribute(SubnetId=found.id, AssignIpv6AddressOnCreation=gives)
        for place in changes.of("ipv6").removals:
            with unless_gone():
                aws.ec2.disassociate_subnet_cidr_block(AssociationId=found.details["ipv6_associations"][place.key])
        for place in changes.of("ipv6").additions:
            aws.ec2.associate_subnet_cidr_block(SubnetId=found.id, Ipv6CidrBlock=_part(place.desired, place.key))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.ec2.delete_subnet(SubnetId=found.id)

    @classmethod
    def blockers(cls, aws: Aws, found: Observed) -> Iterator[Blocker]:
        return blockers.interfaces(aws, "subnet-id", found.id)


def _places(item: Item) -> dict[IPv6Network, str]:
    """The /64s that a subnet has or is about to have, with the ids of their associations."""
    associations = item.get("Ipv6CidrBlockAssociationSet") or ()
    there = (a for a in associations if a["Ipv6CidrBlockState"]["State"] in {"associating", "associated"})
    return {IPv6Network(a["Ipv6CidrBlock"]): a["AssociationId"] for a in there}


def _part(block: str, number: int) -> str:
    """The /64 of that number in the block of a VPC."""
    start = int(IPv6Network(block).network_address)
    return str(IPv6Network((start + (number << (128 - SUBNET_BLOCK)), SUBNET_BLOCK)))


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


@dataclass(frozen=True, kw_only=True)
class EgressOnlyGateway(Ec2Resource):
    """The way of IPv6 from a VPC to the internet, but for answers not back."""

    noun: ClassVar = "egress-only-internet-gateway"
    id_key: ClassVar = "EgressOnlyInternetGatewayId"

    vpc: Vpc

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        key = "EgressOnlyInternetGateways"
        return pages(aws, "describe_egress_only_internet_gateways", key, Filters=filters)

    @classmethod
    def find(cls, aws: Aws, name: str, id: str) -> Observed | None:  # noqa: A002 - AWS's own word
        """The gateway with *id*; AWS has no filter for it."""
        with unless_gone():
            answer = aws.ec2.describe_egress_only_internet_gateways(EgressOnlyInternetGatewayIds=[id])
            return next((cls.read(item, name) for item in answer["EgressOnlyInternetGateways"]), None)
        return None

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {"vpc": next((a["VpcId"] for a in item.get("Attachments", ())), None)}

    def create(self, aws: Aws, ids: Ids) -> Observed:
        answer = aws.ec2.create_egress_only_internet_gateway(
            VpcId=ids.of(self.vpc),
            ClientToken=aws.token(self),
            TagSpecifications=aws.tagged(self, self.noun),
        )
        return self.made(aws, answer["EgressOnlyInternetGateway"])

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=found.id)
