"""What an analysis costs, by what is computed and not by the clock; `make bench` has the times."""

from __future__ import annotations

import cProfile
import pstats

from awslab.checks.expectations import checked, expectations
from tests.unit.checks.networks import large

MOST_CALLS = 300_000
"""Of Python functions: about twice what it takes. On the machines of 2025 that is some 60 ms."""


def test_a_network_of_six_zones_and_two_hundred_rules_is_analyzed_in_few_operations():
    network, intent = large()
    profile = cProfile.Profile()

    with profile:
        checked(network, expectations(intent))

    assert pstats.Stats(profile).total_calls < MOST_CALLS


def test_the_large_network_is_as_large_as_it_says():
    network, _ = large()

    assert 6 == len({s.zone for s in network.subnets})
    assert 200 <= sum(len(a.rules) for a in network.acls) + sum(len(g.rules) for g in network.groups)
