"""Speak to the world's cluster: by kubectl, and by the Kubernetes client where many calls have to be fast."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from awslab.local.errors import LocalWorldError
from awslab.local.run import run

GROUP = "awslab.dev"
OPERATOR_NAMESPACE = "awslab-system"
TEST_LABEL = "awslab.dev/test"  # on namespaces that a reset may delete
_NO_FINALIZERS = {"metadata": {"finalizers": None}}


@dataclass(frozen=True)
class Kubectl:
    """kubectl with one kubeconfig."""

    command: Path
    kubeconfig: Path

    def __call__(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> str:
        """Return what kubectl prints; raises CommandError with what it said when it fails."""
        cache = self.kubeconfig.with_name("kubectl-cache")
        environment = os.environ | {"KUBECONFIG": str(self.kubeconfig), "KUBECACHEDIR": str(cache)}
        return run([str(self.command), *arguments], environment=environment, stdin=stdin, timeout=timeout)


class Cluster:
    """The cluster through the Kubernetes client, as its administrator."""

    def __init__(self, kubeconfig: Path) -> None:
        self._client = config.new_client_from_config(str(kubeconfig))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def controllers_work(self) -> bool:
        """Return whether the controllers made the ServiceAccount that every namespace gets."""
        try:
            client.CoreV1Api(self._client).read_namespaced_service_account("default", "default")
        except ApiException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def kinds_are_served(self) -> bool:
        """Return whether all our kinds are established, and can be listed (right after it, 429 is usual)."""
        definitions = self._definitions()
        try:
            for definition in definitions:
                self._items(_Kind.of(definition))
        except ApiException:
            return False
        return bool(definitions)

    def delete_objects(self, *, everywhere: bool, timeout: float = 10) -> None:
        """Delete our custom resources without asking their finalizers, and the namespaces of tests.

        `everywhere`: also outside of those namespaces, and the events and leases with them.
        Namespaces go in the background; `timeout` in seconds is for the custom resources.
        """
        namespaces = self._test_namespaces()
        deadline = time.monotonic() + timeout
        for kind in [_Kind.of(definition) for definition in self._definitions()]:
            while items := [item for item in self._items(kind) if everywhere or _namespace(item) in namespaces]:
                if time.monotonic() > deadline:
                    raise LocalWorldError(f"{kind.plural} do not go away: see `kubectl get {kind.plural} -A`.")
                for item in items:
                    self._delete(kind, item)
        self._delete_namespaces(namespaces)
        if everywhere:
            client.CoreV1Api(self._client).delete_collection_namespaced_event("default")
            client.CoordinationV1Api(self._client).delete_collection_namespaced_lease(OPERATOR_NAMESPACE)

    def _definitions(self) -> list[Any]:
        listed = client.ApiextensionsV1Api(self._client).list_custom_resource_definition().items
        return [item for item in listed if item.spec.group == GROUP]

    def _items(self, kind: "_Kind") -> list[dict[str, Any]]:
        listed = client.CustomObjectsApi(self._client).list_cluster_custom_object(GROUP, kind.version, kind.plural)
        items: list[dict[str, Any]] = listed["items"]
        return items

    def _delete(self, kind: "_Kind", item: dict[str, Any]) -> None:
        metadata, namespace = item["metadata"], _namespace(item)
        place = (GROUP, kind.version, *([namespace] if namespace else []), kind.plural, metadata["name"])
        scope = "namespaced" if namespace else "cluster"
        objects = client.CustomObjectsApi(self._client)
        with suppress(ApiException):  # gone, or changed meanwhile: the caller looks again
            if "deletionTimestamp" not in metadata:
                getattr(objects, f"delete_{scope}_custom_object")(*place)
            if metadata.get("finalizers"):
                getattr(objects, f"patch_{scope}_custom_object")(*place, _NO_FINALIZERS)

    def _test_namespaces(self) -> set[str]:
        found = client.CoreV1Api(self._client).list_namespace(label_selector=TEST_LABEL).items
        return {item.metadata.name for item in found if not item.metadata.deletion_timestamp}

    def _delete_namespaces(self, names: set[str]) -> None:
        for name in names:
            client.CoreV1Api(self._client).delete_namespace(name)


@dataclass(frozen=True)
class _Kind:
    version: str
    plural: str

    @classmethod
    def of(cls, definition: Any) -> "_Kind":
        stored = next(version.name for version in definition.spec.versions if version.storage)
        return cls(stored, definition.spec.names.plural)


def _namespace(item: dict[str, Any]) -> str | None:
    found: str | None = item["metadata"].get("namespace")
    return found
