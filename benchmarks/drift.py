"""How many calls a round of routine looks costs, by the call log of the strict local AWS."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.support.memory import lab_vpc

from awslab.controller.reconcile import LabReconciler
from awslab.settings import Settings

from .world import local_aws, operator_settings, reconciler, work_all

COUNTS = (10, 100, 1000)
ONE_ZONE = {"availabilityZones": 1, "natGateways": "None"}
"""The smallest network, so that a thousand are made in minutes."""
ROUND = 120.0
"""Seconds of a round; by default it is ten minutes."""


def measure() -> list[dict[str, Any]]:
    """For each number of objects, the calls of the first two rounds after a start."""
    rows: list[dict[str, Any]] = []
    with local_aws(time_scale=0.001) as aws:
        settings = operator_settings(time_scale=0.001, aws_rate=0, resync=ROUND)
        handles = []
        for count in COUNTS:
            new = [lab_vpc(f"vpc-{n}", **ONE_ZONE) for n in range(len(handles), count)]
            work_all(new, reconciler(settings))
            handles += new
            rows.append(_restarted(aws, handles, settings))
    return rows


def _restarted(aws: Any, handles: Sequence[Any], settings: Settings) -> dict[str, Any]:
    """The first round of an operator that has just been started, and the one after it."""
    using, writes = reconciler(settings), _writes(handles)
    first, began = _round(aws, handles, using), time.monotonic()
    time.sleep(ROUND)
    second = _round(aws, handles, using)
    return {
        "objects": len(handles),
        "resources": sum(len(handle.obj["status"]["resources"]) for handle in handles),
        "status_writes": _writes(handles) - writes,
        "after_start": first,
        "later": second,
        "seconds": round(time.monotonic() - began - ROUND, 1),
    }


def _round(aws: Any, handles: Sequence[Any], using: LabReconciler) -> dict[str, Any]:
    """A look at each; they come one after the other, as the operator has them come that share a sweep."""
    since = aws.last_call()
    for handle in handles:
        using.reconcile(handle)
    calls = Counter(call["action"] for call in aws.calls(since))
    return {"calls": calls.total(), "by_action": dict(sorted(calls.items()))}


def _writes(handles: Sequence[Any]) -> int:
    return sum(handle.writes for handle in handles)
