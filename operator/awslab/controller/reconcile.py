"""From an object to AWS and back to its status: one pass at a time, for every kind."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from awslab.aws.inventory import Inventory
from awslab.aws.limits import Limiter
from awslab.aws.session import Clients
from awslab.core.errors import Denied, Fenced, LabError, Rejected
from awslab.kinds import KINDS
from awslab.kinds.kind import Kind
from awslab.settings import Settings

from .apply import Apply
from .counting import ResourceCount, count_call, count_wait
from .handle import Handle
from .pool import FairPool
from .remove import Remove
from .timing import backoff

DENIED_AGAIN = 300.0
"""Seconds after which a denied call is tried again: an administrator may have acted."""


def build_reconciler(settings: Settings) -> LabReconciler:
    """The reconciler of all kinds."""
    return LabReconciler(settings, KINDS)


class LabReconciler:
    """Carries out passes; keeps nothing between them that it could not do without."""

    def __init__(
        self,
        settings: Settings,
        kinds: Sequence[Kind[Any, Any]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.pool = FairPool(settings.aws_concurrency, settings.workers)
        self.resources = ResourceCount()
        self._kinds = {kind.name: kind for kind in kinds}
        self._may_write: Callable[[], bool] = lambda: True
        self._clients: dict[str, Clients] = {}
        self._inventories: dict[Clients, Inventory] = {}
        self._lock = threading.Lock()
        self._failures: Counter[str] = Counter()

    def reconcile(self, handle: Handle) -> float | None:
        """Carry out one pass; returns the seconds until the next, None for the resync interval."""
        self._may_write = handle.may_write  # the same answer for every object: it is the process that leads
        kind = self._kinds[handle.obj["kind"]]
        one = (Remove if handle.deleting else Apply)(self, kind, handle)
        again = one.run()
        return self._paced(one.owner.key, one.failed, again)

    def clients(self, region: str) -> Clients:
        """The AWS clients of *region*."""
        with self._lock:
            if region not in self._clients:
                speed = 1 / self.settings.time_scale
                limiter = Limiter(share=self.settings.aws_rate, speed=speed, waited=count_wait)
                self._clients[region] = Clients(region, observer=count_call, gate=self._gate, limiter=limiter)
            return self._clients[region]

    def inventory(self, clients: Clients) -> Inventory:
        """What all owners have where *clients* look."""
        with self._lock:
            if clients not in self._inventories:
                types = [t for kind in self._kinds.values() for t in kind.types]
                self._inventories[clients] = Inventory(clients, self.settings.instance, types)
            return self._inventories[clients]

    def failures(self, key: str) -> int:
        """How many passes over one owner have failed in a row."""
        return self._failures[key]

    def _gate(self) -> None:
        if not self._may_write():
            raise Fenced("this replica of the operator leads no longer; another one goes on")

    def _paced(self, key: str, error: LabError | None, again: float | None) -> float | None:
        if error is None:
            self._failures.pop(key, None)
            return again
        self._failures[key] += 1
        if isinstance(error, Rejected):
            return again
        return DENIED_AGAIN if isinstance(error, Denied) else backoff(self._failures[key])
