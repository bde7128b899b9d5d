"""Which addresses each subnet gets.  Pure, and the same for ever.

A VPC is cut into one block for each possible zone, by the zone's letter, and
each block into tiers:

    VPC /16 ── zone a /19 ┬ private /20   (half)
            ├─ zone b /19 ├ public  /21   (a quarter)
            ├─ …          ├ data    /22   (an eighth)
            └─ zone h /19 └ (free)  /22   (an eighth, for a tier to come)

There are eight zone blocks, or four where the VPC is smaller than /22.  A
block smaller than /25 is cut into quarters, since AWS allows no subnet smaller
than /28.  A zone's place follows from its letter alone, so that no other zone
moves when one is added or removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network

KEPT_BY_AWS = 5
"""Addresses of each subnet that AWS uses itself: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""

SMALLEST_WITH_EIGHT_ZONES = 22
SMALLEST_CUT_IN_HALVES = 25


class Tier(StrEnum):
    """A layer of subnets."""

    PUBLIC = "public"
    PRIVATE = "private"
    DATA = "data"


def zone_letters(vpc: IPv4Network) -> str:
    """The letters of the zones that *vpc* has room for."""
    return "abcdefgh" if vpc.prefixlen <= SMALLEST_WITH_EIGHT_ZONES else "abcd"


def tier_blocks(vpc: IPv4Network, letter: str) -> Mapping[Tier, IPv4Network]:
    """The addresses of the three subnets of the zone *letter*; ValueError where there is no room for it."""
    letters = zone_letters(vpc)
    blocks = list(vpc.subnets(prefixlen_diff=(len(letters) - 1).bit_length()))
    return _cut(blocks[letters.index(letter)])


def usable_addresses(network: IPv4Network) -> int:
    """How many addresses of a subnet can be used."""
    return network.num_addresses - KEPT_BY_AWS


def _cut(block: IPv4Network) -> Mapping[Tier, IPv4Network]:
    if block.prefixlen > SMALLEST_CUT_IN_HALVES:
        public, private, data, _free = block.subnets(prefixlen_diff=2)
        return {Tier.PUBLIC: public, Tier.PRIVATE: private, Tier.DATA: data}
    private, rest = block.subnets()
    public, rest = rest.subnets()
    data, _free = rest.subnets()
    return {Tier.PUBLIC: public, Tier.PRIVATE: private, Tier.DATA: data}
