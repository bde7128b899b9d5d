"""How a network is laid out: zones, subnets and routes, and the security groups of its tiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

from awslab.api.labvpc import LabVpcSpec, NatMode, SubnetTier
from awslab.api.labvpc_parts import BastionAccess
from awslab.aws.cidr_blocks import IPV6, Ipv6Block
from awslab.aws.instance import Image
from awslab.aws.lookups import Identity
from awslab.aws.nat import Eip, NatGateway
from awslab.aws.network import EgressOnlyGateway, InternetGateway, Subnet, Vpc
from awslab.aws.routing import RouteTable
from awslab.aws.security_group import DefaultSecurityGroup, Rule, SecurityGroup
from awslab.aws.vpn_gateway import VpnGateway
from awslab.core.errors import SpecError
from awslab.core.graph import Graph
from awslab.core.ownership import Owner
from awslab.core.resource import Ref, Resource, Tags
from awslab.core.values import FrozenMap

from .address_plan import Tier, tier_blocks, zone_letters
from .addresses import block_of, secondary_cidrs
from .ipv6 import EVERYWHERE_6, both_families, subnet_fields
from .peering import Peer

EVERYWHERE = "0.0.0.0/0"
NOBODY = Owner("", "", "", "")
SSH_PORT = 22
SOMEBODY = Identity("aws", "123456789012")
"""Stands for the account where it is not known, as in drawings."""


@dataclass(frozen=True)
class Facts:
    """What a network's layout depends on besides its spec."""

    zones: tuple[str, ...]
    """The names of the zones that the region has for this account, sorted."""
    owner: Owner = NOBODY
    who: Identity = SOMEBODY
    images: Mapping[str, Image] = field(default_factory=dict)
    """What instances are made of, by what they are for."""
    user_data: str = ""
    """What the web servers run at their first start."""
    peers: Mapping[str, Peer] = field(default_factory=dict)
    """The other sides of peerings, by their names."""

    def arn(self, service: str, resource: str, region: str = "") -> str:
        """The ARN of something in this account; IAM's have no region."""
        return f"arn:{self.who.partition}:{service}:{region}:{self.who.account}:{resource}"


def zones_of(spec: LabVpcSpec, facts: Facts) -> tuple[str, ...]:
    """The zones in use, sorted: those named, or as many as asked for, from the region's first on."""
    wanted = spec.availability_zones
    if isinstance(wanted, int):
        return _first_zones(spec, facts, wanted)
    for zone in wanted:
        _check_zone(spec, facts, zone)
    return tuple(sorted(wanted))


def _first_zones(spec: LabVpcSpec, facts: Facts, count: int) -> tuple[str, ...]:
    fitting = [z for z in facts.zones if letter_of(z) in zone_letters(spec.network)]
    if count > len(fitting):
        have = f"{spec.region} has {len(fitting)} zones that fit a /{spec.network.prefixlen} ({', '.join(fitting)})"
        raise SpecError("spec.availabilityZones", f"{have}, fewer than {count}; ask for fewer")
    return tuple(fitting[:count])


def _check_zone(spec: LabVpcSpec, facts: Facts, zone: str) -> None:
    letters = zone_letters(spec.network)
    if zone not in facts.zones:
        known = f"is no zone of {spec.region} for this account; it has {', '.join(facts.zones)}"
        raise SpecError("spec.availabilityZones", f"{zone} {known}")
    if letter_of(zone) not in letters:
        room = f"a /{spec.network.prefixlen} has room for the zones {letters[0]} to {letters[-1]} only, not for {zone}"
        raise SpecError("spec.availabilityZones", f"{room}; leave it out, or make a larger VPC")


def letter_of(zone: str) -> str:
    """The letter of a zone."""
    return zone[-1]


@dataclass
class Layout:
    """A network while it is being laid out."""

    spec: LabVpcSpec
    zones: tuple[str, ...]
    facts: Facts
    graph: Graph = field(default_factory=Graph)

    def __post_init__(self) -> None:
        self.tags: Tags = FrozenMap(self.spec.tags)
        self.vpc = self.graph.add(Vpc(name="vpc", cidr=self.spec.cidr, tags=self.tags))
        self.blocks = {b.cidr: self.graph.add(b) for b in secondary_cidrs(self.spec, self.vpc)}
        self.ipv6 = self.graph.add(Ipv6Block(name=IPV6, vpc=self.vpc)) if self.spec.ipv6 else None
        self.igw = InternetGateway(name="igw", vpc=self.vpc, tags=self.tags)
        if self.spec.subnets.public.enabled:
            self.graph.add(self.igw)
        self.vpn = self._vpn_gateway()
        self.tiers: dict[Tier, dict[str, Subnet]] = {}
        self.tables: dict[str, RouteTable] = {}
        self.groups: dict[str, SecurityGroup] = {}

    def subnets(self) -> None:
        """One subnet in each zone for each tier."""
        cidrs = _cidrs(self.spec, self.zones)
        for tier, settings in _tiers(self.spec).items():
            tags = FrozenMap({**self.spec.tags, **settings.tags})
            self.tiers[tier] = {
                zone: self.graph.add(
                    Subnet(
                        name=f"{tier}-{letter_of(zone)}",
                        vpc=self.vpc,
                        cidr=str(cidrs[tier, zone]),
                        zone=zone,
                        public_ips=tier is Tier.PUBLIC,
                        block=block_of(cidrs[tier, zone], self.blocks),
                        tags=tags,
                        **subnet_fields(self.ipv6, tier, letter_of(zone)),
                    )
                )
                for zone in self.zones
            }

    def internet(self) -> None:
        """The public subnets' way to the internet and back."""
        if subnets := self.tiers.get(Tier.PUBLIC):
            self._table("public", subnets.values(), dict.fromkeys(self._everywhere(), self.igw))

    def nat(self) -> None:
        """One private route table for each zone, to the NAT gateway of the zone or to the only one."""
        gateways, only_out = self._nat_gateways(), self._only_out()
        for zone, subnet in self.tiers[Tier.PRIVATE].items():
            routes: dict[str, Resource] = {EVERYWHERE: gateways[zone]} if zone in gateways else {}
            self._table(f"private-{letter_of(zone)}", [subnet], routes | only_out)

    def _only_out(self) -> dict[str, Resource]:
        """The way of IPv6 out of the private subnets, on which nobody comes in."""
        if self.ipv6 is None or Tier.PUBLIC not in self.tiers:
            return {}
        return {EVERYWHERE_6: self.graph.add(EgressOnlyGateway(name="out", vpc=self.vpc, tags=self.tags))}

    def _everywhere(self, source: str = EVERYWHERE) -> tuple[str, ...]:
        """*source* in the families of addresses that the network has."""
        return both_families(source, ipv6=self.spec.ipv6)

    def _nat_gateways(self) -> Mapping[str, NatGateway]:
        match self.spec.nat_gateways:
            case NatMode.NONE:
                return {}
            case NatMode.SINGLE:
                return dict.fromkeys(self.zones, self._nat_gateway(self.zones[0]))
            case NatMode.PER_ZONE:
                return {zone: self._nat_gateway(zone) for zone in self.zones}

    def _nat_gateway(self, zone: str) -> NatGateway:
        letter, subnet = letter_of(zone), self.tiers[Tier.PUBLIC][zone]
        eip = self.graph.add(Eip(name=f"nat-{letter}", tags=self.tags))
        return self.graph.add(NatGateway(name=letter, subnet=subnet, eip=eip, internet=self.igw, tags=self.tags))

    def data(self) -> None:
        """The data subnets' table: local addresses only, and what a VPN gateway brings where the spec wants it."""
        if subnets := self.tiers.get(Tier.DATA):
            self._table("data", subnets.values(), {})

    def _vpn_gateway(self) -> VpnGateway | None:
        """The gateway to networks behind a VPN, which is somebody else's."""
        wanted = self.spec.vpn_gateway
        return self.graph.add(VpnGateway(name="vpn", gateway=wanted.id, vpc=self.vpc)) if wanted else None

    def _table(self, name: str, subnets: Iterable[Subnet], routes: Mapping[str, Any]) -> None:
        table = RouteTable(
            name=name,
            vpc=self.vpc,
            routes=FrozenMap(routes),
            subnets=frozenset(subnets),
            propagated=self._propagated(Tier(name.partition("-")[0])),
            tags=self.tags,
        )
        self.tables[name] = self.graph.add(table)

    def _propagated(self, tier: Tier) -> frozenset[VpnGateway]:
        """The gateway, where the spec wants its routes in the tables of *tier*."""
        wanted = self.spec.vpn_gateway
        here = wanted is not None and any(one.value.lower() == tier for one in wanted.propagate_to)
        return frozenset({self.vpn}) if here and self.vpn else frozenset()

    def security_groups(self) -> None:
        """A chain: the internet to the load balancer, that to the app, that to the data; and nothing else."""
        access = self.spec.security_groups
        balancer, app, data = (Ref("SecurityGroup", name) for name in ("load-balancer", "app", "data"))
        bastion = self._bastion_group(app) if self.spec.bastion else {}
        self.graph.add(DefaultSecurityGroup(name="default", vpc=self.vpc, tags=self.tags))
        self.group(
            balancer,
            "Load balancers: from the networks that the spec admits, to the app",
            ingress={
                Rule.tcp(port, source): "clients"
                for port in access.load_balancer.ports
                for named in access.load_balancer.sources
                for source in self._everywhere(named)
            },
            egress={Rule.tcp(access.app.port, app): "app"},
        )
        self.group(
            app,
            "Applications: from the load balancer, to the data and to the web",
            ingress={Rule.tcp(access.app.port, balancer): "load balancer", **bastion},
            egress={
                **{Rule.tcp(port, data): "data" for port in access.data.ports},
                **{Rule.tcp(port, target): "web, by NAT" for port in (80, 443) for target in self._everywhere()},
            },
        )
        self.group(
            data,
            "Databases: from the app only, to nowhere",
            ingress={Rule.tcp(port, app): "app" for port in access.data.ports},
            egress={},
        )

    def _bastion_group(self, app: Ref) -> Mapping[Rule, str]:
        """The bastion's own group; returns what the app lets in from it."""
        ref, bastion = Ref("SecurityGroup", "bastion"), self.spec.bastion
        ports = dict.fromkeys((SSH_PORT, self.spec.security_groups.app.port))
        allowed = bastion.allowed_cidrs if bastion and bastion.access is BastionAccess.SSH else ()
        self.group(
            ref,
            "Bastion: from the networks that the spec allows, to the app and to the web",
            ingress={Rule.tcp(SSH_PORT, cidr): "people" for cidr in allowed},
            egress={
                **{Rule.tcp(port, app): "app" for port in ports},
                **{Rule.tcp(port, target): "web" for port in (80, 443) for target in self._everywhere()},
            },
        )
        return {Rule.tcp(port, ref): "bastion" for port in ports}

    def group(
        self, ref: Ref, description: str, ingress: Mapping[Rule, str], egress: Mapping[Rule, str]
    ) -> SecurityGroup:
        """One security group."""
        group = SecurityGroup(
            name=ref.name,
            vpc=self.vpc,
            description=description,
            ingress=FrozenMap(ingress),
            egress=FrozenMap(egress),
            tags=self.tags,
        )
        self.groups[ref.name] = self.graph.add(group)
        return group


def _tiers(spec: LabVpcSpec) -> dict[Tier, SubnetTier]:
    asked = spec.subnets
    public: dict[Tier, SubnetTier] = {Tier.PUBLIC: asked.public} if asked.public.enabled else {}
    data: dict[Tier, SubnetTier] = {Tier.DATA: asked.data} if asked.data.enabled else {}
    return {**public, Tier.PRIVATE: asked.private, **data}


def _cidrs(spec: LabVpcSpec, zones: Sequence[str]) -> Mapping[tuple[Tier, str], IPv4Network]:
    """Every subnet's addresses: those that the spec gives, else those of the address plan."""
    cidrs = {
        (tier, zone): _given(tier, settings, zone) or tier_blocks(spec.network, letter_of(zone))[tier]
        for tier, settings in _tiers(spec).items()
        for zone in zones
    }
    for ((tier, zone), one), ((other_tier, other_zone), other) in combinations(cidrs.items(), 2):
        if one.overlaps(other):
            field_ = f"spec.subnets.{tier if spec_gives(spec, tier) else other_tier}.cidrs"
            places = f"{tier} in {zone} ({one}) and {other_tier} in {other_zone} ({other})"
            raise SpecError(field_, f"{places} overlap; give ranges that do not, for all tiers or for none")
    return cidrs


def spec_gives(spec: LabVpcSpec, tier: Tier) -> bool:
    """Whether *spec* itself says the addresses of *tier*."""
    return bool(_tiers(spec)[tier].cidrs)


def _given(tier: Tier, settings: SubnetTier, zone: str) -> IPv4Network | None:
    if not settings.cidrs:
        return None
    if zone not in settings.cidrs:
        raise SpecError(f"spec.subnets.{tier}.cidrs", f"has no CIDR for {zone}; give one for every zone, or for none")
    return IPv4Network(settings.cidrs[zone])
