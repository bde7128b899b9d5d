"""What the shell reads in a Kubernetes object: pure functions over dictionaries.

Objects are the plain dictionaries of the API; they are never changed in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

Object = dict[str, Any]

ANNOTATION_PREFIX = "awslab.dev/"
FINALIZER = "awslab.dev/aws-resources"


class Kind(Protocol):
    """What the shell must know of a kind of object; instances are hashable."""

    @property
    def group(self) -> str:
        """API group, such as ``awslab.dev``."""

    @property
    def version(self) -> str:
        """API version, such as ``v1alpha1``."""

    @property
    def plural(self) -> str:
        """Name in the API's paths, such as ``labvpcs``."""

    @property
    def kind(self) -> str:
        """Name in manifests, such as ``LabVpc``."""

    @property
    def namespaced(self) -> bool:
        """Whether its objects live in namespaces."""


class Key(NamedTuple):
    """Which object: its kind's name, its namespace ("" where it has none), its name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return "/".join(part for part in self if part)


def meta(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object's metadata; empty when it has none."""
    found: Mapping[str, Any] = obj.get("metadata") or {}
    return found


def key_of(obj: Mapping[str, Any], kind: str | None = None) -> Key:
    """The key of an object; items of a list carry no kind of their own, so it may be given."""
    data = meta(obj)
    return Key(kind or obj["kind"], data.get("namespace") or "", data["name"])


def uid(obj: Mapping[str, Any]) -> str:
    """The uid that tells this object from an earlier one of the same name."""
    return str(meta(obj).get("uid", ""))


def deleting(obj: Mapping[str, Any]) -> bool:
    """Whether somebody has asked for this object's deletion."""
    return bool(meta(obj).get("deletionTimestamp"))


def has_finalizer(obj: Mapping[str, Any]) -> bool:
    """Whether our finalizer holds the object."""
    return FINALIZER in (meta(obj).get("finalizers") or ())


def stripped(obj: Mapping[str, Any]) -> Object:
    """The object without ``managedFields``, which nobody here reads and which is half of its size."""
    data = {key: value for key, value in meta(obj).items() if key != "managedFields"}
    return {**obj, "metadata": data}


def condition(obj: Mapping[str, Any], type_: str) -> Mapping[str, Any] | None:
    """The condition of that type in the status, or None."""
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return next((found for found in conditions if found.get("type") == type_), None)


def is_ready(obj: Mapping[str, Any]) -> bool:
    """Whether the status says Ready."""
    ready = condition(obj, "Ready")
    return ready is not None and ready.get("status") == "True"


def healthy(obj: Mapping[str, Any]) -> bool:
    """Whether the last pass saw this very spec and found it Ready, so that a look at it can wait."""
    observed = (obj.get("status") or {}).get("observedGeneration")
    return not deleting(obj) and is_ready(obj) and observed == meta(obj).get("generation")


def newer(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether *one* is a later state of the same object than *other*, or another object of that name.

    Resource versions of one object are integers that grow (KEP-5504 makes this a promise). Should a server
    answer otherwise, the later arrival wins.
    """
    if uid(one) != uid(other):
        return True
    try:
        return int(meta(one)["resourceVersion"]) > int(meta(other)["resourceVersion"])
    except (KeyError, ValueError):
        return meta(one).get("resourceVersion") != meta(other).get("resourceVersion")


def concerns_us(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a change is one that needs a pass: not our own writes, not foreign labels.

    What counts: another object of that name, the spec (generation), deletion, finalizers (of ours only its
    loss: that it came is our own doing), and annotations that begin with ``awslab.dev/``, so that any of them
    can be a wish of the user.
    """
    lost = has_finalizer(before) and not has_finalizer(after) and not deleting(after)
    return lost or _interest(before) != _interest(after)


def _interest(obj: Mapping[str, Any]) -> tuple[object, ...]:
    data = meta(obj)
    annotations = data.get("annotations") or {}
    wishes = {name: value for name, value in annotations.items() if name.startswith(ANNOTATION_PREFIX)}
    foreign = sorted(set(data.get("finalizers") or ()) - {FINALIZER})
    return (data.get("uid"), data.get("generation"), data.get("deletionTimestamp"), foreign, wishes)
