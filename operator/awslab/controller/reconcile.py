"""From an object to AWS and back to its status: one pass at a time, for every kind."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from awslab.api.kinds import AWS_ACCOUNT
from awslab.aws.accounts import OWN, Account, Accounts
from awslab.aws.inventory import Inventory
from awslab.aws.limits import Limiter
from awslab.aws.session import Clients
from awslab.core.errors import Denied, Fenced, LabError, Rejected
from awslab.kinds import KINDS
from awslab.kinds.kind import Kind
from awslab.settings import Settings

from .apply import Apply
from .awsaccount import AccountReconciler
from .counting import ResourceCount, count_call, count_wait
from .handle import Handle, Reconciler
from .objects import Kind as Watched
from .pool import FairPool
from .remove import Remove
from .timing import backoff

DENIED_AGAIN = 300.0
"""Seconds after which a denied call is tried again: an administrator may have acted."""


WATCHED: tuple[Watched, ...] = (*KINDS, AWS_ACCOUNT)
"""Every kind that the shell watches."""


def build_reconciler(settings: Settings) -> Reconciler:
    """The reconciler of everything that is watched."""
    lab = LabReconciler(settings, KINDS)
    return ByKind({AWS_ACCOUNT.kind: AccountReconciler(lab, [kind.name for kind in KINDS])}, otherwise=lab)


@dataclass(frozen=True)
class ByKind:
    """Hands each object to the reconciler of its kind."""

    special: Mapping[str, Reconciler]
    otherwise: Reconciler

    def reconcile(self, handle: Handle) -> float | None:
        """Carry out one pass."""
        return self.special.get(handle.obj["kind"], self.otherwise).reconcile(handle)


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
        self._accounts = Accounts(count_call)
        self._clients: dict[tuple[str, str], tuple[Account, Clients]] = {}
        self._inventories: dict[Clients | None, Inventory] = {}
        self._lock = threading.Lock()
        self._failures: Counter[str] = Counter()

    def reconcile(self, handle: Handle) -> float | None:
        """Carry out one pass; returns the seconds until the next, None for the resync interval."""
        self._may_write = handle.may_write  # the same answer for every object: it is the process that leads
        kind = self._kinds[handle.obj["kind"]]
        one = (Remove if handle.deleting else Apply)(self, kind, handle)
        again = one.run()
        return self._paced(one.owner.key, one.failed, again)

    def clients(self, region: str, account: Account = OWN) -> Clients:
        """The AWS clients of *region* in *account*; those of an earlier description of it are dropped."""
        with self._lock:
            known, clients = self._clients.get((account.name, region), (None, None))
            if clients is None or known != account:
                self._inventories.pop(clients, None)
                clients = self._connected(region, account)
                self._clients[account.name, region] = (account, clients)
            return clients

    def _connected(self, region: str, account: Account) -> Clients:
        """New clients, asking as politely as AWS wants it; a simulated AWS that is faster takes more."""
        settings, session = self.settings, self._accounts.session(account)
        limiter = Limiter(share=settings.aws_rate, speed=1 / settings.time_scale, waited=count_wait)
        endpoint = account.endpoint or None
        return Clients(region, session, observer=count_call, gate=self._gate, limiter=limiter, endpoint=endpoint)

    def referrers(self, kind: str) -> list[str]:
        """The kinds whose objects may refer to one of the kind named."""
        return [name for name, other in self._kinds.items() if other.may_refer_to(kind)]

    def inventory(self, clients: Clients) -> Inventory:
        """What all owners have where *clients* look."""
        with self._lock:
            if clients not in self._inventories:
                types = [t for kind in self._kinds.values() for t in kind.types]
                self._inventories[clients] = Inventory(
                    clients, self.settings.instance, types, speed=1 / self.settings.time_scale
                )
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
