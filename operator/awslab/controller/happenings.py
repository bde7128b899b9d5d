"""Tell what happened: Kubernetes events and counters, each thing once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from awslab import metrics
from awslab.core.conditions import listed
from awslab.core.drift import Drift
from awslab.core.errors import LabError, NotYet, Working
from awslab.core.outcome import Outcome
from awslab.core.plan import Action
from awslab.kinds.kind import Check, Run

from .handle import EventType, Handle
from .status import LONG

PAST = {
    Action.CREATE: "Created",
    Action.UPDATE: "Updated",
    Action.DELETE: "Deleted",
    Action.REPLACE: "Deleted",  # its successor is told when it is made
}


@dataclass(frozen=True)
class Happenings:
    """Tells of one object."""

    handle: Handle
    kind: str

    def done(self, outcomes: Iterable[Outcome], *, patient: bool = False) -> None:
        """One event for all that was made, one for all that was changed, one for all that was deleted.

        *patient*: what AWS only is not as far as yet is no failure.
        """
        told: dict[str, str] = {}
        for outcome in outcomes:
            if isinstance(outcome.error, Working) or (patient and isinstance(outcome.error, NotYet)):
                continue  # told when it is done
            if outcome.error:
                self.failed(outcome.error, outcome.step.address)
            elif told.get(outcome.step.address) != "Created":  # setting it up belongs to making it
                told[outcome.step.address] = PAST[outcome.step.action]
        for reason in dict.fromkeys(told.values()):
            addresses = [address for address, what in told.items() if what == reason]
            self.handle.event("Normal", reason, f"{reason} {listed(addresses)}")

    def waiting(self, before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> None:
        """Each resource that AWS has come to be too long about."""
        known = {r["address"] for r in before if LONG in r.get("message", "")}
        for resource in after:
            if LONG in resource.get("message", "") and resource["address"] not in known:
                self.handle.event("Warning", "Waiting", f"{resource['address']}: {resource['message']}")

    def ran(self, runs: Iterable[Run]) -> None:
        """What ran in AWS since the last look."""
        for run in runs:
            kind: EventType = "Warning" if run.result == "Failed" else "Normal"
            self.handle.event(kind, f"Run{run.result}", run.about)
            metrics.RUNS.labels(*self._labels, run.result).inc()
            if run.seconds is not None:
                metrics.RUN_SECONDS.labels(*self._labels).observe(run.seconds)

    def checked(self, checks: Sequence[Check], known: Iterable[Mapping[str, Any]]) -> None:
        """Each promise that is kept no longer, or again; and how many are not."""
        broken = {c["name"] for c in known if not c["passed"]}
        for check in checks:
            if check.passed and check.name in broken:
                self.handle.event("Normal", "CheckPassed", check.about)
            elif not check.passed and check.name not in broken:
                self.handle.event("Warning", "CheckFailed", check.about)
        metrics.CHECKS_FAILED.labels(*self._labels).set(sum(not c.passed for c in checks))

    def forgotten(self) -> None:
        """The object is gone."""
        with suppress(KeyError):
            metrics.CHECKS_FAILED.remove(*self._labels)

    @property
    def _labels(self) -> tuple[str, str, str]:
        meta = self.handle.obj["metadata"]
        return self.kind, meta["namespace"], meta["name"]

    def failed(self, error: LabError, address: str = "") -> None:
        """A failure; the recorder counts repetitions."""
        self.handle.event("Warning", "Failed", f"{address}: {error}" if address else str(error))

    def drifted(self, drift: Sequence[Drift], known: Sequence[Mapping[str, Any]]) -> None:
        """Each difference that was not told before."""
        told = {(d["resource"], d["field"]) for d in known}
        for item in drift:
            if (item.resource, item.field) not in told:
                self.handle.event("Warning", "Drifted", str(item))
                metrics.DRIFT_FOUND.labels(self.kind, item.resource.partition("/")[0]).inc()

    def repaired(self, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> None:
        """Each difference that is no more."""
        left = {(d["resource"], d["field"]) for d in after}
        for resource, field in dict.fromkeys((d["resource"], d["field"]) for d in before):
            if (resource, field) not in left:
                self.handle.event("Normal", "Repaired", f"{resource} {field} is as wanted again")
                metrics.DRIFT_MENDED.labels(self.kind, resource.partition("/")[0]).inc()


def tell(handle: Handle, kind: str) -> Happenings:
    """Tell of the object behind *handle*."""
    return Happenings(handle, kind)
