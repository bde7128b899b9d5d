"""A pass over an object that is wanted."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from awslab import engine, metrics
from awslab.api.base import sentences
from awslab.api.management import Adopt, Management, Mode
from awslab.api.outputs import Outputs
from awslab.aws.callers import Urgency
from awslab.aws.errors import translated
from awslab.aws.session import Aws, Clients
from awslab.core import conditions
from awslab.core.adoption import matched
from awslab.core.conditions import Type, Verdict
from awslab.core.drift import Drift, drift_in
from awslab.core.errors import SpecError
from awslab.core.graph import Graph
from awslab.core.outcome import Pass
from awslab.core.plan import Hints
from awslab.core.proposal import Proposal
from awslab.core.step import Action, Step
from awslab.cost import estimate as cost
from awslab.engine import Permit
from awslab.kinds.kind import Look, Situation

from . import accounts
from .accounts import granted
from .config_maps import Texts
from .consent import APPROVE_ANNOTATION, Consent
from .convergence import LIMIT, counted, tripped
from .handle import Routine
from .object_pass import ObjectPass
from .outputs import TRIED_AGAIN, Writer
from .references import neighbors
from .reporting import Reporting
from .status import Status, parsed, recorded, timestamp

SHORTEST_LOOK = 2.0
"""Seconds between two looks at what runs, in a world that is faster than AWS."""

LONGEST_KEY = 200
"""Characters of an owner's key: AWS's tag values have 256, its names of security groups 255, and ours add to them."""


class Apply(ObjectPass):
    """Brings AWS nearer to what the spec asks for."""

    @property
    def urgency(self) -> Urgency:
        """What was never finished is a creation; later, a new spec is a change and all else a routine look."""
        if not self.before.get("syncedDigest"):
            return Urgency.CREATION
        return Urgency.DRIFT if self._same_spec() and self._condition_is_true("Ready") else Urgency.CHANGE

    @property
    def is_routine(self) -> bool:
        """Whether all was as wanted when it was last looked at, and nothing has changed in the object since."""
        b = self.before
        unsettled = b.get("intents") or b.get("drift") or b.get("plan") or b.get("nonConverging")
        fine = self._same_spec() and self._was_settled and not unsettled and not self.world.failures(self.owner.key)
        return fine and self._condition_is_true("Ready") and self._condition_is_true("Synced")

    @property
    def interval(self) -> float:
        """The object's own, or the operator's."""
        own = self.management.interval
        return own.total_seconds() if own else super().interval

    def go(self) -> float | None:
        """Look, decide, act, and tell."""
        spec = self._spec()
        self.management: Management = spec.management
        self.wish: Outputs = spec.outputs
        if self.management.mode is Mode.PAUSED:
            self._pause()
            return None
        spec, facts, clients = self._situated(spec)
        desired = self.kind.compose(spec, facts)
        self.digest = desired.digest
        adopted = self._adopted(desired, spec.adopt, clients)
        if not self._was_settled:
            self.telling = replace(self.telling, adopting=frozenset(adopted))
        ask = partial(self.kind.report, spec, facts, Aws(clients, self.owner)) if self.kind.report else None
        self.reporting = Reporting(ask, self.telling, self.happenings)
        claims = self._claims(desired, adopted)
        result = self.reconcile(desired, clients, self._hints_of(desired), begin=self._begin, claims=claims)
        outputs = self._outputs(spec, facts, result)
        self._report(result, outputs)
        self.cost = self.kind.estimate(spec, desired)
        reported = self.reporting.status
        summary = {**outputs.get("summary", {}), **reported.get("summary", {})}
        return self._applied(desired, result, {**outputs, **reported, "summary": summary})

    def _situated(self, spec: Any) -> tuple[Any, Any, Clients]:
        """Go where the object lives; returns the spec with the tags of there, what composing needs to know, and AWS."""
        others, instance = neighbors(self.handle, self.kind), self.world.settings.instance
        clients = self.enter(granted(self.handle, instance, spec.region), spec.region)
        self.reach(accounts.others(self.handle, instance, others.values()), spec.region)
        spec = spec.model_copy(update={"tags": {**self.grant.default_tags, **spec.tags}})
        names = {other.name: other.id for other in self.others}
        with translated():
            situation = Situation(self.owner, clients, others, names, Texts(self.handle), self.before)
            return spec, self.kind.look_up(spec, situation), clients

    def _hints_of(self, desired: Graph) -> Hints:
        """As *hints*; of two, the one that is wanted stays: recorded may be one in another bucket."""
        hints = self.hints()
        return replace(hints, known={**hints.known, **_known_ids(desired)})

    def _outputs(self, spec: Any, facts: Any, result: Pass) -> Mapping[str, Any]:
        """What people need; a listing of all owners does not tell every detail of what is still as it was."""
        outputs = self.kind.outputs(spec, facts, result.found)
        if self.seen is None:
            return outputs
        return {name: value or self.before.get(name, value) for name, value in outputs.items()}

    def _report(self, result: Pass, outputs: Mapping[str, Any]) -> None:
        """Ask what it has done since the last pass, and whether promises are kept, once it has been as wanted."""
        if not (result.settled or self.before.get("syncedDigest")):
            return
        routine = self.seen is not None and result.settled and not result.outcomes
        look = Look(
            {**self.before, **outputs},
            settled=result.settled,
            drifting=bool(self._drift(result.steps)),
            max_age=self.interval / 2 if routine else 0.0,
        )
        self.reporting.after(look, changed=bool(result.outcomes))

    def _spec(self) -> Any:
        if len(self.owner.key) > LONGEST_KEY:
            long = f"is too long: {self.owner.key} is the value of an AWS tag, and may have {LONGEST_KEY} characters"
            raise SpecError("metadata.name", f"{long}; make a new object with a shorter name")
        try:
            return self.kind.spec_of(self.handle.obj)
        except ValidationError as error:
            first, *others = sentences(error)
            field, message = first.split(": ", 1)
            raise SpecError(field, "; ".join([message, *others])) from error

    def hints(self) -> Hints:
        """What the status remembers, and what the spec wants left alone."""
        entries = self.before.get("nonConverging", ()) if self._same_spec() else ()
        return replace(super().hints(), ignored=self.management.ignore_fields, tripped=tripped(entries))

    def _same_spec(self) -> bool:
        return bool(self.before.get("observedGeneration") == self.telling.generation)

    def _adopted(self, desired: Graph, adopt: Adopt, clients: Clients) -> Mapping[str, str]:
        """The ids that the spec names, and those of what its tags find."""
        if not adopt.tags or self._was_settled:
            return adopt.ids
        aws = Aws(clients, self.owner)
        found = engine.candidates(self.kind.types, aws, adopt.tags, self.world.pool)
        return {**matched(desired, found, {**recorded(self.before), **adopt.ids}), **adopt.ids}

    def _claims(self, desired: Graph, adopted: Mapping[str, str]) -> Mapping[str, str]:
        """What is ours though its tags may not say so: recorded as such, or to be taken over."""
        for address in adopted:
            if address not in desired:
                raise SpecError("spec.adopt.ids", f"{address} is no resource of this object; see awslab graph")
        return {**recorded(self.before), **_known_ids(desired), **adopted}

    # Before anything is changed

    def _consent(self) -> Consent:
        annotations = self.meta.get("annotations") or {}
        return Consent(
            self.management,
            self.digest,
            drifting=self._was_settled,
            adopting=self.telling.adopting,
            annotation=annotations.get(APPROVE_ANNOTATION, ""),
            carried=self.before.get("approved", {}),
        )

    def _begin(self, steps: Sequence[Step]) -> Permit | None:
        """Write down what is about to be made, and tell what is about to happen."""
        consent = self._consent()
        drift = self._drift(steps)
        self.happenings.drifted(drift, self.before.get("drift", ()))
        if drift:
            self.reporting.before_mending()
        allows = consent.allows(steps)
        if allows is None or not any(s.acts and allows(s) for s in steps):
            return None
        self.handle.ensure_finalizer()
        stamps = self._stamps(steps)
        verdict = conditions.before_work(steps, drift=bool(drift))
        plan, approved = self._plan(steps), consent.remembered(steps)
        account = self.grant.on_wire()
        more = {"intents": stamps, "plan": plan, "approved": approved, "account": account}
        self.announce(verdict, steps, drift, self.reporting.conditions, **more, **self.reporting.status)
        return Permit(stamps, allows)

    def _stamps(self, steps: Sequence[Step]) -> dict[str, str]:
        """When each creation that may follow was intended; what may exist already keeps its time."""
        unseen = self.unseen()
        kept = {a: since for a, since in self.before.get("intents", {}).items() if a in unseen}
        coming = {
            s.address for s in steps if s.desired and (not s.found or s.action in {Action.REPLACE, Action.DELETE})
        }
        return dict.fromkeys(sorted(coming - unseen), timestamp(self.telling.now)) | kept

    # After

    def _applied(self, desired: Graph, result: Pass, outputs: Mapping[str, Any]) -> float | None:
        self._hold(result)
        consent = self._consent()
        held = consent.pending(result.steps)
        verdict = self._verdict(result, held)
        drift = self._drift(result.steps)
        status = self.told(result, verdict, drift)
        status |= {
            **outputs,
            "summary": {
                **status["summary"],
                **outputs.get("summary", {}),
                "monthlyCost": cost.words(self.cost.monthly),
            },
            "cost": self.cost.on_wire(),
        }
        status["conditions"] = [*status["conditions"], *self.reporting.conditions]
        status |= self._remembered(desired, result, consent)
        status |= self._delivered(status["conditions"], verdict, outputs)
        self.write(status)
        self._tell(result, status, verdict)
        return self._next(result, status, held)

    def _delivered(self, conditions: Sequence[Any], verdict: Verdict, outputs: Mapping[str, Any]) -> Status:
        """Write the outputs of what is Ready; until it is, they stay as they are."""
        before = self._condition(Type.OUTPUTS_WRITTEN)
        if not verdict.ready:
            return {"conditions": [*conditions, *([before] if before else [])]}
        writer = Writer(self.handle, secrets=self.world.settings.secret_outputs)
        delivery = writer.deliver(self.wish, {"region": self.spec["region"], **outputs})
        if delivery.condition is None:
            return {"outputs": delivery.written}
        told = self.telling.condition(delivery.condition)
        if not delivery.condition.status and (before or {}).get("message") != told["message"]:
            self.handle.event("Warning", "OutputsFailed", told["message"])
        return {"conditions": [*conditions, told], "outputs": delivery.written}

    def _hold(self, result: Pass) -> None:
        """Keep the object from vanishing while anything is its own, also what it found again without a change."""
        if self.management.mode is not Mode.OBSERVE and any(o.owner == self.owner.key for o in result.found):
            self.handle.ensure_finalizer()

    def _plan(self, steps: Sequence[Step]) -> Status | None:
        """What *steps* come to, with what that changes in the cost; None where nothing is to be done."""
        proposal = Proposal.of(steps)
        if not proposal:
            return None
        changed = cost.change(steps, self.spec["region"]).on_wire()
        return proposal.on_wire() | ({"cost": changed} if changed else {})

    def _verdict(self, result: Pass, held: Verdict | None) -> Verdict:
        verdict = conditions.after_work(result)
        if verdict.ready and (broken := self.reporting.broken):
            verdict = conditions.unkept(broken, settling=bool(result.outcomes))
        return verdict if verdict.error or held is None or verdict.stalled else held

    def _remembered(self, desired: Graph, result: Pass, consent: Consent) -> Status:
        """What the next pass has to know of this one."""
        tags = {key for resource in desired for key in resource.tags}
        if not result.settled:
            tags |= set(self.before.get("appliedTagKeys", ()))
        return {
            "appliedTagKeys": sorted(tags),
            "syncedDigest": self.digest if result.settled else self.before.get("syncedDigest"),
            "plan": self._plan(result.steps),
            "approved": None if result.settled else consent.remembered(result.first),
            "account": self.grant.on_wire(),
            "nonConverging": counted(result, self.before.get("nonConverging", ()) if self._same_spec() else ()),
        }

    def _tell(self, result: Pass, status: Status, verdict: Verdict) -> None:
        self.happenings.done(result.outcomes, patient=self.is_patient)
        self.happenings.waiting(self.before.get("resources", ()), status["resources"])
        self.happenings.ran(self.reporting.report.runs)
        first = self.telling.drift(self._drift(result.first))
        self.happenings.repaired([*self.before.get("drift", ()), *first], status.get("drift", ()))
        self.world.resources.put(self.owner.key, self.kind.name, status["resources"])
        was_ready = any(c["type"] == "Ready" and c["status"] == "True" for c in self.before.get("conditions", ()))
        if verdict.ready and not was_ready:
            metrics.TIME_TO_READY.labels(self.kind.name).observe(self._age())

    def _next(self, result: Pass, status: Status, held: Verdict | None) -> float | None:
        look = self._next_look(result, status, held)
        if self.reporting.report.again is None:
            return look
        again = max(self.reporting.report.again * self.world.settings.time_scale, SHORTEST_LOOK)
        return look if look is not None and look < again else Routine(again)

    def _next_look(self, result: Pass, status: Status, held: Verdict | None) -> float | None:
        if any(e["writes"] < LIMIT for e in status["nonConverging"]):
            return self.world.settings.consistency_window / LIMIT
        look = self.again(result, status, unfinished=result.unfinished and held is None)
        return self._unhurried(status) if look is None else look

    def _unhurried(self, status: Status) -> float:
        """When to look although AWS needs nothing."""
        outputs = (c["status"] for c in status["conditions"] if c["type"] == Type.OUTPUTS_WRITTEN)
        return TRIED_AGAIN if "False" in outputs else self._routine()

    def _routine(self) -> Routine:
        """When to look without a reason: all that one sweep served come soon after each other, and share the next."""
        age = self.seen.age if self.seen else 0.0
        return Routine(self.interval * random.uniform(0.9, 1.0) - age)  # noqa: S311 - spreads work

    def _drift(self, steps: Sequence[Step]) -> list[Drift]:
        """What differs although the wish is the one that was settled last."""
        return drift_in(steps) if self._was_settled else []

    @property
    def _was_settled(self) -> bool:
        """Whether AWS was once found to be as is wanted now."""
        return bool(self.before.get("syncedDigest") == self.digest)

    def _pause(self) -> None:
        status = self.telling.verdict(conditions.paused()) | {"drift": self.before.get("drift", [])}
        if ready := self._condition("Ready"):
            status["conditions"] = [ready, *status["conditions"][1:]]
        self.write(status)

    def _age(self) -> float:
        created = self.meta.get("creationTimestamp")
        return (self.world.clock() - parsed(created)).total_seconds() if created else 0.0


def _known_ids(desired: Graph) -> dict[str, str]:
    """The ids, by address, that follow from names of our choice."""
    return {r.address: r.known_id for r in desired if r.known_id}
