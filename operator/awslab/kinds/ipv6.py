"""IPv6 in a network: which /64 each subnet has, and how the tiers reach the internet.

Amazon gives the VPC a /56, which is cut by tiers and then by the letters of the zones, so that no subnet
is renumbered when another zone or tier comes, and each tier is one range for its neighbors:

    VPC /56 ┬ public  /59 ┬ zone a /64
            │             ├ zone b /64
            │             └ ...
            ├ private /59
            ├ data    /59
            └ (free)  five more tiers
"""

from __future__ import annotations

from typing import Any

from awslab.aws.cidr_blocks import IPV6, Ipv6Block, Ipv6Part
from awslab.core.resource import Ref
from awslab.core.values import FrozenMap

from .address_plan import Tier

EVERYWHERE_6 = "::/0"
BLOCK = Ref(Ipv6Block.__name__, IPV6)
"""The VPC's addresses, in rules and entries that name them before Amazon has given any."""

TIER_PREFIX = 59
ZONES = 32
"""The /64s of a tier: one for each letter, and some to spare."""

ORDER = (Tier.PUBLIC, Tier.PRIVATE, Tier.DATA)


def tier_part(tier: Tier) -> Ipv6Part:
    """The range of a tier."""
    return Ipv6Part(BLOCK, TIER_PREFIX, ORDER.index(tier))


def subnet_fields(block: Ipv6Block | None, tier: Tier, letter: str) -> dict[str, Any]:
    """What a subnet has beside its IPv4 addresses; nothing without a block."""
    if block is None:
        return {}
    number = ORDER.index(tier) * ZONES + ord(letter) - ord("a")
    return {"ipv6": FrozenMap({number: block}), "gives_ipv6": True}


def both_families(source: str, *, ipv6: bool) -> tuple[str, ...]:
    """*source*, and where that is everybody, everybody over IPv6 too."""
    return (source, EVERYWHERE_6) if ipv6 and source == "0.0.0.0/0" else (source,)
