"""What a pass may do to its own object: read it, write its status, hold it by our finalizer, tell its events.

This is the seam between the shell and the reconciler. Each method goes to the API server at once, so that
what it wrote is there before the next line runs; that makes an intent in the status worth something.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Literal, Protocol

from awslab.controller.cache import Cache
from awslab.controller.kube import ApiGone, ApiUnavailable, Kube
from awslab.controller.objects import Key, Kind, Object, deleting, has_finalizer, meta

_log = logging.getLogger(__name__)

EventType = Literal["Normal", "Warning"]


class Recorder(Protocol):
    """Who posts Kubernetes Events."""

    def event(self, obj: Mapping[str, Any], type: EventType, reason: str, message: str) -> None:  # noqa: A002 - as the API calls it
        """Tell that something happened to *obj*; never blocks, never fails."""


class Shell(Protocol):
    """What a pass may ask of the shell about other objects."""

    def refresh(self, key: Key) -> None:
        """Read one watched object anew."""

    def relist(self, kinds: Iterable[str]) -> None:
        """List these kinds anew."""

    def namespace(self, name: str) -> Object:
        """A namespace, as it was at most a minute ago."""


class Handle:
    """One object during one pass. For the thread of the pass and for those it waits for.

    Every write may raise ``ApiConflict`` (the object changed: the pass ends and soon comes again),
    ``ApiGone`` (there is no such object any more) or another ``ApiError`` of :mod:`awslab.controller.kube`.
    None need be caught: whatever leaves ``reconcile`` is logged, counted and tried again.
    """

    def __init__(  # noqa: PLR0913 - the seam between the shell's parts and a pass
        self,
        kind: Kind,
        key: Key,
        obj: Object,
        *,
        kube: Kube,
        cache: Cache,
        recorder: Recorder,
        is_leader: Callable[[], bool],
        stop: threading.Event,
        pass_id: str = "",
        shell: Shell | None = None,
    ) -> None:
        self.kind = kind
        self.key = key
        self.pass_id = pass_id
        self.stop = stop
        """Set when the process is about to end; wait on it instead of sleeping."""
        self._obj = obj
        self._kube = kube
        self._cache = cache
        self._recorder = recorder
        self._is_leader = is_leader
        self._shell = shell
        self._lock = threading.Lock()

    @property
    def obj(self) -> Object:
        """The object as last seen or written in this pass; never to be changed in place."""
        return self._obj

    @property
    def deleting(self) -> bool:
        """Whether somebody has asked for the object's deletion."""
        return deleting(self._obj)

    @property
    def has_finalizer(self) -> bool:
        """Whether our finalizer holds the object."""
        return has_finalizer(self._obj)

    def ensure_finalizer(self) -> None:
        """Hold the object until :meth:`remove_finalizer`; for before the first thing is created for it.

        Raises:
            ApiGone: when the object is already being deleted: nothing may be created for it any more.
        """
        with self._lock:
            if has_finalizer(self._obj):
                return
            if deleting(self._obj):
                raise ApiGone(f"{self.key} is being deleted: it can no longer be held")
            self._guard()
            self._store(self._kube.add_finalizer(self.kind, self._obj))

    def remove_finalizer(self) -> None:
        """Let the object go. The last act of the last pass: what it stood for must be gone."""
        with self._lock:
            if not has_finalizer(self._obj):
                return
            self._guard()
            try:
                self._store(self._kube.remove_finalizer(self.kind, self._obj))
            except ApiGone:
                self._cache.gone(self.key)

    def write_status(self, status: Mapping[str, Any]) -> bool:
        """Make this the whole status; returns whether it had to be written (an equal one is left alone)."""
        with self._lock:
            if (self._obj.get("status") or {}) == status:
                return False
            self._guard()
            self._store(self._kube.write_status(self.kind, self._obj, status))
            return True

    def event(self, type: EventType, reason: str, message: str) -> None:  # noqa: A002 - as the API calls it
        """Tell that something happened: in the log, and shown by ``kubectl describe``; never blocks, never fails."""
        told = message if message.startswith(reason) else f"{reason}: {message}"
        _log.log(logging.INFO if type == "Normal" else logging.WARNING, "%s", told)
        self._recorder.event(self._obj, type, reason, message)

    def may_write(self) -> bool:
        """Whether this replica still leads; to be asked immediately before every call that changes AWS."""
        return self._is_leader()

    def stopping(self) -> bool:
        """Whether the process is about to end: begin nothing new, finish what is begun, write the status."""
        return self.stop.is_set()

    def lookup(self, kind: str, namespace: str, name: str) -> Object | None:
        """Another watched object, as last seen; None where the API server, too, knows of none."""
        key = Key(kind, namespace, name)
        if self._cache.get(key) is None and self._shell:
            self._shell.refresh(key)
        return self._cache.get(key)

    def refers_to(self, targets: Iterable[Key]) -> None:
        """Have the next pass over this object as soon as one of *targets* is Ready, changes, or goes."""
        self._cache.refers(self.key, targets)

    def dependents(self) -> Collection[Key]:
        """Everyone who refers to this object, as far as was seen."""
        return self._cache.dependents(self.key)

    def relist(self, kinds: Iterable[str]) -> None:
        """See every object of these kinds that there is now; raises an ``ApiError`` where that cannot be."""
        if self._shell:
            self._shell.relist(kinds)

    def namespace(self) -> Object:
        """The object's namespace, as it was at most a minute ago."""
        return self._shell.namespace(self.key.namespace) if self._shell else {}

    def request(self, verb: str, method: str, path: str, body: object = None) -> Object:
        """Read or write another object of the API, by its path; raises an ``ApiError``."""
        if method != "GET":
            self._guard()
        return self._kube.request(verb, method, path, body=body)

    def _guard(self) -> None:
        if not self._is_leader():
            raise ApiUnavailable(f"{self.key} is not written: this replica leads no longer")

    def _store(self, obj: Object) -> None:
        if not meta(obj).get("finalizers") and deleting(obj):
            self._obj = obj
            self._cache.gone(self.key)
            return
        self._obj = self._cache.wrote(self.key, obj)


class Routine(float):
    """Seconds until a look that nobody waits for."""


class Reconciler(Protocol):
    """What the shell is a shell around."""

    def reconcile(self, handle: Handle) -> float | None:
        """Bring one object nearer to its spec; called by one thread at a time for each object.

        Returns:
            Seconds until the next look; None for the usual interval. Anything raised is logged and counted,
            and the object comes again after a growing delay.
        """
