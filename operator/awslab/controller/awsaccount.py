"""A pass over an AwsAccount: does its role work, and who still uses it?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from awslab.api.awsaccount import AwsAccountSpec
from awslab.api.base import sentences
from awslab.aws.accounts import identity
from awslab.core import conditions
from awslab.core.conditions import Condition, Type, Verdict
from awslab.core.errors import AssumeRoleFailed, LabError, SpecError

from .accounts import described
from .handle import Handle
from .held import held_by
from .object_pass import World
from .objects import meta
from .status import Status, parsed, seconds

CHECKED_AGAIN = 60.0
"""Seconds after which a role that does not work is tried again."""

TOLD_AGAIN = timedelta(hours=1)
"""How old ``lastChecked`` may be while nothing else changes: to write it each time would be a write for nothing."""


class AccountReconciler:
    """Keeps the status of each AwsAccount true, and holds it while objects use it."""

    def __init__(self, world: World, users: Sequence[str]) -> None:
        """*users* are the kinds whose objects may use an account."""
        self._world, self._users = world, users

    def reconcile(self, handle: Handle) -> float | None:
        """Carry out one pass; returns the seconds until the next, None for the resync interval."""
        if handle.deleting:
            return self._remove(handle)
        handle.ensure_finalizer()
        try:
            found = self._look(handle)
            verdict = Verdict(ready=True, reason="Ready", message="The role can be assumed.")
        except LabError as error:
            found, verdict = {}, conditions.of_error(error)
            handle.event("Warning", "Failed", str(error))
        self._tell(handle, [*verdict.conditions()[:1], verdict.conditions()[3]], found)
        return None if verdict.ready else CHECKED_AGAIN

    def _look(self, handle: Handle) -> dict[str, Any]:
        """Assume the role, and ask who we are then; raises LabError."""
        spec = _spec(handle)
        account = described(handle.obj["metadata"]["name"], spec, self._world.settings.instance)
        region = spec.allowed_regions[0] if spec.allowed_regions else "us-east-1"
        known = identity(self._world.clients(region, account))
        if known.account != spec.account_id:
            raise AssumeRoleFailed(f"the role is of account {spec.account_id}, but AWS took us to {known.account}")
        return {"accountId": known.account, "arn": known.arn}

    def _remove(self, handle: Handle) -> float | None:
        """Let it go once nobody uses it."""
        held = held_by(handle, self._users)
        if held is None:
            handle.remove_finalizer()
            return None
        now = seconds(self._world.clock())
        before = (handle.obj.get("status") or {}).get("conditions", ())
        kept = [c for c in before if c["type"] != Type.DELETION_BLOCKED]
        blocked = held.on_wire(meta(handle.obj).get("generation", 0), now, before)
        handle.write_status({**(handle.obj.get("status") or {}), "conditions": [*kept, blocked]})
        return CHECKED_AGAIN

    def _tell(self, handle: Handle, told: Sequence[Condition], found: Status) -> None:
        before = handle.obj.get("status") or {}
        generation, now = meta(handle.obj).get("generation", 0), self._world.clock()
        status: Status = {
            "observedGeneration": generation,
            "conditions": [c.on_wire(generation, seconds(now), before.get("conditions", ())) for c in told],
            "summary": {"message": told[0].message},
            **({key: before[key] for key in ("accountId", "arn") if key in before} | found),
            "lastChecked": before.get("lastChecked", seconds(now)),
        }
        if status != before or now - parsed(status["lastChecked"]) > TOLD_AGAIN:
            handle.write_status({**status, "lastChecked": seconds(now)})


def _spec(handle: Handle) -> AwsAccountSpec:
    try:
        return AwsAccountSpec.model_validate(handle.obj.get("spec") or {})
    except ValidationError as error:
        raise SpecError(*sentences(error)[0].split(": ", 1)) from error
