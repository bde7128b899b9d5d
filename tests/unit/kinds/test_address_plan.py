"""The address plan is a promise: what it gave once it gives for ever."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

import pytest

from awslab.kinds.address_plan import Tier, tier_blocks, usable_addresses, zone_letters

PREFIXES = range(16, 25)
every_prefix = pytest.mark.parametrize("prefix", PREFIXES)

GOLDEN = {
    ("10.0.0.0/16", "a"): ("10.0.0.0/20", "10.0.16.0/21", "10.0.24.0/22"),
    ("10.0.0.0/16", "b"): ("10.0.32.0/20", "10.0.48.0/21", "10.0.56.0/22"),
    ("10.0.0.0/16", "h"): ("10.0.224.0/20", "10.0.240.0/21", "10.0.248.0/22"),
    ("10.0.0.0/20", "a"): ("10.0.0.0/24", "10.0.1.0/25", "10.0.1.128/26"),
    ("10.0.0.0/20", "c"): ("10.0.4.0/24", "10.0.5.0/25", "10.0.5.128/26"),
    ("10.0.0.0/20", "h"): ("10.0.14.0/24", "10.0.15.0/25", "10.0.15.128/26"),
    ("10.0.0.0/22", "a"): ("10.0.0.0/26", "10.0.0.64/27", "10.0.0.96/28"),
    ("10.0.0.0/22", "h"): ("10.0.3.128/26", "10.0.3.192/27", "10.0.3.224/28"),
    ("10.0.0.0/23", "a"): ("10.0.0.0/26", "10.0.0.64/27", "10.0.0.96/28"),
    ("10.0.0.0/23", "d"): ("10.0.1.128/26", "10.0.1.192/27", "10.0.1.224/28"),
    ("10.0.0.0/24", "a"): ("10.0.0.16/28", "10.0.0.0/28", "10.0.0.32/28"),
    ("10.0.0.0/24", "b"): ("10.0.0.80/28", "10.0.0.64/28", "10.0.0.96/28"),
    ("10.0.0.0/24", "d"): ("10.0.0.208/28", "10.0.0.192/28", "10.0.0.224/28"),
    ("172.31.128.0/17", "b"): ("172.31.144.0/21", "172.31.152.0/22", "172.31.156.0/23"),
}
"""The private, the public and the data subnet."""


def network(prefix):
    return IPv4Network(f"10.0.0.0/{prefix}")


def plan(vpc):
    return {(letter, tier): block for letter in zone_letters(vpc) for tier, block in tier_blocks(vpc, letter).items()}


@pytest.mark.parametrize(("place", "expected"), GOLDEN.items(), ids=" ".join)
def test_the_plan_never_changes(place, expected):
    vpc, letter = place

    blocks = tier_blocks(IPv4Network(vpc), letter)

    assert tuple(str(blocks[tier]) for tier in (Tier.PRIVATE, Tier.PUBLIC, Tier.DATA)) == expected


@every_prefix
def test_there_is_room_for_eight_zones_or_for_four_in_a_small_network(prefix):
    assert zone_letters(network(prefix)) == ("abcdefgh" if prefix <= 22 else "abcd")


@every_prefix
def test_every_subnet_lies_inside_its_vpc(prefix):
    assert [b for b in plan(network(prefix)).values() if not b.subnet_of(network(prefix))] == []


@every_prefix
def test_no_two_subnets_overlap(prefix):
    assert [pair for pair in combinations(plan(network(prefix)).values(), 2) if pair[0].overlaps(pair[1])] == []


@every_prefix
def test_no_subnet_is_smaller_than_aws_allows(prefix):
    assert max(block.prefixlen for block in plan(network(prefix)).values()) <= 28


@every_prefix
def test_there_is_room_left_for_another_tier_in_every_zone(prefix):
    vpc = network(prefix)
    block = vpc.num_addresses // len(zone_letters(vpc))

    for letter in zone_letters(vpc):
        used = sum(b.num_addresses for b in tier_blocks(vpc, letter).values())
        assert block - used >= 16


@every_prefix
def test_the_private_subnets_are_the_largest(prefix):
    blocks = tier_blocks(network(prefix), "a")

    assert max(blocks.values(), key=lambda b: b.num_addresses).num_addresses == blocks[Tier.PRIVATE].num_addresses


@pytest.mark.parametrize(("prefix", "letter"), [(22, "i"), (23, "e"), (24, "z")])
def test_a_zone_without_room_is_refused(prefix, letter):
    with pytest.raises(ValueError, match="substring not found"):
        tier_blocks(network(prefix), letter)


@pytest.mark.parametrize(("cidr", "expected"), [("10.0.0.0/28", 11), ("10.0.0.0/24", 251), ("10.0.0.0/20", 4091)])
def test_aws_keeps_five_addresses_of_each_subnet(cidr, expected):
    assert usable_addresses(IPv4Network(cidr)) == expected
