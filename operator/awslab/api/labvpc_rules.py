"""What must hold between the fields of a LabVpc's spec, in CEL and in Python side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Rule
from .common import ipv4_network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ipaddress import IPv4Network

    from .labvpc import LabVpcSpec

MAX_ZONES = 6
TIERS = ("public", "private", "data")


def _zone_names(spec: LabVpcSpec) -> tuple[object, ...]:
    """The zones as a person named them; none if only counted. What is wrong with them is not yet known."""
    return spec.availability_zones if isinstance(spec.availability_zones, tuple) else ()


def _is_count_or_list(spec: LabVpcSpec) -> bool:
    zones = spec.availability_zones
    if isinstance(zones, tuple):
        return 1 <= len(zones) <= MAX_ZONES and all(isinstance(zone, str) for zone in zones)
    return type(zones) is int and 1 <= zones <= MAX_ZONES


def _names_no_zone_twice(spec: LabVpcSpec) -> bool:
    zones = _zone_names(spec)
    return all(zones.count(zone) == 1 for zone in zones)


def _names_only_zones_of_its_region(spec: LabVpcSpec) -> bool:
    return all(is_zone_of(spec.region, zone) for zone in _zone_names(spec) if isinstance(zone, str))


def is_zone_of(region: str, zone: str) -> bool:
    """Whether *zone* is the region's name and one letter: local and wavelength zones are not."""
    return zone[:-1] == region and "a" <= zone[-1:] <= "z"


def _is_zone_cel(zone: str, region: str) -> str:
    return f"{zone}.startsWith({region}) && {zone}.substring(size({region})).matches('^[a-z]$')"


def _about_zones(message: str, cel: str, check: Callable[[LabVpcSpec], bool]) -> Rule:
    """CEL in a schema cannot see a field that is a number or a list, so these are a policy's rules."""
    cel = cel.replace("zones", "variables.spec.availabilityZones")
    return Rule(message=message, cel=cel, check=check, path=("availabilityZones",), policy=True)


ZONE_RULES = (
    _about_zones(
        f"must be a count from 1 to {MAX_ZONES} or a list of 1 to {MAX_ZONES} zone names, "
        "for example 2 or [us-east-1a, us-east-1b]",
        "type(zones) == list ? "
        f"1 <= size(zones) && size(zones) <= {MAX_ZONES} && zones.all(z, type(z) == string) : "
        f"type(zones) == int && 1 <= zones && zones <= {MAX_ZONES}",
        _is_count_or_list,
    ),
    _about_zones(
        "must not name a zone twice",
        "type(zones) != list || zones.all(z, zones.filter(other, other == z).size() == 1)",
        _names_no_zone_twice,
    ),
    _about_zones(
        "must be zones of spec.region, its name and one letter, for example us-east-1a",
        f"type(zones) != list || zones.all(z, type(z) != string || ({_is_zone_cel('z', 'variables.spec.region')}))",
        _names_only_zones_of_its_region,
    ),
)


def _cidrs(spec: LabVpcSpec, tier: str) -> Mapping[str, str]:
    cidrs: Mapping[str, str] = getattr(spec.subnets, tier).cidrs
    return cidrs


def _networks(spec: LabVpcSpec, *tiers: str) -> list[IPv4Network]:
    """The explicit networks of the tiers; text that is none has a rule of its own."""
    found = [ipv4_network(cidr) for tier in tiers for cidr in _cidrs(spec, tier).values()]
    return [network for network in found if network]


def _has_cidrs_cel(tier: str) -> str:
    # The optional syntax, self.?subnets, makes the API server's estimate of the cost exceed its budget.
    return f"has(self.subnets) && has(self.subnets.{tier}) && has(self.subnets.{tier}.cidrs)"


def _networks_cel(tier: str) -> str:
    cidrs = f"self.subnets.{tier}.cidrs"
    return f"({_has_cidrs_cel(tier)} ? {cidrs}.map(z, isCIDR({cidrs}[z]), cidr({cidrs}[z])) : [])"


def _is_by_zone(tier: str) -> Rule:
    def check(spec: LabVpcSpec) -> bool:
        return all(is_zone_of(spec.region, zone) for zone in _cidrs(spec, tier))

    zones_fit = f"self.subnets.{tier}.cidrs.all(z, {_is_zone_cel('z', 'self.region')})"
    return Rule(
        path=("subnets", tier, "cidrs"),
        message="must have zones of spec.region as keys, its name and one letter, for example us-east-1a",
        cel=f"!({_has_cidrs_cel(tier)}) || {zones_fit}",
        check=check,
    )


def _lies_inside(tier: str) -> Rule:
    def check(spec: LabVpcSpec) -> bool:
        ranges = [n for cidr in (spec.cidr, *spec.secondary_cidrs) if (n := ipv4_network(cidr))]
        return all(any(network.subnet_of(one) for one in ranges) for network in _networks(spec, tier))

    secondary = "has(self.secondaryCidrs) && self.secondaryCidrs.exists(s, isCIDR(s) && cidr(s).containsCIDR(c))"
    return Rule(
        path=("subnets", tier, "cidrs"),
        message="must lie inside spec.cidr or one of spec.secondaryCidrs",
        cel=f"!isCIDR(self.cidr) || {_networks_cel(tier)}.all(c, cidr(self.cidr).containsCIDR(c) || ({secondary}))",
        check=check,
    )


def _overlap_nowhere(spec: LabVpcSpec) -> bool:
    networks = _networks(spec, *TIERS)
    return all(sum(network.overlaps(other) for other in networks) == 1 for network in networks)


_ALL_NETWORKS_CEL = " + ".join(_networks_cel(tier) for tier in TIERS)

SUBNET_RULES = (
    *(_is_by_zone(tier) for tier in TIERS),
    *(_lies_inside(tier) for tier in TIERS),
    Rule(
        path=("subnets",),
        message="must have cidrs that do not overlap, neither within a tier nor between tiers",
        # A list of one list gives the concatenation a name; every network overlaps itself.
        cel=f"[{_ALL_NETWORKS_CEL}].all(cs, cs.all(a, "
        "cs.filter(b, a.containsCIDR(b) || b.containsCIDR(a)).size() == 1))",
        check=_overlap_nowhere,
    ),
)

_IS_PRIVATE_CEL = "has(self.subnets) && has(self.subnets.public) && !self.subnets.public.enabled"


def _in_public_only(path: tuple[str, ...], message: str, cel: str, absent: Callable[[LabVpcSpec], bool]) -> Rule:
    """Something that needs public subnets, and is *absent* where there are none."""

    def check(spec: LabVpcSpec) -> bool:
        return spec.subnets.public.enabled or absent(spec)

    return Rule(path=path, message=message, cel=f"!({_IS_PRIVATE_CEL}) || {cel}", check=check)


INTERNET_RULES = (
    _in_public_only(
        ("natGateways",),
        "must be None where subnets.public.enabled is false: NAT gateways stand in public subnets",
        "self.natGateways == 'None'",
        lambda spec: spec.nat_gateways == "None",
    ),
    _in_public_only(
        ("webServer", "loadBalancer"),
        "must be false where subnets.public.enabled is false: the load balancer stands in public subnets",
        "!has(self.webServer) || !self.webServer.loadBalancer",
        lambda spec: spec.web_server is None or not spec.web_server.load_balancer,
    ),
)

ACL_RULES = (
    Rule(
        path=("emptyDefaultNetworkAcl",),
        message="must be false where networkAcls is Default: the subnets would be cut off",
        cel="!self.emptyDefaultNetworkAcl || self.networkAcls != 'Default'",
        check=lambda spec: not spec.empty_default_network_acl or spec.network_acls != "Default",
    ),
)
