"""What we tell the user of a pass: one table of conditions and reasons, the same for every kind.

Ready, Reconciling and Stalled mean what kstatus reads in them:
https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .drift import Drift
from .errors import Denied, LabError, Rejected
from .outcome import Pass
from .plan import Action, Step
from .proposal import Proposal


class Type(StrEnum):
    """The aspects of an object that conditions tell of."""

    READY = "Ready"
    SYNCED = "Synced"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    DRIFTED = "Drifted"
    PLAN_PENDING = "PlanPending"
    DELETION_BLOCKED = "DeletionBlocked"
    OUTPUTS_WRITTEN = "OutputsWritten"
    CHECKS_PASSED = "ChecksPassed"


REASONS: Mapping[str, str] = {
    "Ready": "Everything in AWS is as the spec asks.",
    "Creating": "Resources are being made.",
    "Updating": "Resources are being changed.",
    "Deleting": "Resources are being deleted.",
    "Repairing": "Somebody changed AWS; it is being put back.",
    "Waiting": "AWS takes its time; nobody has to do anything.",
    "Retrying": "A call failed and is tried again; nobody has to do anything.",
    "Throttled": "AWS asked to slow down; nobody has to do anything.",
    "NoAnswer": "AWS gave no answer; the call is tried again after a look.",
    "InUse": "AWS refuses because something else still uses the resource.",
    "NotFound": "AWS does not show something that it should.",
    "Fenced": "Another replica of the operator leads now.",
    "Denied": "An administrator has to give the operator a permission or credentials.",
    "AccountNotFound": "The AwsAccount does not exist or is not valid; an administrator has to make it.",
    "AccountNotAllowed": "The AwsAccount does not allow the namespace; its administrator has to.",
    "AccountChanged": "What exists was made in another account; an administrator has to bring that one back.",
    "AssumeRoleFailed": "The role of the AwsAccount cannot be assumed; its administrator has to allow it.",
    "RegionNotAllowed": "The AwsAccount does not allow the region; its administrator has to.",
    "RegionDisabled": "The region is not enabled in the AWS account; its administrator has to enable it.",
    "ReferenceNotAllowed": "The object that is referred to is of another namespace and does not allow it.",
    "QuotaReached": "An administrator has to raise an AWS quota, or something has to be deleted.",
    "InvalidSpec": "The spec asks for what cannot be; its author has to change it.",
    "Rejected": "AWS will never accept this; the spec's author has to change it.",
    "ApprovalNeeded": "The plan replaces something or loses data: somebody has to approve it.",
    "AdoptionPending": "What is to be taken over is not as the spec asks: somebody has to approve the plan.",
    "PlanOnly": "The mode is PlanOnly: the plan in status.plan is carried out once it is approved.",
    "ObserveOnly": "The mode is Observe: AWS is not as the spec asks, and is not changed.",
    "DriftReported": "Drift is reported and not corrected, as the spec says.",
    "Paused": "The mode is Paused: AWS is neither looked at nor changed.",
    "OwnedByAnother": "The resource belongs to another object or operator, as its tag says.",
    "NonConverging": "A field was written three times without effect and is left alone until the spec changes.",
    "InUseByOthers": "Something that is not ours uses what is to be deleted; once it is gone the deletion goes on.",
    "Referenced": "Other objects refer to this one; once they are gone the deletion goes on.",
    "Written": "The outputs are where spec.outputs wants them.",
    "NotOurs": "Outputs are to go where something else is already; the spec's author names another place.",
    "UnknownOutput": "The spec asks for an output that there is not; its author has to change it.",
    "SecretsOff": "This operator may write no Secrets; whoever runs it can allow that.",
    "Passed": "Every flow that the spec promises open or closed is so.",
    "CheckFailed": "A flow that the spec promises is not so: somebody has to change what the message names.",
    "Failed": "Something failed in a way that the operator does not know.",
    "Unreachable": "AWS could not be looked at for some time; this is what was last seen.",
    "Success": "The last look at AWS and every call that followed succeeded.",
    "None": "Nothing to tell.",
    "Drifted": "AWS is not as it was left, though the spec did not change.",
}
"""Every reason that a condition may have, and what it means."""

WHAT_TO_DO: Mapping[str, str] = {
    "Denied": "Give the role what the message names: docs/reference/iam.md, or credentials at all.",
    "AccountNotFound": "Make the AwsAccount that the message names, or correct it.",
    "AccountNotAllowed": "Have the namespace allowed by the AwsAccount, or name another account.",
    "RegionNotAllowed": "Have the region allowed by the AwsAccount, or name another one.",
    "AccountChanged": "Bring back the account in which the object was made.",
    "AssumeRoleFailed": "Correct the trust policy or the external id, as the message says.",
    "RegionDisabled": "Enable the region in the account, or name another one.",
    "ReferenceNotAllowed": "Have the namespace allowed by the object that is referred to.",
    "QuotaReached": "Ask AWS for more (Service Quotas), or delete what is not used.",
    "InvalidSpec": "Change the field that the message names.",
    "Rejected": "Change the spec as AWS's message says.",
    "ApprovalNeeded": "Look at the plan and approve it: awslab approve, or spec.management.approval.",
    "AdoptionPending": "Look at the plan; approve it, or change the spec until it is empty.",
    "PlanOnly": "Look at the plan and approve it: awslab approve, or spec.management.approval.",
    "ObserveOnly": "Nothing; set spec.management.mode to Manage to have AWS changed.",
    "DriftReported": "Undo the change in AWS or take it into the spec; set drift to Correct to have it undone.",
    "Paused": "Nothing; set spec.management.mode to Manage to go on.",
    "OwnedByAnother": "Take it out of spec.adopt, or delete the owner with deletion Retain and remove its tags.",
    "NonConverging": "Find who sets the field back, put it into spec.management.ignoreFields, or change the spec.",
    "InUse": "Nothing at first; if it stays, see DeletionBlocked.",
    "InUseByOthers": "Delete what the message names, or move it away.",
    "Referenced": "Delete the objects that the message names.",
    "NotOurs": "Delete what is in the way, or let spec.outputs name another place.",
    "UnknownOutput": "Name an output that there is; the message lists them.",
    "SecretsOff": "Use a ConfigMap, or set secretOutputs and give the operator the role for Secrets.",
    "CheckFailed": "Change what the message names, or the spec; awslab reach shows the whole way.",
    "Failed": "Read the message and the operator's log; then tell us.",
    "Unreachable": "See Synced, which says why AWS cannot be looked at.",
    "Drifted": "Nothing where drift is corrected; else see DriftReported.",
}
"""What people are to do about a reason; with every other one, nothing."""

MEANINGS: Mapping[Type, str] = {
    Type.READY: "Everything in AWS is as the spec asks, and was seen to be so.",
    Type.SYNCED: "The last look at AWS and every call that followed succeeded. Unknown while paused.",
    Type.RECONCILING: "Work is under way, or AWS takes its time: it goes on by itself.",
    Type.STALLED: "Only people can help: the reason and the message say who and how.",
    Type.DRIFTED: "AWS was changed by others since it was as the spec asks; `status.drift` has the fields.",
    Type.PLAN_PENDING: "A plan in `status.plan` waits for its approval.",
    Type.DELETION_BLOCKED: "Something that is not ours keeps AWS from deleting what is, or others refer to the object; "
    "the message names it.",
    Type.CHECKS_PASSED: "AWS keeps every promise in `status.checks`; only of kinds that are checked.",
    Type.OUTPUTS_WRITTEN: "The outputs are where `spec.outputs` wants them; there only where it wants any.",
}
"""What each condition means when it is True."""

APPROVABLE = frozenset({"ApprovalNeeded", "AdoptionPending", "PlanOnly"})
"""The reasons with which an approval helps."""


@dataclass(frozen=True)
class Condition:
    """One aspect: True, False or Unknown, with a word for programs and a sentence for people."""

    type: Type
    status: bool | None
    reason: str
    message: str

    def on_wire(self, generation: int, now: str, before: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """As it goes into ``status.conditions``, keeping the time of the last transition."""
        status = "Unknown" if self.status is None else str(self.status)
        same = (c for c in before if c["type"] == self.type and c["status"] == status)
        return {
            "type": str(self.type),
            "status": status,
            "reason": self.reason,
            "message": self.message,
            "observedGeneration": generation,
            "lastTransitionTime": next((c["lastTransitionTime"] for c in same), now),
        }


@dataclass(frozen=True)
class Verdict:
    """Where an object stands."""

    ready: bool
    reason: str
    message: str
    error: LabError | None = None
    stalled: bool = False
    idle: bool = False
    """Whether nothing is done about it."""

    @property
    def waits_for_approval(self) -> bool:
        """Whether it goes on once somebody approves the plan."""
        return self.reason in APPROVABLE

    def conditions(self, drift: Sequence[Drift] = ()) -> list[Condition]:
        """The verdict, told aspect by aspect."""
        busy = not (self.ready or self.stalled or self.idle)
        return [
            Condition(Type.READY, self.ready, self.reason, self.message),
            self._synced(),
            Condition(Type.RECONCILING, busy, self.reason if busy else "None", self.message if busy else ""),
            Condition(Type.STALLED, self.stalled, *((self.reason, self.message) if self.stalled else ("None", ""))),
            drifted(drift),
            self._plan_pending(),
        ]

    def _plan_pending(self) -> Condition:
        if self.waits_for_approval:
            return Condition(Type.PLAN_PENDING, True, self.reason, self.message)  # noqa: FBT003 - a condition's status
        return Condition(Type.PLAN_PENDING, False, "None", "")  # noqa: FBT003

    def _synced(self) -> Condition:
        if self.reason == "Paused":
            return Condition(Type.SYNCED, None, self.reason, self.message)
        if self.error:
            return Condition(Type.SYNCED, False, self.error.reason, str(self.error))  # noqa: FBT003 - a condition's status
        return Condition(Type.SYNCED, True, "Success", "AWS was looked at and every call succeeded.")  # noqa: FBT003


READY = Verdict(ready=True, reason="Ready", message="Everything is as the spec asks.")


def checks_passed(broken: Sequence[str], total: int) -> Condition:
    """Whether AWS keeps what the spec promises; *broken* are sentences, one for each promise that it does not keep."""
    if not broken:
        return Condition(Type.CHECKS_PASSED, True, "Passed", f"All {total} checks pass.")  # noqa: FBT003 - a condition's status
    more = f"; and {len(broken) - 1} more in status.checks" if len(broken) > 1 else ""
    return Condition(Type.CHECKS_PASSED, False, "CheckFailed", f"{broken[0]}{more}")  # noqa: FBT003


def unkept(broken: str, *, settling: bool) -> Verdict:
    """Where an object stands that is as wanted, and yet does not keep a promise; *broken* says which.

    While AWS is *settling*, as something was changed just now, it may come right by itself.
    """
    return Verdict(ready=False, reason="CheckFailed", message=broken, stalled=not settling)


def drifted(drift: Sequence[Drift]) -> Condition:
    """Whether somebody else changed AWS, and what."""
    if not drift:
        return Condition(Type.DRIFTED, False, "None", "")  # noqa: FBT003 - a condition's status
    more = f" and {len(drift) - 1} more" if len(drift) > 1 else ""
    return Condition(Type.DRIFTED, True, "Drifted", f"{drift[0]}{more}")  # noqa: FBT003


def before_work(steps: Sequence[Step], *, drift: bool) -> Verdict:
    """Where the object stands while the first steps are being carried out."""
    acting = [s for s in steps if s.acts]
    wanted = [s for s in acting if s.desired]
    if not wanted:
        reason = "Deleting"
    elif drift:
        reason = "Repairing"
    else:
        reason = "Creating" if any(s.action is Action.CREATE for s in wanted) else "Updating"
    return Verdict(ready=False, reason=reason, message=f"{reason} {listed(s.address for s in wanted or acting)}")


def after_work(result: Pass) -> Verdict:
    """Where the object stands at the end of a pass."""
    if errors := sorted((o for o in result.errors if o.error), key=lambda o: _gravity(o.error)):
        return of_error(errors[0].error, errors[0].step.address)  # type: ignore[arg-type]
    if conflicts := [s for s in result.steps if s.action is Action.CONFLICT]:
        message = "; ".join(f"{s.address}: {s.reason}" for s in conflicts)
        return Verdict(ready=False, reason=conflicts[0].cause, message=message, stalled=True)
    if result.settled:
        return READY
    wanted = [s for s in result.steps if s.desired and s.action is not Action.KEEP]
    if not wanted:
        # What is left over is still being deleted; all that is wanted is there.
        return READY
    return Verdict(ready=False, reason="Waiting", message=f"Waiting for {listed(_roots(wanted))}")


def pending(reason: str, proposal: Proposal, rejected: str = "") -> Verdict:
    """Where an object stands whose plan waits for a person."""
    message = f"{REASONS[reason]} Planned: {proposal.summary} (plan {proposal.hash})"
    if rejected:
        message += f"; {rejected} was approved, but the plan has changed since"
    return Verdict(ready=False, reason=reason, message=message, idle=True)


def paused() -> Verdict:
    """Where an object stands that is not looked at."""
    return Verdict(ready=False, reason="Paused", message=REASONS["Paused"], idle=True)


def paused_deletion() -> Verdict:
    """Where an object stands that is to be deleted and must not be touched."""
    way_out = "set spec.management.mode to Manage to delete AWS too, or spec.management.deletion to Retain to let go"
    return Verdict(
        ready=False, reason="Paused", message=f"The deletion waits, as the mode is Paused: {way_out}.", idle=True
    )


def blocked(result: Pass) -> Condition:
    """Whether something that is not ours stands in the way of a deletion."""
    blockers = [
        f"{o.step.address} ({o.step.id}) is used by {', '.join(map(str, o.blockers))}"
        for o in result.outcomes
        if o.blockers
    ]
    if not blockers:
        return Condition(Type.DELETION_BLOCKED, False, "None", "")  # noqa: FBT003 - a condition's status
    message = "; ".join(sorted(blockers)) + ". Delete these, or move them away; the deletion then goes on by itself."
    return Condition(Type.DELETION_BLOCKED, True, "InUseByOthers", message)  # noqa: FBT003


def deleting(steps: Sequence[Step]) -> Verdict:
    """Where an object stands that is being deleted."""
    return Verdict(ready=False, reason="Deleting", message=f"Deleting {listed(s.address for s in steps)}")


def of_error(error: LabError, address: str = "") -> Verdict:
    """Where an object stands after a failure; only people can end a stall."""
    where = f"{address}: " if address else ""
    stalled = isinstance(error, (Denied, Rejected))
    return Verdict(ready=False, reason=error.reason, message=f"{where}{error}", error=error, stalled=stalled)


def _gravity(error: LabError | None) -> int:
    """What to tell first: what only people can mend."""
    return next((i for i, kind in enumerate((Rejected, Denied)) if isinstance(error, kind)), 2)


def _roots(steps: Sequence[Step]) -> list[str]:
    """What all the waiting is for in the end."""
    waiting = {s.address for s in steps}
    return [s.address for s in steps if not waiting & set(s.waits_for)]


def listed(addresses: Iterable[str]) -> str:
    """Addresses as people read them: ``Vpc/vpc, Subnet/{private-a, public-a}``."""
    names: dict[str, list[str]] = defaultdict(list)
    for address in dict.fromkeys(addresses):
        kind, _, name = address.partition("/")
        names[kind].append(name)
    return ", ".join(f"{k}/{n[0]}" if len(n) == 1 else f"{k}/{{{', '.join(sorted(n))}}}" for k, n in names.items())
