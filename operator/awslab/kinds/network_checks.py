"""What a LabVpc promises, and whether AWS keeps it: the proof in ``status.checks``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from awslab.api import checks as api
from awslab.api.labvpc import LabVpcSpec, NatMode
from awslab.api.labvpc_parts import Bastion, BastionAccess
from awslab.aws.networks import Networks
from awslab.aws.observed_network import NoSuchVpc
from awslab.aws.session import Aws
from awslab.checks.expectations import SSH, Checked, Expectation, Intent, checked, expectations, occupied
from awslab.checks.logs import Delivery, delivery
from awslab.checks.model import Network
from awslab.checks.ranges import IPV4, IPV6, addresses, cidrs, prefix_length, union
from awslab.checks.reach import Flow

from .kind import Check, Look, Report
from .network_parts import interface_services, session_services
from .peering import Peer, ranges
from .web_servers import balancer_ports, server_names

AGAIN = 30.0
"""Seconds until the next look at what does not keep its promise: somebody is at work on it."""


def intent(spec: LabVpcSpec, zones: Sequence[str], peers: Iterable[Peer] = ()) -> Intent:
    """What is wanted of the network, as far as flows follow from it."""
    access, web = spec.security_groups, spec.web_server
    return Intent(
        private_subnets=tuple((f"private-{zone[-1]}", zone) for zone in zones),
        nat=spec.nat_gateways.value,
        nat_zone=zones[0] if spec.nat_gateways is NatMode.SINGLE else "",
        app_port=access.app.port,
        data_ports=access.data.ports if spec.subnets.data.enabled else (),
        balancer_ports=balancer_ports(spec) if spec.subnets.public.enabled else (),
        balancer_sources=access.load_balancer.sources,
        bastion_ports=tuple(dict.fromkeys((SSH, access.app.port))) if spec.bastion else (),
        bastion_sources=_log_in_from(spec.bastion),
        services=(*(s.value for s in spec.endpoints.gateways), *filter(_is_of_aws, interface_services(spec))),
        web_servers=server_names(web, zones) if web else (),
        balancer=web is not None and web.load_balancer,
        bastion=spec.bastion is not None,
        beyond=tuple(dict.fromkeys(_beyond(spec, peers))),
        ipv6=spec.ipv6,
        session_services=session_services(spec),
        public=spec.subnets.public.enabled,
    )


def _beyond(spec: LabVpcSpec, peers: Iterable[Peer]) -> Iterator[str]:
    """The addresses behind peerings and the transit gateway; of what holds our own, the largest part that is not."""
    routes = spec.transit_gateway.routes if spec.transit_gateway else ()
    for cidr in (*(cidr for peer in peers for cidr in peer.cidrs), *routes):
        rest = union([addresses(cidr)]) - union(map(addresses, ranges(spec)))
        yield from sorted(cidrs(rest, IPV4), key=prefix_length)[:1]


def _log_in_from(bastion: Bastion | None) -> tuple[str, ...]:
    return bastion.allowed_cidrs if bastion and bastion.access is BastionAccess.SSH else ()


def _is_of_aws(service: str) -> bool:
    """Whether it is known to listen where AWS's own services do."""
    return not service.startswith("com.")


def promises(spec: LabVpcSpec, zones: Sequence[str], peers: Iterable[Peer] = ()) -> tuple[Expectation, ...]:
    """The flows that follow from *spec*, then those that it names."""
    wanted = intent(spec, zones, peers)
    return (*expectations(wanted), *(occupied(wanted, _own(c)) for c in spec.checks))


def proofs(
    spec: LabVpcSpec, zones: Sequence[str], peers: Mapping[str, Peer], network: Network
) -> Iterator[Checked | Delivery]:
    """Every promise, and how *network* keeps it."""
    yield from checked(network, promises(spec, zones, peers.values()))
    if spec.flow_logs:
        yield delivery(network)


def _own(check: api.Check) -> Expectation:
    version = IPV6 if ":" in check.source + check.target else IPV4
    flow = Flow(check.source, check.target, check.port or 0, check.protocol.value, version)
    return Expectation(flow, check.expect)


def report(spec: LabVpcSpec, zones: Sequence[str], peers: Mapping[str, Peer], aws: Aws, look: Look) -> Report:
    """Whether the network does what it is for; while it is being made or changed, nothing is said of it."""
    vpc = look.known.get("vpcId")
    if not vpc or not (look.settled or look.drifting):
        return Report()
    networks = aws.clients.shared(Networks)
    try:
        mark = hash((networks.mark(aws, vpc, look.max_age), repr((spec, zones, peers)))) if look.max_age else 0
        if mark and networks.proved.get(vpc) == mark and _all_kept(look.known):
            return Report()  # what was true of it still is
        network = networks.look(aws, vpc, look.max_age)
    except NoSuchVpc:
        return Report()
    results = tuple(map(_told, proofs(spec, zones, peers, network)))
    kept = all(c.passed for c in results)
    networks.proved[vpc] = mark if kept else 0
    return Report(again=None if kept else AGAIN, checks=results)


def _all_kept(known: Mapping[str, Any]) -> bool:
    """Whether the status tells that each promise is kept."""
    checks = known.get("checks", ())
    return bool(checks) and all(check["passed"] for check in checks)


def _told(found: Checked | Delivery) -> Check:
    expected = f"{found.name}, has to be {found.expect}"
    about = found.message if found.held else f"{expected}, and is not: {found.message}"
    return Check(found.name, found.held, f"{found.name}: {found.message}" if found.held else about, found.on_wire())
