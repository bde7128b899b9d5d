"""Read a VPC that exists as a LabVpc's spec, and say what no spec can say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from awslab.api.labvpc_parts import NetworkAcls
from awslab.api.labvpc_rules import is_zone_of
from awslab.aws.blockers import filters
from awslab.aws.ec2 import Filters, Item
from awslab.aws.endpoint import GatewayEndpoint
from awslab.aws.nat import NatGateway
from awslab.aws.network import InternetGateway, Subnet, Vpc
from awslab.aws.network_acl import DefaultNetworkAcl, NetworkAcl
from awslab.aws.routing import RouteTable
from awslab.aws.security_group import DefaultSecurityGroup, SecurityGroup
from awslab.aws.session import Aws
from awslab.core.errors import Rejected
from awslab.core.ownership import Owner
from awslab.kinds.address_plan import Tier
from awslab.kinds.labvpc import EVERYWHERE, LAB_VPC

Place = tuple[Tier, str]
"""A tier and a zone."""


@dataclass
class Described:
    """A spec, and what it leaves out."""

    spec: dict[str, Any]
    left_out: list[str] = field(default_factory=list)


@dataclass
class Network:
    """What AWS tells of a VPC."""

    vpc: Item
    subnets: Sequence[Item]
    tables: Sequence[Item]
    gateways: Sequence[Item]
    nats: Sequence[Item]
    groups: Sequence[Item]
    acls: Sequence[Item]
    endpoints: Sequence[Item]

    def table_of(self, subnet: str) -> Item | None:
        """The route table that rules *subnet*: its own, or the main one."""
        return self.own_table_of(subnet) or next((t for t in self.tables if is_main(t)), None)

    def own_table_of(self, subnet: str) -> Item | None:
        """The route table that *subnet* itself was given."""
        return next((t for t in self.tables if any(a.get("SubnetId") == subnet for a in t["Associations"])), None)

    def way_out(self, subnet: str) -> str:
        """Where traffic to the internet goes from *subnet*; empty where nowhere."""
        table = self.table_of(subnet)
        return str(RouteTable.fields_of(table)["routes"].get(EVERYWHERE, "")) if table else ""


def describe(aws: Aws, vpc: str, region: str) -> Described:
    """The VPC as a spec; raises LabError where it cannot be one at all."""
    network = _look(aws, vpc)
    left_out: list[str] = []
    places = _places(network, region, left_out)
    zones = sorted({zone for _, zone in places})
    nats = _nats(network, places, left_out)
    spec = {
        "region": region,
        "cidr": network.vpc["CidrBlock"],
        "availabilityZones": zones,
        "natGateways": _nat_mode(nats, zones),
        "subnets": _subnets(places),
        "endpoints": {"gateways": sorted(_gateways(network))},
        "adopt": {"ids": _ids(network, places, nats)},
    }
    acls = _tier_acls(network, spec, places)
    spec["networkAcls"] = (NetworkAcls.TIERED if acls else NetworkAcls.DEFAULT).value
    spec["adopt"] = {"ids": {**spec["adopt"]["ids"], **acls}}
    left_out += _others(network, {*acls.values(), *spec["adopt"]["ids"].values()})
    return Described(spec, left_out)


def _look(aws: Aws, vpc: str) -> Network:
    inside = filters("vpc-id", vpc)

    def listed(kind: Any, these: Filters) -> list[Item]:
        return list(kind.describe(aws, these))

    vpcs = listed(Vpc, inside)
    if not vpcs:
        raise Rejected(f"{vpc} is no VPC of this account and region")
    return Network(
        vpcs[0],
        listed(Subnet, inside),
        listed(RouteTable, inside),
        listed(InternetGateway, filters("attachment.vpc-id", vpc)),
        [n for n in listed(NatGateway, inside) if n["State"] in {"available", "pending"}],
        list(
            {g["GroupId"]: g for kind in (SecurityGroup, DefaultSecurityGroup) for g in listed(kind, inside)}.values()
        ),
        listed(NetworkAcl, inside),
        [e for e in listed(GatewayEndpoint, inside) if e["State"].lower() == "available"],
    )


def is_main(table: Item) -> bool:
    """Whether it is the VPC's main route table, which goes with the VPC."""
    return any(a.get("Main") for a in table["Associations"])


def _places(network: Network, region: str, left_out: list[str]) -> dict[Place, Item]:
    """One subnet for each tier and zone; only zones that have a private one, and a public one if any zone has."""
    taken: dict[Place, Item] = {}
    for subnet in sorted(_fitting(network, region, left_out), key=lambda s: IPv4Network(s["CidrBlock"])):
        place = (_tier(network, subnet), subnet["AvailabilityZone"])
        if place in taken:
            left_out.append(f"{_named(subnet)} is a second {place[0]} subnet in {place[1]}; a LabVpc has one")
        else:
            taken[place] = subnet
    return _complete(taken, left_out)


def _fitting(network: Network, region: str, left_out: list[str]) -> Iterable[Item]:
    cidr = IPv4Network(network.vpc["CidrBlock"])
    for subnet in network.subnets:
        if not is_zone_of(region, subnet["AvailabilityZone"]):
            left_out.append(f"{_named(subnet)} is in {subnet['AvailabilityZone']}, which is no ordinary zone")
        elif not IPv4Network(subnet["CidrBlock"]).subnet_of(cidr):
            left_out.append(f"{_named(subnet)} lies in a secondary CIDR of the VPC")
        else:
            yield subnet


def _complete(taken: Mapping[Place, Item], left_out: list[str]) -> dict[Place, Item]:
    zones = {zone for _, zone in taken}
    needed = {Tier.PRIVATE, *(tier for tier, _ in taken if tier is Tier.PUBLIC)}
    whole = {z for z in zones if all((tier, z) in taken for tier in needed)}
    if not whole:
        needs = "a LabVpc has a private subnet in each zone, and a public one (default route to an internet gateway)"
        raise Rejected(f"no zone of this VPC has both: {needs} in each zone or in none")
    data = all((Tier.DATA, z) in taken for z in whole)
    kept = {p: s for p, s in taken.items() if p[1] in whole and (data or p[0] is not Tier.DATA)}
    for place, subnet in taken.items():
        if place not in kept:
            lacks = "not every zone has a data subnet" if place[1] in whole else f"{place[1]} has not both other tiers"
            left_out.append(f"{_named(subnet)} is left alone, as {lacks}")
    return kept


def _tier(network: Network, subnet: Item) -> Tier:
    way_out = network.way_out(subnet["SubnetId"])
    if way_out.startswith("igw-") or (not way_out and subnet["MapPublicIpOnLaunch"]):
        return Tier.PUBLIC
    if way_out:
        return Tier.PRIVATE
    name = _name(subnet).lower()
    if any(network.way_out(s["SubnetId"]).startswith("nat-") for s in network.subnets):
        return Tier.DATA
    # Without NAT the private subnets have no way out either; only names tell the two apart.
    return Tier.DATA if "data" in name or "db" in name else Tier.PRIVATE


def _nats(network: Network, places: Mapping[Place, Item], left_out: list[str]) -> dict[str, Item]:
    """The NAT gateways by zone, as far as they stand in the public subnets that were taken."""
    zones = {s["SubnetId"]: zone for (tier, zone), s in places.items() if tier is Tier.PUBLIC}
    found: dict[str, Item] = {}
    for nat in network.nats:
        zone = zones.get(nat["SubnetId"], "")
        if not zone or zone in found or NatGateway.fields_of(nat)["eip"] is None:
            left_out.append(f"NAT gateway {nat['NatGatewayId']} is none that a LabVpc would have: one a public subnet")
        else:
            found[zone] = nat
    if found and set(found) != set(zones.values()) and min(zones.values()) not in found:
        left_out.append("the NAT gateway is not in the first zone, where that of a LabVpc with a single one is")
    return found


def _nat_mode(nats: Mapping[str, Item], zones: Sequence[str]) -> str:
    if not nats:
        return "None"
    return "PerZone" if set(nats) == set(zones) else "Single"


def _subnets(places: Mapping[Place, Item]) -> dict[str, Any]:
    cidrs: dict[str, dict[str, Any]] = defaultdict(lambda: {"cidrs": {}})
    for (tier, zone), subnet in sorted(places.items(), key=lambda entry: (list(Tier).index(entry[0][0]), entry[0][1])):
        cidrs[tier.value]["cidrs"][zone] = subnet["CidrBlock"]
    absent = {tier.value: {"enabled": False} for tier in (Tier.PUBLIC, Tier.DATA) if tier.value not in cidrs}
    return {**cidrs, **absent}


def _ids(network: Network, places: Mapping[Place, Item], nats: Mapping[str, Item]) -> dict[str, str]:
    """What is to be taken over, by address."""
    ids = {"Vpc/vpc": network.vpc["VpcId"]}
    public = any(tier is Tier.PUBLIC for tier, _ in places)
    for gateway in network.gateways[:1] if public else ():
        ids["InternetGateway/igw"] = gateway["InternetGatewayId"]
    for (tier, zone), subnet in places.items():
        ids[f"Subnet/{tier}-{zone[-1]}"] = subnet["SubnetId"]
    ids |= _tables(network, places)
    for zone, nat in nats.items():
        ids[f"NatGateway/{zone[-1]}"] = nat["NatGatewayId"]
        ids[f"Eip/nat-{zone[-1]}"] = NatGateway.fields_of(nat)["eip"]
    ids |= {f"GatewayEndpoint/{service}": endpoint for service, endpoint in _gateways(network).items()}
    ids |= {f"{DefaultNetworkAcl.__name__}/default": a["NetworkAclId"] for a in network.acls if a["IsDefault"]}
    return ids | _groups(network)


def _tier_acls(network: Network, spec: Mapping[str, Any], places: Mapping[Place, Item]) -> dict[str, str]:
    """The network ACLs of the tiers, if all of them let through exactly what a LabVpc's would."""
    asked = LAB_VPC.spec_of({"spec": spec})
    graph = LAB_VPC.compose(asked, LAB_VPC.guess(asked, Owner("", LAB_VPC.name, "", "")))
    ids = {}
    for wanted in (r for r in graph if isinstance(r, NetworkAcl)):
        subnets = frozenset(s["SubnetId"] for (tier, _), s in places.items() if tier.value == wanted.name)
        wish = {"ingress": wanted.ingress, "egress": wanted.egress, "subnets": subnets}
        fitting = [a["NetworkAclId"] for a in network.acls if wish.items() <= NetworkAcl.fields_of(a).items()]
        if not fitting:
            return {}
        ids[wanted.address] = fitting[0]
    return ids


def _gateways(network: Network) -> dict[str, str]:
    """The gateway endpoints by their services."""
    gateways = [e for e in network.endpoints if e["VpcEndpointType"] == GatewayEndpoint.kind]
    return {e["ServiceName"].rpartition(".")[2]: e["VpcEndpointId"] for e in gateways}


def _tables(network: Network, places: Mapping[Place, Item]) -> dict[str, str]:
    """Each table once; the main one stays with its VPC, and a new one takes its place."""
    ids: dict[str, str] = {}
    for (tier, zone), subnet in sorted(places.items(), key=lambda entry: entry[0]):
        address = f"RouteTable/private-{zone[-1]}" if tier is Tier.PRIVATE else f"RouteTable/{tier}"
        table = network.own_table_of(subnet["SubnetId"])
        if table and not is_main(table) and table["RouteTableId"] not in ids.values():
            ids.setdefault(address, table["RouteTableId"])
    return ids


def _groups(network: Network) -> dict[str, str]:
    """The default group, and those that say of themselves what ours would say."""
    spec = LAB_VPC.spec_of({"spec": {"region": "us-east-1", "cidr": "10.0.0.0/16"}})
    ours = {
        r.description: r.address
        for r in LAB_VPC.compose(spec, LAB_VPC.guess(spec, Owner("", LAB_VPC.name, "", "")))
        if isinstance(r, SecurityGroup)
    }
    ids = {ours[g["Description"]]: g["GroupId"] for g in network.groups if g["Description"] in ours}
    default = [g["GroupId"] for g in network.groups if g["GroupName"] == "default"]
    return ids | {f"{DefaultSecurityGroup.__name__}/default": id_ for id_ in default}


def _others(network: Network, ours: Collection[str]) -> list[str]:
    """What else is in the VPC and has no place in a LabVpc."""
    known = set(_groups(network).values())
    groups = [f"security group {g['GroupId']} ({g['GroupName']})" for g in network.groups if g["GroupId"] not in known]
    cidrs = [b["CidrBlock"] for b in network.vpc.get("CidrBlockAssociationSet", ())]
    more = [f"the secondary CIDR {c}" for c in cidrs if c != network.vpc["CidrBlock"]]
    acls = [
        f"network ACL {a['NetworkAclId']}" for a in network.acls if not (a["IsDefault"] or a["NetworkAclId"] in ours)
    ]
    gateways = [i for g in network.gateways if (i := g["InternetGatewayId"]) not in ours]
    interfaces = [e for e in network.endpoints if e["VpcEndpointType"] != GatewayEndpoint.kind]
    ways = [f"endpoint {e['VpcEndpointId']} ({e['ServiceName']})" for e in interfaces]
    ways += [f"internet gateway {gateway}" for gateway in gateways]
    return [f"{what} stays as it is, and is nobody's" for what in groups + more + acls + ways]


def _named(subnet: Item) -> str:
    name = _name(subnet)
    return f"{subnet['SubnetId']}" + (f" ({name})" if name else "")


def _name(item: Item) -> str:
    return next((str(t["Value"]) for t in item.get("Tags", ()) if t["Key"] == "Name"), "")
