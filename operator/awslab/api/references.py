"""How objects name each other, and who may do so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import Field

from .base import Model, Rule, UniqueItems

MAX_NAME = 253
NAME = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
EVERY = "*"


def _named(pattern: str, message: str) -> Rule:
    cel = f"self.matches('{pattern}')"
    return Rule(message=message, cel=cel, check=lambda text: re.fullmatch(pattern, text) is not None)


ObjectName = Annotated[
    str,
    Field(max_length=MAX_NAME),
    _named(NAME, "must be a name as Kubernetes allows it: small letters, digits, - and ."),
]

NamespaceName = Annotated[
    str,
    Field(max_length=63),
    _named(r"^([*]|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$", "must be the name of a namespace, or * for all of them"),
]

Labels = Annotated[Mapping[str, Annotated[str, Field(max_length=63)]], Field(max_length=20)]


class Namespaces(Model):
    """Namespaces by their names or labels; nothing at all means none."""

    names: Annotated[tuple[NamespaceName, ...], Field(max_length=100), UniqueItems()] = Field(
        default=(), description="Namespaces by name; * stands for all of them."
    )
    match_labels: Labels = Field(
        default_factory=dict, description="Also every namespace that has all of these labels; none means none."
    )

    def has(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether the namespace *name*, with these labels, is one of them."""
        if EVERY in self.names or name in self.names:
            return True
        return bool(self.match_labels) and self.match_labels.items() <= labels.items()


class AccountRef(Model):
    """Names an AwsAccount."""

    name: ObjectName = Field(description="The name of the AwsAccount.")


class ObjectRef(Model):
    """Names another object of ours; a subclass says of which kind.

    A field of such a type is all that a kind needs: the operator finds it in the model, waits until the
    other object is Ready, and hands its outputs to the composition.
    """

    kind: ClassVar[str]

    name: ObjectName = Field(description="The name of the object.")
    namespace: NamespaceName | None = Field(
        default=None,
        description="Its namespace, if it is another one; that object must allow it by spec.allowedNamespaces.",
    )


class LabVpcRef(ObjectRef):
    """Names a LabVpc."""

    kind: ClassVar[str] = "LabVpc"


@dataclass(frozen=True)
class Reference:
    """One reference as it stands in a spec."""

    field: str
    """Where: ``spec.vpcRef``."""
    ref: ObjectRef

    def namespace(self, own: str) -> str:
        """The namespace that is meant in an object of the namespace *own*."""
        return self.ref.namespace or own


@dataclass(frozen=True)
class _Place:
    """Where a spec of some model may hold a reference: names on the wire, ``[]`` for each item."""

    path: tuple[str, ...]
    type: type[ObjectRef]


def references_in(model: type[Model], spec: Mapping[str, Any]) -> Iterator[Reference]:
    """Every reference in a spec as Kubernetes has it, be the rest of the spec valid or not."""
    for place in places_in(model):
        for path, value in _values(spec, place.path, "spec"):
            if isinstance(value, Mapping) and isinstance(value.get("name"), str):
                yield Reference(path, place.type.model_construct(name=value["name"], namespace=value.get("namespace")))


def places_in(model: type[Model]) -> tuple[_Place, ...]:
    """Where a model may hold references."""
    if model not in _PLACES:
        _PLACES[model] = tuple(_search(model, ()))
    return _PLACES[model]


_PLACES: dict[type[Model], tuple[_Place, ...]] = {}


def _search(model: type[Model], path: tuple[str, ...]) -> Iterator[_Place]:
    for name, field in model.model_fields.items():
        yield from _search_type(field.annotation, (*path, field.alias or name))


def _search_type(type_: Any, path: tuple[str, ...]) -> Iterator[_Place]:
    origin, arguments = get_origin(type_), get_args(type_)
    if origin is Annotated:
        yield from _search_type(arguments[0], path)
    elif origin in {Union, UnionType}:
        for argument in arguments:
            yield from _search_type(argument, path)
    elif origin is tuple:
        yield from _search_type(arguments[0], (*path, "[]"))
    elif isinstance(type_, type) and issubclass(type_, ObjectRef):
        yield _Place(path, type_)
    elif isinstance(type_, type) and issubclass(type_, Model):
        yield from _search(type_, path)


def _values(value: Any, path: tuple[str, ...], where: str) -> Iterator[tuple[str, Any]]:
    if not path:
        yield where, value
    elif path[0] == "[]":
        for index, item in enumerate(value if isinstance(value, (list, tuple)) else ()):
            yield from _values(item, path[1:], f"{where}[{index}]")
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:], f"{where}.{path[0]}")
