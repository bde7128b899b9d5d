"""A network as AWS has it, in a few listings: a VPC, and as much of its peers as the account may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

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
    TargetGroup,
    TransitAttachment,
)
from awslab.core.errors import Rejected
from awslab.core.ownership import Owner

from . import as_model
from .blockers import filters
from .ec2 import Filters, Item, pages
from .session import Aws, Clients

NOBODY = Owner("", "", "", "")
"""On whose behalf is looked: listings by VPC concern all owners."""


def observed_network(clients: Clients, vpc: str) -> Network:
    """Everything of *vpc* that decides over packets; raises Rejected where there is no such VPC.

    About a dozen calls, whatever the size of the network.  What is rare is asked for only where a route, a rule or an
    interface speaks of it.
    """
    return _Look(Aws(clients, NOBODY), vpc).network()


@dataclass
class _Look:
    """One look at a VPC and its peers."""

    aws: Aws
    vpc: str
    vpcs: list[str] = field(init=False)

    def network(self) -> Network:
        peerings = self._peerings()
        self.vpcs = [self.vpc, *sorted({v for p in peerings for v in p.vpcs} - {self.vpc})]
        vpcs = {v.id: v for v in map(as_model.vpc, self._inside("describe_vpcs", "Vpcs"))}
        if self.vpc not in vpcs:
            raise Rejected(f"{self.vpc} is no VPC of this account and region")
        tables = tuple(map(as_model.table, self._inside("describe_route_tables", "RouteTables")))
        groups = tuple(map(as_model.group, self._inside("describe_security_groups", "SecurityGroups")))
        interfaces, balancers, targets = self._interfaces()
        endpoints = self._inside("describe_vpc_endpoints", "VpcEndpoints")
        return Network(
            vpcs=tuple(vpcs[v] for v in self.vpcs if v in vpcs),
            subnets=tuple(as_model.subnet(s, tables) for s in self._inside("describe_subnets", "Subnets")),
            tables=tables,
            gateways=tuple(self._gateways(tables)),
            nats=tuple(n for i in self._nat_gateways() for n in as_model.nat_gateways(i)),
            acls=tuple(map(as_model.acl, self._inside("describe_network_acls", "NetworkAcls"))),
            groups=groups,
            interfaces=interfaces,
            balancers=balancers,
            target_groups=targets,
            peerings=tuple(peerings),
            attachments=tuple(self._attachments(tables)),
            endpoints=tuple(as_model.endpoint(e, tables) for e in endpoints),
            prefix_lists=tuple(self._prefix_lists(tables, groups)),
        )

    def _inside(self, operation: str, key: str, name: str = "vpc-id") -> Iterator[Item]:
        """A listing of what is in the VPCs."""
        return pages(self.aws, operation, key, Filters=self._in_vpcs(name))

    def _in_vpcs(self, name: str) -> Filters:
        return [{"Name": name, "Values": self.vpcs}]

    def _peerings(self) -> list[Peering]:
        """The VPC's peerings, of which it is one side or the other."""
        found = [
            item
            for side in ("requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id")
            for item in pages(
                self.aws, "describe_vpc_peering_connections", "VpcPeeringConnections", Filters=filters(side, self.vpc)
            )
        ]
        return [as_model.peering(i) for i in found if i["Status"]["Code"] not in {"deleted", "deleting"}]

    def _gateways(self, tables: Iterable[RouteTable]) -> Iterator[Gateway]:
        internet = self._inside("describe_internet_gateways", "InternetGateways", "attachment.vpc-id")
        yield from _attached(internet, "InternetGatewayId", GatewayKind.INTERNET)
        targets = _targets(tables)
        if any(t.startswith("eigw-") for t in targets):
            found = pages(self.aws, "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways")
            yield from _attached(found, "EgressOnlyInternetGatewayId", GatewayKind.EGRESS_ONLY)
        if any(t.startswith("vgw-") for t in targets):
            answer = self.aws.ec2.describe_vpn_gateways(Filters=self._in_vpcs("attachment.vpc-id"))
            yield from _attached(answer["VpnGateways"], "VpnGatewayId", GatewayKind.VPN)

    def _nat_gateways(self) -> Iterator[Item]:
        """The only listing that says *Filter* in place of *Filters*."""
        return pages(self.aws, "describe_nat_gateways", "NatGateways", Filter=self._in_vpcs("vpc-id"))

    def _interfaces(self) -> tuple[tuple[Interface, ...], tuple[LoadBalancer, ...], tuple[TargetGroup, ...]]:
        items = [*self._inside("describe_network_interfaces", "NetworkInterfaces")]
        used = any((i.get("Attachment") or {}).get("InstanceId") for i in items)
        reservations = self._inside("describe_instances", "Reservations") if used else ()
        instances = {i["InstanceId"]: i for r in reservations for i in r["Instances"]}
        interfaces = tuple(f for i in items for f in as_model.interfaces(i, instances))
        if not any(map(as_model.balancer_name, items)):
            return interfaces, (), ()
        return interfaces, *self._balancers(items)

    def _balancers(self, interfaces: list[Item]) -> tuple[tuple[LoadBalancer, ...], tuple[TargetGroup, ...]]:
        """The load balancers whose interfaces were found, with their listeners and target groups."""
        elb = self.aws.client("elbv2")
        found = _all(elb, "describe_load_balancers", "LoadBalancers")
        balancers = [b for b in found if b.get("VpcId") in self.vpcs]
        targets = [t for t in _all(elb, "describe_target_groups", "TargetGroups") if t.get("VpcId") in self.vpcs]
        return (
            tuple(_balancer(elb, b, interfaces) for b in balancers),
            tuple(_target_group(elb, t) for t in targets),
        )

    def _attachments(self, tables: Iterable[RouteTable]) -> Iterator[TransitAttachment]:
        if any(t.startswith("tgw-") for t in _targets(tables)):
            found = self._inside("describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments")
            yield from map(as_model.attachment, found)

    def _prefix_lists(self, tables: Iterable[RouteTable], groups: Iterable[SecurityGroup]) -> Iterator[PrefixList]:
        """The lists that a route or a rule names."""
        named = {r.destination for t in tables for r in t.routes} | {r.peer for g in groups for r in g.rules}
        ids = sorted(n for n in named if n.startswith("pl-"))
        if not ids:
            return
        about = filters("prefix-list-id", ids[0])
        about[0]["Values"] = ids
        for item in pages(self.aws, "describe_managed_prefix_lists", "PrefixLists", Filters=about):
            id_ = item["PrefixListId"]
            entries = pages(self.aws, "get_managed_prefix_list_entries", "Entries", PrefixListId=id_)
            yield PrefixList(id_, item["PrefixListName"], tuple(e["Cidr"] for e in entries))


def _targets(tables: Iterable[RouteTable]) -> frozenset[str]:
    return frozenset(r.target for t in tables for r in t.routes)


def _attached(items: Iterable[Item], id_key: str, kind: GatewayKind) -> Iterator[Gateway]:
    for item in items:
        yield from as_model.gateways(item, id_key, kind)


def _all(client: Any, operation: str, key: str) -> Iterator[Item]:
    """All items of all pages of a listing that is not EC2's."""
    for page in client.get_paginator(operation).paginate():
        yield from page[key]


def _balancer(elb: Any, item: Item, interfaces: list[Item]) -> LoadBalancer:
    listeners = elb.describe_listeners(LoadBalancerArn=item["LoadBalancerArn"])["Listeners"]
    suffix = item["LoadBalancerArn"].partition("loadbalancer/")[2]
    held = tuple(i["NetworkInterfaceId"] for i in interfaces if i.get("Description") == f"ELB {suffix}")
    return LoadBalancer(
        id=item["LoadBalancerArn"],
        name=item["LoadBalancerName"],
        interfaces=held,
        listeners=tuple(_listener(entry) for entry in listeners),
        state=item["State"]["Code"],
    )


def _listener(item: Item) -> Listener:
    actions = (a.get("TargetGroupArn", "") for a in item.get("DefaultActions", ()))
    return Listener(item["Port"], item["Protocol"], next(filter(None, actions), ""))


def _target_group(elb: Any, item: Item) -> TargetGroup:
    health = elb.describe_target_health(TargetGroupArn=item["TargetGroupArn"])["TargetHealthDescriptions"]
    targets = tuple(h["Target"]["Id"] for h in health)
    return TargetGroup(item["TargetGroupArn"], item["Port"], targets, item["TargetGroupName"])
