"""The plan of a live object: a pass of the operator's own code that only looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import click

from awslab.controller.handle import Handle
from awslab.controller.reconcile import LabReconciler
from awslab.kinds import KINDS
from awslab.settings import Settings

from .live import Live

OBSERVE = {"mode": "Observe"}


@dataclass
class Onlooker:
    """Stands for a handle: what the pass tells is kept here, and nothing is written."""

    obj: Mapping[str, Any]
    deleting: bool = False
    has_finalizer: bool = True

    def write_status(self, status: Mapping[str, Any]) -> bool:
        """Keep it for the caller."""
        self.obj = {**self.obj, "status": status}
        return True

    def event(self, *_: str) -> None:
        """Tell nobody."""

    def may_write(self) -> bool:
        """Refuse every call that would change AWS."""
        return False

    def stopping(self) -> bool:
        """Never stop early."""
        return False


def live_plan(live: Live, instance: str) -> Mapping[str, Any]:
    """What the operator would do for *live*, as in ``status.plan``; raises ClickException where it cannot look."""
    if live.deleting:
        raise click.ClickException(f"{live.name} is being deleted; see: awslab trace")
    spec = live.obj["spec"]
    looked_at = {**live.obj, "spec": {**spec, "management": {**spec.get("management", {}), **OBSERVE}}}
    onlooker = Onlooker(looked_at)
    LabReconciler(Settings.model_validate({"instance": instance}), KINDS).reconcile(cast("Handle", onlooker))
    conditions = {c["type"]: c for c in onlooker.obj["status"]["conditions"]}
    if conditions["Synced"]["status"] != "True":
        raise click.ClickException(f"{live.name}: {conditions['Synced']['message']}")
    plan: Mapping[str, Any] = onlooker.obj["status"].get("plan") or {}
    if not plan and conditions["Stalled"]["status"] == "True":
        raise click.ClickException(f"{live.name}: {conditions['Stalled']['message']}")
    return plan
