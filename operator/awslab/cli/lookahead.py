"""The plan of a live object: a pass of the operator's own code that only looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import click

from awslab.controller.handle import Handle
from awslab.controller.kube import ApiGone, Kube
from awslab.controller.objects import Key, Object
from awslab.controller.reconcile import WATCHED, LabReconciler
from awslab.kinds import KINDS
from awslab.settings import Settings

from .live import Live, told

OBSERVE = {"mode": "Observe"}


@dataclass
class Onlooker:
    """Stands for a handle: what the pass tells is kept here, and nothing is written."""

    kube: Kube
    obj: Mapping[str, Any]
    deleting: bool = False
    has_finalizer: bool = True

    def lookup(self, kind: str, namespace: str, name: str) -> Object | None:
        """Another object, as the cluster has it now."""
        watched = {k.kind: k for k in WATCHED}
        try:
            found = self.kube.get(watched[kind], Key(kind, namespace, name))
        except ApiGone:
            return None
        return {"kind": kind, **found}

    def namespace(self) -> Object:
        """The object's namespace."""
        return self.kube.request("get", "GET", f"/api/v1/namespaces/{self.obj['metadata']['namespace']}")

    def request(self, verb: str, method: str, path: str, body: object = None) -> Object:
        """Read something else; nothing is ever written."""
        if method != "GET":
            raise ValueError(f"{method} {path} would change the cluster")
        return self.kube.request(verb, method, path, body=body)

    def refers_to(self, _: Iterable[Key]) -> None:
        """Wake nobody."""

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
    onlooker = Onlooker(live.cluster.kube, looked_at)
    with told():
        LabReconciler(Settings.model_validate({"instance": instance}), KINDS).reconcile(cast("Handle", onlooker))
    conditions = {c["type"]: c for c in onlooker.obj["status"]["conditions"]}
    if conditions["Synced"]["status"] != "True":
        raise click.ClickException(f"{live.name}: {conditions['Synced']['message']}")
    plan: Mapping[str, Any] = onlooker.obj["status"].get("plan") or {}
    if not plan and conditions["Stalled"]["status"] == "True":
        raise click.ClickException(f"{live.name}: {conditions['Stalled']['message']}")
    return plan
