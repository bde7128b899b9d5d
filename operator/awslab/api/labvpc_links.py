"""Parts of a LabVpc's spec about further addresses, and about what lies around the network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from .base import Model, Rule, UniqueItems
from .common import Cidr, ipv4_network, prefix_between

if TYPE_CHECKING:
    from .labvpc import LabVpcSpec

DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"
ADDRESS = r"^(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])([.](25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}$"
AMAZON_DNS = "AmazonProvidedDNS"


def _matching(pattern: str, message: str) -> Rule:
    return Rule(
        message=message,
        cel=f"self.matches('{pattern}')",
        check=lambda text: re.fullmatch(pattern, text) is not None,
    )


SecondaryCidrs = Annotated[
    tuple[Annotated[Cidr, prefix_between(16, 28, "100.64.0.0/16")], ...], Field(max_length=4), UniqueItems()
]
DomainName = Annotated[
    str, Field(max_length=253), _matching(DOMAIN, "must be the name of a domain, for example corp.example.com")
]
Server = Annotated[
    str,
    Field(max_length=17),
    _matching(
        f"({ADDRESS})|^{AMAZON_DNS}$", f"must be an IPv4 address, or {AMAZON_DNS} for the resolver of the VPC itself"
    ),
]
Address = Annotated[
    str, Field(max_length=15), _matching(ADDRESS, "must be an IPv4 address, for example 169.254.169.123")
]


class DhcpOptionsSpec(Model):
    """What machines in the network are told of names and time."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            message="must have domainName, domainNameServers or ntpServers",
            cel="has(self.domainName) || size(self.domainNameServers) > 0 || size(self.ntpServers) > 0",
            check=lambda o: bool(o.domain_name or o.domain_name_servers or o.ntp_servers),
        ),
    )

    domain_name: DomainName | None = Field(
        default=None, description="The domain in which machines look up short names, for example corp.example.com."
    )
    domain_name_servers: Annotated[tuple[Server, ...], Field(max_length=4)] = Field(
        default=(AMAZON_DNS,),
        description=f"The DNS servers in the order in which they are asked, at most four; {AMAZON_DNS} is the "
        "resolver of the VPC, without which private names of endpoints and of peers are not known.",
    )
    ntp_servers: Annotated[tuple[Address, ...], Field(max_length=4)] = Field(
        default=(), description="The time servers, at most four."
    )


def _secondaries_overlap_nothing(spec: LabVpcSpec) -> bool:
    networks = [n for cidr in (spec.cidr, *spec.secondary_cidrs) if (n := ipv4_network(cidr))]
    return all(sum(network.overlaps(other) for other in networks) == 1 for network in networks)


LINK_RULES = (
    Rule(
        path=("secondaryCidrs",),
        message="must overlap neither spec.cidr nor each other",
        cel="!isCIDR(self.cidr) || !has(self.secondaryCidrs) || [[cidr(self.cidr)] + "
        "self.secondaryCidrs.filter(s, isCIDR(s)).map(s, cidr(s))].all(cs, cs.all(a, "
        "cs.filter(b, a.containsCIDR(b) || b.containsCIDR(a)).size() == 1))",
        check=_secondaries_overlap_nothing,
    ),
)
