"""What the tests of the controller's shell share: a kind, a reconciler of their own, and patience."""

import threading
import time
from collections.abc import Callable

from tests.support.fakeapi import FakeApi, Resource

LAB = Resource("awslab.dev", "v1alpha1", "labvpcs", "LabVpc")
PIPELINE = Resource("awslab.dev", "v1alpha1", "datapipelines", "DataPipeline")
TWIN = Resource("awslab.dev", "v1alpha1", "labtwins", "LabTwin")


def eventually(what: Callable[[], object], timeout: float = 8.0) -> object:
    """Wait until *what* is true, and return it; fail with its last value."""
    until = time.monotonic() + timeout
    while not (found := what()):
        assert time.monotonic() < until, f"not within {timeout} s; last seen: {found!r}"
        time.sleep(0.02)
    return found


def lab(name: str, namespace: str = "lab", **more: object) -> dict:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {}, **more}


def ready_status(generation: int = 1) -> dict:
    return {
        "observedGeneration": generation,
        "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": ""}],
    }


class Keeper:
    """A reconciler that holds the object, says it is ready, lets it go when asked; remembers its passes."""

    def __init__(self, act: Callable | None = None) -> None:
        self.act = act or keep
        self.passes: list[tuple[str, float]] = []
        self.overlaps: list[str] = []
        self._now: set[str] = set()
        self._lock = threading.Lock()

    def reconcile(self, handle) -> float | None:
        name = handle.key.name
        with self._lock:
            self.passes.append((name, time.monotonic()))
            if name in self._now:
                self.overlaps.append(name)
            self._now.add(name)
        try:
            return self.act(handle)
        finally:
            with self._lock:
                self._now.discard(name)

    def count(self, name: str) -> int:
        return sum(passed == name for passed, _ in self.passes)


def keep(handle) -> None:
    if handle.deleting:
        handle.remove_finalizer()
        return
    handle.ensure_finalizer()
    handle.write_status(ready_status(handle.obj["metadata"]["generation"]))


def is_ready(api: FakeApi, name: str, namespace: str = "lab") -> bool:
    obj = api.get(LAB.plural, namespace, name)
    return bool(obj) and (obj.get("status") or {}).get("observedGeneration") == obj["metadata"]["generation"]
