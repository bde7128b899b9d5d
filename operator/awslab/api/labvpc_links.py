"""Parts of a LabVpc's spec about further addresses, and about what lies around the network."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from .base import KeyedBy, Model, Rule, UniqueItems
from .common import Cidr, RegionName, ipv4_network, prefix_between
from .references import AccountRef, LabVpcRef

if TYPE_CHECKING:
    from .labvpc import LabVpcSpec

DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"
ADDRESS = r"^(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])([.](25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}$"
AMAZON_DNS = "AmazonProvidedDNS"


def _matching(pattern: str, message: str) -> Rule:
    return Rule(
        message=message,
        cel=f"self.matches('{pattern}')",
        check=lambda text: re.fullmatch(pattern, text) is not None,
    )


SecondaryCidrs = Annotated[
    tuple[Annotated[Cidr, prefix_between(16, 28, "100.64.0.0/16")], ...], Field(max_length=4), UniqueItems()
]
DomainName = Annotated[
    str, Field(max_length=253), _matching(DOMAIN, "must be the name of a domain, for example corp.example.com")
]
Server = Annotated[
    str,
    Field(max_length=17),
    _matching(
        f"({ADDRESS})|^{AMAZON_DNS}$", f"must be an IPv4 address, or {AMAZON_DNS} for the resolver of the VPC itself"
    ),
]
Address = Annotated[
    str, Field(max_length=15), _matching(ADDRESS, "must be an IPv4 address, for example 169.254.169.123")
]


class DhcpOptionsSpec(Model):
    """What machines in the network are told of names and time."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            message="must have domainName, domainNameServers or ntpServers",
            cel="has(self.domainName) || size(self.domainNameServers) > 0 || size(self.ntpServers) > 0",
            check=lambda o: bool(o.domain_name or o.domain_name_servers or o.ntp_servers),
        ),
    )

    domain_name: DomainName | None = Field(
        default=None, description="The domain in which machines look up short names, for example corp.example.com."
    )
    domain_name_servers: Annotated[tuple[Server, ...], Field(max_length=4)] = Field(
        default=(AMAZON_DNS,),
        description=f"The DNS servers in the order in which they are asked, at most four; {AMAZON_DNS} is the "
        "resolver of the VPC, without which private names of endpoints and of peers are not known.",
    )
    ntp_servers: Annotated[tuple[Address, ...], Field(max_length=4)] = Field(
        default=(), description="The time servers, at most four."
    )


def _id(prefix: str) -> Rule:
    return _matching(f"^{prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})$", f"must be an id such as {prefix}-0123456789abcdef0")


LinkName = Annotated[
    str,
    Field(max_length=40),
    _matching(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "must be a short name: small letters, digits and -"),
]
AccountId = Annotated[str, Field(max_length=12), _matching(r"^[0-9]{12}$", "must be the twelve digits of an account")]
OtherCidrs = Annotated[tuple[Cidr, ...], Field(max_length=10), UniqueItems()]
TableIds = Annotated[tuple[Annotated[str, Field(max_length=21), _id("rtb")], ...], Field(max_length=50), UniqueItems()]


class PeeringSpec(Model):
    """A way to another VPC, with routes on both sides."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            message="must name the other side by vpcRef or by vpcId, not by both",
            cel="has(self.vpcRef) != has(self.vpcId)",
            check=lambda peering: (peering.vpc_ref is None) != (peering.vpc_id is None),
        ),
        Rule(
            path=("cidrs",),
            message="must be given with vpcId, and only with it: those of a LabVpc are known",
            cel="has(self.vpcId) == (has(self.cidrs) && size(self.cidrs) > 0)",
            check=lambda peering: (peering.vpc_id is not None) == bool(peering.cidrs),
        ),
        Rule(
            message="must have accountId, accountRef, region and routeTableIds with vpcId only: those of a LabVpc "
            "are known",
            cel="has(self.vpcId) || !(has(self.accountId) || has(self.accountRef) || has(self.region) || "
            "(has(self.routeTableIds) && size(self.routeTableIds) > 0))",
            check=lambda peering: (
                peering.vpc_id is not None
                or not (peering.account_id or peering.account_ref or peering.region or peering.route_table_ids)
            ),
        ),
    )

    name: LinkName = Field(description="A name for this peering, for example shop.")
    vpc_ref: LabVpcRef | None = Field(
        default=None,
        description="The other side as a LabVpc: one of the two names the other. Its routes are made too, and removed "
        "with the peering; it lets the traffic in by its connectedCidrs and its security groups.",
    )
    vpc_id: Annotated[str, Field(max_length=21), _id("vpc")] | None = Field(
        default=None, description="The other side as a VPC that is no LabVpc."
    )
    cidrs: OtherCidrs = Field(default=(), description="With vpcId: the addresses of the other side.")
    account_id: AccountId | None = Field(
        default=None,
        description="With vpcId: the account of the other side, if it is another one and has no AwsAccount; its owner "
        "has to accept the peering and to make the routes there.",
    )
    account_ref: AccountRef | None = Field(
        default=None, description="With vpcId: the AwsAccount of the other side, through which the peering is accepted."
    )
    region: RegionName | None = Field(
        default=None, description="With vpcId: the region of the other side, if it is another one."
    )
    route_table_ids: TableIds = Field(
        default=(),
        description="With vpcId: the route tables of the other side that get routes to this network. The policies "
        "that we deliver allow routes in tables of ours only: an administrator has to allow these.",
    )
    dns: bool = Field(
        default=True,
        strict=True,
        description="Whether public DNS names of instances lead to their private addresses on the other side too.",
    )


class TransitGatewaySpec(Model):
    """A way to the networks behind a transit gateway that exists."""

    id: Annotated[str, Field(max_length=21), _id("tgw")] = Field(
        description="The id of the transit gateway, of this account or shared with it."
    )
    routes: Annotated[
        tuple[Cidr, ...],
        Field(min_length=1, max_length=10),
        UniqueItems(),
        Rule(
            message="must not have 0.0.0.0/0, which is the way to the internet",
            cel="!('0.0.0.0/0' in self)",
            check=lambda routes: "0.0.0.0/0" not in routes,
        ),
    ] = Field(description="The networks to which the public and private subnets are led over it.")


class Propagation(StrEnum):
    """Subnets whose route tables take the routes of a VPN gateway."""

    PUBLIC = "Public"
    PRIVATE = "Private"
    DATA = "Data"


class VpnGatewaySpec(Model):
    """A way to the networks behind a VPN gateway that exists."""

    id: Annotated[str, Field(max_length=21), _id("vgw")] = Field(
        description="The id of the VPN gateway (virtual private gateway), of this account and region. It serves one "
        "VPC at a time, and is neither made nor deleted: only attached, and detached in the end."
    )
    propagate_to: Annotated[tuple[Propagation, ...], Field(max_length=3), UniqueItems()] = Field(
        default=(Propagation.PRIVATE,),
        description="The subnets whose route tables take the routes that the gateway knows: Public, Private, Data. "
        "Those routes come and go by themselves. connectedCidrs says whose traffic the network ACLs let in.",
    )


Peerings = Annotated[
    tuple[PeeringSpec, ...],
    Field(max_length=20),
    KeyedBy(("name",)),
    Rule(
        message="must not have one name twice",
        cel="self.all(p, self.filter(q, q.name == p.name).size() == 1)",
        check=lambda peerings: len({p.name for p in peerings}) == len(peerings),
    ),
]


def _secondaries_overlap_nothing(spec: LabVpcSpec) -> bool:
    networks = [n for cidr in (spec.cidr, *spec.secondary_cidrs) if (n := ipv4_network(cidr))]
    return all(sum(network.overlaps(other) for other in networks) == 1 for network in networks)


def _reaches(tier: Propagation) -> Rule:
    """Routes of a VPN gateway go to subnets that there are."""
    name = tier.value.lower()

    def check(spec: LabVpcSpec) -> bool:
        wanted = spec.vpn_gateway is not None and tier in spec.vpn_gateway.propagate_to
        return not wanted or getattr(spec.subnets, name).enabled is True

    return Rule(
        path=("vpnGateway", "propagateTo"),
        message=f"must not have {tier.value} where subnets.{name}.enabled is false",
        cel="!has(self.vpnGateway) || !has(self.vpnGateway.propagateTo) || "
        f"!('{tier.value}' in self.vpnGateway.propagateTo) || !has(self.subnets) || !has(self.subnets.{name}) || "
        f"!has(self.subnets.{name}.enabled) || self.subnets.{name}.enabled",
        check=check,
    )


LINK_RULES = (
    _reaches(Propagation.PUBLIC),
    _reaches(Propagation.DATA),
    Rule(
        path=("secondaryCidrs",),
        message="must overlap neither spec.cidr nor each other",
        cel="!isCIDR(self.cidr) || !has(self.secondaryCidrs) || [[cidr(self.cidr)] + "
        "self.secondaryCidrs.filter(s, isCIDR(s)).map(s, cidr(s))].all(cs, cs.all(a, "
        "cs.filter(b, a.containsCIDR(b) || b.containsCIDR(a)).size() == 1))",
        check=_secondaries_overlap_nothing,
    ),
)
