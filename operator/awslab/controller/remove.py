"""A pass over an object that is being deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from awslab.api.management import DeletionPolicy, Mode
from awslab.aws.session import Clients
from awslab.core import conditions
from awslab.core.conditions import Verdict
from awslab.core.errors import Denied
from awslab.core.graph import Graph
from awslab.core.outcome import Pass
from awslab.core.step import Step
from awslab.engine import Permit

from .accounts import granted_for_deletion, has_made_something
from .held import LOOKED_AGAIN, held_by
from .object_pass import ObjectPass


class Remove(ObjectPass):
    """Empties AWS of what is the object's, then lets the object go.

    It reads as little of the spec as it can: a spec that is no longer valid is
    no reason to keep anything.
    """

    def go(self) -> float | None:
        """Delete, and let go once AWS shows nothing of it any more."""
        if not self.handle.has_finalizer:
            return None
        if not self._begun and (held := held_by(self.handle, self.world.referrers(self.kind.name))):
            self._hold(held)
            return LOOKED_AGAIN
        management = self.spec.get("management") or {}
        if self._retains(management):
            self._let_go()
            return None
        if management.get("mode") == Mode.PAUSED:
            self.write(self.telling.verdict(conditions.paused_deletion()))
            return None
        clients = self._clients()
        if clients is None:
            self._let_go()
            return None
        result = self.reconcile(Graph(), clients, self.hints(), begin=self._begin)
        self.happenings.done(result.outcomes, patient=self.is_patient)
        if not result.steps and not self.unseen():
            self.world.inventory(clients).forget(self.owner.key)
            self._let_go()
            return None
        return self._told_of(result)

    @property
    def _begun(self) -> bool:
        """Whether the deletion has gone so far that there is no way back."""
        blocked = self._condition("DeletionBlocked")
        return blocked is not None and blocked["reason"] != "Referenced"

    def _hold(self, held: conditions.Condition) -> None:
        verdict = Verdict(ready=False, reason=held.reason, message=held.message, idle=True)
        status = self.telling.verdict(verdict) | {"drift": self.before.get("drift", [])}
        self.write(status | {"conditions": [*status["conditions"], self.telling.condition(held)]})

    def _clients(self) -> Clients | None:
        """The way into the account; None where that is closed and nothing was ever made there."""
        try:
            grant = granted_for_deletion(self.handle, self.world.settings.instance)
        except Denied:
            if has_made_something(self.handle.obj):
                raise
            return None
        return self.enter(grant, str(self.spec.get("region", "")))

    @staticmethod
    def _retains(management: dict[str, str]) -> bool:
        """Whether AWS stays as it is: asked for, or never to be changed."""
        return management.get("deletion") == DeletionPolicy.RETAIN or management.get("mode") == Mode.OBSERVE

    def _let_go(self) -> None:
        self.world.resources.put(self.owner.key, self.kind.name, ())
        self.happenings.forgotten()
        self.handle.remove_finalizer()

    def _told_of(self, result: Pass) -> float | None:
        status = self.told(result, self._verdict(result))
        status["conditions"] = [*status["conditions"], self.telling.condition(conditions.blocked(result))]
        status |= {"plan": None, "approved": None, "nonConverging": None}
        self.write(status)
        self.happenings.waiting(self.before.get("resources", ()), status["resources"])
        self.world.resources.put(self.owner.key, self.kind.name, status["resources"])
        return self.again(result, status, unfinished=result.unfinished)

    def _verdict(self, result: Pass) -> Verdict:
        blocked = conditions.blocked(result)
        if blocked.status:
            verdict = Verdict(ready=False, reason=blocked.reason, message=blocked.message)
            return replace(verdict, error=result.errors[0].error)
        verdict = conditions.after_work(result) if result.errors else conditions.deleting(result.steps)
        return replace(verdict, ready=False)

    def _begin(self, steps: Sequence[Step]) -> Permit:
        self.announce(conditions.deleting(steps), steps)
        return Permit()
