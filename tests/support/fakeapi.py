"""A small Kubernetes API server in this process, with the semantics that an operator leans on.

It keeps uid, resourceVersion, generation and finalizers as the real one does, knows the status subresource,
merge and JSON patches with preconditions, and watches that can be resumed, bookmarked, cut and expired. It has
no schemas, no RBAC and no admission: for these there is a real one in tests/e2e.
"""

import contextlib
import copy
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

import yaml


class Resource(NamedTuple):
    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True


BUILT_IN = (
    Resource("", "v1", "namespaces", "Namespace", namespaced=False),
    Resource("", "v1", "events", "Event"),
    Resource("coordination.k8s.io", "v1", "leases", "Lease"),
    Resource(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        namespaced=False,
    ),
)


class Refused(Exception):
    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: object = None
    content_type: str = ""
    at: float = field(default_factory=time.monotonic)

    @property
    def writes(self) -> bool:
        return self.method != "GET"


class FakeApi:
    """Start with ``with FakeApi(kinds) as api``; ``api.kubeconfig(folder)`` makes a file for clients."""

    def __init__(self, kinds: tuple[Resource, ...], bookmark_seconds: float = 0.5) -> None:
        self.resources = [*BUILT_IN, *kinds]
        self.objects: dict[tuple[str, str, str], dict] = {}  # (plural, namespace, name)
        self.history: list[tuple[int, str, str, dict]] = []  # (version, plural, type, object)
        self.requests: list[Request] = []
        self.faults: list[Callable[[Request], int | None]] = []
        self.changed = threading.Condition()
        self.version = 100
        self.oldest = 0  # watches from before this version are answered with 410
        self.epoch = 0  # open watches of an older epoch are cut
        self.bookmark_seconds = bookmark_seconds
        self.port = 0
        self.http: ThreadingHTTPServer | None = None

    # -- the process

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self.http = _Server(("127.0.0.1", self.port), self._handler())
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """As if the process were killed: no new connections, the open ones are cut; the objects stay."""
        http, self.http = self.http, None
        if http is not None:
            self.cut_watches()
            http.shutdown()
            http.server_close()
            http.cut()

    def reserve_port(self) -> None:
        """Know the port before anything listens there."""
        self.start()
        self.stop()

    def kubeconfig(self, folder: Path) -> str:
        cluster = {"name": "fake", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}
        user = {"name": "fake", "user": {"token": "no-secret"}}
        context = {"name": "fake", "context": {"cluster": "fake", "user": "fake"}}
        file = folder / "kubeconfig"
        parts = {"clusters": [cluster], "users": [user], "contexts": [context], "current-context": "fake"}
        file.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **parts}))
        return str(file)

    # -- what a test does to it, or asks of it

    def create(self, plural: str, obj: dict) -> dict:
        with self.changed:
            return self._create(self._resource(plural), obj["metadata"].get("namespace", ""), obj)

    def get(self, plural: str, namespace: str, name: str) -> dict | None:
        with self.changed:
            return copy.deepcopy(self.objects.get((plural, namespace, name)))

    def all(self, plural: str) -> list[dict]:
        with self.changed:
            return [copy.deepcopy(obj) for key, obj in self.objects.items() if key[0] == plural]

    def edit(self, plural: str, namespace: str, name: str, change: dict) -> dict:
        """A merge-patch, as a user with kubectl would send it."""
        with self.changed:
            key = (plural, namespace, name)
            return self._replace(key, merged(self.objects[key], change), status=False)

    def delete(self, plural: str, namespace: str, name: str) -> None:
        with self.changed:
            self._delete((plural, namespace, name))

    def vanish(self, plural: str, namespace: str, name: str) -> None:
        """The object is gone and no watch will ever tell."""
        with self.changed:
            del self.objects[plural, namespace, name]

    def compact(self) -> None:
        """Old versions are forgotten: whoever resumes from one gets a 410."""
        with self.changed:
            self.version += 1
            self.oldest = self.version
            self.history.clear()

    def cut_watches(self) -> None:
        with self.changed:
            self.epoch += 1
            self.changed.notify_all()

    def fail(self, code: int, *, times: int = 1, match: Callable[[Request], bool] = lambda _: True) -> None:
        """Answer the next so many requests that match with this code; 0 cuts the connection."""
        left = [times]

        def fault(request: Request) -> int | None:
            if left[0] <= 0 or not match(request):
                return None
            left[0] -= 1
            return code

        self.faults.append(fault)

    def writes(self, part: str = "") -> list[Request]:
        return [request for request in self.requests if request.writes and part in request.path]

    # -- the store; callers hold the lock

    def _resource(self, plural: str) -> Resource:
        found = next((resource for resource in self.resources if resource.plural == plural), None)
        if found is None:
            raise Refused(404, f"no resource {plural}")
        return found

    def _create(self, resource: Resource, namespace: str, obj: dict) -> dict:
        obj = copy.deepcopy(obj)
        data = obj.setdefault("metadata", {})
        key = (resource.plural, namespace, data["name"])
        if key in self.objects:
            raise Refused(409, f"{resource.plural} {data['name']!r} already exists")
        obj.setdefault("apiVersion", "/".join(filter(None, resource[:2])))
        obj.setdefault("kind", resource.kind)
        if resource.namespaced:
            data["namespace"] = namespace
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        data |= {"uid": str(uuid.uuid4()), "generation": 1, "creationTimestamp": now, "managedFields": [{}]}
        return self._store(key, obj, "ADDED")

    def _replace(self, key: tuple[str, str, str], new: dict, *, status: bool) -> dict:
        old = self.objects.get(key)
        if old is None:
            raise Refused(404, f"{key[0]} {key[2]!r} not found")
        self._check(old, new["metadata"])
        if status:
            new = {**old, "status": new.get("status")}
            if new["status"] is None:
                del new["status"]
        elif key[0] != "events":
            new = {**{name: part for name, part in new.items() if name != "status"}}
            new |= {"status": old["status"]} if "status" in old else {}
        new["metadata"] = data = {**old["metadata"], **(old if status else new)["metadata"]}
        data["uid"], data["generation"] = old["metadata"]["uid"], old["metadata"]["generation"]
        if deleting := old["metadata"].get("deletionTimestamp"):
            data["deletionTimestamp"] = deleting
            if set(data.get("finalizers") or []) - set(old["metadata"].get("finalizers") or []):
                raise Refused(422, "no new finalizers can be added if the object is being deleted")
        if new.get("spec") != old.get("spec"):
            data["generation"] += 1
        if new == old:
            return copy.deepcopy(old)
        if deleting and not data.get("finalizers"):
            return self._remove(key, new)
        return self._store(key, new, "MODIFIED")

    @staticmethod
    def _check(old: dict, wanted: dict) -> None:
        for name in ("resourceVersion", "uid"):
            if wanted.get(name, old["metadata"][name]) != old["metadata"][name]:
                raise Refused(409, f"the object has been modified: {name} is {old['metadata'][name]}")

    def _delete(self, key: tuple[str, str, str]) -> dict:
        old = self.objects.get(key)
        if old is None:
            raise Refused(404, f"{key[0]} {key[2]!r} not found")
        if not old["metadata"].get("finalizers"):
            return self._remove(key, old)
        if old["metadata"].get("deletionTimestamp"):
            return copy.deepcopy(old)
        new = copy.deepcopy(old)
        new["metadata"]["deletionTimestamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        new["metadata"]["generation"] += 1
        return self._store(key, new, "MODIFIED")

    def _remove(self, key: tuple[str, str, str], last: dict) -> dict:
        del self.objects[key]
        return self._tell(key, copy.deepcopy(last), "DELETED")

    def _store(self, key: tuple[str, str, str], obj: dict, type_: str) -> dict:
        self.objects[key] = obj
        return self._tell(key, obj, type_)

    def _tell(self, key: tuple[str, str, str], obj: dict, type_: str) -> dict:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        self.history.append((self.version, key[0], type_, copy.deepcopy(obj)))
        self.changed.notify_all()
        return copy.deepcopy(obj)

    # -- HTTP

    def answer(self, request: Request) -> tuple[int, dict]:
        with self.changed:
            try:
                return self._route(request)
            except Refused as refused:
                return refused.code, {"kind": "Status", "status": "Failure", "code": refused.code,
                                      "message": str(refused)}  # fmt: skip

    def _route(self, request: Request) -> tuple[int, dict]:
        parts = request.path.strip("/").split("/")
        if discovered := self._discovery(parts):
            return 200, discovered
        group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
        namespace = rest[1] if rest[0] == "namespaces" and len(rest) > 2 else ""
        plural, *names = rest[2:] if namespace else rest
        resource = self._resource(plural)
        if resource.group != group:
            raise Refused(404, f"no group {group}")
        if not names:
            return self._collection(request, resource, namespace)
        return self._object(request, (plural, namespace, names[0]), status=names[1:] == ["status"])

    def _discovery(self, parts: list[str]) -> dict | None:
        groups = {resource.group: resource.version for resource in self.resources if resource.group}
        if parts == ["api"]:
            return {"versions": ["v1"]}
        if parts == ["apis"]:
            versions = {group: {"groupVersion": f"{group}/{v}", "version": v} for group, v in groups.items()}
            return {
                "groups": [
                    {"name": group, "versions": [version], "preferredVersion": version}
                    for group, version in versions.items()
                ]
            }
        if (parts[0], len(parts)) in {("api", 2), ("apis", 3)}:
            group = parts[1] if parts[0] == "apis" else ""
            found = [resource for resource in self.resources if resource.group == group]
            if not found:
                raise Refused(404, f"no group {group}")
            return {"resources": [entry for resource in found for entry in _described(resource)]}
        return None

    def _collection(self, request: Request, resource: Resource, namespace: str) -> tuple[int, dict]:
        if request.method == "POST":
            return 201, self._create(resource, namespace, request.body)
        wanted = sorted(key for key in self.objects if key[0] == resource.plural and namespace in {"", key[1]})
        start = int(request.query.get("continue", 0))
        limit = int(request.query.get("limit", 0)) or len(wanted) or 1
        metadata = {"resourceVersion": str(self.version)}
        if start + limit < len(wanted):
            metadata["continue"] = str(start + limit)
        items = [copy.deepcopy(self.objects[key]) for key in wanted[start : start + limit]]
        for item in items:
            item.pop("kind"), item.pop("apiVersion")
        return 200, {"kind": f"{resource.kind}List", "metadata": metadata, "items": items}

    def _object(self, request: Request, key: tuple[str, str, str], *, status: bool) -> tuple[int, dict]:
        if key not in self.objects:
            raise Refused(404, f"{key[0]} {key[2]!r} not found")
        old = self.objects[key]
        match request.method:
            case "GET":
                return 200, copy.deepcopy(old)
            case "PUT":
                return 200, self._replace(key, request.body, status=status)
            case "PATCH" if "merge-patch" in request.content_type:
                return 200, self._replace(key, merged(old, request.body), status=status)
            case "PATCH" if "json-patch" in request.content_type:
                return 200, self._replace(key, json_patched(old, request.body), status=status)
            case "DELETE":
                return 200, self._delete(key)
        raise Refused(415, f"{request.method} {request.content_type}")

    def watch(self, request: Request, send: Callable[[dict], None]) -> None:
        """Send the events of one watch until it is cut, times out, or its client goes."""
        parts = request.path.strip("/").split("/")
        plural, namespace = parts[-1], parts[-2] if "namespaces" in parts[:-1] else ""
        until = time.monotonic() + float(request.query.get("timeoutSeconds", 3600))
        with self.changed:
            epoch, version = self.epoch, int(request.query.get("resourceVersion") or self.version)
        while time.monotonic() < until:
            with self.changed:
                if version < self.oldest:
                    send({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}})
                    return
                found = [entry for entry in self.history if entry[0] > version and entry[1] == plural]
                if not found:
                    self.changed.wait(self.bookmark_seconds)
                if epoch != self.epoch:
                    return
                now = self.version
            for at, _, type_, obj in found:
                version = at
                if namespace in {"", obj["metadata"].get("namespace", "")}:
                    send({"type": type_, "object": obj})
            if not found:
                # A bookmark may only name what was sent: look again for what came meanwhile.
                with self.changed:
                    late = any(entry[0] > version and entry[1] == plural for entry in self.history)
                if not late and version >= self.oldest:
                    version = max(version, min(now, self.version))
                    send({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                url = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                query = {name: values[-1] for name, values in parse_qs(url.query).items()}
                request = Request(self.command, url.path, query, body, self.headers.get("Content-Type", ""))
                with api.changed:
                    api.requests.append(request)
                    code = next((code for fault in api.faults if (code := fault(request)) is not None), None)
                if code == 0:
                    self.close_connection = True
                elif code is not None:
                    self.reply(code, {"kind": "Status", "code": code, "message": "injected"})
                elif "watch" in query:
                    self.stream(request)
                else:
                    self.reply(*api.answer(request))

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the base class calls them so

            def reply(self, code: int, answer: dict) -> None:
                data = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def stream(self, request: Request) -> None:
                self.close_connection = True
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Connection", "close")
                self.end_headers()
                with contextlib.suppress(OSError):  # the client has gone
                    api.watch(request, self.line)

            def line(self, event: dict) -> None:
                self.wfile.write(json.dumps(event).encode() + b"\n")
                self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.open: set = set()

    def process_request(self, request, client_address) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address) -> None:
        pass  # a client that goes in the middle is no news

    def cut(self) -> None:
        for request in list(self.open):
            super().shutdown_request(request)


def _described(resource: Resource) -> list[dict]:
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    base = {"kind": resource.kind, "namespaced": resource.namespaced, "verbs": verbs}
    return [
        {**base, "name": resource.plural, "singularName": resource.kind.lower()},
        {
            **base,
            "name": f"{resource.plural}/status",
            "singularName": "",
            "verbs": ["get", "patch", "update"],
        },
    ]


def merged(old: object, change: object) -> object:
    """RFC 7386."""
    if not isinstance(change, dict):
        return copy.deepcopy(change)
    result = copy.deepcopy(old) if isinstance(old, dict) else {}
    for name, value in change.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def json_patched(old: dict, operations: list[dict]) -> dict:
    """The part of RFC 6902 that clients of Kubernetes use; a failed test is a 422, as there."""
    result = copy.deepcopy(old)
    for operation in operations:
        *parents, last = (part.replace("~1", "/") for part in operation["path"].strip("/").split("/"))
        place = result
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        at = last if isinstance(place, dict) else len(place) if last == "-" else int(last)
        match operation["op"]:
            case "test" if place[at] != operation["value"]:
                raise Refused(422, f"test of {operation['path']} failed")
            case "add" if isinstance(place, list):
                place.insert(at, operation["value"])
            case "add" | "replace":
                place[at] = operation["value"]
            case "remove":
                del place[at]
    return result
