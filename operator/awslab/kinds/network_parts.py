"""What stands around a network's subnets: network ACLs and endpoints."""

from __future__ import annotations

from awslab.api.labvpc import LabVpcSpec, NatMode
from awslab.api.labvpc_parts import BastionAccess, NetworkAcls
from awslab.aws.endpoint import GatewayEndpoint, InterfaceEndpoint, canonical
from awslab.aws.network_acl import DefaultNetworkAcl, NetworkAcl
from awslab.aws.security_group import Rule
from awslab.core.errors import SpecError
from awslab.core.resource import Ref

from .address_plan import Tier
from .network_layout import SSH_PORT, Layout, letter_of
from .peering import connected
from .tier_acls import Flows, egress, ingress

HTTPS = 443
SESSIONS = ("ssm", "ssmmessages", "ec2messages")
"""What Session Manager needs: https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html"""


def network_acls(layout: Layout) -> None:
    """One network ACL for each tier; the VPC's default one for all, if the spec says so."""
    spec = layout.spec
    layout.graph.add(
        DefaultNetworkAcl(name="default", vpc=layout.vpc, emptied=spec.empty_default_network_acl, tags=layout.tags)
    )
    if spec.network_acls is NetworkAcls.DEFAULT:
        return
    flows = _flows(layout)
    for tier, subnets in layout.tiers.items():
        layout.graph.add(
            NetworkAcl(
                name=tier.value,
                vpc=layout.vpc,
                ingress=ingress(tier, flows),
                egress=egress(tier, flows),
                subnets=frozenset(subnets.values()),
                tags=layout.tags,
            )
        )


def _flows(layout: Layout) -> Flows:
    access, bastion = layout.spec.security_groups.load_balancer, layout.spec.bastion
    clients = {port: list(access.sources) for port in access.ports}
    if bastion and bastion.access is BastionAccess.SSH:
        clients[SSH_PORT] = list(dict.fromkeys([*clients.get(SSH_PORT, ()), *bastion.allowed_cidrs]))
    return Flows(
        vpc=layout.spec.cidr,
        private=_cidrs(layout, Tier.PRIVATE),
        data=_cidrs(layout, Tier.DATA),
        connected=connected(layout),
        clients=clients,
        ipv6=layout.spec.ipv6,
    )


def _cidrs(layout: Layout, tier: Tier) -> dict[str, str]:
    return {letter_of(zone): subnet.cidr for zone, subnet in layout.tiers.get(tier, {}).items()}


def endpoints(layout: Layout) -> None:
    """Private ways to AWS's services, from the private subnets."""
    wanted = layout.spec.endpoints
    for service in set(wanted.policies) - {*wanted.gateways, *wanted.interfaces, *SESSIONS}:
        raise SpecError(f"spec.endpoints.policies.{service}", "has no endpoint; name it in gateways or interfaces too")
    tables = frozenset(t for name, t in layout.tables.items() if name.startswith(Tier.PRIVATE))
    for service in wanted.gateways:
        layout.graph.add(
            GatewayEndpoint(
                name=service.value,
                vpc=layout.vpc,
                service=service_name(service, layout.spec.region),
                tables=tables,
                policy=canonical(wanted.policies.get(service)),
                tags=layout.tags,
            )
        )
    interfaces(layout, interface_services(layout.spec))


def interface_services(spec: LabVpcSpec) -> dict[str, bool]:
    """The services that have interface endpoints, with private DNS or not."""
    named = {service: asked.private_dns for service, asked in spec.endpoints.interfaces.items()}
    return {**dict.fromkeys(session_services(spec), True), **named}


def session_services(spec: LabVpcSpec) -> tuple[str, ...]:
    """Those whose endpoints Session Manager needs where private instances have no NAT; none where they have."""
    by_sessions = spec.bastion is not None and spec.bastion.access is BastionAccess.SESSION_MANAGER
    return SESSIONS if by_sessions and spec.nat_gateways is NatMode.NONE else ()


def interfaces(layout: Layout, services: dict[str, bool]) -> None:
    """Interface endpoints in the private subnets, by service, with private DNS or not."""
    if not services:
        return
    group = layout.group(
        Ref("SecurityGroup", "endpoints"),
        "Interface endpoints: from the VPC, to nowhere",
        ingress={Rule.tcp(HTTPS, cidr): "the VPC" for cidr in (layout.spec.cidr, *layout.spec.secondary_cidrs)},
        egress={},
    )
    for service, private_dns in sorted(services.items()):
        layout.graph.add(
            InterfaceEndpoint(
                name=service,
                vpc=layout.vpc,
                service=service_name(service, layout.spec.region),
                subnets=frozenset(layout.tiers[Tier.PRIVATE].values()),
                groups=frozenset({group}),
                private_dns=private_dns,
                policy=canonical(layout.spec.endpoints.policies.get(service)),
                tags=layout.tags,
            )
        )


def service_name(service: str, region: str) -> str:
    """As AWS calls it: ``com.amazonaws.us-east-1.s3``; a full name stays as it is."""
    full = service.startswith(("com.amazonaws.", "cn.com.amazonaws.", "aws."))
    return service if full else f"com.amazonaws.{region}.{service}"
