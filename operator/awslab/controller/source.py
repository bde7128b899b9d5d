"""Where changes of objects come from. The only module that knows kopf.

kopf logs in, discovers, lists and watches, in a thread and an event loop of its own; we take nothing else
of it. It ends when a watch ends in a way it does not expect (403, 404, 500), so it is run again and again,
with a growing pause. What it is really doing we read from its HTTP traffic, as it has no probe that tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Protocol

import aiohttp
import kopf
from kubernetes.client import Configuration

from awslab import metrics
from awslab.controller import credentials
from awslab.controller.kube import PAGE, path
from awslab.controller.objects import Kind, Object

_log = logging.getLogger(__name__)

Callback = Callable[[Kind, str | None, Object], None]
"""Called with the kind, the type of the event (None: from a listing) and the object; must be quick."""

# Shorter than the hour that a projected ServiceAccount token lives.
_LOGIN_SECONDS = 600
# A watch that is silent for so long is opened anew (kopf's inactivity_timeout); bookmarks come every minute.
_SILENCE_SECONDS = 90.0
_SERVER_SECONDS = 290
_STALE_SECONDS = _SERVER_SECONDS + _SILENCE_SECONDS + 30
_TELL_SECONDS = 5.0
_SILENT = "nothing heard of it yet; is its CRD installed?"
_RETRY_SECONDS = (0.5, 1, 2)
_RESTART_SECONDS = (0.5, 15.0)


class Source(Protocol):
    """Something that tells of changes. It repairs itself; who asks is told how it stands."""

    def start(self) -> None:
        """Begin, without waiting for anything."""

    def stop(self) -> None:
        """End, and return when no callback comes any more."""

    def restart(self) -> None:
        """Look at everything anew: the caller knows that something was missed."""

    def unwatched(self) -> Sequence[Kind]:
        """The kinds that are not watched at this moment."""

    def problem(self) -> str | None:
        """Why it does not watch everything now, in one sentence; None when it does."""

    def alive(self) -> str | None:
        """Why only a new process would help; None while there is hope."""


class Traffic:
    """What was seen on the wire: which kinds are listed and watched, and when anything last came."""

    def __init__(self, kinds: Iterable[Kind], clock: Callable[[], float] = time.monotonic) -> None:
        self._paths = {f"/{kind.plural}": kind for kind in kinds}
        self._roots = {path(kind).rsplit("/", 1)[0] for kind in kinds}
        self._clock = clock
        self._watched: dict[Kind, float] = {}
        self._errors: dict[Kind, str] = {}
        self._lock = threading.Lock()

    def opened(self, url_path: str) -> None:
        """A watch was answered with 200, or brought something."""
        kind = self.kind_of(url_path)
        if kind is not None:
            self.heard(kind)

    def heard(self, kind: Kind) -> None:
        """Something came by the watch of this kind."""
        with self._lock:
            self._watched[kind] = self._clock()
            self._errors.pop(kind, None)

    def failed(self, url_path: str, reason: str) -> bool:
        """A request was refused, or broke; whether it was about one of our kinds."""
        kind = self.kind_of(url_path)
        if kind is None:
            return False
        with self._lock:
            self._watched.pop(kind, None)
            self._errors[kind] = reason
        return True

    def error(self, kind: Kind) -> str:
        """Why the kind is not watched, as far as a request about it told."""
        with self._lock:
            return self._errors.get(kind, "")

    def reset(self) -> None:
        """Nothing is watched."""
        with self._lock:
            self._watched.clear()

    def unwatched(self) -> list[Kind]:
        """The kinds without a watch that was heard of lately."""
        with self._lock:
            since = self._clock() - _STALE_SECONDS
            return [kind for kind in self._paths.values() if self._watched.get(kind, since) <= since]

    def kind_of(self, url_path: str) -> Kind | None:
        """The kind that a request is about, if it is one of ours."""
        if not any(url_path.startswith(root) for root in self._roots):
            return None
        return self._paths.get("/" + url_path.rsplit("/", 1)[-1])


class KopfSource:
    """kopf's watching, kept running."""

    def __init__(
        self,
        kinds: Sequence[Kind],
        callback: Callback,
        configuration: Callable[[], Configuration],
        *,
        namespaces: Sequence[str] = (),
    ) -> None:
        """*namespaces* may hold patterns; none at all means all of them."""
        self._kinds = kinds
        self._callback = callback
        self._configuration = configuration
        self._namespaces = namespaces
        self._traffic = Traffic(kinds)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)
        self._end: Callable[[], object] = lambda: None
        self._last_error = ""
        self._beat = self._trouble_since = time.monotonic()
        self._told = "nothing"

    def start(self) -> None:
        """Begin in a thread of its own."""
        # What kopf has to say of its requests we say ourselves, and once.
        logging.getLogger("kopf").setLevel(logging.CRITICAL)
        self._thread.start()

    def stop(self) -> None:
        """End within a second or two."""
        self._stopping.set()
        self._end()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def restart(self) -> None:
        """Have kopf list everything again."""
        self._end()

    def unwatched(self) -> list[Kind]:
        """The kinds that are not watched at this moment."""
        return self._traffic.unwatched()

    def problem(self) -> str | None:
        """Why not everything is watched, with the last error that explains it."""
        missing = self._traffic.unwatched()
        if not missing:
            return None
        names = ", ".join(kind.plural for kind in missing)
        reasons = {self._traffic.error(kind) or self._last_error or _SILENT for kind in missing}
        return f"not watching {names}: {'; '.join(sorted(reasons))}"

    def alive(self) -> str | None:
        """The thread runs, and its loop turned in the last minute."""
        if not self._thread.is_alive() and not self._stopping.is_set():
            return "the source's thread has ended"
        silent = time.monotonic() - self._beat
        return f"the source's loop has not turned for {silent:.0f} s" if silent > 60 else None  # noqa: PLR2004

    # -- the thread

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._configuration()  # kopf would wait for ever after a login that failed
                asyncio.run(self._operate())
            except Exception as error:  # noqa: BLE001 - whatever ends kopf, it is started again
                self._note(error)
            if self._stopping.is_set():
                return
            self._traffic.reset()
            metrics.SOURCE_RESTARTS.inc()
            failures = 0 if time.monotonic() - began > 60 else failures + 1  # noqa: PLR2004
            self._pause(failures)

    def _pause(self, failures: int) -> None:
        low, high = _RESTART_SECONDS
        until = time.monotonic() + random.uniform(low, min(high, low * 2**failures))  # noqa: S311 - jitter
        while (left := until - time.monotonic()) > 0 and not self._stopping.wait(min(left, 1.0)):
            self._turn()

    def _note(self, error: BaseException) -> None:
        text = f"{type(error).__name__}: {error}"
        if text != self._last_error:
            _log.warning("the watch on Kubernetes ended and is started again: %s", text)
        self._last_error = text

    async def _operate(self) -> None:
        """Run kopf once, until it ends by itself or is told to."""
        heartbeat = asyncio.create_task(self._heartbeat())
        task = asyncio.create_task(
            kopf.operator(
                registry=self._registry(),
                settings=self._settings(),
                standalone=True,
                clusterwide=not self._namespaces,
                namespaces=self._namespaces,
            )
        )
        # Not by its stop_flag: the task that waits for that makes every other end of kopf last 5 s longer.
        self._end = _canceller(asyncio.get_running_loop(), task)
        if self._stopping.is_set():
            task.cancel()
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        finally:
            self._end = lambda: None
            heartbeat.cancel()

    async def _heartbeat(self) -> None:
        while True:
            self._turn()
            await asyncio.sleep(1)

    def _turn(self) -> None:
        """Show that the loop turns; log once when a trouble lasts, and once when it is over."""
        now = self._beat = time.monotonic()
        problem = self.problem()
        if problem is None:
            if self._told:
                _log.info("watching %s", ", ".join(kind.plural for kind in self._kinds))
            self._told, self._trouble_since = "", now
        elif self._told in {"", "nothing"} and now - self._trouble_since > _TELL_SECONDS:
            _log.warning("%s", problem)
            self._told = problem

    def _settings(self) -> kopf.OperatorSettings:
        """As measured to be right for watching only; every line has its reason in docs/adr."""
        settings = kopf.OperatorSettings()
        settings.process.ultimate_exiting_timeout = None  # else it kills the process on a slow end
        settings.posting.enabled = False
        settings.persistence.finalizer = "kopf.awslab.dev/never-used"  # kopf strips the one it knows
        settings.queueing.idle_timeout = 0.2  # a task per object that changed lives this long
        settings.queueing.exit_timeout = 1.0
        settings.watching.chunk_size = PAGE
        settings.watching.server_timeout = _SERVER_SECONDS
        settings.watching.client_timeout = _SERVER_SECONDS + 10
        settings.watching.connect_timeout = 10
        settings.watching.inactivity_timeout = _SILENCE_SECONDS
        settings.networking.request_timeout = 60
        settings.networking.connect_timeout = 10
        settings.networking.error_backoffs = _RETRY_SECONDS  # then it ends, and we start it again
        return settings

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry, id="login")(self._login)
        for kind in self._kinds:
            kopf.on.event(kind.group, kind.version, kind.plural, registry=registry, id=kind.plural)(self._handler(kind))
        return registry

    def _handler(self, kind: Kind) -> Callable[..., Any]:
        async def on_event(event: Any, **_: Any) -> None:
            self._traffic.heard(kind)
            try:
                self._callback(kind, event["type"], event["object"])
            except Exception:  # noqa: BLE001 - kopf would drop it without a word
                _log.exception("an event of %s could not be taken in", kind.plural)

        return on_event

    # -- the login, and an ear on the wire

    async def _login(self, **_: Any) -> kopf.AiohttpSession:
        try:
            found = await asyncio.to_thread(self._configuration)
        except credentials.NoCredentials as error:
            self._note(error)
            self._end()
            raise kopf.PermanentError(str(error)) from error
        header = credentials.authorization(found)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=credentials.ssl_context(found)),
            headers={"Authorization": header} if header else {},
            trace_configs=[self._trace()],
        )
        expiration = datetime.now(UTC) + timedelta(seconds=_LOGIN_SECONDS)
        return kopf.AiohttpSession(server=found.host, aiohttp_session=session, expiration=expiration)

    def _trace(self) -> aiohttp.TraceConfig:
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._on_answer)
        trace.on_request_exception.append(self._on_failure)
        return trace

    async def _on_answer(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        watch = "watch" in urllib.parse.parse_qs(params.url.query_string)
        verb = "watch" if watch else "list"
        metrics.KUBE_REQUESTS.labels(verb, str(params.response.status)).inc()
        if not params.response.ok:
            reason = f"{verb} {params.url.path}: {params.response.status} {params.response.reason}"
            self._failed(params.url.path, reason)
            return
        self._last_error = ""
        if watch:
            self._traffic.opened(params.url.path)

    async def _on_failure(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams
    ) -> None:
        if isinstance(params.exception, asyncio.CancelledError):
            return
        metrics.KUBE_REQUESTS.labels("watch", "0").inc()
        reason = f"{params.url.path}: {type(params.exception).__name__}: {params.exception}"
        self._failed(params.url.path, reason)

    def _failed(self, path: str, reason: str) -> None:
        """Remember a failure: of one kind where it is about one, else of all."""
        if not self._traffic.failed(path, reason):
            self._last_error = reason


def _canceller(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> Callable[[], None]:
    """Something that ends the task from any thread; nothing happens once the loop is closed."""

    def cancel() -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(task.cancel)

    return cancel
