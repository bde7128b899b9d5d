"""Kubernetes Events: each told once; told again, it is counted up instead of posted anew.

An Event's name follows from what it says, so that it is found again even after a restart. Posting has a
thread of its own with a bounded queue: no pass ever waits for it, and no failure of it reaches anybody.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from awslab import metrics
from awslab.controller.handle import EventType
from awslab.controller.kube import ApiConflict, ApiError, ApiGone, Kube
from awslab.controller.objects import Object, meta

_log = logging.getLogger(__name__)

COMPONENT = "awslab-operator"
_MERGE = "application/merge-patch+json"
_MESSAGE_LIMIT = 1024  # of the API server
_REMEMBERED = 4096
# As client-go's spam filter: https://pkg.go.dev/k8s.io/client-go/tools/record#CorrelatorOptions
_BURST, _SECONDS_EACH = 25, 300.0


@dataclass
class Allowance:
    """How many Events one object may still have: 25 at once, then one in five minutes."""

    at: float
    tokens: float = _BURST

    def take(self, now: float) -> bool:
        """Whether one more is allowed now."""
        self.tokens = min(_BURST, self.tokens + (now - self.at) / _SECONDS_EACH)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(frozen=True)
class Told:
    """One thing that is said about one object."""

    obj: Mapping[str, Any] = field(compare=False)
    uid: str
    type: EventType
    reason: str
    message: str

    @property
    def name(self) -> str:
        """The Event's name: the same for the same statement, whoever makes it and when."""
        text = f"{self.uid}\n{self.type}\n{self.reason}\n{self.message}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return f"{meta(self.obj)['name'][:200]}.{digest}"

    @property
    def namespace(self) -> str:
        """Where the Event lives: beside its object; those of cluster-wide objects live in "default"."""
        return meta(self.obj).get("namespace") or "default"


class EventRecorder:
    """Posts Events in the background."""

    def __init__(
        self,
        kube: Kube,
        *,
        instance: str = "",
        capacity: int = 1000,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._kube = kube
        self._instance = instance
        self._clock = clock
        self._now = now
        self._queue: queue.Queue[Told | None] = queue.Queue(capacity)
        self._counts: OrderedDict[Told, int] = OrderedDict()
        self._allowances: OrderedDict[str, Allowance] = OrderedDict()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Begin to post."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Post what is waiting, for at most *timeout* seconds, and end."""
        if self._thread.is_alive():
            try:
                self._queue.put(None, timeout=timeout)
            except queue.Full:
                return
            self._thread.join(timeout)

    def event(self, obj: Mapping[str, Any], type: EventType, reason: str, message: str) -> None:  # noqa: A002 - as the API calls it
        """Tell that something happened to *obj*; never blocks, never fails."""
        told = Told(obj, str(meta(obj).get("uid", "")), type, reason, message[:_MESSAGE_LIMIT])
        try:
            self._queue.put_nowait(told)
        except queue.Full:
            metrics.EVENTS.labels(type, "dropped").inc()

    def _run(self) -> None:
        while (told := self._queue.get()) is not None:
            try:
                result = self._tell(told)
            except ApiError as error:
                _log.debug("event %s of %s not posted: %s", told.reason, told.name, error)
                result = "failed"
            except Exception:  # noqa: BLE001 - an Event is never worth a thread
                _log.exception("event %s of %s not posted", told.reason, told.name)
                result = "failed"
            metrics.EVENTS.labels(told.type, result).inc()

    def _tell(self, told: Told) -> str:
        if not self._allowed(told.uid):
            return "limited"
        count = self._counts.get(told, 0)
        if count:
            return self._repeat(told, count + 1)
        try:
            self._kube.request("create", "POST", _path(told), body=self._body(told))
        except ApiConflict:  # an earlier life of ours said it
            earlier = self._kube.request("get", "GET", _path(told, told.name))
            return self._repeat(told, int(earlier.get("count") or 1) + 1)
        self._remember(told, 1)
        return "posted"

    def _repeat(self, told: Told, count: int) -> str:
        change = {"count": count, "lastTimestamp": self._time()}
        try:
            self._kube.request("patch", "PATCH", _path(told, told.name), body=change, content_type=_MERGE)
        except ApiGone:  # the API server keeps Events for an hour
            self._kube.request("create", "POST", _path(told), body=self._body(told))
            count = 1
        self._remember(told, count)
        return "repeated" if count > 1 else "posted"

    def _remember(self, told: Told, count: int) -> None:
        self._counts[told] = count
        self._counts.move_to_end(told)
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)

    def _allowed(self, uid: str) -> bool:
        now = self._clock()
        allowance = self._allowances.setdefault(uid, Allowance(now))
        self._allowances.move_to_end(uid)
        if len(self._allowances) > _REMEMBERED:
            self._allowances.popitem(last=False)
        return allowance.take(now)

    def _time(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _body(self, told: Told) -> Object:
        data = meta(told.obj)
        involved = {name: data.get(name, "") for name in ("namespace", "name", "uid", "resourceVersion")}
        time_ = self._time()
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": told.name, "namespace": told.namespace},
            "involvedObject": {
                "apiVersion": told.obj["apiVersion"],
                "kind": told.obj["kind"],
                **{name: value for name, value in involved.items() if value},
            },
            "type": told.type,
            "reason": told.reason,
            "message": told.message,
            "count": 1,
            "firstTimestamp": time_,
            "lastTimestamp": time_,
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "reportingInstance": self._instance,
        }


def _path(told: Told, name: str = "") -> str:
    return f"/api/v1/namespaces/{told.namespace}/events" + (f"/{name}" if name else "")
