"""Ways to other VPCs: who is at the other end, and what leads there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from awslab.api.labvpc import LabVpcSpec
from awslab.api.labvpc_links import PeeringSpec
from awslab.aws.led_routes import LedRoute
from awslab.aws.peering import Peering
from awslab.aws.transit_gateway import TransitGatewayAttachment
from awslab.core.errors import SpecError

from .address_plan import Tier
from .kind import Neighbor, Situation

if TYPE_CHECKING:
    from .network_layout import Layout


@dataclass(frozen=True)
class Peer:
    """The other side of a peering."""

    about: str
    """For people."""
    vpc: str
    account: str
    region: str
    cidrs: tuple[str, ...]
    tables: tuple[str, ...] = ()
    """The ids of the route tables there that get routes to us."""
    ours: bool = True
    """Whether we may act for it."""


def peers(spec: LabVpcSpec, situation: Situation, account: str) -> dict[str, Peer]:
    """The other side of each peering, by its name; raises Waits for one that is not there yet."""
    return {p.name: _peer(p, spec, situation, account) for p in spec.peerings}


def guessed(spec: LabVpcSpec, account: str) -> dict[str, Peer]:
    """The same without AWS and other objects, for drawings."""
    return {
        p.name: Peer(p.name, p.vpc_id or f"vpc-of-{p.name}", p.account_id or account, p.region or spec.region, p.cidrs)
        for p in spec.peerings
    }


def _peer(peering: PeeringSpec, spec: LabVpcSpec, situation: Situation, account: str) -> Peer:
    if peering.vpc_ref is not None:
        return _lab_vpc(situation.others[peering.vpc_ref], account)
    account = peering.account_id or _named_account(peering, situation) or account
    return Peer(
        f"{peering.vpc_id}",
        f"{peering.vpc_id}",
        account,
        peering.region or spec.region,
        peering.cidrs,
        peering.route_table_ids,
    )


def _named_account(peering: PeeringSpec, situation: Situation) -> str:
    """The id of the AwsAccount that a peering names."""
    return situation.accounts.get(peering.account_ref.name, "") if peering.account_ref else ""


def _lab_vpc(other: Neighbor, account: str) -> Peer:
    """Another LabVpc: its public and private tables get routes, its data tables never."""
    tables: Mapping[str, str] = other.output("routeTableIds")
    cidrs = (other.spec["cidr"], *other.spec.get("secondaryCidrs", ()))
    return Peer(
        other.about,
        other.output("vpcId"),
        (other.status.get("account") or {}).get("id") or account,
        other.spec["region"],
        cidrs,
        tuple(id_ for name, id_ in sorted(tables.items()) if name != Tier.DATA),
    )


def peerings(layout: Layout) -> None:
    """One connection for each peering, with routes from and to the public and private subnets."""
    for wanted in layout.spec.peerings:
        peer = layout.facts.peers[wanted.name]
        _check_ranges(layout.spec, f"spec.peerings.{wanted.name}", peer)
        own = (table for name, table in layout.tables.items() if name != Tier.DATA)
        layout.graph.add(
            Peering(
                name=wanted.name,
                vpc=layout.vpc,
                peer=peer.vpc,
                account=peer.account,
                region=peer.region,
                dns=wanted.dns,
                peer_dns=wanted.dns,
                routes=_routes(own, peer.cidrs),
                peer_routes=_routes(peer.tables, ranges(layout.spec)),
                tags=layout.tags,
            )
        )


def transit_gateway(layout: Layout) -> None:
    """The attachment to a transit gateway through the private subnets, one of which is in each zone."""
    wanted = layout.spec.transit_gateway
    if wanted is None:
        return
    own = (table for name, table in layout.tables.items() if name != Tier.DATA)
    layout.graph.add(
        TransitGatewayAttachment(
            name="transit",
            gateway=wanted.id,
            vpc=layout.vpc,
            subnets=frozenset(layout.tiers[Tier.PRIVATE].values()),
            routes=_routes(own, wanted.routes),
            tags=layout.tags,
        )
    )


def _routes(tables: Iterable[Any], cidrs: Iterable[str]) -> frozenset[LedRoute]:
    cidrs = tuple(cidrs)
    return frozenset(LedRoute(table, cidr) for table in tables for cidr in cidrs)


def ranges(spec: LabVpcSpec) -> tuple[str, ...]:
    """All IPv4 addresses of a network."""
    return (spec.cidr, *spec.secondary_cidrs)


def _check_ranges(spec: LabVpcSpec, field: str, peer: Peer) -> None:
    """Refuse a peer whose addresses are also ours; raises SpecError that names both ranges."""
    for mine, theirs in _overlaps(ranges(spec), peer.cidrs):
        both = f"{mine} of this network and {theirs} of {peer.about} overlap, and AWS does not peer such networks"
        raise SpecError(field, f"{both}; remove the peering, or make one of the two anew with other addresses")


def _overlaps(mine: Iterable[str], theirs: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return ((one, other) for one in mine for other in theirs if IPv4Network(one).overlaps(IPv4Network(other)))


def connected(layout: Layout) -> frozenset[str]:
    """The networks whose traffic the network ACLs let in: further addresses, peers, and those that the spec names."""
    of_peers = (cidr for peer in layout.facts.peers.values() for cidr in peer.cidrs)
    transit = layout.spec.transit_gateway.routes if layout.spec.transit_gateway else ()
    return frozenset({*layout.spec.secondary_cidrs, *of_peers, *transit, *layout.spec.connected_cidrs})
