"""A network as it was observed: what decides where a packet goes, and nothing else.

All of it can be printed, compared and kept; ids are AWS's own.  Names are for
people: those of the resources that the operator made, else the ``Name`` tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LOCAL = "local"
"""The target of a route to the VPC's own addresses."""

ALL = "all"
"""Every protocol."""

EVERY_PORT = (0, 65535)

TYPES_AND_CODES = (0, 255)
"""Every type of ICMP: what stands in place of its ports."""


@dataclass(frozen=True)
class Vpc:
    """A virtual network."""

    id: str
    cidrs: tuple[str, ...]
    """Its CIDRs of both IP versions, the secondary ones too."""
    name: str = ""


@dataclass(frozen=True)
class Subnet:
    """A part of a VPC, in one zone."""

    id: str
    vpc: str
    cidrs: tuple[str, ...]
    zone: str
    tier: str = ""
    name: str = ""
    public_ips: bool = False
    """Whether what starts there gets a public IPv4 address."""


@dataclass(frozen=True)
class Route:
    """Where a destination's packets go."""

    destination: str
    """A CIDR, or the id of a prefix list."""
    target: str
    """``local``, or the id of a gateway."""
    blackhole: bool = False
    propagated: bool = False


@dataclass(frozen=True)
class RouteTable:
    """The routes of some subnets; the main one is for those that have none."""

    id: str
    vpc: str
    routes: tuple[Route, ...]
    subnets: frozenset[str] = frozenset()
    main: bool = False
    name: str = ""


class GatewayKind(StrEnum):
    """What stands at the edge of a VPC."""

    INTERNET = "internet gateway"
    EGRESS_ONLY = "egress-only internet gateway"
    VPN = "VPN gateway"


@dataclass(frozen=True)
class Gateway:
    """A gateway that is attached to its VPC."""

    id: str
    vpc: str
    kind: GatewayKind
    name: str = ""


@dataclass(frozen=True)
class NatGateway:
    """A gateway that hides its users behind its own address."""

    id: str
    subnet: str
    private_ip: str
    public_ip: str = ""
    """Empty where it is a private one."""
    state: str = "available"
    name: str = ""


@dataclass(frozen=True)
class AclRule:
    """An entry of a network ACL."""

    number: int
    egress: bool
    allow: bool
    cidr: str
    protocol: str = ALL
    """all, tcp, udp, icmp, icmpv6, or a number."""
    ports: tuple[int, int] = EVERY_PORT
    """For ICMP: its types."""


@dataclass(frozen=True)
class NetworkAcl:
    """What enters and leaves subnets: numbered rules, without memory."""

    id: str
    vpc: str
    rules: tuple[AclRule, ...]
    subnets: frozenset[str] = frozenset()
    name: str = ""


@dataclass(frozen=True)
class GroupRule:
    """What a security group lets through, in one direction."""

    egress: bool
    peer: str
    """A CIDR, or the id of a group or of a prefix list."""
    protocol: str = ALL
    ports: tuple[int, int] = EVERY_PORT


@dataclass(frozen=True)
class SecurityGroup:
    """What interfaces may begin to send and receive; answers always pass."""

    id: str
    vpc: str
    rules: tuple[GroupRule, ...]
    name: str = ""


@dataclass(frozen=True)
class Interface:
    """A network interface, of an instance, a load balancer, an endpoint, or of anything else."""

    id: str
    subnet: str
    addresses: tuple[str, ...]
    """Private IPv4 and IPv6 addresses."""
    groups: tuple[str, ...]
    public_ip: str = ""
    name: str = ""
    part: str = ""
    """What it is in the network: bastion, web, load-balancer ..."""
    instance: str = ""
    hypothetical: bool = False
    """Whether it is not there, but stands for what could be."""


@dataclass(frozen=True)
class Listener:
    """A port on which a load balancer listens."""

    port: int
    protocol: str
    targets: tuple[str, ...] = ()
    """The ids of the instances to which it forwards."""


@dataclass(frozen=True)
class LoadBalancer:
    """A load balancer, which takes connections by its interfaces."""

    id: str
    name: str
    interfaces: tuple[str, ...]
    listeners: tuple[Listener, ...] = ()
    state: str = "active"


@dataclass(frozen=True)
class Peering:
    """A connection between two VPCs."""

    id: str
    vpcs: tuple[str, str]
    """The requester's and the accepter's."""
    cidrs: tuple[tuple[str, ...], tuple[str, ...]]
    """The addresses of each side."""
    state: str = "active"
    name: str = ""


@dataclass(frozen=True)
class TransitAttachment:
    """A VPC's connection to a transit gateway."""

    id: str
    gateway: str
    vpc: str
    state: str = "available"


@dataclass(frozen=True)
class PrefixList:
    """A named list of CIDRs."""

    id: str
    name: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True)
class Endpoint:
    """A way to a service of AWS that needs no internet."""

    id: str
    vpc: str
    service: str
    """The last part of the service's name: s3, dynamodb, ssm ..."""
    prefix_list: str = ""
    """Of a gateway endpoint."""
    interfaces: tuple[str, ...] = ()
    """Of an interface endpoint."""
    state: str = "available"
    name: str = ""


@dataclass(frozen=True)
class FlowLog:
    """A record of who talked with whom in a VPC."""

    id: str
    vpc: str
    destination: str
    """The ARN of a log group or a bucket."""
    trouble: str = ""
    """Why AWS cannot write it; empty where it can."""


@dataclass(frozen=True)
class Network:
    """VPCs with all that is in them; the first is the one that is asked about."""

    vpcs: tuple[Vpc, ...]
    subnets: tuple[Subnet, ...] = ()
    tables: tuple[RouteTable, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    nats: tuple[NatGateway, ...] = ()
    acls: tuple[NetworkAcl, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    balancers: tuple[LoadBalancer, ...] = ()
    peerings: tuple[Peering, ...] = ()
    attachments: tuple[TransitAttachment, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    flow_logs: tuple[FlowLog, ...] = ()

    @property
    def endpoints_lists(self) -> frozenset[str]:
        """The prefix lists of the services that have a gateway endpoint."""
        return frozenset(e.prefix_list for e in self.endpoints if e.prefix_list)
