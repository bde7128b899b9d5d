"""The examples: right, and complete where they say so."""

from __future__ import annotations

import pytest

from awslab.api.kinds import API_KINDS
from awslab.codegen.schema import structural_schema
from tests.support.manifests import ROOT, documents, files

KINDS = {kind.kind: kind for kind in API_KINDS}


@pytest.mark.parametrize("path", files("examples"), ids=lambda path: path.name)
def test_an_example_is_a_good_spec(path):
    (example,) = documents(path.read_text())
    kind = KINDS[example["kind"]]

    kind.spec.model_validate(example["spec"])

    assert example["apiVersion"] == kind.api_version


OTHERWISE = ["spec.webServer.userDataFrom"]
"""What cannot stand beside another field that the full example sets."""


def test_the_full_example_sets_every_field():
    (example,) = documents((ROOT / "examples/vpc-full.yaml").read_text())

    assert unset(structural_schema(KINDS["LabVpc"].spec), example["spec"]) == OTHERWISE


def test_the_examples_of_a_pipeline_together_set_every_field():
    """No one of them can: a step does one thing, and a flow is of steps or raw."""
    examples = (path for path in files("examples") if path.name.startswith("datapipeline"))
    specs = [documents(path.read_text())[0]["spec"] for path in examples]
    schema = structural_schema(KINDS["DataPipeline"].spec)
    step = schema["properties"]["steps"]
    wanted = paths(schema, "spec", (set(step["items"]["properties"]),)) | paths(step, "spec.steps")

    said = {path for spec in specs for path in present(spec, "spec")}

    assert sorted(wanted - said) == []


def paths(schema, path, above=()) -> set[str]:
    """Every field of the schema; what has no field but those *above*, as a step in a step, is counted there."""
    fields = schema.get("items", schema.get("properties", {}))
    if "items" in schema:
        return paths(schema["items"], path, above)
    if set(fields) and any(set(fields) <= known for known in above):
        return set()
    below = (paths(field, f"{path}.{name}", (*above, set(fields))) for name, field in fields.items())
    return {f"{path}.{name}" for name in fields}.union(*below)


def present(value, path) -> set[str]:
    """Every field that a spec sets, lists taken together; those of steps in steps as if of steps."""
    if isinstance(value, list):
        return set().union(*(present(item, path) for item in value))
    if not isinstance(value, dict):
        return set()
    below = {name: SAME_AS.get(name, f"{path}.{name}") for name in value}
    return {f"{path}.{name}" for name in value}.union(*(present(value[name], below[name]) for name in value))


SAME_AS = {
    **dict.fromkeys(("steps", "parallel"), "spec.steps"),
    **dict.fromkeys(("and", "or", "not"), "spec.steps.choice.when"),
}
"""Fields whose own fields are those of something above them."""


def unset(schema, value, path="spec") -> list[str]:
    """The fields of the schema that the value does not have, in all depths."""
    missing = [f"{path}.{name}" for name in schema.get("properties", {}) if name not in value]
    present = {name: field for name, field in schema.get("properties", {}).items() if name in value}
    return missing + [lost for name, field in present.items() for lost in unset(field, value[name], f"{path}.{name}")]
