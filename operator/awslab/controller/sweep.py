"""The safety net under the watch: list everything now and then, and put right what was missed.

kopf says nothing about an object that vanished while its watch was broken, and no watch can be trusted for
ever.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Sequence

from awslab.controller.cache import Cache
from awslab.controller.kube import ApiError, ApiGone, Kube
from awslab.controller.objects import Key, Kind, key_of
from awslab.controller.source import Source

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
_UNWATCHED_SECONDS = 30.0
_DEAF_SECONDS = 900.0


class Sweep:
    """Compares the cache with a listing, every *interval* seconds and after every break of a watch."""

    def __init__(
        self,
        kinds: Sequence[Kind],
        kube: Kube,
        cache: Cache,
        source: Source,
        *,
        namespaces: Sequence[str] = (),
        interval: float = 600.0,
        look: float = _LOOK_SECONDS,
        patience: float = _UNWATCHED_SECONDS,
    ) -> None:
        """A kind unwatched for *patience* seconds although it can be listed has the source restarted."""
        self._kinds = kinds
        self._kube = kube
        self._cache = cache
        self._source = source
        self._namespaces = namespaces
        self._interval = interval
        self._look = look
        self._patience = patience
        self._due: dict[Kind, float] = {}
        self._unwatched: dict[Kind, float] = {}
        self._deaf: dict[Kind, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        now = time.monotonic()
        self._due = {kind: now + self._jittered() for kind in self._kinds}
        self._thread.start()

    def stop(self) -> None:
        """End; a request that is under way may take its time."""
        self._stopping.set()

    def alive(self) -> str | None:
        """Why only a new process would help: the watch is deaf although the API server answers."""
        if not self._thread.is_alive() and not self._stopping.is_set():
            return "the sweep's thread has ended"
        now = time.monotonic()
        deaf = [kind.plural for kind, since in self._deaf.items() if now - since > _DEAF_SECONDS]
        return f"{', '.join(deaf)} can be listed, but no watch has worked for long" if deaf else None

    def sweep(self, kind: Kind) -> None:
        """Compare the cache with what there is of this kind; raises an ``ApiError`` when that is unknown."""
        before = {key for key in self._cache if key.kind == kind.kind}
        seen = set()
        for namespace in (kind.namespaced and self._namespaces) or [""]:
            for item in self._kube.every(kind, namespace):
                obj = {"apiVersion": f"{kind.group}/{kind.version}", "kind": kind.kind, **item}
                key = key_of(obj)
                seen.add(key)
                self._cache.seen(key, obj, listed=True)
        for key in before - seen:
            self._confirm(kind, key)

    def _confirm(self, kind: Kind, key: Key) -> None:
        """Nothing is forgotten because a listing lacks it: ask for it by name."""
        try:
            self._cache.seen(key, self._kube.get(kind, key))
        except ApiGone:
            _log.info("%s was deleted while nobody watched", key)
            self._cache.gone(key)

    def _run(self) -> None:
        while not self._stopping.wait(self._look):
            now = time.monotonic()
            self._watch_the_watch(now)
            for kind in [kind for kind, due in self._due.items() if due <= now]:
                self._due[kind] = now + self._jittered()
                self._try(kind)

    def _watch_the_watch(self, now: float) -> None:
        """What was unwatched for a while is swept soon; what stays unwatched has the source restarted."""
        unwatched = self._source.unwatched()
        for kind in [kind for kind in self._unwatched if kind not in unwatched]:
            del self._unwatched[kind]
            self._due[kind] = now + self._look
        for kind in unwatched:
            self._unwatched.setdefault(kind, now)
        self._deaf = {kind: since for kind, since in self._deaf.items() if kind in unwatched}
        late = [kind for kind, since in self._unwatched.items() if now - since > self._patience]
        listed = [kind for kind in late if self._try(kind)]
        for kind in listed:
            _log.warning("%s can be listed but is not watched: starting the watch anew", kind.plural)
            self._deaf.setdefault(kind, now)
        if late:
            self._unwatched.clear()
        if listed:
            self._source.restart()

    def _try(self, kind: Kind) -> bool:
        try:
            self.sweep(kind)
        except ApiError as error:
            _log.debug("no listing of %s: %s", kind.plural, error)
            return False
        except Exception:  # noqa: BLE001 - the net must hold
            _log.exception("the sweep of %s failed", kind.plural)
            return False
        return True

    def _jittered(self) -> float:
        return self._interval * random.uniform(0.9, 1.1)  # noqa: S311 - jitter
