"""Objects that build on others: wait for them, take their outputs, and hold who is built upon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from awslab.api.references import Namespaces, ObjectRef, Reference
from awslab.core.errors import ReferenceNotAllowed, Waits
from awslab.kinds.kind import Kind, Neighbor

from . import accounts
from .handle import Handle
from .objects import Key, Object, condition, deleting, healthy, meta


class Targets:
    """Tells to whom an object refers, from the object alone."""

    def __init__(self, kinds: Iterable[Kind[Any, Any]]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}

    def __call__(self, obj: Object) -> Iterator[Key]:
        """The key of each object that *obj* refers to; nothing for what is none of ours."""
        kind = self._kinds.get(obj.get("kind", ""))
        if kind is None:
            return
        yield from accounts.target_of(obj)
        for reference in kind.references(obj):
            yield Key(reference.ref.kind, reference.namespace(meta(obj)["namespace"]), reference.ref.name)


def neighbors(handle: Handle, kind: Kind[Any, Any]) -> dict[ObjectRef, Neighbor]:
    """Everything that the object behind *handle* refers to; have it woken when any of that changes.

    Raises Waits for what is not there or not Ready, ReferenceNotAllowed for what may not be referred to.
    """
    references = list(kind.references(handle.obj))
    own = meta(handle.obj)["namespace"]
    account = accounts.account_of(handle)
    keys = [Key(r.ref.kind, r.namespace(own), r.ref.name) for r in references]
    handle.refers_to([*keys, *accounts.target_of(handle.obj), *([Key(accounts.KIND, "", account)] if account else [])])
    return {r.ref: _neighbor(handle, r, key) for r, key in zip(references, keys, strict=True)}


def _neighbor(handle: Handle, reference: Reference, key: Key) -> Neighbor:
    about = f"{key.kind} {key.namespace}/{key.name}"
    found = handle.lookup(*key)
    if key.namespace != handle.obj["metadata"]["namespace"]:
        _check_allowed(handle, reference, about, found)
    if found is None:
        raise Waits(f"Waits for {about}: it does not exist")
    # Whoever stands already is not shaken by each change of what it stands on.
    if not accounts.has_made_something(handle.obj) and (reason := _unready(found)):
        raise Waits(f"Waits for {about}: {reason}")
    return Neighbor(about, found.get("spec") or {}, found.get("status") or {})


def _unready(obj: Object) -> str:
    """Why an object is not to be built upon; empty where it is Ready for its present spec."""
    if deleting(obj):
        return "it is being deleted"
    if healthy(obj):
        return ""
    ready = condition(obj, "Ready") or {}
    message = str(ready.get("message", ""))
    return f"not Ready ({message})" if ready.get("status") != "True" and message else "not Ready"


def _check_allowed(handle: Handle, reference: Reference, about: str, found: Object | None) -> None:
    """Whether the object allows ours; one that does not exist is told no other than one that does not allow it."""
    namespace = handle.obj["metadata"]["namespace"]
    allowed = _allowed(found)
    labels = meta(handle.namespace()).get("labels") or {} if allowed.match_labels else {}
    if not allowed.has(namespace, labels):
        way_out = "its owner adds it to spec.allowedNamespaces"
        sentence = f"{about} does not exist or does not allow namespace {namespace}: {way_out}"
        raise ReferenceNotAllowed(f"{reference.field}: {sentence}")


def _allowed(found: Object | None) -> Namespaces:
    """The namespaces that an object allows; none where that cannot be read."""
    try:
        return Namespaces.model_validate(((found or {}).get("spec") or {}).get("allowedNamespaces") or {})
    except ValidationError:
        return Namespaces()
