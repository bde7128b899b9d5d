"""What people mean by the names of a flow's ends.

``internet``, a CIDR or address, an id, the name of a subnet, a tier (public,
private, data), a part (bastion, web, load-balancer, app, data), or a service
with an endpoint (s3, ssm).  Where a part is not there yet, an interface is
supposed as it would be, in each subnet of its tier, and the verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from .index import ANY_GROUP, POOL
from .model import Interface, Network, SecurityGroup, Subnet
from .parts import alone
from .ranges import IPV4, NONE, Ranges, address_text, addresses, between, union, version_of

INTERNET = "internet"

SUPPOSED = "supposed/"
"""How the ids of interfaces begin that stand for what could be there."""


@dataclass(frozen=True)
class Part:
    """Something that networks have: where it stands, and in which security group."""

    tier: str
    group: str
    otherwise: str = ""
    """The tier where it stands in a network that has none of that."""


PARTS: Mapping[str, Part] = {
    "bastion": Part("public", "bastion", otherwise="private"),
    "load-balancer": Part("public", "load-balancer"),
    "web": Part("private", "app"),
    "app": Part("private", "app"),
    "data": Part("data", "data"),
}
TIERS: Mapping[str, str] = {"public": "load-balancer", "private": "app", "data": "data"}
"""What stands for a tier in which there is nothing yet."""


class UnknownEnd(ValueError):
    """A name that means nothing in this network; its text says which names do."""


@dataclass(frozen=True)
class End:
    """One end of flows: interfaces, or addresses outside of all VPCs in sight."""

    name: str
    interfaces: tuple[Interface, ...] = ()
    outside: str = ""
    """``internet``, a CIDR, or the id of a prefix list."""
    assumed: str = ""
    """What is supposed, where it is not there; a sentence."""


def find(network: Network, name: str) -> End:
    """The end that *name* means; raises UnknownEnd."""
    for meaning in _MEANINGS:
        if end := meaning(network, name):
            return end
    parts = sorted({*PARTS, *TIERS})
    known = ", ".join(["internet", *parts])
    raise UnknownEnd(
        f"{name} is nothing in this network; say {known}, the name or id of a subnet or instance, or a CIDR"
    )


def find_place(network: Network, name: str) -> End:
    """As *find*, but a tier, part or subnet means where it is, whoever is there; raises UnknownEnd."""
    network = alone(network)
    return find(replace(network, interfaces=tuple(replace(i, hypothetical=True) for i in network.interfaces)), name)


def _internet(_network: Network, name: str) -> End | None:
    return End(name, outside=INTERNET) if name == INTERNET else None


def _by_id(network: Network, name: str) -> End | None:
    """An interface, instance, load balancer, endpoint or subnet by its id or name; of two by one name, ours."""
    return _with_id(alone(network), name) or _with_id(network, name)


def _with_id(network: Network, name: str) -> End | None:
    if subnet := next((s for s in network.subnets if name in (s.id, s.name)), None):
        return _in_subnet(network, name, subnet)
    ids = {i for b in network.balancers if name in (b.id, b.name) for i in b.interfaces}
    ids |= {i for e in network.endpoints if name in (e.id, e.name) for i in e.interfaces}
    found = [i for i in _real(network) if i.id in ids or (name and name in (i.id, i.instance, i.name))]
    return End(name, tuple(found)) if found else None


def _part(network: Network, name: str) -> End | None:
    if name not in PARTS:
        return None
    network = alone(network)
    found = tuple(i for i in _real(network) if i.part == name)
    if not found and name == "app":
        found = tuple(i for i in _real(network) if i.part == "web")
    return End(name, found) if found else _supposed(network, name, name, network.subnets)


def _tier(network: Network, name: str) -> End | None:
    if name not in TIERS:
        return None
    network = alone(network)
    subnets = {s.id for s in network.subnets if s.tier == name}
    found = tuple(i for i in _real(network) if i.subnet in subnets)
    return End(name, found) if found else _supposed(network, name, TIERS[name], network.subnets)


def _service(network: Network, name: str) -> End | None:
    endpoints = [e for e in network.endpoints if e.service == name]
    if lists := [e.prefix_list for e in endpoints if e.prefix_list]:
        return End(name, outside=lists[0])
    ids = {i for e in endpoints for i in e.interfaces}
    found = tuple(i for i in _real(network) if i.id in ids)
    known = [p.id for p in network.prefix_lists if name == p.id or p.name.rpartition(".")[2] == name]
    if not found and known:
        return End(name, outside=known[0])
    return End(name, found) if found else None


def _cidr(network: Network, name: str) -> End | None:
    try:
        wanted = addresses(name)
    except ValueError:
        return None
    if not any(wanted & _of(v.cidrs, version_of(name)) for v in network.vpcs):
        return End(name, outside=name)
    held = tuple(i for i in _real(network) if any(addresses(a) <= wanted for a in _same(i.addresses, name)))
    if held:
        return End(name, held)
    subnets = [s for s in network.subnets if wanted & _of(s.cidrs, version_of(name))]
    if not subnets:
        raise UnknownEnd(f"{name} is in a VPC, but in none of its subnets")
    return _anything(network, name, subnets, wanted)


def _in_subnet(network: Network, name: str, subnet: Subnet) -> End:
    if found := tuple(i for i in _real(network) if i.subnet == subnet.id):
        return End(name, found)
    supposed = _supposed(network, name, TIERS[subnet.tier], [subnet]) if subnet.tier in TIERS else None
    return supposed or _anything(network, name, [subnet], NONE)


_MEANINGS: tuple[Callable[[Network, str], End | None], ...] = (_internet, _part, _tier, _by_id, _service, _cidr)


def _supposed(network: Network, name: str, part: str, subnets: Iterable[Subnet]) -> End | None:
    """Interfaces as *part* would have them; None where the network has no place or group for it."""
    wanted, group = PARTS[part], _group(network, PARTS[part].group)
    where = [s for s in subnets if s.tier == wanted.tier] or [s for s in subnets if s.tier == wanted.otherwise]
    if not where or group is None:
        return None
    made = _interfaces(network, part, group.id, where)
    places = ", ".join(s.name or s.id for s in where)
    missing = f"there is nothing in {name} yet" if name not in PARTS else f"there is no {name} yet"
    about = f"{missing}: an interface with the group {group.name or group.id} stands for it in {places}"
    return End(name, made, assumed=about)


def _group(network: Network, name: str) -> SecurityGroup | None:
    own = network.vpcs[0].id
    return next((g for g in network.groups if g.vpc == own and g.name == name), None)


def _anything(network: Network, name: str, subnets: Iterable[Subnet], wanted: Ranges) -> End:
    """An interface of which nothing is known but its subnet."""
    made = _interfaces(network, name, ANY_GROUP, subnets, wanted)
    about = f"nothing has an address in {name}: an interface whose group lets everything pass stands for it"
    return End(name, made, assumed=about)


def _interfaces(
    network: Network, part: str, group: str, subnets: Iterable[Subnet], wanted: Ranges = NONE
) -> tuple[Interface, ...]:
    number = POOL.first + sum(i.hypothetical for i in network.interfaces)
    return tuple(_interface(network, part, group, s, wanted, number + n) for n, s in enumerate(subnets, 1))


def _interface(network: Network, part: str, group: str, subnet: Subnet, wanted: Ranges, number: int) -> Interface:
    held = tuple(address_text(_free(network, cidr, wanted), version_of(cidr)) for cidr in subnet.cidrs)
    # The load balancer of a public tier faces the internet, whatever its subnets give to instances.
    public = address_text(number, IPV4) if subnet.public_ips or part == "load-balancer" else ""
    return Interface(
        id=f"{SUPPOSED}{part}/{subnet.id}",
        subnet=subnet.id,
        addresses=held,
        groups=(group,),
        public_ip=public,
        name=f"{part} in {subnet.name or subnet.id}",
        part=part,
        hypothetical=True,
    )


def _free(network: Network, cidr: str, wanted: Ranges) -> int:
    """The last address of a subnet that nobody has; AWS keeps the first four and the very last."""
    span = addresses(cidr)
    usable = between(span.first + 4, span.first + span.size - 2)
    taken = union(addresses(a) for i in network.interfaces for a in i.addresses)
    taken |= union(addresses(n.private_ip) for n in network.nats if n.private_ip)
    free = ((usable & wanted) or usable) - taken
    return free.spans[-1][1] if free else span.first


def _of(cidrs: Iterable[str], version: int) -> Ranges:
    return union(addresses(c) for c in cidrs if version_of(c) == version)


def _same(texts: Iterable[str], like: str) -> Iterator[str]:
    return (t for t in texts if version_of(t) == version_of(like))


def _real(network: Network) -> Iterator[Interface]:
    return (i for i in network.interfaces if not i.hypothetical)
