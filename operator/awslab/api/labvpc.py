"""The LabVpc API: what a person may ask for, and what the operator tells."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, ClassVar

from pydantic import Field

from .base import AnyShape, Immutable, Model, Rule, StatusModel, UniqueItems
from .checks import Check, CheckStatus
from .common import Cidr, KindSpec, KindStatus, Port, Ports, Summary, Tags, prefix_between
from .labvpc_links import (
    LINK_RULES,
    DhcpOptionsSpec,
    OtherCidrs,
    Peerings,
    SecondaryCidrs,
    TransitGatewaySpec,
    VpnGatewaySpec,
)
from .labvpc_logs import FlowLogs, NetworkDeletion
from .labvpc_parts import Bastion, Endpoints, NetworkAcls
from .labvpc_rules import ACL_RULES, INTERNET_RULES, MAX_ZONES, SUBNET_RULES, ZONE_RULES
from .labvpc_web import WEB_RULES, WebServer


class NatMode(StrEnum):
    """How private subnets reach the internet."""

    NONE = "None"
    SINGLE = "Single"
    PER_ZONE = "PerZone"


VpcCidr = Annotated[
    Cidr,
    prefix_between(16, 24, "10.0.0.0/16"),
    Immutable("a VPC keeps its addresses for life, make a new LabVpc and move there"),
]
SubnetCidr = Annotated[Cidr, prefix_between(16, 28, "10.0.16.0/20")]
ZoneCidrs = Annotated[Mapping[str, SubnetCidr], Field(max_length=MAX_ZONES)]
Sources = Annotated[tuple[Cidr, ...], Field(min_length=1, max_length=50), UniqueItems()]
Checks = Annotated[tuple[Check, ...], Field(max_length=50)]
AvailabilityZones = Annotated[int | tuple[str, ...], AnyShape()]


class SubnetTier(Model):
    """One subnet in each availability zone."""

    cidrs: ZoneCidrs = Field(
        default_factory=dict,
        description="The CIDR of each zone's subnet by the zone's name, such as us-east-1a: 10.0.16.0/20. "
        "Give it for all zones or for none; without it the operator computes a plan.",
    )
    tags: Tags = Field(
        default_factory=dict,
        description="Tags for this tier, for example kubernetes.io/role/elb; they win over spec.tags.",
    )


class PublicTier(SubnetTier):
    """The subnets with a way to and from the internet; may be switched off, and with them that way."""

    enabled: bool = Field(
        default=True,
        strict=True,
        description="Whether there are public subnets and an internet gateway. Without them nothing leads to or from "
        "the internet, over IPv6 neither; a bastion stands in a private subnet, natGateways has to be None.",
    )


class DataTier(SubnetTier):
    """The subnets for databases, with no route to or from the internet; may be switched off."""

    enabled: bool = Field(default=True, strict=True, description="Whether there is a data tier.")


class Subnets(Model):
    """The three tiers of subnets, one subnet of each in every zone."""

    public: PublicTier = Field(
        default=PublicTier(),
        description="Subnets with a route to the internet gateway, for load balancers and NAT gateways.",
    )
    private: SubnetTier = Field(
        default=SubnetTier(),
        description="Subnets that reach the internet through NAT only, for applications.",
    )
    data: DataTier = Field(default=DataTier(), description="Subnets without any route to the internet, for databases.")


class LoadBalancerAccess(Model):
    """Who may reach a load balancer in the public subnets."""

    ports: Ports = Field(default=(80, 443), description="The TCP ports that are open.")
    sources: Sources = Field(default=("0.0.0.0/0",), alias="from", description="The networks from which they are open.")


class AppAccess(Model):
    """What the load balancer may reach in the private subnets."""

    port: Port = Field(default=80, description="The TCP port on which the applications listen.")


class DataAccess(Model):
    """What the applications may reach in the data subnets."""

    ports: Ports = Field(default=(5432,), description="The TCP ports on which the databases listen.")


class SecurityGroups(Model):
    """Three security groups, each admitting only the one before it."""

    load_balancer: LoadBalancerAccess = Field(
        default=LoadBalancerAccess(),
        description="The group for load balancers: open to the networks in from.",
    )
    app: AppAccess = Field(
        default=AppAccess(), description="The group for applications: open to the load balancers only."
    )
    data: DataAccess = Field(
        default=DataAccess(), description="The group for databases: open to the applications only."
    )


Gigabytes = Annotated[float, Field(strict=True, ge=0, le=100000000)]
PerSecond = Annotated[float, Field(strict=True, ge=0, le=1000000)]


class ExpectedTraffic(Model):
    """What goes through the network in a month, as far as it is known: the cost is estimated from it."""

    nat_gb: Gigabytes = Field(default=0, description="GB through NAT gateways, both ways.")
    endpoint_gb: Gigabytes = Field(default=0, description="GB through interface endpoints.")
    flow_log_gb: Gigabytes = Field(default=0, description="GB of flow logs.")
    load_balancer_gb: Gigabytes = Field(default=0, description="GB through the load balancer, both ways.")
    connections_per_second: PerSecond = Field(
        default=0, description="New connections to the load balancer in a second, on average over the month."
    )


class LabVpcSpec(KindSpec):
    """The network that a LabVpc asks for."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *ZONE_RULES,
        *SUBNET_RULES,
        *INTERNET_RULES,
        *ACL_RULES,
        *LINK_RULES,
        *WEB_RULES,
    )

    cidr: VpcCidr = Field(description="The addresses of the VPC, from /16 to /24, for example 10.0.0.0/16.")
    secondary_cidrs: SecondaryCidrs = Field(
        default=(),
        description="Further addresses of the VPC, at most four ranges from /16 to /28; subnets with cidrs of their "
        "own may lie in them. They can be added and removed at any time.",
    )
    ipv6: bool = Field(
        default=False,
        strict=True,
        description="Whether the network has IPv6 too: a /56 of Amazon's, a /64 of it in each subnet, and an "
        "egress-only internet gateway for the private subnets. It can be turned on at any time, and off as long as "
        "nothing in the subnets has an IPv6 address.",
    )
    availability_zones: AvailabilityZones = Field(
        default=2,
        description=f"A count of zones from 1 to {MAX_ZONES}, taken from a on, or a list of zone names, "
        "for example [us-east-1a, us-east-1c]. Zones may be added and removed; the others are not touched.",
    )
    nat_gateways: NatMode = Field(
        default=NatMode.PER_ZONE,
        description="How private subnets reach the internet over IPv4: PerZone (one NAT gateway in each zone), "
        "Single (one for all: cheaper, lost with its zone) or None (not at all).",
    )
    subnets: Subnets = Field(default=Subnets(), description="The three tiers of subnets: public, private and data.")
    security_groups: SecurityGroups = Field(
        default=SecurityGroups(), description="What the security groups of the three tiers admit."
    )
    network_acls: NetworkAcls = Field(
        default=NetworkAcls.TIERED,
        description="The network ACLs: Tiered (one for each tier, which divides the data subnets from all but the "
        "private ones, and all but the public ones from the internet) or Default (that which AWS gives every VPC).",
    )
    empty_default_network_acl: bool = Field(
        default=False,
        strict=True,
        description="Whether the VPC's default network ACL lets nothing through, so that nothing uses it by accident.",
    )
    endpoints: Endpoints = Field(default=Endpoints(), description="Private ways to AWS's services.")
    dhcp_options: DhcpOptionsSpec | None = Field(
        default=None, description="What machines are told of names and time; without it what AWS tells everybody."
    )
    peerings: Peerings = Field(
        default=(), description="Ways to other VPCs, with routes between the public and private subnets of both."
    )
    transit_gateway: TransitGatewaySpec | None = Field(
        default=None, description="An attachment to a transit gateway, through the private subnets; none without it."
    )
    vpn_gateway: VpnGatewaySpec | None = Field(
        default=None, description="A VPN gateway that serves this network; none without it."
    )
    connected_cidrs: OtherCidrs = Field(
        default=(),
        description="Networks outside of this one whose traffic the network ACLs of the public and private subnets "
        "let in, beside those of peerings and transitGateway: such as the networks behind vpnGateway, or a LabVpc that "
        "names this one in a peering.",
    )
    bastion: Bastion | None = Field(
        default=None, description="An instance from which people reach the private subnets; none without it."
    )
    web_server: WebServer | None = Field(
        default=None, description="Instances in the private subnets that answer HTTP; none without it."
    )
    flow_logs: FlowLogs | None = Field(
        default=None, description="A record of who talked with whom; none without it, as it is paid by volume."
    )
    deletion: NetworkDeletion = Field(
        default=NetworkDeletion(), description="What becomes of logs when the object is deleted."
    )
    expect: ExpectedTraffic = Field(
        default=ExpectedTraffic(), description="The traffic of a month, from which its cost is estimated."
    )
    checks: Checks = Field(
        default=(),
        description="Flows that have to be open or closed, beside those that follow from the rest of the spec. "
        "What fails makes the object not Ready.",
    )

    @property
    def network(self) -> IPv4Network:
        """The addresses of the VPC."""
        return IPv4Network(self.cidr)


class SubnetStatus(StatusModel):
    """One subnet as AWS has it."""

    name: str = Field(description="The subnet's name in the composition, for example public-a.")
    tier: str = Field(description="Its tier: public, private or data.")
    zone: str = Field(description="Its availability zone.")
    id: str | None = Field(default=None, description="The id that AWS gave it.")
    cidr: str = Field(description="Its addresses.")
    ipv6_cidr: str | None = Field(default=None, description="Its IPv6 addresses.")
    usable_addresses: int | None = Field(
        default=None, description="How many addresses it has for use, without the five that AWS keeps."
    )


class ImageStatus(StatusModel):
    """An image that was found once, and is used from then on."""

    id: str = Field(description="The id of the image.")
    root_device: str = Field(description="The name of its first disk.")
    source: str = Field(description="What led to it: its id, or a public parameter of Systems Manager.")


class LabVpcSummary(Summary):
    """Short texts for the columns of kubectl get labvpc."""

    zones: str | None = Field(default=None, description="The zones, for example us-east-1a,us-east-1b.")
    nat_ips: str | None = Field(default=None, description="The public addresses of the NAT gateways.")
    bastion_ip: str | None = Field(default=None, description="The public address of the bastion.")


class LabVpcStatus(KindStatus):
    """What AWS has of the network, and how it stands to the spec."""

    summary: LabVpcSummary | None = Field(default=None, description="Short texts for the columns of kubectl get.")
    vpc_id: str | None = Field(default=None, description="The id of the VPC.")
    cidr: str | None = Field(default=None, description="The addresses of the VPC.")
    ipv6_cidr: str | None = Field(default=None, description="The IPv6 addresses that Amazon gave the VPC.")
    zones: tuple[str, ...] = Field(default=(), description="The availability zones in use.")
    subnets: tuple[SubnetStatus, ...] = Field(default=(), description="Every subnet.")
    public_subnet_ids: tuple[str, ...] = Field(default=(), description="The ids of the public subnets.")
    private_subnet_ids: tuple[str, ...] = Field(default=(), description="The ids of the private subnets.")
    data_subnet_ids: tuple[str, ...] = Field(default=(), description="The ids of the data subnets.")
    nat_gateway_ips: tuple[str, ...] = Field(
        default=(), description="The public addresses from which the private subnets reach the internet."
    )
    security_group_ids: Mapping[str, str] = Field(
        default_factory=dict,
        description="The ids of the security groups by name: loadBalancer, app and data.",
    )
    network_acl_ids: Mapping[str, str] = Field(
        default_factory=dict, description="The ids of the network ACLs by tier: public, private and data."
    )
    route_table_ids: Mapping[str, str] = Field(
        default_factory=dict, description="The ids of the route tables by name: public, private-a, data."
    )
    peering_ids: Mapping[str, str] = Field(
        default_factory=dict, description="The ids of the peering connections by the names of the peerings."
    )
    transit_gateway_attachment_id: str | None = Field(
        default=None, description="The id of the attachment to the transit gateway."
    )
    flow_log_group: str | None = Field(default=None, description="The log group of the flow logs.")
    flow_log_bucket: str | None = Field(default=None, description="The ARN of the bucket of the flow logs.")
    web_server_private_ips: tuple[str, ...] = Field(default=(), description="The private addresses of the web servers.")
    load_balancer_dns_name: str | None = Field(
        default=None, description="The name under which the load balancer of the web servers is reached."
    )
    bastion_instance_id: str | None = Field(default=None, description="The id of the bastion.")
    bastion_public_ip: str | None = Field(default=None, description="The public address of the bastion.")
    images: Mapping[str, ImageStatus] = Field(
        default_factory=dict, description="The images that instances are made of, by what they are for: bastion, web."
    )
    endpoint_ids: Mapping[str, str] = Field(
        default_factory=dict, description="The ids of the endpoints by service: s3, dynamodb and others."
    )
    checks: tuple[CheckStatus, ...] = Field(
        default=(),
        description="Every flow that the spec promises open or closed, and whether AWS keeps it: a proof over routes, "
        "network ACLs, security groups and addresses as they were last seen.",
    )
