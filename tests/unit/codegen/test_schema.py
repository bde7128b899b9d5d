"""From pydantic to what Kubernetes accepts: small models, one peculiarity each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field

from awslab.api.base import AnyFields, AnyShape, Immutable, KeyedBy, Model, Rule, UniqueItems
from awslab.codegen.schema import structural_schema

EVEN = Rule(message="must be even", cel="self % 2 == 0", check=lambda n: n % 2 == 0)


class Color(StrEnum):
    RED = "Red"
    BLUE = "Blue"


class Inner(Model):
    size: int = 3


class Idle(Model):
    size: int | None = None


class Outer(Model):
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(message="must not exceed b", cel="self.a <= self.b", check=lambda m: m.a <= m.b, path=("a",)),
        Rule(message="by policy", cel="variables.spec.c", check=lambda _: True, path=("c",), policy=True),
    )

    a: Annotated[int, EVEN, Immutable("make another")] = 0
    b: int
    optional: str | None = None
    color: Color = Color.RED
    word: Literal["one"] = "one"
    many: tuple[Inner, ...] = ()
    by_name: Mapping[str, Inner] = Field(default_factory=dict)
    distinct: Annotated[tuple[int, ...], UniqueItems()] = (1,)
    keyed: Annotated[tuple[Inner, ...], KeyedBy(("size",))] = ()
    anything: Annotated[int | tuple[str, ...], AnyShape()] = 2
    inner: Inner = Field(default=Inner(), description="Mine.")
    idle: Idle = Idle()


def field(name: str) -> dict[str, Any]:
    return structural_schema(Outer)["properties"][name]


def test_fields_keep_their_order_and_their_names_on_the_wire():
    names = ["a", "b", "optional", "color", "word", "many", "byName", "distinct", "keyed", "anything", "inner", "idle"]

    assert list(structural_schema(Outer)["properties"]) == names


def test_only_what_has_no_default_is_required():
    assert structural_schema(Outer)["required"] == ["b"]


def test_an_optional_field_is_left_out_and_never_null():
    assert field("optional") == {"type": "string"}


def test_an_enumeration_and_its_default_are_words():
    assert field("color") == {"enum": ["Red", "Blue"], "type": "string", "default": "Red"}


def test_a_single_word_is_an_enumeration():
    assert field("word") == {"enum": ["one"], "type": "string", "default": "one"}


def test_what_is_referred_to_stands_in_its_place():
    size = {"type": "integer", "default": 3}

    assert field("many") == {"type": "array", "items": {"type": "object", "properties": {"size": size}}}
    assert field("byName") == {"type": "object", "additionalProperties": field("many")["items"]}


def test_a_set_and_a_map_list_are_marked():
    assert field("distinct")["x-kubernetes-list-type"] == "set"
    assert field("keyed")["x-kubernetes-list-type"] == "map"
    assert field("keyed")["x-kubernetes-list-map-keys"] == ["size"]


def test_a_field_of_several_types_is_left_open():
    assert field("anything") == {"x-kubernetes-preserve-unknown-fields": True, "default": 2}


def test_an_object_is_filled_in_only_where_there_is_something_to_fill():
    assert field("inner")["default"] == {}
    assert "default" not in field("idle")


def test_a_description_beside_a_reference_wins():
    assert field("inner")["description"] == "Mine."


def test_rules_of_a_field_stand_at_the_field():
    assert field("a")["x-kubernetes-validations"] == [
        {"rule": "self % 2 == 0", "message": "must be even"},
        {"rule": "self == oldSelf", "message": "cannot be changed: make another"},
    ]


def test_rules_between_fields_stand_at_the_object_but_those_of_a_policy_do_not():
    assert structural_schema(Outer)["x-kubernetes-validations"] == [
        {"rule": "self.a <= self.b", "message": "must not exceed b", "fieldPath": ".a"}
    ]


class Chain(Model):
    next_one: Chain | None = None


class Pair(Model):
    either: int | str = 0


def test_an_object_of_any_fields_is_an_object_all_the_same():
    """Without a type CEL could not ask whether it is there."""

    class Holder(Model):
        settings: Annotated[Mapping[str, Any], AnyFields()] = Field(default_factory=dict)

    field = structural_schema(Holder)["properties"]["settings"]
    assert {"type": "object", "x-kubernetes-preserve-unknown-fields": True} == field


def test_an_object_without_fields_has_no_list_of_them():
    class Nothing(Model):
        pass

    class Holder(Model):
        nothing: Nothing | None = None

    assert {"type": "object"} == {k: v for k, v in structural_schema(Holder)["properties"]["nothing"].items() if v}
    assert "properties" not in structural_schema(Holder)["properties"]["nothing"]


def test_what_no_structural_schema_can_say_is_named_with_its_path():
    with pytest.raises(ValueError, match=r"Pair\.either: anyOf cannot stand"):
        structural_schema(Pair)


def test_a_model_within_itself_is_refused():
    with pytest.raises(ValueError, match=r"Chain\.nextOne: .*within itself"):
        structural_schema(Chain)
