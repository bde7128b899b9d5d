"""When to look at an object again.  Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from awslab.core.outcome import Pass
from awslab.core.plan import Step
from awslab.core.resource import Phase

from .status import parsed

SHARE = 0.05
"""Of the usual time, how often to look once it has passed."""

SOONEST = 0.25
"""Seconds between two looks at least."""

BASE, CAP = 0.5, 300.0
"""Seconds of the first and of the longest delay after failures."""


GO_ON = 2.0
"""Seconds after which to go on with what AWS is at work on: what takes it longer has a phase that says so."""


def next_look(result: Pass, status: Mapping[str, Any], now: datetime, scale: float) -> float | None:
    """Seconds until AWS is worth another look; None where nothing is waited for.

    *scale* multiplies what AWS usually takes: 1 for AWS itself.
    """
    since = {(r["address"], r.get("id", "")): r["since"] for r in status.get("resources", ()) if "since" in r}
    waits = [_remaining(s, since.get((s.address, s.id)), now, scale) for s in _slow(result.steps)]
    waits += [GO_ON * scale] if result.begun else []
    return max(min(waits), SOONEST) if waits else None


def _slow(steps: Iterable[Step]) -> list[Step]:
    """The steps that AWS itself is busy with."""
    return [s for s in steps if s.found and s.found.phase in {Phase.PENDING, Phase.DELETING}]


def _remaining(step: Step, since: str | None, now: datetime, scale: float) -> float:
    assert step.found is not None  # noqa: S101 - _slow chose it for what was found
    usual = step.found.type.usual
    takes = (usual.create if step.found.phase is Phase.PENDING else usual.delete) * scale
    passed = (now - parsed(since)).total_seconds() if since else 0.0
    return max(takes - passed, takes * SHARE)


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row: exponential, with full jitter.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return random.uniform(BASE / 2, min(CAP, BASE * 2.0**failures))  # noqa: S311 - jitter is no secret
