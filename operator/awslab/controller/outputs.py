"""Write an object's outputs where applications read them: into a ConfigMap or a Secret of its namespace.

They are looked at in every pass over a Ready object, so that what somebody changed or deleted is put back
within one interval. Nothing is watched for it, and nothing is touched that is not the object's own.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from awslab.api.outputs import Destination, Outputs
from awslab.core.conditions import Condition, Type

from .handle import Handle
from .kube import ApiDenied, ApiError, ApiGone, ApiRejected
from .objects import Object, meta

LABELS = {"app.kubernetes.io/managed-by": "awslab-operator"}

TRIED_AGAIN = 60.0
"""Seconds after which outputs that could not be written are tried again."""


class NotWritten(Exception):
    """Outputs are not where the spec wants them; *reason* is one of the conditions' table."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Delivery:
    """What came of it: for ``status.conditions`` and ``status.outputs``."""

    condition: Condition | None
    written: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class _Place:
    """A ConfigMap or a Secret."""

    kind: str
    plural: str
    name: str

    def on_wire(self) -> dict[str, str]:
        return {"kind": self.kind, "name": self.name}

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def flat(outputs: Mapping[str, Any]) -> dict[str, str | None]:
    """The outputs as texts by key: a list joined by commas, a map as one key for each entry.

    None stands for an output that has no value yet. What has more structure, and the texts of the columns,
    are left out.
    """
    return dict(_flat(outputs))


def _flat(outputs: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    for name, value in outputs.items():
        if value is None or isinstance(value, (str, int)):
            yield name, value if value is None else str(value)
        elif isinstance(value, (list, tuple)) and all(isinstance(item, (str, int)) for item in value):
            yield name, ",".join(map(str, value))
        elif isinstance(value, Mapping) and name != "summary":
            yield from ((f"{name}_{key}", str(inner)) for key, inner in value.items())


class Writer:
    """Writes the outputs of one object."""

    def __init__(self, handle: Handle, *, secrets: bool) -> None:
        """*secrets* tells whether this operator may write Secrets."""
        self._handle, self._secrets = handle, secrets
        self._before = (handle.obj.get("status") or {}).get("outputs") or ()

    def deliver(self, wish: Outputs, outputs: Mapping[str, Any]) -> Delivery:
        """Bring what is written to what the spec wants; a failure is told, never raised."""
        wanted = dict(_wanted(wish))
        failures: list[NotWritten] = []
        gone = [place for place in map(_place, self._before) if place not in wanted]
        written = [place for place in gone if not self._try(failures, self._remove, place)]
        for place, keys in wanted.items():
            if self._try(failures, self._put, place, keys, flat(outputs)) or place.on_wire() in self._before:
                written.append(place)
        return Delivery(_condition(wanted, failures), [place.on_wire() for place in written])

    def _try(self, failures: list[NotWritten], act: Any, place: _Place, *arguments: Any) -> bool:
        try:
            self._check_allowed(place)
            act(place, *arguments)
        except NotWritten as failure:
            failures.append(failure)
        except ApiError as error:
            failures.append(NotWritten(_reason(error), f"{place}: {error}"))
        else:
            return True
        return False

    def _check_allowed(self, place: _Place) -> None:
        if place.kind == "Secret" and not self._secrets:
            way_out = "whoever runs it sets secretOutputs, and gives it the role for them"
            raise NotWritten("SecretsOff", f"{place}: this operator writes no Secrets; {way_out}")

    def _put(self, place: _Place, keys: Sequence[str], outputs: Mapping[str, str | None]) -> None:
        data = _chosen(place, keys, outputs)
        found = self._find(place)
        if found is None:
            self._handle.request("create", "POST", self._path(place, named=False), self._body(place, data))
        elif not self._is_ours(found):
            way_out = "delete it, or let spec.outputs name another one"
            raise NotWritten("NotOurs", f"{place} exists and is not this object's: {way_out}")
        elif (found.get("data") or {}) != (body := self._body(place, data))["data"]:
            changed = {**body, "metadata": {**meta(found), "labels": {**(meta(found).get("labels") or {}), **LABELS}}}
            self._handle.request("update", "PUT", self._path(place), changed)
        else:
            return
        self._handle.event("Normal", "OutputsWritten", f"{place} is as wanted")

    def _remove(self, place: _Place) -> None:
        found = self._find(place)
        if found is None or not self._is_ours(found):
            return
        only_this = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": meta(found)["uid"]}}
        try:
            self._handle.request("delete", "DELETE", self._path(place), only_this)
        except ApiGone:
            return
        self._handle.event("Normal", "OutputsRemoved", f"{place} is no longer in spec.outputs")

    def _find(self, place: _Place) -> Object | None:
        try:
            return self._handle.request("get", "GET", self._path(place))
        except ApiGone:
            return None

    def _is_ours(self, found: Object) -> bool:
        owners = meta(found).get("ownerReferences") or ()
        return any(owner.get("uid") == meta(self._handle.obj)["uid"] for owner in owners)

    def _path(self, place: _Place, *, named: bool = True) -> str:
        folder = f"/api/v1/namespaces/{meta(self._handle.obj)['namespace']}/{place.plural}"
        return f"{folder}/{place.name}" if named else folder

    def _body(self, place: _Place, data: Mapping[str, str]) -> Object:
        """The whole object; Kubernetes deletes it with its owner."""
        obj = self._handle.obj
        owner = {
            "apiVersion": obj["apiVersion"],
            "kind": obj["kind"],
            "name": meta(obj)["name"],
            "uid": meta(obj)["uid"],
            "controller": True,
        }
        metadata = {
            "name": place.name,
            "namespace": meta(obj)["namespace"],
            "labels": LABELS,
            "ownerReferences": [owner],
        }
        return {"apiVersion": "v1", "kind": place.kind, "metadata": metadata, "data": _encoded(place, data)}


def _wanted(wish: Outputs) -> Iterator[tuple[_Place, Sequence[str]]]:
    kinds: tuple[tuple[str, Destination | None], ...] = (("ConfigMap", wish.config_map), ("Secret", wish.secret))
    for kind, destination in kinds:
        if destination:
            yield _place({"kind": kind, "name": destination.name}), destination.keys


def _place(entry: Mapping[str, str]) -> _Place:
    return _Place(entry["kind"], f"{entry['kind'].lower()}s", entry["name"])


def _chosen(place: _Place, keys: Sequence[str], outputs: Mapping[str, str | None]) -> dict[str, str]:
    if unknown := sorted(set(keys) - outputs.keys()):
        there_are = ", ".join(sorted(outputs))
        raise NotWritten("UnknownOutput", f"{place}: there is no output {', '.join(unknown)}; there are {there_are}")
    return {key: value for key in keys or outputs if (value := outputs[key]) is not None}


def _encoded(place: _Place, data: Mapping[str, str]) -> dict[str, str]:
    if place.kind != "Secret":
        return dict(data)
    return {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}


def _reason(error: ApiError) -> str:
    if isinstance(error, ApiDenied):
        return "Denied"
    return "Rejected" if isinstance(error, ApiRejected) else "Retrying"


def _condition(wanted: Mapping[_Place, Any], failures: Sequence[NotWritten]) -> Condition | None:
    """Whether the outputs are where they are wanted; None where none are."""
    if failures:
        message = "; ".join(map(str, failures))
        return Condition(Type.OUTPUTS_WRITTEN, False, failures[0].reason, message)  # noqa: FBT003 - a condition's status
    if not wanted:
        return None
    message = f"Written to {' and '.join(map(str, wanted))}."
    return Condition(Type.OUTPUTS_WRITTEN, True, "Written", message)  # noqa: FBT003
