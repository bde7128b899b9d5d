"""What must hold for the models of every kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from awslab.api.common import Condition
from awslab.api.kinds import API_KINDS
from awslab.codegen.schema import structural_schema

MODELS = [pytest.param(model, id=model.__name__) for kind in API_KINDS for model in (kind.spec, kind.status)]
STATUS_MODELS = [pytest.param(kind.status, id=kind.kind) for kind in API_KINDS]
SPEC_MODELS = [pytest.param(kind.spec, id=kind.kind) for kind in API_KINDS]
KINDS = [pytest.param(kind, id=kind.kind) for kind in API_KINDS]


def fields(schema, path="") -> Iterator[tuple[str, dict]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from fields(field.get("items", field), f"{path}.{name}")


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_described_in_a_sentence(model):
    bare = [path for path, field in fields(structural_schema(model)) if not field.get("description", "").endswith(".")]

    assert bare == []


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_in_camel_case(model):
    others = [path for path, _ in fields(structural_schema(model)) if not re.fullmatch(r"(\.[a-z][A-Za-z0-9]*)+", path)]

    assert others == []


@pytest.mark.parametrize("model", SPEC_MODELS)
def test_everything_a_person_writes_is_bounded(model):
    """The API server reckons the cost of CEL by these bounds."""
    unbounded = [path for path, field in fields(structural_schema(model)) if not is_bounded(field)]

    assert unbounded == []


def is_bounded(field) -> bool:
    if "enum" in field:
        return True
    bound = {"string": "maxLength", "array": "maxItems"}.get(field.get("type"))
    inner = field.get("items") or field.get("additionalProperties")
    bound = "maxProperties" if "additionalProperties" in field else bound
    return (bound is None or bound in field) and (inner is None or is_bounded(inner))


@pytest.mark.parametrize("model", STATUS_MODELS)
def test_a_status_of_a_newer_version_can_be_read(model):
    status = model.model_validate({"observedGeneration": 3, "somethingNew": {"x": 1}, "summary": {"new": "x"}})

    assert status.observed_generation == 3


@pytest.mark.parametrize("model", STATUS_MODELS)
def test_the_api_server_fills_nothing_into_a_status(model):
    assert [path for path, field in fields(structural_schema(model)) if "default" in field] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_shows_a_field_that_there_is(kind):
    known = {f".spec{path}" for path, _ in fields(structural_schema(kind.spec))}
    known |= {f".status{path}" for path, _ in fields(structural_schema(kind.status))}
    known |= {".metadata.creationTimestamp"}

    assert [c.name for c in kind.columns if re.sub(r"\[\?\(.*\)\]", "", c.json_path) not in known] == []


@pytest.mark.parametrize("kind", KINDS)
def test_rules_that_no_schema_can_say_are_about_the_spec_and_name_a_field(kind):
    rules = [rule for rule in kind.spec.rules if rule.policy]

    assert [rule for rule in rules if not rule.path or "variables.spec." not in rule.cel] == []


def test_times_are_written_as_kubernetes_does():
    condition = Condition(
        type="Ready",
        status="True",
        last_transition_time=datetime(2026, 11, 23, 5, 20, 43, 123456, tzinfo=UTC),
        reason="AllReady",
        message="All is well.",
    )

    assert condition.wire()["lastTransitionTime"] == "2026-11-23T05:20:43Z"
