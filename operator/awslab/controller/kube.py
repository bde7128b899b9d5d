"""Our client of the Kubernetes API: few verbs, plain dictionaries, errors by who has to act.

The ``kubernetes`` package gives credentials, TLS and connections; paths and bodies are written here, because
its generated methods hide the content types that decide what a patch means. Every write names the
``resourceVersion`` it is based on, so that a state that was never seen is never overwritten.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import urllib3
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.client.rest import RESTResponse

from awslab import metrics
from awslab.controller.objects import FINALIZER, Key, Kind, Object, meta

_log = logging.getLogger(__name__)

_MERGE = "application/merge-patch+json"
PAGE = 100
"""Objects that are asked for at a time: of some 10 KB each, and five times that while they are read."""

_RELOGIN_SECONDS = 10.0


class ApiError(Exception):
    """The API server did not do what it was asked; ``status`` is the HTTP status, 0 when nobody answered."""

    def __init__(self, message: str, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class ApiUnavailable(ApiError):
    """No answer, too many requests or a fault of the server: nobody has to act, trying again helps."""


class ApiConflict(ApiError):
    """The object is no longer what the write was based on: look again."""


class ApiGone(ApiError):
    """The object (or its whole kind) does not exist."""


class ApiDenied(ApiError):
    """The administrator must allow it: the message names what RBAC or an admission policy refused."""


class ApiRejected(ApiError):
    """The request itself is wrong, mostly because the CRD in the cluster is older than this operator."""


@dataclass(frozen=True)
class _Call:
    verb: str
    method: str
    path: str
    query: Mapping[str, str]
    body: object
    content_type: str

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


class Bucket:
    """At most *rate* requests a second in the long run, *burst* at once; who comes too early waits."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._at = burst, clock()
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take one token, which may not be there yet: returns for how many seconds to wait for it."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self._rate)


class Kube:
    """The API server, for the few things the operator asks of it. Safe for many threads.

    Nothing is contacted before the first request, and credentials that cannot be had are an
    :class:`ApiUnavailable`: so the operator starts while there is no cluster yet.
    """

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        *,
        rate: float = 50.0,
        burst: float = 100.0,
        timeout: tuple[float, float] = (5.0, 30.0),
    ) -> None:
        """*timeout* is for connecting and for reading, in seconds."""
        self._configuration = configuration
        self._bucket = Bucket(rate, burst)
        self._timeout = timeout
        self._client: ApiClient | None = None
        self._client_since = 0.0
        self._lock = threading.Lock()

    # -- objects of our kinds

    def get(self, kind: Kind, key: Key) -> Object:
        """The object as it is now."""
        return self.request("get", "GET", path(kind, key.namespace, key.name))

    def every(self, kind: Kind, namespace: str = "") -> Iterator[Object]:
        """Every object of the kind, page by page; *namespace* "" means all."""
        query = {"limit": str(PAGE)}
        while True:
            page = self.request("list", "GET", path(kind, namespace), query=query)
            yield from page.get("items") or ()
            token = meta(page).get("continue")
            if not token:
                return
            query = {"limit": str(PAGE), "continue": token}

    def write_status(self, kind: Kind, obj: Object, status: Mapping[str, Any]) -> Object:
        """Make *status* the object's whole status, if the object is still at its ``resourceVersion``.

        By PUT and not by merge-patch: a patch must name every key that shall go, in every depth, and what is
        stored depends on what was there; after a PUT it is what was sent. Of the rest of the object the
        server takes nothing on this path.
        """
        key = _key(kind, obj)
        body = {
            "apiVersion": f"{kind.group}/{kind.version}",
            "kind": kind.kind,
            "metadata": _precondition(obj),
            "status": status,
        }
        return self.request("update", "PUT", path(kind, key.namespace, key.name, "status"), body=body)

    def add_finalizer(self, kind: Kind, obj: Object) -> Object:
        """Put our finalizer on the object, if it is still at its ``resourceVersion``."""
        finalizers = [*(meta(obj).get("finalizers") or ()), FINALIZER]
        return self._set_finalizers(kind, obj, finalizers)

    def remove_finalizer(self, kind: Kind, obj: Object) -> Object:
        """Take our finalizer off the object, if it is still at its ``resourceVersion``."""
        finalizers = [name for name in meta(obj).get("finalizers") or () if name != FINALIZER]
        return self._set_finalizers(kind, obj, finalizers)

    def _set_finalizers(self, kind: Kind, obj: Object, finalizers: list[str]) -> Object:
        key = _key(kind, obj)
        body = {"metadata": {**_precondition(obj), "finalizers": finalizers}}
        where = path(kind, key.namespace, key.name)
        return self.request("patch", "PATCH", where, body=body, content_type=_MERGE)

    # -- anything

    def request(
        self,
        verb: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
    ) -> Object:
        """One request, with *verb* as RBAC and the metrics call it; raises an :class:`ApiError`."""
        time.sleep(self._bucket.reserve())
        call = _Call(verb, method, path, query or {}, body, content_type)
        client = self._logged_in(call)
        response, text = self._send(client, call)
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            answer: Object = json.loads(text)
            return answer
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._log_out(client)
        raise _error(call, response.status, text, response.headers)

    def _send(self, client: ApiClient, call: _Call) -> tuple[RESTResponse, str]:
        headers = {"Accept": "application/json", "Content-Type": call.content_type}
        query = list(call.query.items())
        try:
            _, url, headers, _, _ = client.param_serialize(
                call.method, call.path, None, query, headers, auth_settings=["BearerToken"]
            )
            response = client.call_api(call.method, url, headers, call.body, _request_timeout=self._timeout)
            text = response.read().decode("utf-8")
        except (urllib3.exceptions.HTTPError, ApiException, OSError) as error:
            metrics.KUBE_REQUESTS.labels(call.verb, "0").inc()
            raise ApiUnavailable(f"{call}: the API server does not answer: {_short(error)}") from error
        metrics.KUBE_REQUESTS.labels(call.verb, str(response.status)).inc()
        return response, text

    def _logged_in(self, call: _Call) -> ApiClient:
        with self._lock:
            if self._client is None:
                try:
                    self._client = ApiClient(self._configuration())
                except Exception as error:
                    raise ApiUnavailable(f"{call}: {error}") from error
                self._client.user_agent = f"awslab-operator/{metrics.package_version()}"
                self._client_since = time.monotonic()
            return self._client

    def _log_out(self, client: ApiClient) -> None:
        """Read the credentials anew before the next request, but not for every request of a denied crowd."""
        with self._lock:
            if self._client is client and time.monotonic() - self._client_since > _RELOGIN_SECONDS:
                self._client = None


def path(kind: Kind, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """The API path of a kind, an object of it, or a part of that object."""
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    scope = f"/namespaces/{namespace}" if namespace else ""
    rest = "".join(f"/{part}" for part in (name, subresource) if part)
    return f"{root}{scope}/{kind.plural}{rest}"


def _key(kind: Kind, obj: Object) -> Key:
    return Key(kind.kind, meta(obj).get("namespace") or "", meta(obj)["name"])


def _precondition(obj: Object) -> dict[str, str]:
    """What of the metadata makes a write fail on any other state, and on another object of that name."""
    names = ("name", "namespace", "uid", "resourceVersion")
    return {name: meta(obj)[name] for name in names if name in meta(obj)}


def _error(call: _Call, status: int, text: str, headers: Mapping[str, str]) -> ApiError:
    message = f"{call}: {status} {_message(text)}"
    after = headers.get("Retry-After", "")
    retry_after = float(after) if after.isdigit() else None
    return _error_type(status)(message, status, retry_after)


def _error_type(status: int) -> type[ApiError]:
    match status:
        case HTTPStatus.CONFLICT | HTTPStatus.PRECONDITION_FAILED:
            return ApiConflict
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return ApiGone
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return ApiDenied
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.REQUEST_TIMEOUT:
            return ApiUnavailable
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return ApiUnavailable
    return ApiRejected


def _message(text: str) -> str:
    """What the server said: the message of its Status object, or the beginning of whatever came."""
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:200]


def _short(error: Exception) -> str:
    """What went wrong, without the repr of the connection that urllib3 puts before it."""
    return str(error).rpartition("): ")[2][:300] or type(error).__name__
