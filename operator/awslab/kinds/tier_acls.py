"""What the network ACL of each tier lets through.  Pure.

Network ACLs are stateless: an answer is let through only by an entry of its own, which is why
the ports from which clients ask are open for answers.  They divide the tiers from each other and
from the internet; ports and sources in detail are the security groups'.

    public   in: the VPC, the clients of load balancers, answers     out: everywhere
    private  in: the VPC, answers                                    out: everywhere
    data     in: the private and data subnets                        out: the private and data subnets
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from zlib import crc32

from awslab.aws.network_acl import Entries, Entry
from awslab.core.errors import SpecError
from awslab.core.values import FrozenMap

from .address_plan import Tier

EVERYWHERE = "0.0.0.0/0"
EVERYWHERE_6 = "::/0"
EPHEMERAL = (1024, 65535)
"""The ports to which answers go: those of NAT gateways and load balancers are among them.

https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
"""

TOO_BIG = (3, 4)
"""The ICMP message by which a sender learns of a smaller MTU on the way.

https://docs.aws.amazon.com/vpc/latest/userguide/path_mtu_discovery.html
"""

TOO_BIG_6 = (2, 0)
MOST = 20
"""The entries of a direction: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""

INSIDE, PRIVATE, DATA, CONNECTED, CLIENTS, ANSWERS = 100, 200, 300, 1000, 2000, 9000
"""Where the numbers of each group of entries begin."""

ROOM = 1000
"""The numbers of a group in which each entry has a place of its own."""

MOST_CLIENTS = 10


@dataclass(frozen=True)
class Flows:
    """What the tiers of a network have to let through."""

    vpc: str
    """The range of the VPC."""
    private: Mapping[str, str]
    """The ranges of the private subnets by the letters of their zones."""
    data: Mapping[str, str] = field(default_factory=dict)
    connected: frozenset[str] = frozenset()
    """Further ranges of the VPC, and those of networks that are connected with it."""
    clients: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """Who may begin to talk to the public subnets, by TCP port."""
    ipv6: bool = False


def ingress(tier: Tier, flows: Flows) -> Entries:
    """What may enter the subnets of *tier*; raises SpecError where that is more than AWS allows."""
    if tier is Tier.DATA:
        return _checked(tier, _among_protected(flows))
    inside = {INSIDE: Entry.allow(flows.vpc)} | _placed(CONNECTED, map(Entry.allow, flows.connected))
    clients = _placed(CLIENTS, _clients(flows)) if tier is Tier.PUBLIC else {}
    return _checked(tier, inside | clients | _answers(ipv6=flows.ipv6))


def egress(tier: Tier, flows: Flows) -> Entries:
    """What may leave the subnets of *tier*."""
    if tier is Tier.DATA:
        return _checked(tier, _among_protected(flows))
    return FrozenMap({INSIDE + i: Entry.allow(cidr) for i, cidr in enumerate(_everywhere(ipv6=flows.ipv6))})


def _among_protected(flows: Flows) -> dict[int, Entry]:
    """Between the private and the data subnets, whose numbers follow from their zones."""
    groups = ((PRIVATE, flows.private), (DATA, flows.data))
    return {
        first + 10 * "abcdefghijklmnopqrstuvwxyz".index(letter): Entry.allow(cidr)
        for first, cidrs in groups
        for letter, cidr in cidrs.items()
    }


def _checked(tier: Tier, entries: Mapping[int, Entry]) -> Entries:
    if len(entries) > MOST:
        needs = f"the network ACL of the {tier} subnets would need {len(entries)} entries, AWS allows {MOST}"
        raise SpecError("spec.networkAcls", f"{needs}; connect fewer networks, or choose Default")
    return FrozenMap(entries)


def _placed(first: int, entries: Iterable[Entry]) -> dict[int, Entry]:
    """Each entry under a number that follows from itself, so that none moves when others come and go."""
    placed: dict[int, Entry] = {}
    for entry in sorted(entries, key=str):
        number = crc32(str(entry).encode()) % ROOM
        while first + number in placed:
            number = (number + 1) % ROOM
        placed[first + number] = entry
    return placed


def _clients(flows: Flows) -> list[Entry]:
    """Each port for each source; where those are too many, each port for everybody: the security group tells who."""
    pairs = [(port, source) for port, sources in sorted(flows.clients.items()) for source in sources]
    if len(pairs) > MOST_CLIENTS:
        pairs = list(product(sorted(flows.clients), _everywhere(ipv6=flows.ipv6)))
    return [Entry.allow(source, "tcp", (port, port)) for port, source in pairs]


def _answers(*, ipv6: bool) -> dict[int, Entry]:
    """Answers to what was asked from inside, and what keeps their size right."""
    entries = [Entry.allow(EVERYWHERE, protocol, EPHEMERAL) for protocol in ("tcp", "udp")]
    entries.append(Entry.allow(EVERYWHERE, "icmp", TOO_BIG))
    if ipv6:
        entries += [Entry.allow(EVERYWHERE_6, protocol, EPHEMERAL) for protocol in ("tcp", "udp")]
        entries.append(Entry.allow(EVERYWHERE_6, "icmpv6", TOO_BIG_6))
    return {ANSWERS + 10 * i: entry for i, entry in enumerate(entries)}


def _everywhere(*, ipv6: bool) -> tuple[str, ...]:
    return (EVERYWHERE, EVERYWHERE_6) if ipv6 else (EVERYWHERE,)
