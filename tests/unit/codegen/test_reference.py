"""The pages for people."""

from __future__ import annotations

import pytest
from pydantic.alias_generators import to_camel

from awslab.api.kinds import API_KINDS
from awslab.codegen.reference import reference
from awslab.codegen.settings_page import settings_page
from awslab.settings import Settings
from tests.support.labvpc_cases import COUNT_OR_LIST, NO_OVERLAP

KINDS = [pytest.param(kind, id=kind.kind) for kind in API_KINDS]


def row(page: str, path: str) -> str:
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{path}` |")]
    return line


@pytest.fixture(scope="module")
def page() -> str:
    return reference(next(kind for kind in API_KINDS if kind.kind == "LabVpc"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_has_as_many_cells_as_its_head(kind):
    rows = [line.replace("\\|", "") for line in reference(kind).splitlines() if line.startswith("| `")]

    assert [line for line in rows if line.count("|") != 5] == []


def test_a_field_is_told_with_its_type_its_default_and_its_meaning(page):
    assert row(page, "spec.securityGroups.app.port") == (
        "| `spec.securityGroups.app.port` | integer 1 to 65535 | `80` "
        "| The TCP port on which the applications listen. |"
    )


def test_a_required_field_says_so(page):
    assert "| string | required |" in row(page, "spec.cidr")


def test_rules_stand_at_the_field_that_they_are_about(page):
    assert COUNT_OR_LIST in row(page, "spec.availabilityZones")
    assert NO_OVERLAP in row(page, "spec.subnets")
    assert "cannot be changed" in row(page, "spec.region")


def test_bounds_of_lists_and_maps_are_told(page):
    assert "list of 1 to 10 distinct integer 1 to 65535" in row(page, "spec.securityGroups.data.ports")
    assert "map of up to 40 string to string" in row(page, "spec.tags")


def test_the_fields_of_steps_within_steps_are_told_once():
    page = reference(next(kind for kind in API_KINDS if kind.kind == "DataPipeline"))

    assert "fields as of spec.steps" in row(page, "spec.steps[].map.steps")
    assert row(page, "spec.steps[].memory")
    assert "`spec.steps[].map.steps[].memory`" not in page


def test_every_setting_has_its_row():
    page = settings_page()

    assert [name for name in Settings.model_fields if f"| `{to_camel(name)}` |" not in page] == []
