"""Networks as AWS has them: the model that the checks reason about, from a few listings for many VPCs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar

from awslab.checks.model import (
    Gateway,
    GatewayKind,
    Interface,
    Listener,
    LoadBalancer,
    Network,
    Peering,
    PrefixList,
    RouteTable,
    SecurityGroup,
    TransitAttachment,
)
from awslab.checks.parts import around
from awslab.core.errors import Rejected
from awslab.core.ownership import Owner

from . import as_model
from .ec2 import Filters, Item, batches, pages, pages_of
from .named import unless_gone
from .session import Aws, Clients
from .target_group import LEAVING

T = TypeVar("T")
Ask = Callable[[Iterable[T]], "Future[tuple[T, ...]]"]

SIDE_BY_SIDE = 11
"""Listings at the same time where somebody waits for one network; of many networks they come one after the other,
for what they show is large."""

NOBODY = Owner("", "", "", "")
"""On whose behalf is looked: listings by VPC concern all owners."""


class NoSuchVpc(Rejected):
    """There is no such VPC in this account and region."""


def observed_network(clients: Clients, vpc: str) -> Network:
    """Everything of *vpc* that decides over packets; raises NoSuchVpc."""
    found = _observed(clients, [vpc], SIDE_BY_SIDE)
    if vpc not in found:
        raise NoSuchVpc(f"{vpc} is no VPC of this account and region")
    return found[vpc]


def observed_networks(clients: Clients, vpcs: Sequence[str]) -> Mapping[str, Network]:
    """As *observed_network*, for each of *vpcs* that is there.

    Ten calls for up to 200 of them, and a page more for each thousand of what is in them; besides, two for each load
    balancer.  What is rare is asked for only where a route, a rule or an interface speaks of it.
    """
    return _observed(clients, vpcs, 1)


def _observed(clients: Clients, vpcs: Sequence[str], side_by_side: int) -> Mapping[str, Network]:
    whole = _Look(Aws(clients, NOBODY), list(vpcs), side_by_side).network()
    return {v.id: around(whole, v.id) for v in whole.vpcs if v.id in vpcs}


@dataclass
class _Look:
    """One look at some VPCs, and their peers."""

    aws: Aws
    vpcs: list[str]
    side_by_side: int
    peerings: list[Peering] = field(init=False, default_factory=list)

    def network(self) -> Network:
        """All of it as one network."""
        tables = self._tables()
        with self._asking() as ask:
            vpcs = ask(map(as_model.vpc, self._inside("describe_vpcs", "Vpcs")))
            subnets = ask(as_model.subnet(s, tables) for s in self._inside("describe_subnets", "Subnets"))
            gateways = ask(self._gateways(tables))
            nats = ask(n for i in self._nat_gateways() for n in as_model.nat_gateways(i))
            acls = ask(map(as_model.acl, self._inside("describe_network_acls", "NetworkAcls")))
            groups = ask(map(as_model.group, self._inside("describe_security_groups", "SecurityGroups")))
            connected = ask(self._interfaces())
            attachments = ask(self._attachments(tables))
            endpoints = self._inside("describe_vpc_endpoints", "VpcEndpoints")
            private = ask(as_model.endpoint(e, tables) for e in endpoints)
            logs = ask(map(as_model.flow_log, self._inside("describe_flow_logs", "FlowLogs", "resource-id")))
        return Network(
            vpcs=vpcs.result(),
            subnets=subnets.result(),
            tables=tables,
            gateways=gateways.result(),
            nats=nats.result(),
            acls=acls.result(),
            groups=groups.result(),
            interfaces=tuple(c for c in connected.result() if isinstance(c, Interface)),
            balancers=tuple(c for c in connected.result() if isinstance(c, LoadBalancer)),
            peerings=tuple(self.peerings),
            attachments=attachments.result(),
            endpoints=private.result(),
            prefix_lists=tuple(self._prefix_lists(tables, groups.result())),
            flow_logs=logs.result(),
        )

    @contextmanager
    def _asking(self) -> Iterator[Ask[Any]]:
        """Have listings read, on behalf of the caller, until all are there."""
        with ThreadPoolExecutor(self.side_by_side, thread_name_prefix="network") as pool:
            yield lambda items: pool.submit(copy_context().run, tuple, items)

    def _inside(self, operation: str, key: str, name: str = "vpc-id") -> Iterator[Item]:
        """A listing of what is in the VPCs."""
        return pages_of(self.aws, operation, key, name, self.vpcs)

    def _tables(self) -> tuple[RouteTable, ...]:
        """The VPCs' route tables, and those of the peers to which they lead."""
        tables = tuple(map(as_model.table, self._inside("describe_route_tables", "RouteTables")))
        ids = sorted(t for t in _targets(tables) if t.startswith("pcx-"))
        found = pages_of(
            self.aws, "describe_vpc_peering_connections", "VpcPeeringConnections", "vpc-peering-connection-id", ids
        )
        self.peerings = [as_model.peering(i) for i in found if i["Status"]["Code"] not in {"deleted", "deleting"}]
        peers = sorted({v for p in self.peerings for v in p.vpcs} - {*self.vpcs})
        self.vpcs = [*self.vpcs, *peers]
        more = pages_of(self.aws, "describe_route_tables", "RouteTables", "vpc-id", peers)
        return (*tables, *map(as_model.table, more))

    def _gateways(self, tables: Iterable[RouteTable]) -> Iterator[Gateway]:
        internet = self._inside("describe_internet_gateways", "InternetGateways", "attachment.vpc-id")
        yield from _attached(internet, "InternetGatewayId", GatewayKind.INTERNET)
        targets = _targets(tables)
        if any(t.startswith("eigw-") for t in targets):
            found = pages(self.aws, "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways")
            yield from _attached(found, "EgressOnlyInternetGatewayId", GatewayKind.EGRESS_ONLY)
        if any(t.startswith("vgw-") for t in targets):
            for some in batches(self.vpcs):
                answer = self.aws.ec2.describe_vpn_gateways(Filters=_filters("attachment.vpc-id", some))
                yield from _attached(answer["VpnGateways"], "VpnGatewayId", GatewayKind.VPN)

    def _nat_gateways(self) -> Iterator[Item]:
        return self._inside("describe_nat_gateways", "NatGateways")

    def _interfaces(self) -> Iterator[Interface | LoadBalancer]:
        items = [*self._inside("describe_network_interfaces", "NetworkInterfaces")]
        used = any((i.get("Attachment") or {}).get("InstanceId") for i in items)
        reservations = self._inside("describe_instances", "Reservations") if used else ()
        instances = {i["InstanceId"]: i for r in reservations for i in r["Instances"]}
        yield from (f for i in items for f in as_model.interfaces(i, instances))
        yield from self._balancers(items)

    def _balancers(self, interfaces: list[Item]) -> Iterator[LoadBalancer]:
        """The load balancers whose interfaces were found, with their listeners."""
        if not any(map(as_model.balancer_name, interfaces)):
            return
        elb = self.aws.client("elbv2")
        for page in elb.get_paginator("describe_load_balancers").paginate():
            yield from (_balancer(elb, b, interfaces) for b in page["LoadBalancers"] if b.get("VpcId") in self.vpcs)

    def _attachments(self, tables: Iterable[RouteTable]) -> Iterator[TransitAttachment]:
        if any(t.startswith("tgw-") for t in _targets(tables)):
            found = self._inside("describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments")
            yield from map(as_model.attachment, found)

    def _prefix_lists(self, tables: Iterable[RouteTable], groups: Iterable[SecurityGroup]) -> Iterator[PrefixList]:
        """The lists that a route or a rule names; those of AWS's own services hardly ever change."""
        routes = [r for t in tables for r in t.routes]
        named = {r.destination for r in routes} | {r.peer for g in groups for r in g.rules}
        ids = sorted(n for n in named if n.startswith("pl-"))
        services = self.aws.clients.fact("prefix lists", _services) if ids else {}
        for id_ in ids:
            yield services[id_] if id_ in services else _prefix_list(self.aws, id_)


def _services(clients: Clients) -> Mapping[str, PrefixList]:
    """The lists of the services that have gateway endpoints."""
    found = pages(Aws(clients, NOBODY), "describe_prefix_lists", "PrefixLists")
    return {i["PrefixListId"]: PrefixList(i["PrefixListId"], i["PrefixListName"], _sorted(i["Cidrs"])) for i in found}


def _prefix_list(aws: Aws, id_: str) -> PrefixList:
    (item,) = pages(aws, "describe_managed_prefix_lists", "PrefixLists", PrefixListIds=[id_])
    entries = pages(aws, "get_managed_prefix_list_entries", "Entries", PrefixListId=id_)
    return PrefixList(id_, item["PrefixListName"], _sorted(e["Cidr"] for e in entries))


def _sorted(cidrs: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(cidrs))


def _filters(name: str, values: Iterable[str]) -> Filters:
    return [{"Name": name, "Values": [*values]}]


def _targets(tables: Iterable[RouteTable]) -> frozenset[str]:
    return frozenset(r.target for t in tables for r in t.routes)


def _attached(items: Iterable[Item], id_key: str, kind: GatewayKind) -> Iterator[Gateway]:
    for item in items:
        yield from as_model.gateways(item, id_key, kind)


def _balancer(elb: Any, item: Item, interfaces: list[Item]) -> LoadBalancer:
    listeners = elb.describe_listeners(LoadBalancerArn=item["LoadBalancerArn"])["Listeners"]
    suffix = item["LoadBalancerArn"].partition("loadbalancer/")[2]
    held = tuple(i["NetworkInterfaceId"] for i in interfaces if i.get("Description") == f"ELB {suffix}")
    return LoadBalancer(
        id=item["LoadBalancerArn"],
        name=item["LoadBalancerName"],
        interfaces=held,
        listeners=tuple(_listener(elb, entry) for entry in listeners),
        state=item["State"]["Code"],
    )


def _listener(elb: Any, item: Item) -> Listener:
    groups = {g["TargetGroupArn"] for a in item["DefaultActions"] if a["Type"] == "forward" for g in _groups(a)}
    return Listener(item["Port"], item["Protocol"], tuple(sorted(t for g in groups for t in _targets_of(elb, g))))


def _groups(action: Item) -> list[Item]:
    """The target groups of an action: those that share its requests, or the only one."""
    return list((action.get("ForwardConfig") or {}).get("TargetGroups") or [action])


def _targets_of(elb: Any, group: str) -> Iterator[str]:
    with unless_gone():
        for target in elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]:
            if target["TargetHealth"]["State"] not in LEAVING:
                yield target["Target"]["Id"]
