"""What it costs to analyze a network once it has been read: every promise of six zones and 200 rules."""

from __future__ import annotations

import statistics
import time
from typing import Any

from tests.unit.checks.networks import large

from awslab.checks.expectations import checked, expectations

RUNS = 50


def measure() -> dict[str, Any]:
    """The processor time of an analysis, which other processes do not lengthen."""
    network, intent = large()
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        results = checked(network, expectations(intent))
        times.append(time.process_time() - began)
    rules = sum(len(a.rules) for a in network.acls) + sum(len(g.rules) for g in network.groups)
    return {
        "zones": len({s.zone for s in network.subnets}),
        "rules": rules,
        "checks": len(results),
        "median_ms": 1000 * statistics.median(times),
        "most_ms": 1000 * max(times),
    }
