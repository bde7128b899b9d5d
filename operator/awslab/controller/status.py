"""Build an object's status from a pass.  Pure: time and the status before come in as arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from awslab.core.conditions import Condition, Verdict
from awslab.core.drift import Drift
from awslab.core.plan import Action, Step
from awslab.core.resource import Phase

Status = dict[str, Any]
NOTHING: Mapping[str, str] = {}

ADOPTING, CONFLICT = "Adopting", "Conflict"
NOT_OURS = frozenset({ADOPTING, CONFLICT})
"""The states of what is told of and is not, or not yet, the object's own."""


def timestamp(moment: datetime) -> str:
    """RFC 3339 with milliseconds, as intents need it: two creations are never intended at one time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(moment: datetime) -> str:
    """RFC 3339 in whole seconds, as Kubernetes writes times."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def parsed(text: str) -> datetime:
    """The moment that a timestamp names."""
    return datetime.fromisoformat(text)


LONG = "; it takes much longer than usual"
"""How the message of a resource ends that AWS is too long about."""

PATIENCE, SHORTEST_PATIENCE = 2.0, 10.0
"""How many times the usual, and how many seconds at least, until that is worth telling."""


@dataclass(frozen=True)
class Telling:
    """What the next status builds on: the object, and the moment."""

    generation: int
    before: Mapping[str, Any]
    now: datetime
    adopting: frozenset[str] = frozenset()
    """The addresses of what is to be taken over and is not ours yet."""
    time_scale: float = 1.0
    """Multiplies what AWS usually takes."""

    def verdict(self, verdict: Verdict, drift: Sequence[Drift] = ()) -> Status:
        """The status before, with new conditions, drift and column texts."""
        time = seconds(self.now)
        conditions = [c.on_wire(self.generation, time, self._conditions) for c in verdict.conditions(drift)]
        summary = {
            **self.before.get("summary", {}),
            "drift": str(len(drift)) if drift else "None",
            "message": verdict.message,
        }
        return {
            **self.before,
            "observedGeneration": self.generation,
            "conditions": conditions,
            "drift": self.drift(drift),
            "summary": summary,
        }

    def condition(self, condition: Condition) -> dict[str, Any]:
        """One more condition, as it goes into the status."""
        return condition.on_wire(self.generation, seconds(self.now), self._conditions)

    @property
    def _conditions(self) -> Sequence[Mapping[str, Any]]:
        conditions: Sequence[Mapping[str, Any]] = self.before.get("conditions", ())
        return conditions

    def drift(self, drift: Iterable[Drift]) -> list[dict[str, str]]:
        """Each difference, since when it was first seen."""
        since = {(d["resource"], d["field"]): d.get("since") for d in self.before.get("drift", ())}
        return [
            {
                "resource": d.resource,
                "field": d.field,
                "desired": d.desired,
                "observed": d.observed,
                "since": since.get((d.resource, d.field)) or seconds(self.now),
            }
            for d in drift
        ]

    def resources(
        self, steps: Iterable[Step], errors: Mapping[str, str], begun: Mapping[str, str] = NOTHING
    ) -> list[dict[str, str]]:
        """Every resource with its state; by the keys of their steps *errors*, and how far what was *begun* came."""
        before = {(r["address"], r.get("id", "")): r for r in self.before.get("resources", ())}
        told = [(step, errors.get(step.key, ""), begun.get(step.key, step.reason)) for step in steps]
        return [self._resource(step, error, reason, before) for step, error, reason in told]

    def _resource(
        self, step: Step, error: str, reason: str, before: Mapping[tuple[str, str], Mapping[str, Any]]
    ) -> dict[str, str]:
        state, old = self._state(step, error), before.get((step.address, step.id), {})
        kept = old.get("since") if old.get("state") == state else None
        entry = {
            "address": step.address,
            "id": step.id,
            "state": state,
            "message": error or reason + self._overdue(step, kept),
            "since": kept or seconds(self.now),
        }
        return {key: value for key, value in entry.items() if value}

    def _overdue(self, step: Step, since: str | None) -> str:
        """That AWS takes much longer than it usually does."""
        usual = usual_seconds(step)
        patience = max(PATIENCE * usual * self.time_scale, SHORTEST_PATIENCE)
        if not usual or since is None or (self.now - parsed(since)).total_seconds() < patience:
            return ""
        return f"{LONG} ({usual:.0f} s)"

    def _state(self, step: Step, error: str) -> str:
        if step.address in self.adopting and step.found and step.found.adopted and not step.found.owner:
            return ADOPTING
        return state_of(step, error)


def usual_seconds(step: Step) -> float:
    """What AWS usually takes for what it is doing to the resource; 0 where it is doing nothing."""
    if step.found is None or step.found.phase not in {Phase.PENDING, Phase.DELETING}:
        return 0.0
    usual = step.found.type.usual
    return usual.create if step.found.phase is Phase.PENDING else usual.delete


def recorded(status: Mapping[str, Any]) -> dict[str, str]:
    """The ids by address of what the status calls ours; of two under one address the first, which is kept."""
    ours = [r for r in status.get("resources", ()) if r.get("id") and r["state"] not in NOT_OURS]
    return {r["address"]: r["id"] for r in reversed(ours)}


def state_of(step: Step, error: str = "") -> str:
    """The state of one resource in a word."""
    if error:
        return "Failed"
    if step.found and step.found.phase is not Phase.READY:
        return {Phase.PENDING: "Creating", Phase.DELETING: "Deleting"}.get(step.found.phase, "Failed")
    words = {
        Action.KEEP: "Ready",
        Action.CREATE: "Missing",
        Action.UPDATE: "Updating",
        Action.REPLACE: "Replacing",
        Action.DELETE: "Deleting",
        Action.CONFLICT: "Failed" if step.cause == "NonConverging" else CONFLICT,
        Action.WAIT: "Waiting",
    }
    return words[step.action]
