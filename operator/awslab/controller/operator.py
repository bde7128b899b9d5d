"""The parts put together: changes come in, workers take turns, and everything ends in order.

source, sweep -> cache -> queue -> workers -> reconciler
                                      |-> status, finalizer, events (through the handle)
leader: who works at all      server: how it stands
"""

from __future__ import annotations

import logging
import os
import queue
import random
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence

from kubernetes.client import Configuration

from awslab import metrics
from awslab.controller import credentials
from awslab.controller.cache import Cache
from awslab.controller.handle import Handle, Reconciler, Routine
from awslab.controller.kube import ApiConflict, ApiError, ApiGone, Kube
from awslab.controller.leader import AlwaysLeader, Leader, Timing
from awslab.controller.logs import about
from awslab.controller.namespaces import Namespaces
from awslab.controller.objects import Key, Kind, Object, key_of, uid
from awslab.controller.queue import Backoff, Priority, WorkQueue
from awslab.controller.recorder import EventRecorder
from awslab.controller.server import Check, Server
from awslab.controller.source import KopfSource, Source
from awslab.controller.sweep import Sweep
from awslab.settings import Settings, host_and_port

_log = logging.getLogger(__name__)

_FENCED_SECONDS = 1.0


class Operator:
    """Everything that runs in one process: ``run`` does all; ``start`` and ``drain`` are its halves."""

    def __init__(
        self,
        settings: Settings,
        kinds: Sequence[Kind],
        reconciler: Reconciler,
        *,
        targets: Callable[[Object], Iterable[Key]] = lambda _: (),
        configuration: Callable[[], Configuration] | None = None,
        exit_: Callable[[int], object] = os._exit,
    ) -> None:
        """*targets* tells to whom an object refers.

        *exit_* must not return in earnest: it ends the process when its Lease is lost.

        Raises:
            OSError: when the metrics address is not to be had.
        """
        self._settings = settings
        self._kinds = {kind.kind: kind for kind in kinds}
        self._reconciler = reconciler
        self._exit = exit_
        self._login = configuration or _configuration(settings)
        self._stop = threading.Event()
        self._draining = False
        self._workers: list[threading.Thread] = []
        self._identity = settings.identity or f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"
        self.queue: WorkQueue[Key] = WorkQueue(backoff=Backoff(settings.backoff_base, settings.backoff_cap))
        self.cache = Cache(self.queue, resync=settings.resync, targets=targets)
        self.kube = Kube(self._login, rate=settings.kube_rate, burst=settings.kube_burst)
        self._namespaces = Namespaces(self.kube)
        self.recorder = EventRecorder(self.kube, instance=self._identity)
        self.source: Source = KopfSource(kinds, self._on_event, self._login, namespaces=settings.namespaces)
        self.sweep = Sweep(
            kinds,
            self.kube,
            self.cache,
            self.source,
            namespaces=settings.namespaces,
            interval=settings.resync,
        )
        self.leader = self._election()
        host, port = host_and_port(settings.metrics_address)
        self.server = Server(host, port, liveness=self._liveness(), readiness=self._readiness())

    # -- the life of the process

    def run(self) -> int:
        """Work until SIGTERM or SIGINT, end in order (at a second one at once), and return the exit code."""
        signals: queue.SimpleQueue[int] = queue.SimpleQueue()  # its put may interrupt its get

        def on_signal(number: int, _: object) -> None:
            if self._stop.is_set():
                self._exit(128 + number)
            signals.put(number)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, on_signal)
        self.start()
        _log.info("%s received: ending in order", signal.Signals(signals.get()).name)
        if not self.drain():
            logging.shutdown()
            self._exit(0)
        return 0

    def start(self) -> None:
        """Begin everything, without waiting for the API server or anybody else."""
        self._publish_queue()
        self.server.start()
        self.recorder.start()
        self.source.start()
        self.sweep.start()
        self.leader.start()

    def drain(self) -> bool:
        """End in order; whether all work under way came to its end within the grace."""
        self._draining = True
        self._stop.set()
        self.queue.close()
        self.sweep.stop()
        self.source.stop()
        idle = self.queue.wait_idle(self._settings.grace)
        if not idle:
            names = ", ".join(map(str, self.queue.running()))
            _log.warning("still at work after the grace of %s s: %s", self._settings.grace, names)
        self.recorder.stop()
        self.leader.stop(release=idle)
        self.server.stop()
        _log.info("ended")
        return idle

    def _lead(self) -> None:
        """This replica works now: give every known object its turn, and begin to take turns."""
        self.cache.activate()
        for number in range(self._settings.workers):
            worker = threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            self._workers.append(worker)
            worker.start()

    def _lost(self) -> None:
        """Another replica may work now: whatever is under way here must not go on."""
        logging.shutdown()
        self._exit(1)

    def _election(self) -> Leader | AlwaysLeader:
        settings = self._settings
        if not settings.leader_election:
            return AlwaysLeader(self._lead)
        patience = max(1.0, settings.lease_renew * 0.6)
        return Leader(
            Kube(self._login, timeout=(patience, patience)),
            name=settings.lease,
            namespace=settings.lease_namespace or credentials.pod_namespace("awslab-system"),
            identity=self._identity,
            timing=Timing(settings.lease_duration, settings.lease_renew, settings.lease_poll),
            on_started=self._lead,
            on_lost=self._lost,
        )

    # -- what comes in

    def _on_event(self, kind: Kind, type_: str | None, obj: Object) -> None:
        obj = {"apiVersion": f"{kind.group}/{kind.version}", "kind": kind.kind, **obj}
        key = key_of(obj)
        if type_ == "DELETED":
            self.cache.gone(key, uid(obj))
        else:
            self.cache.seen(key, obj, listed=type_ is None)

    # -- taking turns

    def _work(self) -> None:
        while (key := self.queue.take()) is not None:
            try:
                with metrics.WORKERS_BUSY.track_inprogress():
                    self._turn(key)
            finally:
                self.queue.done(key)

    def _turn(self, key: Key) -> None:
        obj = self.cache.get(key)
        if obj is None:
            self.queue.discard(key)
            return
        if not self.leader.is_leader():
            self.queue.add_after(key, _FENCED_SECONDS)
            return
        pass_id = uuid.uuid4().hex[:8]
        began = time.monotonic()
        with about(str(key), pass_id):
            result = self._pass(key, self._handle(key, obj, pass_id))
        metrics.PASSES.labels(key.kind, result).inc()
        metrics.PASS_SECONDS.labels(key.kind).observe(time.monotonic() - began)

    def _handle(self, key: Key, obj: Object, pass_id: str) -> Handle:
        return Handle(
            self._kinds[key.kind],
            key,
            obj,
            kube=self.kube,
            cache=self.cache,
            recorder=self.recorder,
            is_leader=self.leader.is_leader,
            stop=self._stop,
            pass_id=pass_id,
            shell=self,
        )

    def _pass(self, key: Key, handle: Handle) -> str:
        """One call of the reconciler and what follows from its end, which this returns for the metrics."""
        try:
            delay = self._reconciler.reconcile(handle)
        except ApiConflict as error:
            _log.debug("%s changed during the pass: %s", key, error)
            self.refresh(key)
            self.queue.retry(key)
            return "conflict"
        except ApiGone:
            self.refresh(key)
            self.queue.retry(key)
            return "gone"
        except ApiError as error:
            delay = self.queue.retry(key)
            _log.warning("the pass ended, next one in %.1f s: %s", delay, error)
            return "error"
        except Exception:  # noqa: BLE001 - whatever it is, the object comes again
            delay = self.queue.retry(key)
            _log.exception("the pass failed, next one in %.1f s", delay)
            return "error"
        self._settle(key, delay)
        return "ok"

    def _settle(self, key: Key, delay: float | None) -> None:
        self.queue.forget(key)
        if self.cache.get(key) is None:
            self.queue.discard(key)
        elif delay is None:
            self.queue.add_after(key, self._settings.resync * _jitter(), Priority.RESYNC)
        else:
            self.queue.add_after(key, delay, Priority.RESYNC if isinstance(delay, Routine) else Priority.PROGRESS)

    def refresh(self, key: Key) -> None:
        """Read an object anew, as what we know of it was refused, or is nothing."""
        kind = self._kinds.get(key.kind)
        if kind is None:
            return
        try:
            self.cache.seen(key, self.kube.get(kind, key))
        except ApiGone:
            self.cache.gone(key)
        except ApiError as error:
            _log.debug("%s could not be read anew: %s", key, error)

    def relist(self, kinds: Iterable[str]) -> None:
        """List these kinds anew; raises an ``ApiError`` where that cannot be."""
        for kind in kinds:
            if kind in self._kinds:
                self.sweep.sweep(self._kinds[kind])

    def namespace(self, name: str) -> Object:
        """A namespace, as it was at most a minute ago; raises an ``ApiError`` where that is unknown."""
        return self._namespaces.get(name)

    # -- how it stands

    def _readiness(self) -> Mapping[str, Check]:
        return {
            "running": lambda: "shutting down" if self._draining else None,
            "kubernetes": self.source.problem,
            "lease": self.leader.problem,
        }

    def _liveness(self) -> Mapping[str, Check]:
        return {
            "source": self.source.alive,
            "sweep": self.sweep.alive,
            "leader": self.leader.alive,
            "workers": self._workers_alive,
            "passes": self._passes_end,
        }

    def _workers_alive(self) -> str | None:
        dead = [worker.name for worker in self._workers if not worker.is_alive()]
        return f"{', '.join(dead)} ended" if dead and not self._draining else None

    def _passes_end(self) -> str | None:
        limit = self._settings.stuck_after
        stuck = [f"{key} ({age:.0f} s)" for key, age in self.queue.running().items() if age > limit]
        return f"passes that do not end: {', '.join(stuck)}" if stuck else None

    def _publish_queue(self) -> None:
        for priority in Priority:
            gauge = metrics.QUEUE_DEPTH.labels(priority.name.lower())
            gauge.set_function(lambda priority=priority: self.queue.depth(priority))  # type: ignore[misc] # a bound default
        metrics.QUEUE_OLDEST_SECONDS.set_function(self.queue.oldest)


def _configuration(settings: Settings) -> Callable[[], Configuration]:
    return lambda: credentials.load(settings.kubeconfig or None, settings.context or None)


def _jitter() -> float:
    return random.uniform(0.9, 1.1)  # noqa: S311 - spreads work, hides nothing
