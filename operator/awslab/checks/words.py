"""What happened to packets, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

from .filters import Line
from .index import PING, PONG, Index, is_supposed
from .model import LOCAL, Interface, NatGateway
from .packets import Event, Packet, Step
from .ranges import Ranges, address_text, cidrs
from .routing import Way

MOST_CIDRS = 3
"""More are not told."""


class Words:
    """Tells of one network's packets."""

    def __init__(self, index: Index, aliases: Mapping[Ranges, str]) -> None:
        self._index = index
        self._aliases = aliases
        """What certain sets of addresses are called: ``the internet``."""

    def called(self, id_: str) -> str:
        """An id with its name: ``acl-1 (private)``."""
        name = self.name(id_)
        if id_.startswith("supposed/"):
            return name
        return f"{id_} ({name})" if name and name != id_ else id_

    def name(self, id_: str) -> str:
        """The name alone; empty where it has none."""
        return self._index.names.get(id_, "")

    def place(self, these: Ranges, vpc: str = "") -> str:
        """Addresses as people speak of them: by name, as an address with its holder, or as CIDRs."""
        if alias := self._aliases.get(these):
            return alias
        if these.only is not None:
            return self._one(these.first, vpc)
        if 2 * these.size > self._index.internet.size and these <= self._index.internet:
            return "the rest of the internet"
        texts = [*islice(cidrs(these, self._index.version), MOST_CIDRS + 1)]
        return ", ".join(texts[:MOST_CIDRS]) + (" and more" if len(texts) > MOST_CIDRS else "")

    def _one(self, number: int, vpc: str) -> str:
        vpcs = [vpc] if vpc else [v.id for v in self._index.network.vpcs]
        holders = (self._index.holder(v, number) for v in vpcs)
        holder = next((h for h in holders if h), None) or self._index.public.get(number)
        text = address_text(number, self._index.version)
        if isinstance(holder, Interface) and holder.hypothetical:
            return holder.name
        name = (holder.name or holder.id) if holder else ""
        if isinstance(holder, NatGateway):
            name = f"NAT gateway {name}"
            return name if is_supposed(text) else f"{text} ({name})"
        return f"{text} ({name})" if name else text

    def subnet_around(self, these: Ranges) -> str:
        """The CIDR of the subnet that holds all of *these*, which is what an ACL's rule would name; else *place*."""
        around = self._index.subnet_around(these)
        return ", ".join(cidrs(around, self._index.version)) if around else self.place(these)

    def traffic(self, packet: Packet) -> str:
        """``tcp 443``, ``tcp 1024-65535``, ``ping``."""
        if packet.protocol in PING:
            asked = PING[packet.protocol] in packet.port
            answered = packet.port.only == PONG[packet.protocol]
            return "a ping" if asked else "a ping's answer" if answered else f"{packet.protocol} {spans(packet.port)}"
        return f"{packet.protocol} {spans(packet.port)}"

    def tell(self, step: Step) -> str:
        """What happened, as one sentence without its full stop."""
        return _SENTENCES[step.event](self, step)

    def closed(self, step: Step) -> str:
        """What closed the way: ``closed by acl-1 (private): rule 90 denies ...``."""
        joined = " by " if step.event in _DECIDERS else ": "
        return f"closed{joined}{self.tell(step)}"

    def rule(self, step: Step) -> str:
        """The rule that decided, or that there is none."""
        if not isinstance(step.rule, Line):
            return "no rule lets"
        return f"{step.rule.says} {'lets' if step.passed else 'denies'}"

    def peer(self, peer: str) -> str:
        """Who a group's rule is about."""
        return self.called(peer) if peer in self._index.groups else peer

    def nat(self, id_: str) -> NatGateway:
        """A NAT gateway."""
        return self._index.nats[id_]

    def groups(self, step: Step) -> str:
        """The security groups of the interface that a step is about."""
        groups = self._index.interfaces[step.at].groups
        names = [self.called(g) for g in groups if g in self._index.groups]
        return " and ".join(names) or "its group"


def spans(ports: Ranges) -> str:
    """Ports as people write them: ``443``, ``1024-65535``."""
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ports.spans)


def _group(way: str, far: str, preposition: str) -> Callable[[Words, Step], str]:
    def sentence(words: Words, step: Step) -> str:
        traffic = f"{words.traffic(step.packet)} {way} {preposition} {words.place(getattr(step.packet, far))}"
        if isinstance(step.rule, Line):
            return f"{words.groups(step)} lets {traffic} by its rule for {words.peer(step.rule.says)}"
        return f"{words.groups(step)}: no rule lets {traffic}"

    return sentence


def _acl(way: str, far: str, preposition: str) -> Callable[[Words, Step], str]:
    def sentence(words: Words, step: Step) -> str:
        place = words.subnet_around(getattr(step.packet, far))
        traffic = f"{words.traffic(step.packet)} {way} {preposition} {place}"
        return f"{words.called(step.at)}: {words.rule(step)} {traffic}"

    return sentence


def _route(words: Words, step: Step) -> str:
    if not isinstance(step.rule, Way):
        return f"{words.called(step.at)}: no route to {words.place(step.packet.destination)}"
    target = step.rule.route.target
    to = "stays in the VPC" if target == LOCAL else f"goes to {words.called(target)}"
    return f"{words.called(step.at)}: {step.rule.route.destination} {to}"


def _blackhole(words: Words, step: Step) -> str:
    return f"{_route(words, step)}, which is not there any more (blackhole)"


def _nat(words: Words, step: Step) -> str:
    nat = words.nat(step.at)
    if step.answer:
        return f"NAT gateway {words.called(nat.id)} knows whose answer it is"
    seen = f", which the internet sees as {nat.public_ip}," if nat.public_ip else ""
    its = "its address" if is_supposed(nat.public_ip) else f"its address {nat.private_ip}{seen}"
    return f"NAT gateway {words.called(nat.id)} puts {its} in place of the sender's"


def _says(text: str) -> Callable[[Words, Step], str]:
    """A sentence in which ``{at}``, ``{from}``, ``{to}`` and ``{traffic}`` are filled in."""

    def sentence(words: Words, step: Step) -> str:
        packet = step.packet
        places = {"from": words.place(packet.source), "to": words.place(packet.destination)}
        return text.format(at=words.called(step.at), traffic=words.traffic(packet), **places)

    return sentence


def _internet_out(words: Words, step: Step) -> str:
    packet = step.packet
    return f"{words.called(step.at)} sends it to {words.place(packet.destination)}, as {words.place(packet.source)}"


_DECIDERS = frozenset(
    {
        Event.GROUP_OUT, Event.GROUP_IN, Event.ACL_OUT, Event.ACL_IN, Event.NO_ROUTE, Event.BLACKHOLE,
        Event.NO_PUBLIC_ADDRESS, Event.NO_ADDRESS, Event.NOBODY, Event.NO_LISTENER,
    }
)  # fmt: skip
"""The events whose sentence begins with what decided and a colon."""

_SENTENCES: Mapping[Event, Callable[[Words, Step], str]] = {
    Event.GROUP_OUT: _group("out", "destination", "to"),
    Event.GROUP_IN: _group("in", "source", "from"),
    Event.ACL_OUT: _acl("out", "destination", "to"),
    Event.ACL_IN: _acl("in", "source", "from"),
    Event.ROUTE: _route,
    Event.NO_ROUTE: _route,
    Event.BLACKHOLE: _blackhole,
    Event.NAT: _nat,
    Event.NAT_DOWN: _says("NAT gateway {at} is not available"),
    Event.NAT_LOOP: _says("NAT gateway {at} gets its own packets back, as its subnet's route leads to it again"),
    Event.NAT_IPV6: _says("NAT gateway {at} takes no IPv6"),
    Event.NAT_REFUSES: _says("NAT gateway {at} lets nobody begin a connection from outside"),
    Event.NAT_ANSWER: _says("the answer to {to} would go to NAT gateway {at}, where the question did not come from"),
    Event.INTERNET_OUT: _internet_out,
    Event.INTERNET_IN: _says("{at} brings it in from the internet"),
    Event.NOT_ATTACHED: _says("{at} is not attached to the VPC"),
    Event.NO_PUBLIC_ADDRESS: _says("{at}: there is no public address, which the internet could see"),
    Event.NO_ADDRESS: _says("{at}: an end has no address of this IP version"),
    Event.PRIVATE_DESTINATION: _says("{at} sends nothing to the private addresses {to}"),
    Event.EGRESS_ONLY: _says("egress-only gateway {at} sends it to {to}"),
    Event.NO_INTERNET_GATEWAY: _says("{at} has no internet gateway by which anything could come in"),
    Event.PEERING: _says("peering {at} brings it to the other VPC"),
    Event.PEERING_DOWN: _says("peering {at} is not active"),
    Event.PEERING_BEYOND: _says("peering {at} leads to its other VPC only, which does not have {to}"),
    Event.TRANSIT: _says("transit gateway {at} takes it"),
    Event.TRANSIT_DOWN: _says("transit gateway {at} has no attachment of this VPC that is available"),
    Event.VPN: _says("VPN gateway {at} takes it"),
    Event.FROM_BEYOND: _says("{at} brings it from {from}"),
    Event.NO_WAY_IN: _says("nothing leads from {from} into {at}"),
    Event.ENDPOINT: _says("endpoint {at} takes it to its service"),
    Event.ENDPOINT_DOWN: _says("endpoint {at} is not available"),
    Event.FROM_SERVICE: _says("endpoint {at} brings it from its service"),
    Event.APPLIANCE: _says("{at} is an appliance, and what it does with packets is not known"),
    Event.NOBODY: _says("{at}: nobody has the address {to}"),
    Event.DELIVERED: _says("{to} takes {traffic}"),
    Event.NO_LISTENER: _says("{at}: the load balancer has no listener for {traffic}"),
    Event.WRONG_WAY_BACK: _says("the answer from {from} ends at {at}, where the question did not come from"),
    Event.ANSWERED: _says("the answer is back at {to}"),
}
