"""How many calls a round of routine looks costs, by the call log of the strict local AWS."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from tests.support.memory import lab_vpc

from .world import local_aws, operator_settings, reconciler, work_all

COUNTS = (10, 100, 1000)
ONE_ZONE = {"availabilityZones": 1, "natGateways": "None"}
"""The smallest network, so that a thousand are made in minutes; each has 11 resources."""


def measure() -> list[dict[str, Any]]:
    """For each number of objects, the calls of a round and what it took."""
    rows: list[dict[str, Any]] = []
    with local_aws(time_scale=0.001) as aws:
        settings = operator_settings(time_scale=0.001, aws_rate=0)
        handles = []
        for count in COUNTS:
            new = [lab_vpc(f"vpc-{n}", **ONE_ZONE) for n in range(len(handles), count)]
            work_all(new, reconciler(settings))
            handles += new
            rows.append(_round(aws, handles, reconciler(settings)))
    return rows


def _round(aws: Any, handles: list[Any], using: Any) -> dict[str, Any]:
    """One round by an operator that has just been started."""
    writes = sum(handle.writes for handle in handles)
    since, began = aws.last_call(), time.monotonic()
    for handle in handles:
        using.reconcile(handle)
    calls = Counter(call["action"] for call in aws.calls(since))
    return {
        "objects": len(handles),
        "calls": calls.total(),
        "by_action": dict(sorted(calls.items())),
        "status_writes": sum(handle.writes for handle in handles) - writes,
        "seconds": round(time.monotonic() - began, 1),
        "resources": sum(len(handle.obj["status"]["resources"]) for handle in handles),
    }
