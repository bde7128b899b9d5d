"""A network out of many: one VPC, its peers, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from .model import Network

ItemT = TypeVar("ItemT", bound=Any)


def around(network: Network, vpc: str) -> Network:
    """What *network* has in *vpc* and its peers: that VPC first, all else in the order of ids, whoever listed it."""
    peerings = _those(network.peerings, lambda p: vpc in p.vpcs)
    inside = {vpc, *(v for p in peerings for v in p.vpcs)}

    def lies_inside(item: Any) -> bool:
        return item.vpc in inside

    subnets = {s.id for s in network.subnets if s.vpc in inside}
    interfaces = _those(network.interfaces, lambda i: i.subnet in subnets)
    held = {i.id for i in interfaces}
    tables = _those(network.tables, lies_inside)
    groups = _those(network.groups, lies_inside)
    named = {r.destination for t in tables for r in t.routes} | {r.peer for g in groups for r in g.rules}

    return replace(
        network,
        vpcs=tuple(sorted((v for v in network.vpcs if v.id in inside), key=lambda v: (v.id != vpc, v.id))),
        subnets=_those(network.subnets, lies_inside),
        tables=tables,
        gateways=_those(network.gateways, lies_inside),
        nats=_those(network.nats, lambda n: n.subnet in subnets),
        acls=_those(network.acls, lies_inside),
        groups=groups,
        interfaces=interfaces,
        balancers=_those(network.balancers, lambda b: bool(held & {*b.interfaces})),
        peerings=peerings,
        attachments=_those(network.attachments, lies_inside),
        endpoints=_those(network.endpoints, lies_inside),
        prefix_lists=_those(network.prefix_lists, lambda p: p.id in named),
        flow_logs=_those(network.flow_logs, lies_inside),
    )


def alone(network: Network) -> Network:
    """The VPC that is asked about without those beside it, which have tiers and parts of the same names."""
    (own, *_) = (v.id for v in network.vpcs)
    subnets = {s.id for s in network.subnets if s.vpc == own}
    return replace(
        network,
        vpcs=network.vpcs[:1],
        subnets=tuple(s for s in network.subnets if s.id in subnets),
        interfaces=tuple(i for i in network.interfaces if i.subnet in subnets),
        nats=tuple(n for n in network.nats if n.subnet in subnets),
    )


def _those(items: Iterable[ItemT], wanted: Callable[[ItemT], bool]) -> tuple[ItemT, ...]:
    return tuple(sorted(filter(wanted, items), key=lambda item: item.id))
