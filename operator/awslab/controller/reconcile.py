"""From an object to AWS and back to its status: one pass, for every kind."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from awslab import engine, metrics
from awslab.api.base import sentences
from awslab.aws.errors import translated
from awslab.aws.session import Aws, Clients
from awslab.core import conditions
from awslab.core.conditions import Verdict
from awslab.core.drift import Drift, drift_in
from awslab.core.errors import Denied, Fenced, LabError, Rejected, SpecError
from awslab.core.graph import Graph
from awslab.core.outcome import Pass
from awslab.core.ownership import Owner
from awslab.core.plan import Hints, Step
from awslab.kinds import KINDS
from awslab.kinds.kind import Kind
from awslab.settings import Settings

from .counting import ResourceCount, count_call
from .handle import Handle
from .happenings import tell
from .status import Status, Telling, parsed, timestamp
from .timing import backoff, next_look

DENIED_AGAIN = 300.0
"""Seconds after which a denied call is tried again: an administrator may have acted."""

UNSURE = "AWS cannot be looked at; before that: "
UNSURE_AFTER = 3
"""Looks at AWS that may fail in a row before Ready is no longer believed."""


def build_reconciler(settings: Settings) -> LabReconciler:
    """The reconciler of all kinds."""
    return LabReconciler(settings, KINDS)


class LabReconciler:
    """Carries out passes; keeps nothing between them that it could not do without."""

    def __init__(
        self,
        settings: Settings,
        kinds: Sequence[Kind[Any, Any]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.pool = ThreadPoolExecutor(settings.aws_concurrency, thread_name_prefix="aws")
        self._kinds = {kind.name: kind for kind in kinds}
        self.resources = ResourceCount()
        self._may_write: Callable[[], bool] = lambda: True
        self._clients: dict[str, Clients] = {}
        self._lock = threading.Lock()
        self._failures: Counter[str] = Counter()

    def reconcile(self, handle: Handle) -> float | None:
        """Carry out one pass; returns the seconds until the next, None for the resync interval."""
        self._may_write = handle.may_write  # the same answer for every object: it is the process that leads
        one = _Pass(self, self._kinds[handle.obj["kind"]], handle)
        again = one.delete() if handle.deleting else one.apply()
        return self._paced(one.owner.key, one.failed, again)

    def clients(self, region: str) -> Clients:
        """The AWS clients of *region*."""
        with self._lock:
            if region not in self._clients:
                self._clients[region] = Clients(region, observer=count_call, gate=self._gate)
            return self._clients[region]

    def failures(self, key: str) -> int:
        """How many passes over one owner have failed in a row."""
        return self._failures[key]

    def _gate(self) -> None:
        if not self._may_write():
            raise Fenced("this replica of the operator leads no longer; another one goes on")

    def _paced(self, key: str, error: LabError | None, again: float | None) -> float | None:
        if error is None:
            self._failures.pop(key, None)
            return again
        self._failures[key] += 1
        if isinstance(error, Rejected):
            return again
        return DENIED_AGAIN if isinstance(error, Denied) else backoff(self._failures[key])


@dataclass
class _Pass:
    """One pass over one object."""

    reconciler: LabReconciler
    kind: Kind[Any, Any]
    handle: Handle
    failed: LabError | None = None

    def __post_init__(self) -> None:
        meta = self.handle.obj["metadata"]
        instance = self.reconciler.settings.instance
        self.owner = Owner(instance, self.kind.name, meta["namespace"], meta["name"], meta.get("uid", ""))
        self.before: Mapping[str, Any] = self.handle.obj.get("status") or {}
        self.telling = Telling(meta.get("generation", 0), self.before, self.reconciler.clock())
        self.spec: Mapping[str, Any] = self.handle.obj.get("spec") or {}
        self.digest = ""

    # An object that is wanted

    def apply(self) -> float | None:
        """Bring AWS nearer to what the spec asks for."""
        try:
            spec = self.kind.spec_of(self.handle.obj)
        except ValidationError as error:
            return self._fail(invalid(error))
        try:
            clients = self.reconciler.clients(spec.region)
            with translated():
                facts = self.kind.look_up(spec, clients)
            desired = self.kind.compose(spec, facts)
            self.digest = desired.digest
            result = self._reconcile(desired, clients, self._begin)
        except LabError as error:
            return self._fail(error)
        return self._applied(desired, result, self.kind.outputs(spec, facts, result.found))

    def _applied(self, desired: Graph, result: Pass, outputs: Mapping[str, Any]) -> float | None:
        verdict = conditions.after_work(result)
        drift = self._drift(result.steps)
        status = self._told(result, verdict, drift)
        status |= {**outputs, "summary": {**status["summary"], **outputs.get("summary", {})}}
        tags = {key for resource in desired for key in resource.tags}
        if result.settled:
            status["syncedDigest"] = self.digest
        else:
            tags |= set(self.before.get("appliedTagKeys", ()))
        status["appliedTagKeys"] = sorted(tags)
        self._close(result, status, verdict)
        if verdict.ready and not conditions_ready(self.before):
            metrics.TIME_TO_READY.labels(self.kind.name).observe(self._age())
        return self._again(result, status)

    def _drift(self, steps: Sequence[Step]) -> list[Drift]:
        """What differs although the wish is the one that was settled last."""
        return drift_in(steps) if self.before.get("syncedDigest") == self.digest else []

    # An object that is not wanted any more

    def delete(self) -> float | None:
        """Empty AWS of what is the object's, then let the object go."""
        if not self.handle.has_finalizer:
            return None
        try:
            clients = self.reconciler.clients(str(self.spec.get("region", "")))
            result = self._reconcile(Graph(), clients, self._begin_deletion)
        except LabError as error:
            return self._fail(error)
        if not result.steps and not self._unseen():
            self._close(result, dict(self.before), None)
            self.handle.remove_finalizer()
            return None
        status = self._told(result, self._deletion_verdict(result), [])
        self._close(result, status, None)
        return self._again(result, status)

    def _deletion_verdict(self, result: Pass) -> Verdict:
        verdict = conditions.after_work(result) if result.errors else conditions.deleting(result.steps)
        return replace(verdict, ready=False)

    # What both have in common

    def _reconcile(self, desired: Graph, clients: Clients, begin: engine.Begin) -> Pass:
        hints = Hints(
            self.owner,
            unseen=self._unseen(),
            known={r["address"]: r["id"] for r in self.before.get("resources", ()) if r.get("id")},
            applied_tags=frozenset(self.before.get("appliedTagKeys", ())),
        )
        aws = Aws(clients, self.owner)
        pool, stopping = self.reconciler.pool, self.handle.stopping
        return engine.reconcile(desired, self.kind.types, aws, hints, pool, begin=begin, stopping=stopping)

    def _unseen(self) -> frozenset[str]:
        """What was about to be made so lately that AWS may not show it yet."""
        window = timedelta(seconds=self.reconciler.settings.consistency_window)
        intents = self.before.get("intents", {})
        return frozenset(a for a, since in intents.items() if self.telling.now - parsed(since) < window)

    def _begin(self, steps: Sequence[Step]) -> Mapping[str, str]:
        """Write down what is about to be made, and tell what is about to happen."""
        self.handle.ensure_finalizer()
        drift = self._drift(steps)
        stamp, unseen = timestamp(self.telling.now), self._unseen()
        missing = {s.address for s in steps if s.desired and not s.found} - unseen
        kept = {a: since for a, since in self.before.get("intents", {}).items() if a in unseen}
        stamps = kept | dict.fromkeys(missing, stamp)
        self._announce(conditions.before_work(steps, drift=bool(drift)), steps, drift, stamps)
        tell(self.handle, self.kind.name).drifted(drift, self.before.get("drift", ()))
        return stamps

    def _begin_deletion(self, steps: Sequence[Step]) -> Mapping[str, str]:
        self._announce(conditions.deleting(steps), steps, (), self.before.get("intents", {}))
        return {}

    def _announce(
        self, verdict: Verdict, steps: Sequence[Step], drift: Sequence[Drift], intents: Mapping[str, str]
    ) -> None:
        """Tell what is about to happen; while a failure is being retried that is no news, and nothing flaps."""
        told = self.telling.verdict(verdict, drift)
        if self._retrying():
            told = dict(self.before)
        elif synced := self._condition("Synced"):
            told["conditions"] = [synced if c["type"] == "Synced" else c for c in told["conditions"]]
        self._write(told | {"intents": intents, "resources": self.telling.resources(steps, {})})

    def _retrying(self) -> bool:
        synced = self._condition("Synced") or {}
        return synced.get("status") == "False" and synced.get("observedGeneration") == self.telling.generation

    def _condition(self, type_: str) -> Mapping[str, Any] | None:
        return next((c for c in self.before.get("conditions", ()) if c["type"] == type_), None)

    def _told(self, result: Pass, verdict: Verdict, drift: Sequence[Drift]) -> Status:
        """The status at the end of a pass."""
        errors = {o.step.key: str(o.error) for o in result.errors}
        self.failed = verdict.error
        telling = replace(self.telling, before=self.handle.obj.get("status") or {}, now=self.reconciler.clock())
        return {
            **telling.verdict(verdict, drift),
            "resources": telling.resources(result.steps, errors),
            "intents": self._open_intents(result),
        }

    def _open_intents(self, result: Pass) -> dict[str, str]:
        """The intents of which nobody knows yet what became of them."""
        intents = (self.handle.obj.get("status") or {}).get("intents", {})
        seen = {o.address for o in result.found}
        open_ = self._unseen() | {o.step.address for o in result.outcomes if engine.may_have_made(o)}
        return {a: since for a, since in intents.items() if a in open_ - seen}

    def _close(self, result: Pass, status: Status, verdict: Verdict | None) -> None:
        """Write the status and tell what happened."""
        before = self.before.get("drift", ())
        self._write(status)
        happenings = tell(self.handle, self.kind.name)
        happenings.done(result.outcomes)
        if verdict:
            first = self.telling.drift(self._drift(result.first))
            happenings.repaired([*before, *first], status.get("drift", ()))
        gone = verdict is None and not result.steps
        self.reconciler.resources.put(self.owner.key, self.kind.name, () if gone else status.get("resources", ()))

    def _fail(self, error: LabError) -> float | None:
        """Tell why AWS could not even be looked at; what was known stays known."""
        self.failed = error
        verdict = conditions.of_error(error)
        status = self.telling.verdict(verdict)
        status["drift"] = self.before.get("drift", [])
        ready = self._condition("Ready")
        if ready and not verdict.stalled:
            status["conditions"][0] = self._doubted(ready)
        self._write(status)
        tell(self.handle, self.kind.name).failed(error)
        return None

    def _doubted(self, ready: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ready as it was last seen, until AWS has been out of sight for too long."""
        if self.reconciler.failures(self.owner.key) < UNSURE_AFTER:
            return ready
        message = "AWS cannot be looked at; before that: " + str(ready["message"]).removeprefix(
            "AWS cannot be looked at; before that: "
        )
        doubt = conditions.Condition(conditions.Type.READY, None, "Unreachable", message)
        return doubt.on_wire(self.telling.generation, timestamp(self.telling.now), self.before.get("conditions", ()))

    def _write(self, status: Status) -> None:
        self.handle.write_status({k: v for k, v in status.items() if v not in (None, [], {}, "")})

    def _again(self, result: Pass, status: Status) -> float | None:
        now, settings = self.reconciler.clock(), self.reconciler.settings
        if result.unfinished and not self.failed:
            return backoff(0)
        looks = [next_look(result, status, now, settings.time_scale)]
        if intents := status.get("intents"):
            looks.append(max(0.5, settings.consistency_window / 10) if intents else None)
        return min((look for look in looks if look is not None), default=None)

    def _age(self) -> float:
        created = self.handle.obj["metadata"].get("creationTimestamp")
        return (self.reconciler.clock() - parsed(created)).total_seconds() if created else 0.0


def conditions_ready(status: Mapping[str, Any]) -> bool:
    """Whether *status* says Ready."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", ()))


def invalid(error: ValidationError) -> SpecError:
    """Every field that is wrong, in the words of `kubectl apply`."""
    first, *others = sentences(error)
    field, _, message = first.partition(": ")
    return SpecError(field, "; ".join([message, *others]))
