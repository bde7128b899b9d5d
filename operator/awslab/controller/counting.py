"""Feed the metrics with what the engine's calls and passes come to."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from awslab.aws.errors import THROTTLED
from awslab.metrics import AWS_CALL_SECONDS, AWS_CALLS, AWS_LIMIT_WAIT_SECONDS, AWS_THROTTLES, RESOURCES


def count_call(service: str, operation: str, code: str, seconds: float) -> None:
    """Count one call to AWS; *code* is empty where it succeeded."""
    AWS_CALLS.labels(service, operation, code or "OK").inc()
    AWS_CALL_SECONDS.labels(service, operation).observe(seconds)
    if code in THROTTLED:
        AWS_THROTTLES.labels(service, operation).inc()


def count_wait(service: str, class_: str, seconds: float) -> None:
    """Count how long one call to AWS waited for its turn."""
    AWS_LIMIT_WAIT_SECONDS.labels(service, class_).observe(seconds)


class ResourceCount:
    """Keeps the gauge of resources true while each owner's part of it changes."""

    def __init__(self) -> None:
        self._owners: dict[str, Counter[tuple[str, str, str]]] = {}
        self._lock = threading.Lock()

    def put(self, owner: str, kind: str, resources: Iterable[Mapping[str, Any]]) -> None:
        """Count *resources* (as in a status) as all that *owner* has; none forgets the owner."""
        now = Counter((kind, r["address"].partition("/")[0], r["state"]) for r in resources)
        with self._lock:
            before = self._owners.pop(owner, Counter())
            if now:
                self._owners[owner] = now
            for labels in before | now:
                RESOURCES.labels(*labels).inc(now[labels] - before[labels])
