"""Who works when several replicas run: the holder of a Lease, and nobody for a moment rather than two.

The holder renews; another takes over when it has itself watched the Lease stand still for its whole
duration. Only local monotonic time is compared, never the timestamps of another machine. A holder that could
not renew for two thirds of the duration writes nothing any more, so there is a third of it between the last
write of the old and the first of the new one. It ends its process when another one leads; while nobody does (the
API server is away) it waits, and goes on when it can renew. Every change is a PUT with ``resourceVersion``: of two
that try, one gets a 409.
"""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from awslab import metrics
from awslab.controller.kube import ApiConflict, ApiError, ApiGone, Kube
from awslab.controller.objects import Object, meta

_log = logging.getLogger(__name__)


def boot_clock() -> float:
    """Seconds of a clock that nobody sets and that (on Linux) runs on while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


@dataclass(frozen=True)
class Timing:
    """How long things last, in seconds."""

    duration: float = 12.0
    renew: float = 4.0
    poll: float = 1.0

    @property
    def valid(self) -> float:
        """For how long after a renewal the holder may go on."""
        return self.duration * 2 / 3


class Sighting:
    """What this replica has seen of the Lease, and since when it has seen no change. Pure but for *now*."""

    def __init__(self) -> None:
        self._record: tuple[object, ...] | None = None
        self._since = 0.0
        self._duration = 0.0

    def look(self, lease: Object, now: float) -> None:
        """Take note of the Lease as it is."""
        spec = lease.get("spec") or {}
        record = (spec.get("holderIdentity"), spec.get("renewTime"), spec.get("leaseTransitions"))
        if record != self._record:
            self._record, self._since = record, now
        self._duration = float(spec.get("leaseDurationSeconds") or 0)

    def holder(self) -> str:
        """Who holds the Lease, as far as it says; "" for nobody."""
        return str(self._record[0] or "") if self._record else ""

    def may_take(self, identity: str, now: float) -> bool:
        """Whether nobody else has it, or who has it has not moved for its whole duration."""
        return self.holder() in {"", identity} or now - self._since >= self._duration


class Leader:
    """Takes part in the election until it is stopped.

    ``is_leader`` is the fence: it compares clocks and asks nobody, so it closes in time even when this
    process was stopped or its network is gone. What it cannot close is the moment between the question and
    the call to AWS; therefore ask immediately before.
    """

    def __init__(
        self,
        kube: Kube,
        *,
        name: str,
        namespace: str,
        identity: str,
        timing: Timing,
        on_started: Callable[[], None],
        on_lost: Callable[[], None],
        clock: Callable[[], float] = boot_clock,
    ) -> None:
        """*on_lost* must end the process: what it was doing is the work of another one now."""
        self._kube = kube
        self._name = name
        self._namespace = namespace
        self._identity = identity
        self._timing = timing
        self._on_started = on_started
        self._on_lost = on_lost
        self._clock = clock
        self._sighting = Sighting()
        self._renewed: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leader", daemon=True)
        self._error = ""
        self._started = False
        self._told = False

    def start(self) -> None:
        """Begin to take part."""
        self._thread.start()

    def stop(self, *, release: bool = True) -> None:
        """Take part no longer; give the Lease back, so that another one begins at once.

        Without *release* it expires: right where something of ours may still be under way.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._timing.renew + 5)
        led = self.is_leader()
        self._renewed = None  # the fence closes before the Lease is free
        metrics.LEADER.set(0)
        if led and release:
            with contextlib.suppress(ApiError):
                self._release()

    def is_leader(self) -> bool:
        """Whether this replica may write at this very moment."""
        renewed = self._renewed
        return renewed is not None and self._clock() - renewed < self._timing.valid

    def state(self) -> str:
        """One phrase for people: leading, or who leads, or what is wrong."""
        if self.is_leader():
            return "leading"
        if self._error:
            return f"not leading: {self._error}"
        holder = self._sighting.holder()
        return f"standby, {holder} leads" if holder else "standby"

    def problem(self) -> str | None:
        """Why the Lease cannot be read or written now; None when it can."""
        return self._error or None

    def alive(self) -> str | None:
        """Why only a new process would help; None while all is well."""
        ended = not self._thread.is_alive() and not self._stopping.is_set()
        return "the election's thread has ended" if ended else None

    # -- the thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._try_once():
                self._lead()
                self._stopping.wait(self._timing.renew)
            elif self._started and self._sighting.holder() not in {"", self._identity}:
                self._give_up()
                return
            else:
                self._pause()
                self._stopping.wait(self._timing.poll)

    def _lead(self) -> None:
        if not self._told:
            _log.info("this replica leads %s", "again" if self._started else "now")
        metrics.LEADER.set(1)
        self._told = True
        if not self._started:
            self._started = True
            self._on_started()

    def _pause(self) -> None:
        """Nothing is written while the fence is closed; nobody else leads either, as far as anybody knows."""
        if self._told and not self.is_leader():
            metrics.LEADER.set(0)
            self._told = False
            _log.warning("the lease could not be renewed in time: nothing is written until it can: %s", self._error)

    def _give_up(self) -> None:
        metrics.LEADER.set(0)
        _log.error("%s leads now: ending this process", self._sighting.holder())
        self._on_lost()

    def _try_once(self) -> bool:
        """Take or renew the Lease if that is our right; whether it worked."""
        began = self._clock()
        try:
            won = self._take(began)
        except ApiConflict:
            return False  # another one was faster; the next look tells who
        except ApiError as error:
            if not self._error:
                _log.warning("the lease cannot be read or written: %s", error)
            self._error = str(error)
            return False
        self._error = ""
        # Where it is somebody else's, not even the rest of our time is ours.
        self._renewed = began if won else None
        return won

    def _take(self, now: float) -> bool:
        try:
            lease = self._kube.request("get", "GET", self._path(self._name))
        except ApiGone:
            body = self._body({}, self._identity, 0)
            self._sighting.look(self._kube.request("create", "POST", self._path(), body=body), now)
            return True
        self._sighting.look(lease, now)
        if not self._sighting.may_take(self._identity, now):
            return False
        self._sighting.look(self._put(lease, self._identity), now)
        return True

    def _release(self) -> None:
        lease = self._kube.request("get", "GET", self._path(self._name))
        if (lease.get("spec") or {}).get("holderIdentity") == self._identity:
            self._put(lease, "")
            _log.info("the lease is given back")

    def _put(self, lease: Object, holder: str) -> Object:
        spec = lease.get("spec") or {}
        changed = holder not in {"", spec.get("holderIdentity")}
        transitions = int(spec.get("leaseTransitions") or 0) + changed
        body = self._body(lease, holder, transitions)
        return self._kube.request("update", "PUT", self._path(self._name), body=body)

    def _body(self, lease: Object, holder: str, transitions: int) -> Object:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        before: dict[str, Any] = dict(lease.get("spec") or {})
        acquired = before.get("acquireTime") if before.get("holderIdentity") == holder else None
        spec = {
            **before,
            "holderIdentity": holder,
            "leaseDurationSeconds": max(1, math.ceil(self._timing.duration)) if holder else 1,
            "acquireTime": acquired or now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }
        metadata = dict(meta(lease)) or {"name": self._name, "namespace": self._namespace}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}

    def _path(self, name: str = "") -> str:
        root = f"/apis/coordination.k8s.io/v1/namespaces/{self._namespace}/leases"
        return f"{root}/{name}" if name else root


class AlwaysLeader:
    """Leads without an election: for one replica, and for tests."""

    def __init__(self, on_started: Callable[[], None]) -> None:
        self._on_started = on_started

    def start(self) -> None:
        """Lead."""
        metrics.LEADER.set(1)
        self._on_started()

    def stop(self, *, release: bool = True) -> None:  # noqa: ARG002 - as Leader's
        """Nothing has to be given back."""
        metrics.LEADER.set(0)

    def is_leader(self) -> bool:
        """Always."""
        return True

    def state(self) -> str:
        """One phrase for people."""
        return "leading (no election)"

    def problem(self) -> str | None:
        """There is none."""
        return None

    def alive(self) -> str | None:
        """Always."""
        return None
