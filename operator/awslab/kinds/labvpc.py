"""LabVpc: a production network.

                    ┌ public-a ── nat-a ┐
internet ── igw ────┤                   ├──── private-a      data-a
                    └ public-b ── …     ┘     private-b      data-b
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

from awslab.api.kinds import LAB_VPC as API
from awslab.api.labvpc import LabVpcSpec, NatMode, SubnetTier
from awslab.aws.lookups import availability_zones
from awslab.aws.nat import Eip, NatGateway
from awslab.aws.network import InternetGateway, Subnet, Vpc
from awslab.aws.routing import RouteTable
from awslab.aws.security_group import DefaultSecurityGroup, Rule, SecurityGroup
from awslab.aws.session import Aws
from awslab.core.errors import SpecError
from awslab.core.graph import Graph
from awslab.core.ownership import Owner
from awslab.core.resource import Observed, Ref, Tags
from awslab.core.values import FrozenMap

from . import network_checks
from .address_plan import Tier, tier_blocks, usable_addresses, zone_letters
from .kind import Kind, Look, Outputs, Report, Situation

EVERYWHERE = "0.0.0.0/0"

TYPES = (
    Vpc, Subnet, InternetGateway, Eip, NatGateway, RouteTable, SecurityGroup, DefaultSecurityGroup,
)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What a network's layout depends on besides its spec."""

    zones: tuple[str, ...]
    """The names of the zones that the region has for this account, sorted."""


def look_up(spec: LabVpcSpec, situation: Situation) -> Facts:  # noqa: ARG001 - a VPC stands alone
    """Ask AWS for the region's zones."""
    return Facts(situation.clients.fact("zones", availability_zones))


def guess(spec: LabVpcSpec, owner: Owner) -> Facts:  # noqa: ARG001 - its zones do not depend on it
    """Take the region's zones for a to f."""
    named = spec.availability_zones if isinstance(spec.availability_zones, tuple) else ()
    return Facts(tuple(sorted({*named, *(spec.region + letter for letter in "abcdef")})))


def compose(spec: LabVpcSpec, facts: Facts) -> Graph:
    """Lay out the network that *spec* asks for."""
    layout = _Layout(spec, zones_of(spec, facts))
    layout.subnets()
    layout.internet()
    layout.nat()
    layout.data()
    layout.security_groups()
    layout.graph.check()
    return layout.graph


def zones_of(spec: LabVpcSpec, facts: Facts) -> tuple[str, ...]:
    """The zones in use, sorted: those named, or as many as asked for, from the region's first on."""
    wanted = spec.availability_zones
    if isinstance(wanted, int):
        return _first_zones(spec, facts, wanted)
    for zone in wanted:
        _check_zone(spec, facts, zone)
    return tuple(sorted(wanted))


def _first_zones(spec: LabVpcSpec, facts: Facts, count: int) -> tuple[str, ...]:
    fitting = [z for z in facts.zones if _letter(z) in zone_letters(spec.network)]
    if count > len(fitting):
        have = f"{spec.region} has {len(fitting)} zones that fit a /{spec.network.prefixlen} ({', '.join(fitting)})"
        raise SpecError("spec.availabilityZones", f"{have}, fewer than {count}; ask for fewer")
    return tuple(fitting[:count])


def _check_zone(spec: LabVpcSpec, facts: Facts, zone: str) -> None:
    letters = zone_letters(spec.network)
    if zone not in facts.zones:
        known = f"is no zone of {spec.region} for this account; it has {', '.join(facts.zones)}"
        raise SpecError("spec.availabilityZones", f"{zone} {known}")
    if _letter(zone) not in letters:
        room = f"a /{spec.network.prefixlen} has room for the zones {letters[0]} to {letters[-1]} only, not for {zone}"
        raise SpecError("spec.availabilityZones", f"{room}; leave it out, or make a larger VPC")


def _letter(zone: str) -> str:
    return zone[-1]


@dataclass
class _Layout:
    """A network while it is being laid out."""

    spec: LabVpcSpec
    zones: tuple[str, ...]
    graph: Graph = field(default_factory=Graph)

    def __post_init__(self) -> None:
        self.tags: Tags = FrozenMap(self.spec.tags)
        self.vpc = self.graph.add(Vpc(name="vpc", cidr=self.spec.cidr, tags=self.tags))
        self.igw = self.graph.add(InternetGateway(name="igw", vpc=self.vpc, tags=self.tags))
        self.tiers: dict[Tier, dict[str, Subnet]] = {}

    def subnets(self) -> None:
        """One subnet in each zone for each tier."""
        cidrs = _cidrs(self.spec, self.zones)
        for tier, settings in _tiers(self.spec).items():
            tags = FrozenMap({**self.spec.tags, **settings.tags})
            self.tiers[tier] = {
                zone: self.graph.add(
                    Subnet(
                        name=f"{tier}-{_letter(zone)}",
                        vpc=self.vpc,
                        cidr=str(cidrs[tier, zone]),
                        zone=zone,
                        public_ips=tier is Tier.PUBLIC,
                        tags=tags,
                    )
                )
                for zone in self.zones
            }

    def internet(self) -> None:
        """The public subnets' way to the internet and back."""
        self._table("public", self.tiers[Tier.PUBLIC].values(), {EVERYWHERE: self.igw})

    def nat(self) -> None:
        """One private route table for each zone, to the NAT gateway of the zone or to the only one."""
        gateways = self._nat_gateways()
        for zone, subnet in self.tiers[Tier.PRIVATE].items():
            routes = {EVERYWHERE: gateways[zone]} if zone in gateways else {}
            self._table(f"private-{_letter(zone)}", [subnet], routes)

    def _nat_gateways(self) -> Mapping[str, NatGateway]:
        match self.spec.nat_gateways:
            case NatMode.NONE:
                return {}
            case NatMode.SINGLE:
                return dict.fromkeys(self.zones, self._nat_gateway(self.zones[0]))
            case NatMode.PER_ZONE:
                return {zone: self._nat_gateway(zone) for zone in self.zones}

    def _nat_gateway(self, zone: str) -> NatGateway:
        letter, subnet = _letter(zone), self.tiers[Tier.PUBLIC][zone]
        eip = self.graph.add(Eip(name=f"nat-{letter}", tags=self.tags))
        return self.graph.add(NatGateway(name=letter, subnet=subnet, eip=eip, internet=self.igw, tags=self.tags))

    def data(self) -> None:
        """The data subnets' table: local addresses only."""
        if subnets := self.tiers.get(Tier.DATA):
            self._table("data", subnets.values(), {})

    def _table(self, name: str, subnets: Iterable[Subnet], routes: Mapping[str, Any]) -> None:
        table = RouteTable(
            name=name, vpc=self.vpc, routes=FrozenMap(routes), subnets=frozenset(subnets), tags=self.tags
        )
        self.graph.add(table)

    def security_groups(self) -> None:
        """A chain: the internet to the load balancer, that to the app, that to the data; and nothing else."""
        access = self.spec.security_groups
        balancer, app, data = (Ref("SecurityGroup", name) for name in ("load-balancer", "app", "data"))
        self.graph.add(DefaultSecurityGroup(name="default", vpc=self.vpc, tags=self.tags))
        self._group(
            balancer,
            "Load balancers: from the networks that the spec admits, to the app",
            ingress={
                Rule.tcp(port, source): "clients"
                for port in access.load_balancer.ports
                for source in access.load_balancer.sources
            },
            egress={Rule.tcp(access.app.port, app): "app"},
        )
        self._group(
            app,
            "Applications: from the load balancer, to the data and to the web",
            ingress={Rule.tcp(access.app.port, balancer): "load balancer"},
            egress={
                **{Rule.tcp(port, data): "data" for port in access.data.ports},
                **{Rule.tcp(port, EVERYWHERE): "web, by NAT" for port in (80, 443)},
            },
        )
        self._group(
            data,
            "Databases: from the app only, to nowhere",
            ingress={Rule.tcp(port, app): "app" for port in access.data.ports},
            egress={},
        )

    def _group(self, ref: Ref, description: str, ingress: Mapping[Rule, str], egress: Mapping[Rule, str]) -> None:
        group = SecurityGroup(
            name=ref.name,
            vpc=self.vpc,
            description=description,
            ingress=FrozenMap(ingress),
            egress=FrozenMap(egress),
            tags=self.tags,
        )
        self.graph.add(group)


def _tiers(spec: LabVpcSpec) -> dict[Tier, SubnetTier]:
    tiers = {Tier.PUBLIC: spec.subnets.public, Tier.PRIVATE: spec.subnets.private}
    return {**tiers, Tier.DATA: spec.subnets.data} if spec.subnets.data.enabled else tiers


def _cidrs(spec: LabVpcSpec, zones: Sequence[str]) -> Mapping[tuple[Tier, str], IPv4Network]:
    """Every subnet's addresses: those that the spec gives, else those of the address plan."""
    cidrs = {
        (tier, zone): _given(tier, settings, zone) or tier_blocks(spec.network, _letter(zone))[tier]
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


def outputs(spec: LabVpcSpec, facts: Facts, found: Sequence[Observed]) -> Outputs:
    """What others need to build on this network, and the texts of the columns."""
    zones = zones_of(spec, facts)
    subnets = [_subnet(o) for tier in Tier for o in _of(found, Subnet) if o.name.startswith(f"{tier}-")]
    nat_ips = [o.details["public_ip"] for o in _of(found, NatGateway) if o.details.get("public_ip")]
    vpc = next(iter(_of(found, Vpc)), None)
    return {
        "vpcId": vpc.id if vpc else None,
        "cidr": vpc.fields["cidr"] if vpc else None,
        "zones": list(zones),
        "subnets": subnets,
        **{f"{tier}SubnetIds": [s["id"] for s in subnets if s["tier"] == tier] for tier in Tier},
        "natGatewayIps": nat_ips,
        "securityGroupIds": {_camel(o.name): o.id for o in _of(found, SecurityGroup)},
        "summary": {"zones": ",".join(zones), "natIps": ",".join(nat_ips)},
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
        "usableAddresses": usable_addresses(IPv4Network(found.fields["cidr"])),
    }


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(map(str.capitalize, rest))


def report(spec: LabVpcSpec, facts: Facts, aws: Aws, look: Look) -> Report:
    """Whether the network keeps what it promises."""
    return network_checks.report(spec, zones_of(spec, facts), aws, look)


LAB_VPC = Kind(API, TYPES, look_up, guess, compose, outputs, report)
