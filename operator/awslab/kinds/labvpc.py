"""LabVpc: a production network.

                    ┌ public-a ── nat-a ┐
internet ── igw ────┤                   ├──── private-a      data-a
                    └ public-b ── …     ┘     private-b      data-b
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from awslab.api.kinds import LAB_VPC as API
from awslab.api.labvpc import LabVpcSpec
from awslab.aws.cidr_blocks import Ipv6Block, SecondaryCidr
from awslab.aws.dhcp import DhcpOptions
from awslab.aws.endpoint import GatewayEndpoint, InterfaceEndpoint
from awslab.aws.flow_log import FlowLog, SavedQuery
from awslab.aws.iam import Role
from awslab.aws.instance import Image, Instance, KeyPair
from awslab.aws.instance_profile import InstanceProfile
from awslab.aws.load_balancer import Listener, LoadBalancer
from awslab.aws.logs import LogGroup, group_name
from awslab.aws.lookups import availability_zones, identity
from awslab.aws.nat import Eip, NatGateway
from awslab.aws.network import EgressOnlyGateway, InternetGateway, Subnet, Vpc
from awslab.aws.network_acl import DefaultNetworkAcl, NetworkAcl
from awslab.aws.peering import Peering
from awslab.aws.routing import RouteTable
from awslab.aws.s3 import Bucket
from awslab.aws.security_group import DefaultSecurityGroup, SecurityGroup
from awslab.aws.session import Aws
from awslab.aws.target_group import TargetGroup
from awslab.aws.transit_gateway import TransitGatewayAttachment
from awslab.aws.vpn_gateway import VpnGateway
from awslab.core.graph import Graph
from awslab.core.ownership import Owner
from awslab.core.resource import Observed
from awslab.cost import network as cost

from . import network_checks
from .address_plan import Tier, usable_addresses
from .addresses import dhcp_options
from .flow_logs import flow_logs
from .kind import Kind, Look, Outputs, Report, Situation
from .machines import BASTION, as_status, bastion, images, machines, names_matter
from .network_layout import EVERYWHERE, SOMEBODY, Facts, Layout, zones_of
from .network_parts import endpoints, network_acls
from .peering import guessed, peerings, peers, transit_gateway
from .web_servers import guessed_user_data, user_data, web_outputs, web_servers

__all__ = ["EVERYWHERE", "LAB_VPC", "Facts", "compose", "guess", "look_up", "outputs", "zones_of"]

TYPES = (
    Vpc, Subnet, InternetGateway, Eip, NatGateway, RouteTable, SecurityGroup, DefaultSecurityGroup,
    NetworkAcl, DefaultNetworkAcl, GatewayEndpoint, InterfaceEndpoint, Role, InstanceProfile, KeyPair, Instance,
    LoadBalancer, TargetGroup, Listener, LogGroup, Bucket, FlowLog, SavedQuery, Ipv6Block, EgressOnlyGateway,
    SecondaryCidr, DhcpOptions, Peering, TransitGatewayAttachment, VpnGateway,
)  # fmt: skip


def look_up(spec: LabVpcSpec, situation: Situation) -> Facts:
    """Ask AWS for the region's zones; who we are and for images only where something depends on it."""
    zones = situation.clients.fact("zones", availability_zones)
    if not (names_matter(spec) or spec.peerings):
        return Facts(zones, situation.owner)
    who = situation.clients.fact("identity", identity)
    others, code = peers(spec, situation, who.account), user_data(spec, situation.config_maps)
    return Facts(zones, situation.owner, who, images(spec, situation), user_data=code, peers=others)


def guess(spec: LabVpcSpec, owner: Owner) -> Facts:
    """Take the region's zones for a to f, and any account and images."""
    named = spec.availability_zones if isinstance(spec.availability_zones, tuple) else ()
    zones = tuple(sorted({*named, *(spec.region + letter for letter in "abcdef")}))
    made_of, others = dict.fromkeys(machines(spec), Image("ami-0")), guessed(spec, SOMEBODY.account)
    return Facts(zones, owner, images=made_of, user_data=guessed_user_data(spec), peers=others)


def compose(spec: LabVpcSpec, facts: Facts) -> Graph:
    """Lay out the network that *spec* asks for."""
    layout = Layout(spec, zones_of(spec, facts), facts)
    dhcp_options(layout)
    layout.subnets()
    layout.internet()
    layout.nat()
    layout.data()
    layout.security_groups()
    peerings(layout)
    transit_gateway(layout)
    network_acls(layout)
    endpoints(layout)
    bastion(layout)
    web_servers(layout)
    flow_logs(layout)
    layout.graph.check()
    return layout.graph


def outputs(spec: LabVpcSpec, facts: Facts, found: Sequence[Observed]) -> Outputs:
    """What others need to build on this network, and the texts of the columns."""
    zones = zones_of(spec, facts)
    subnets = [_subnet(o) for tier in Tier for o in _of(found, Subnet) if o.name.startswith(f"{tier}-")]
    nat_ips = [o.details["public_ip"] for o in _of(found, NatGateway) if o.details.get("public_ip")]
    vpc = next(iter(_of(found, Vpc)), None)
    host = next((o for o in _of(found, Instance) if o.name == BASTION), None)
    bastion_ip = host.details.get("public_ip") if host else None
    return {
        "vpcId": vpc.id if vpc else None,
        "cidr": vpc.fields["cidr"] if vpc else None,
        "ipv6Cidr": next((o.id for o in _of(found, Ipv6Block) if o.ready), None),
        "zones": list(zones),
        "subnets": subnets,
        **{f"{tier}SubnetIds": [s["id"] for s in subnets if s["tier"] == tier] for tier in Tier},
        "natGatewayIps": nat_ips,
        "routeTableIds": {o.name: o.id for o in _of(found, RouteTable)},
        "peeringIds": {o.name: o.id for o in _of(found, Peering)},
        "transitGatewayAttachmentId": next((o.id for o in _of(found, TransitGatewayAttachment)), None),
        **web_outputs(found),
        "flowLogGroup": next((group_name(o.id) for o in _of(found, LogGroup)), None),
        "flowLogBucket": next((o.id for o in _of(found, Bucket)), None),
        "bastionInstanceId": host.id if host else None,
        "bastionPublicIp": bastion_ip or None,
        "images": {name: as_status(image) for name, image in facts.images.items()},
        "securityGroupIds": {_camel(o.name): o.id for o in _of(found, SecurityGroup)},
        "networkAclIds": {o.name: o.id for o in _of(found, NetworkAcl)},
        "endpointIds": {o.name: o.id for o in [*_of(found, GatewayEndpoint), *_of(found, InterfaceEndpoint)]},
        "summary": {"zones": ",".join(zones), "natIps": ",".join(nat_ips), "bastionIp": bastion_ip or ""},
    }


def _of(found: Iterable[Observed], kind: type) -> list[Observed]:
    return sorted((o for o in found if o.type is kind), key=lambda o: o.name)


def _subnet(found: Observed) -> dict[str, Any]:
    return {
        "name": found.name,
        "tier": found.name.partition("-")[0],
        "zone": found.fields["zone"],
        "id": found.id,
        "cidr": found.fields["cidr"],
        **({"ipv6Cidr": ipv6} if (ipv6 := found.details.get("ipv6_cidr")) else {}),
        "usableAddresses": usable_addresses(IPv4Network(found.fields["cidr"])),
    }


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(map(str.capitalize, rest))


def _traffic(spec: LabVpcSpec) -> cost.Traffic:
    expected = spec.expect
    logs = spec.flow_logs.destination.value if spec.flow_logs else ""
    ours = spec.web_server is not None and spec.web_server.load_balancer
    balanced = cost.Balanced(expected.load_balancer_gb, expected.connections_per_second) if ours else None
    return cost.Traffic(expected.nat_gb, expected.endpoint_gb, expected.flow_log_gb, logs, balanced)


def work(spec: LabVpcSpec) -> Mapping[str, float] | None:
    """What the expected traffic costs a month."""
    return cost.monthly(_traffic(spec), spec.region)


def assumptions(spec: LabVpcSpec) -> Mapping[str, str]:
    """What the cost goes by."""
    return cost.assumptions(_traffic(spec))


def report(spec: LabVpcSpec, facts: Facts, aws: Aws, look: Look) -> Report:
    """Whether the network keeps what it promises."""
    return network_checks.report(spec, zones_of(spec, facts), facts.peers, aws, look)


LAB_VPC = Kind(API, TYPES, look_up, guess, compose, outputs, report, work, assumptions)
