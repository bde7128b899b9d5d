"""The texts that a spec takes from ConfigMaps of its own namespace, such as the code of a function.

They are read by a GET when they are needed: the operator neither lists nor watches ConfigMaps, so a change is
seen at the next look, within the drift interval.
"""

from __future__ import annotations

from collections.abc import Mapping

from awslab.core.errors import Waits

from .handle import Handle
from .kube import ApiGone
from .objects import meta


class Texts:
    """Reads ConfigMaps for one object; each once."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._read: dict[str, Mapping[str, str]] = {}

    def __call__(self, name: str) -> Mapping[str, str]:
        """What the ConfigMap *name* holds; raises Waits where there is none."""
        if name not in self._read:
            self._read[name] = self._get(name)
        return self._read[name]

    def _get(self, name: str) -> Mapping[str, str]:
        namespace = meta(self._handle.obj)["namespace"]
        try:
            found = self._handle.request("get", "GET", f"/api/v1/namespaces/{namespace}/configmaps/{name}")
        except ApiGone as error:
            raise Waits(f"Waits for ConfigMap {namespace}/{name}: it does not exist") from error
        data: Mapping[str, str] = found.get("data") or {}
        return data
