"""An object that lives in this process: what the reconciler writes stays when the reconciler dies."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from awslab.controller.kube import ApiGone
from awslab.controller.reconcile import LabReconciler
from awslab.kinds import KINDS
from awslab.settings import Settings

FINALIZER = "awslab.dev/aws-resources"

SETTINGS = Settings(time_scale=0.002, consistency_window=0.5, leader_election=False, resync=0.001)
"""With so short an interval nobody goes by what was seen before."""


@dataclass
class MemoryHandle:
    """As awslab.controller.handle.Handle, without an API server."""

    obj: dict[str, Any]
    events: list[tuple[str, str, str]] = field(default_factory=list)
    writes: int = 0
    gone: bool = False
    leads: Callable[[], bool] = lambda: True
    config_maps: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def deleting(self) -> bool:
        return bool(self.obj["metadata"].get("deletionTimestamp"))

    @property
    def has_finalizer(self) -> bool:
        return FINALIZER in self.obj["metadata"].get("finalizers", ())

    def ensure_finalizer(self) -> None:
        if not self.has_finalizer:
            self.obj["metadata"]["finalizers"] = [FINALIZER]
            self.writes += 1

    def remove_finalizer(self) -> None:
        self.obj["metadata"]["finalizers"] = []
        self.writes += 1
        self.gone = True

    def write_status(self, status) -> bool:
        if self.obj.get("status") == status:
            return False
        self.obj = {**self.obj, "status": copy.deepcopy(dict(status))}
        self.writes += 1
        return True

    def event(self, type, reason, message) -> None:  # noqa: A002 - as Handle's
        self.events.append((type, reason, message))

    def may_write(self) -> bool:
        return self.leads()

    def stopping(self) -> bool:
        return False

    # Of other objects there are none here: see tests/support/cluster.py

    def lookup(self, kind, namespace, name):
        return None

    def refers_to(self, targets) -> None:
        pass

    def dependents(self):
        return ()

    def relist(self, kinds) -> None:
        pass

    def namespace(self):
        return {}

    def request(self, verb, method, path, body=None):
        """Of the API there are the ConfigMaps of the object's namespace."""
        name = path.rpartition("/configmaps/")[2]
        if method != "GET" or name not in self.config_maps:
            raise ApiGone(f"{path} does not exist")
        return {"metadata": {"name": name}, "data": self.config_maps[name]}

    # What a person does

    def change(self, **spec) -> None:
        self.obj = {**self.obj, "spec": {**self.obj["spec"], **spec}}
        self.obj["metadata"] = {**self.obj["metadata"], "generation": self.obj["metadata"]["generation"] + 1}

    def delete(self) -> None:
        self.obj["metadata"] = {**self.obj["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}

    # What a test asks

    def condition(self, type_: str) -> dict[str, Any]:
        conditions = self.obj.get("status", {}).get("conditions", ())
        return next((c for c in conditions if c["type"] == type_), {"status": "", "reason": "", "message": ""})

    @property
    def ready(self) -> bool:
        ready = self.condition("Ready")
        return ready["status"] == "True" and ready["observedGeneration"] == self.obj["metadata"]["generation"]


def lab_vpc(name: str = "production", **spec) -> MemoryHandle:
    """A LabVpc as `kubectl apply` leaves it."""
    return applied("LabVpc", name, {"region": "us-east-1", "cidr": "10.0.0.0/16", **spec})


def applied(kind: str, name: str, spec: dict[str, Any]) -> MemoryHandle:
    """An object as `kubectl apply` leaves it."""
    meta = {
        "name": name,
        "namespace": "lab",
        "uid": f"uid-of-{name}",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    return MemoryHandle({"apiVersion": "awslab.dev/v1alpha1", "kind": kind, "metadata": meta, "spec": spec})


def reconciler(settings: Settings = SETTINGS) -> LabReconciler:
    """A new reconciler: what it kept in memory is gone with the one before."""
    return LabReconciler(settings, KINDS)


def until(handle: MemoryHandle, done: Callable[[], bool], using: LabReconciler | None = None, seconds=20) -> None:
    """Pass after pass until *done*; fails where that takes too long."""
    using, end = using or reconciler(), time.monotonic() + seconds
    while True:
        again = using.reconcile(handle)
        if done():
            return
        assert time.monotonic() < end, handle.obj.get("status", {}).get("conditions")
        time.sleep(max(0.0, min(again or 0.1, 0.3)))
