"""Several objects in this process that see each other, as through the API server."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field

from awslab.controller.awsaccount import AccountReconciler
from awslab.controller.kube import ApiConflict, ApiGone
from awslab.controller.objects import Key, key_of
from awslab.controller.reconcile import ByKind, LabReconciler
from awslab.controller.references import Targets
from awslab.kinds import KINDS
from tests.support.memory import SETTINGS, MemoryHandle

ROLE = "arn:aws:iam::111122223333:role/awslab"
OTHER_ROLE = "arn:aws:iam::444455556666:role/awslab"


class Cluster:
    """Objects by key, and one reconciler for them all."""

    def __init__(self, kinds=KINDS, settings=SETTINGS) -> None:
        self.handles: dict[Key, ClusterHandle] = {}
        self.namespaces: dict[str, dict] = {}
        self.others: dict[str, dict] = {}  # by path: what the operator writes beside its own objects
        self.requests: list[tuple[str, str]] = []
        self.targets = Targets(kinds)
        self.referred: dict[Key, frozenset[Key]] = {}
        self.lab = LabReconciler(settings, kinds)
        names = [kind.name for kind in kinds]
        self.reconciler = ByKind({"AwsAccount": AccountReconciler(self.lab, names)}, otherwise=self.lab)

    def apply(self, kind: str, name: str, namespace: str = "lab", **spec) -> ClusterHandle:
        meta = {"name": name, "uid": f"uid-of-{name}", "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z"}
        if namespace:
            meta["namespace"] = namespace
        obj = {"apiVersion": "awslab.dev/v1alpha1", "kind": kind, "metadata": meta, "spec": spec}
        handle = ClusterHandle(obj, cluster=self)
        self.handles[handle.key] = handle
        return handle

    def lab_vpc(self, name: str = "production", **spec) -> ClusterHandle:
        return self.apply("LabVpc", name, **{"region": "us-east-1", "cidr": "10.0.0.0/16", **spec})

    def account(self, name: str = "dev", role: str = ROLE, **spec) -> ClusterHandle:
        spec = {"allowedNamespaces": {"names": ["*"]}, **spec}
        return self.apply("AwsAccount", name, "", roleArn=role, **spec)

    def once(self, *handles: ClusterHandle) -> float | None:
        again = None
        for handle in handles:
            again = self.reconciler.reconcile(handle)
        return again

    def until(self, done, *handles: ClusterHandle, seconds: float = 20) -> None:
        """Pass after pass over the handles (else over all there are) until *done*."""
        end = time.monotonic() + seconds
        while True:
            for handle in handles or tuple(self.handles.values()):
                if not handle.gone:
                    self.once(handle)
            if done():
                return
            assert time.monotonic() < end, {str(k): h.obj.get("status", {}) for k, h in self.handles.items()}
            time.sleep(0.05)


@dataclass
class ClusterHandle(MemoryHandle):
    """As awslab.controller.handle.Handle, in a Cluster."""

    cluster: Cluster = field(default=None, repr=False)

    @property
    def key(self) -> Key:
        return key_of(self.obj)

    def remove_finalizer(self) -> None:
        super().remove_finalizer()
        self.cluster.handles.pop(self.key, None)

    def lookup(self, kind, namespace, name):
        found = self.cluster.handles.get(Key(kind, namespace, name))
        return found.obj if found else None

    def refers_to(self, targets) -> None:
        self.cluster.referred[self.key] = frozenset(targets)

    def dependents(self):
        return {key for key, handle in self.cluster.handles.items() if self.key in self.cluster.targets(handle.obj)}

    def namespace(self):
        return self.cluster.namespaces.get(self.key.namespace, {})

    def request(self, verb, method, path, body=None):
        """As an API server that keeps any object and checks resourceVersions."""
        others = self.cluster.others
        self.cluster.requests.append((verb, path))
        if verb == "create":
            path = f"{path}/{body['metadata']['name']}"
            if path in others:
                raise ApiConflict(f"{path} exists", 409)
        elif path not in others:
            raise ApiGone(f"{path} not found", 404)
        if verb == "delete":
            return others.pop(path)
        if verb in {"create", "update"}:
            version = int(others.get(path, {}).get("metadata", {}).get("resourceVersion", 0))
            if verb == "update" and body["metadata"]["resourceVersion"] != str(version):
                raise ApiConflict(f"{path} has changed", 409)
            meta = {"uid": f"uid-of-{path}", **body["metadata"], "resourceVersion": str(version + 1)}
            others[path] = copy.deepcopy({**body, "metadata": meta})
        return copy.deepcopy(others[path])
