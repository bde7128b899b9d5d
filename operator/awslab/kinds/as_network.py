"""A composition as the network that it will be: for drawings and questions before anything exists.

Ids are made of names, ``subnet-public-a``, as AWS gives its own later; addresses that AWS chooses are supposed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatchmethod

from awslab.aws.as_model import part_of
from awslab.aws.cidr_blocks import Ipv6Block, Ipv6Part, SecondaryCidr
from awslab.aws.endpoint import GatewayEndpoint, InterfaceEndpoint
from awslab.aws.flow_log import FlowLog
from awslab.aws.instance import Instance
from awslab.aws.led_routes import LedRoute
from awslab.aws.load_balancer import Listener, LoadBalancer
from awslab.aws.nat import NatGateway
from awslab.aws.network import EgressOnlyGateway, InternetGateway, Subnet, Vpc
from awslab.aws.network_acl import ICMP, OPEN, DefaultNetworkAcl, Entries, Entry, NetworkAcl
from awslab.aws.peering import Peering
from awslab.aws.routing import RouteTable
from awslab.aws.security_group import DefaultSecurityGroup, Rule, SecurityGroup
from awslab.aws.transit_gateway import TransitGatewayAttachment
from awslab.aws.vpn_gateway import VpnGateway
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
    "NetworkAcl": "acl",
    "DefaultNetworkAcl": "acl",
    "GatewayEndpoint": "vpce",
    "InterfaceEndpoint": "vpce",
    "Instance": "i",
    "EgressOnlyGateway": "eigw",
    "FlowLog": "fl",
    "Peering": "pcx",
    "TransitGatewayAttachment": "tgw-attach",
}
"""How AWS's ids begin, by type."""

IPV6_BLOCK = "2001:db8::/56"
"""Stands for the addresses that Amazon gives: https://www.rfc-editor.org/rfc/rfc3849"""

FIRST_HOST = 4
"""The first address of a subnet that AWS does not keep, counted from 0."""

SERVICE_CIDRS = {"s3": ("52.216.0.0/15",), "dynamodb": ("52.94.0.0/22",)}
"""Some of the addresses of the services that have gateway endpoints: https://ip-ranges.amazonaws.com/ip-ranges.json"""

EVERY_CODE = frozenset({-1, 0})
"""The codes of ICMP that concern an echo."""


def id_of(reference: Resource | Ref | Given | str) -> str:
    """The id that a reference has here; of what is somebody else's, its own."""
    if isinstance(reference, str):
        return reference
    if isinstance(reference, Given):
        return reference.id
    if isinstance(reference, VpnGateway):
        return reference.gateway
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
    acls: list[model.NetworkAcl] = field(default_factory=list)
    default_acls: list[model.NetworkAcl] = field(default_factory=list)
    interfaces: list[model.Interface] = field(default_factory=list)
    balancers: list[model.LoadBalancer] = field(default_factory=list)
    endpoints: list[model.Endpoint] = field(default_factory=list)
    prefix_lists: list[model.PrefixList] = field(default_factory=list)
    peerings: list[model.Peering] = field(default_factory=list)
    attachments: list[model.TransitAttachment] = field(default_factory=list)
    flow_logs: list[model.FlowLog] = field(default_factory=list)
    added: dict[str, list[model.Route]] = field(default_factory=dict)
    """The routes that do not stand in their tables: to gateway endpoints and other networks, by the table's id."""
    hosts: Counter[str] = field(default_factory=Counter)
    """How many addresses are taken, by subnet."""

    def network(self) -> model.Network:
        """All of it; each table has the VPC's local route, which nobody composes."""
        local = {v.id: [model.Route(c, model.LOCAL) for c in v.cidrs] for v in self.vpcs}
        tables = (replace(t, routes=(*local.get(t.vpc, ()), *t.routes, *self.added.get(t.id, ()))) for t in self.tables)
        return model.Network(
            vpcs=tuple(self.vpcs),
            subnets=tuple(self.subnets),
            tables=tuple(tables),
            gateways=tuple(self.gateways),
            nats=tuple(self.nats),
            acls=(*self.acls, *self._defaults()),
            groups=tuple(self.groups),
            interfaces=tuple(self.interfaces),
            balancers=tuple(self.balancers),
            peerings=tuple(self.peerings),
            attachments=tuple(self.attachments),
            endpoints=tuple(self.endpoints),
            prefix_lists=tuple(self.prefix_lists),
            flow_logs=tuple(self.flow_logs),
        )

    def _defaults(self) -> Iterator[model.NetworkAcl]:
        """Each VPC's default network ACL, with the subnets that have no other."""
        taken = {s for acl in self.acls for s in acl.subnets}
        for acl in self.default_acls:
            yield replace(acl, subnets=frozenset(s.id for s in self.subnets if s.vpc == acl.vpc and s.id not in taken))

    def _address(self, subnet: Subnet) -> str:
        """The next address of *subnet* that is free."""
        self.hosts[subnet.name] += 1
        return address_text(addresses(subnet.cidr).first + FIRST_HOST + self.hosts[subnet.name] - 1, IPV4)

    def _public_address(self) -> str:
        """A public address; far above those that stand for what is only supposed in a check."""
        return address_text(POOL.first + 200 + self.hosts.total(), IPV4)

    @singledispatchmethod
    def add(self, resource: Resource) -> None:
        """Tell of one resource; of most types there is nothing to tell."""

    @add.register
    def _(self, vpc: Vpc) -> None:
        self.vpcs.append(model.Vpc(id_of(vpc), (vpc.cidr,), vpc.name))

    @add.register(Ipv6Block)
    @add.register(SecondaryCidr)
    def _(self, block: Ipv6Block | SecondaryCidr) -> None:
        more = block.cidr if isinstance(block, SecondaryCidr) else IPV6_BLOCK
        vpc = id_of(block.vpc)
        self.vpcs = [replace(v, cidrs=(*v.cidrs, more)) if v.id == vpc else v for v in self.vpcs]

    @add.register
    def _(self, gateway: EgressOnlyGateway) -> None:
        found = model.Gateway(id_of(gateway), id_of(gateway.vpc), model.GatewayKind.EGRESS_ONLY, gateway.name)
        self.gateways.append(found)

    @add.register
    def _(self, peering: Peering) -> None:
        cidrs = tuple(sorted({route.cidr for route in peering.routes}))
        own = next(v.cidrs for v in self.vpcs if v.id == id_of(peering.vpc))
        ends = (id_of(peering.vpc), id_of(peering.peer))
        self.peerings.append(model.Peering(id_of(peering), ends, (own, cidrs), name=peering.name))
        self._led(peering.routes, id_of(peering))

    @add.register
    def _(self, attachment: TransitGatewayAttachment) -> None:
        found = model.TransitAttachment(id_of(attachment), attachment.gateway, id_of(attachment.vpc))
        self.attachments.append(found)
        self._led(attachment.routes, attachment.gateway)

    @add.register
    def _(self, gateway: VpnGateway) -> None:
        found = model.Gateway(id_of(gateway), id_of(gateway.vpc), model.GatewayKind.VPN, gateway.name)
        self.gateways.append(found)

    def _led(self, routes: Iterable[LedRoute], target: str) -> None:
        for route in routes:
            self.added.setdefault(id_of(route.table), []).append(model.Route(route.cidr, target))

    @add.register
    def _(self, subnet: Subnet) -> None:
        self.subnets.append(
            model.Subnet(
                id=id_of(subnet),
                vpc=id_of(subnet.vpc),
                cidrs=(subnet.cidr, *(str(Ipv6Part(IPV6_BLOCK, 64, number)) for number in subnet.ipv6)),
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
        private, public = self._address(nat.subnet), self._public_address()
        self.nats.append(model.NatGateway(id_of(nat), id_of(nat.subnet), private, public, name=nat.name))

    @add.register
    def _(self, instance: Instance) -> None:
        self.interfaces.append(
            model.Interface(
                id=f"eni-{instance.name}",
                subnet=id_of(instance.subnet),
                addresses=(self._address(instance.subnet),),
                groups=tuple(sorted(map(id_of, instance.groups))),
                public_ip=self._public_address() if instance.subnet.public_ips else "",
                name=instance.name,
                part=part_of(instance.name),
                instance=id_of(instance),
            )
        )

    @add.register
    def _(self, balancer: LoadBalancer) -> None:
        made = [
            model.Interface(
                id=f"eni-{id_of(balancer)}-{subnet.name}",
                subnet=id_of(subnet),
                addresses=(self._address(subnet),),
                groups=tuple(sorted(map(id_of, balancer.groups))),
                public_ip=self._public_address(),
                name=balancer.called,
                part="load-balancer",
            )
            for subnet in sorted(balancer.subnets, key=id_of)
        ]
        self.interfaces += made
        self.balancers.append(model.LoadBalancer(id_of(balancer), balancer.called, tuple(i.id for i in made)))

    @add.register
    def _(self, listener: Listener) -> None:
        """Of a load balancer that has been told: what a resource refers to comes first."""
        at, listens = id_of(listener.balancer), _listening(listener)
        self.balancers = [replace(b, listeners=(*b.listeners, listens)) if b.id == at else b for b in self.balancers]

    @add.register
    def _(self, log: FlowLog) -> None:
        self.flow_logs.append(model.FlowLog(id_of(log), id_of(log.vpc), id_of(log.destination)))

    @add.register
    def _(self, endpoint: GatewayEndpoint) -> None:
        id_, list_ = id_of(endpoint), f"pl-{endpoint.name}"
        self.endpoints.append(model.Endpoint(id_, id_of(endpoint.vpc), endpoint.name, list_, name=endpoint.name))
        cidrs = SERVICE_CIDRS.get(endpoint.name, ())
        self.prefix_lists.append(model.PrefixList(list_, endpoint.service, cidrs))
        for table in endpoint.tables:
            self.added.setdefault(id_of(table), []).append(model.Route(list_, id_))

    @add.register
    def _(self, endpoint: InterfaceEndpoint) -> None:
        subnets, groups = sorted(endpoint.subnets, key=id_of), tuple(sorted(map(id_of, endpoint.groups)))
        made = [
            model.Interface(f"eni-{endpoint.name}-{s.name}", id_of(s), (self._address(s),), groups, name=endpoint.name)
            for s in subnets
        ]
        self.interfaces += made
        held = tuple(i.id for i in made)
        vpc = id_of(endpoint.vpc)
        self.endpoints.append(model.Endpoint(id_of(endpoint), vpc, endpoint.name, interfaces=held, name=endpoint.name))

    @add.register
    def _(self, acl: NetworkAcl) -> None:
        rules = (*_entries(acl.ingress, egress=False), *_entries(acl.egress, egress=True))
        subnets = frozenset(map(id_of, acl.subnets))
        self.acls.append(model.NetworkAcl(id_of(acl), id_of(acl.vpc), rules, subnets, acl.name))

    @add.register
    def _(self, acl: DefaultNetworkAcl) -> None:
        entries = () if acl.emptied else (*_entries(OPEN, egress=False), *_entries(OPEN, egress=True))
        self.default_acls.append(model.NetworkAcl(id_of(acl), id_of(acl.vpc), entries, name=acl.name))

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


def _listening(listener: Listener) -> model.Listener:
    targets = tuple(sorted(map(id_of, listener.target.targets))) if listener.target else ()
    return model.Listener(listener.port, "HTTPS" if listener.certificate else "HTTP", targets)


def _entries(entries: Entries, *, egress: bool) -> Iterator[model.AclRule]:
    for number, entry in sorted(entries.items()):
        if entry.protocol not in ICMP or entry.to_port in EVERY_CODE:
            yield model.AclRule(
                number, egress, entry.action == "allow", _range(entry), entry.protocol, _ports_of(entry)
            )


def _range(entry: Entry) -> str:
    """The addresses at the other end."""
    if isinstance(entry.cidr, Ipv6Part):
        return str(replace(entry.cidr, block=IPV6_BLOCK))
    return IPV6_BLOCK if isinstance(entry.cidr, Ref) else entry.cidr


def _ports_of(entry: Entry) -> tuple[int, int]:
    """The ports that it is about; for ICMP its one type, or all types."""
    if entry.protocol in ICMP:
        return (entry.from_port, entry.from_port) if entry.from_port >= 0 else model.TYPES_AND_CODES
    return (entry.from_port, entry.to_port) if entry.from_port >= 0 else model.EVERY_PORT


def _rules(rules: Iterable[Rule], *, egress: bool) -> Iterator[model.GroupRule]:
    for rule in rules:
        protocol = model.ALL if rule.protocol == "-1" else rule.protocol
        ports = model.EVERY_PORT if protocol == model.ALL else (rule.from_port, rule.to_port)
        yield model.GroupRule(egress, id_of(rule.peer), protocol, ports)
