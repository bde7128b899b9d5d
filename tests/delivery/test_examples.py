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


def test_the_full_example_sets_every_field():
    (example,) = documents((ROOT / "examples/vpc-full.yaml").read_text())

    assert unset(structural_schema(KINDS["LabVpc"].spec), example["spec"]) == []


def unset(schema, value, path="spec") -> list[str]:
    """The fields of the schema that the value does not have, in all depths."""
    missing = [f"{path}.{name}" for name in schema.get("properties", {}) if name not in value]
    present = {name: field for name, field in schema.get("properties", {}).items() if name in value}
    return missing + [lost for name, field in present.items() for lost in unset(field, value[name], f"{path}.{name}")]
