"""What may be done on the operator's own account, and what somebody has to approve.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from awslab.api.management import DriftPolicy, Management, Mode
from awslab.core import conditions
from awslab.core.conditions import Verdict
from awslab.core.proposal import Proposal
from awslab.core.step import Step

APPROVE_ANNOTATION = "awslab.dev/approve"

Allows = Callable[[Step], bool]


@dataclass(frozen=True)
class Consent:
    """Decides for one object and one wish."""

    management: Management
    digest: str
    """Of the wish."""
    drifting: bool = False
    """Whether the wish is the one that was settled last, so that every difference is drift."""
    adopting: Set[str] = frozenset()
    """The addresses of what is to be taken over and is not ours yet."""
    annotation: str = ""
    carried: Mapping[str, Any] = field(default_factory=dict)
    """``status.approved``: the plan that is being carried out."""

    def allows(self, steps: Sequence[Step]) -> Allows | None:
        """Which of *steps* may be carried out; None where nothing may."""
        if self.management.mode in {Mode.OBSERVE, Mode.PAUSED} or self._only_reports:
            return None
        if self.approves(steps):
            return lambda _: True
        if self.management.mode is Mode.PLAN_ONLY or self._adopts(steps):
            return self._is_carried if self._continues else None
        return lambda step: self._is_carried(step) or not step.needs_approval

    def approves(self, steps: Iterable[Step]) -> bool:
        """Whether somebody approved just this plan."""
        return Proposal.of(steps).hash in self._approvals

    def remembered(self, steps: Iterable[Step]) -> Mapping[str, Any]:
        """What ``status.approved`` is to say while the plan is being carried out."""
        if self.approves(steps):
            proposal = Proposal.of(steps)
            return {"hash": proposal.hash, "digest": self.digest, "resources": proposal.addresses}
        return self.carried if self._continues else {}

    def pending(self, steps: Sequence[Step]) -> Verdict | None:
        """What is left to be done but not allowed, and why."""
        allows = self.allows(steps)
        held = [s for s in steps if s.acts and not (allows and allows(s))]
        if not held:
            return None
        proposal = Proposal.of(steps)
        rejected = next((a for a in self._approvals if a != proposal.hash), "") if not self._continues else ""
        return conditions.pending(self._reason(steps), proposal, rejected)

    def _reason(self, steps: Sequence[Step]) -> str:
        if self.management.mode is Mode.OBSERVE:
            return "ObserveOnly"
        if self._only_reports:
            return "DriftReported"
        if self.management.mode is Mode.PLAN_ONLY:
            return "PlanOnly"
        return "AdoptionPending" if self._adopts(steps) else "ApprovalNeeded"

    @property
    def _only_reports(self) -> bool:
        return self.drifting and self.management.drift is DriftPolicy.REPORT

    @property
    def _approvals(self) -> list[str]:
        return [hash_ for hash_ in (self.management.approval, self.annotation) if hash_]

    @property
    def _continues(self) -> bool:
        return self.carried.get("digest") == self.digest

    def _is_carried(self, step: Step) -> bool:
        return self._continues and step.address in self.carried.get("resources", ())

    def _adopts(self, steps: Sequence[Step]) -> bool:
        """Whether something is taken over, and more than its tags would change by that."""
        taken = any(s.found and s.found.adopted and s.address in self.adopting for s in steps)
        return taken and any(s.acts and not _only_tags(s) for s in steps)


def _only_tags(step: Step) -> bool:
    return bool(step.changes) and not step.changes.without("tags")
