"""A composition as the network that it will be: for drawings and questions before anything exists.

Ids are made of names, ``subnet-public-a``, as AWS gives its own later; addresses that AWS chooses are supposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatchmethod

from awslab.aws.nat import NatGateway
from awslab.aws.network import InternetGateway, Subnet, Vpc
from awslab.aws.routing import RouteTable
from awslab.aws.security_group import DefaultSecurityGroup, Rule, SecurityGroup
from awslab.checks import model
from awslab.checks.index import POOL
from awslab.checks.ranges import IPV4, address_text, addresses
from awslab.core.graph import Graph
from awslab.core.resource import Given, Ref, Resource

PREFIXES: Mapping[str, str] = {
    "Vpc": "vpc",
    "Subnet": "subnet",
    "InternetGateway": "igw",
    "NatGateway": "nat",
    "RouteTable": "rtb",
    "SecurityGroup": "sg",
    "DefaultSecurityGroup": "sg",
}
"""How AWS's ids begin, by type."""

NAT_HOST = 4
"""The first address of a subnet that AWS does not keep, counted from 0."""


def id_of(reference: Resource | Ref | Given | str) -> str:
    """The id that a reference has here; of what is somebody else's, its own."""
    if isinstance(reference, str):
        return reference
    if isinstance(reference, Given):
        return reference.id
    kind, _, name = reference.address.partition("/")
    prefix = PREFIXES.get(kind, kind.lower())
    return name if name == prefix else f"{prefix}-{name}"


def address_ids(graph: Graph) -> dict[str, str]:
    """Each resource's id here, by its address."""
    return {resource.address: id_of(resource) for resource in graph}


def as_network(graph: Graph) -> model.Network:
    """The network that *graph* describes; types that say nothing of packets are left out."""
    translation = _Translation()
    for resource in graph:
        translation.add(resource)
    return translation.network()


@dataclass
class _Translation:
    """A network while its resources are told one by one."""

    vpcs: list[model.Vpc] = field(default_factory=list)
    subnets: list[model.Subnet] = field(default_factory=list)
    tables: list[model.RouteTable] = field(default_factory=list)
    gateways: list[model.Gateway] = field(default_factory=list)
    nats: list[model.NatGateway] = field(default_factory=list)
    groups: list[model.SecurityGroup] = field(default_factory=list)

    def network(self) -> model.Network:
        """All of it; each table has the VPC's local route, which nobody composes."""
        local = {v.id: [model.Route(c, model.LOCAL) for c in v.cidrs] for v in self.vpcs}
        tables = (replace(t, routes=(*local.get(t.vpc, ()), *t.routes)) for t in self.tables)
        return model.Network(
            vpcs=tuple(self.vpcs),
            subnets=tuple(self.subnets),
            tables=tuple(tables),
            gateways=tuple(self.gateways),
            nats=tuple(self.nats),
            groups=tuple(self.groups),
        )

    @singledispatchmethod
    def add(self, resource: Resource) -> None:
        """Tell of one resource; of most types there is nothing to tell."""

    @add.register
    def _(self, vpc: Vpc) -> None:
        self.vpcs.append(model.Vpc(id_of(vpc), (vpc.cidr,), vpc.name))

    @add.register
    def _(self, subnet: Subnet) -> None:
        self.subnets.append(
            model.Subnet(
                id=id_of(subnet),
                vpc=id_of(subnet.vpc),
                cidrs=(subnet.cidr,),
                zone=subnet.zone,
                tier=subnet.name.rpartition("-")[0],
                name=subnet.name,
                public_ips=subnet.public_ips,
            )
        )

    @add.register
    def _(self, gateway: InternetGateway) -> None:
        found = model.Gateway(id_of(gateway), id_of(gateway.vpc), model.GatewayKind.INTERNET, gateway.name)
        self.gateways.append(found)

    @add.register
    def _(self, nat: NatGateway) -> None:
        private = address_text(addresses(nat.subnet.cidr).first + NAT_HOST, IPV4)
        # Far above those that stand for what is only supposed in a check.
        public = address_text(POOL.first + 200 + len(self.nats), IPV4)
        self.nats.append(model.NatGateway(id_of(nat), id_of(nat.subnet), private, public, name=nat.name))

    @add.register
    def _(self, table: RouteTable) -> None:
        routes = tuple(model.Route(destination, id_of(target)) for destination, target in table.routes.items())
        subnets = frozenset(map(id_of, table.subnets))
        self.tables.append(model.RouteTable(id_of(table), id_of(table.vpc), routes, subnets, name=table.name))

    @add.register(SecurityGroup)
    @add.register(DefaultSecurityGroup)
    def _(self, group: SecurityGroup | DefaultSecurityGroup) -> None:
        rules = (*_rules(group.ingress, egress=False), *_rules(group.egress, egress=True))
        self.groups.append(model.SecurityGroup(id_of(group), id_of(group.vpc), rules, group.name))


def _rules(rules: Iterable[Rule], *, egress: bool) -> Iterator[model.GroupRule]:
    for rule in rules:
        protocol = model.ALL if rule.protocol == "-1" else rule.protocol
        ports = model.EVERY_PORT if protocol == model.ALL else (rule.from_port, rule.to_port)
        yield model.GroupRule(egress, id_of(rule.peer), protocol, ports)
