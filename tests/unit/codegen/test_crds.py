"""The custom resource definition and the policy of every kind."""

from __future__ import annotations

import pytest

from awslab.api.kinds import API_KINDS, DATA_PIPELINE
from awslab.codegen.crds import admission_policy, custom_resource_definition, protection_policy
from tests.support.labvpc_cases import COUNT_OR_LIST, MINIMAL

KINDS = [pytest.param(kind, id=kind.kind) for kind in API_KINDS]
LAB_VPC = next(kind for kind in API_KINDS if kind.kind == "LabVpc")


def filled_in(schema, value):
    """What the API server makes of *value*: defaults of the schema, and inside of defaults."""
    if not isinstance(value, dict):
        return value
    fields = schema.get("properties", {})
    with_defaults = {name: field["default"] for name, field in fields.items() if "default" in field} | value
    return {name: filled_in(fields.get(name, {}), inner) for name, inner in with_defaults.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_one_version_that_is_served_and_stored_with_a_status_of_its_own(kind):
    (version,) = custom_resource_definition(kind)["spec"]["versions"]

    assert version["served"]
    assert version["storage"]
    assert version["subresources"] == {"status": {}}


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_needs_a_spec(kind):
    (version,) = custom_resource_definition(kind)["spec"]["versions"]

    assert version["schema"]["openAPIV3Schema"]["required"] == ["spec"]


def test_the_columns_of_a_labvpc_are_those_of_its_document():
    (version,) = custom_resource_definition(LAB_VPC)["spec"]["versions"]
    columns = version["additionalPrinterColumns"]

    assert [c["name"] for c in columns if not c.get("priority")] == [
        "Ready",
        "Drift",
        "VPC-ID",
        "CIDR",
        "Zones",
        "Cost/Mo",
        "Age",
    ]
    assert [c["name"] for c in columns if c.get("priority")] == ["NAT-IPs", "Bastion-IP", "Message"]


def test_the_columns_of_a_datapipeline_are_those_of_its_document():
    (version,) = custom_resource_definition(DATA_PIPELINE)["spec"]["versions"]
    columns = version["additionalPrinterColumns"]

    assert [c["name"] for c in columns if not c.get("priority")] == [
        "Ready",
        "Drift",
        "Bucket",
        "Last-Run",
        "Succeeded",
        "Failed",
        "Cost/Mo",
        "Age",
    ]
    assert [c["name"] for c in columns if c.get("priority")] == ["State-Machine", "Message"]


def test_the_names_of_a_labvpc_are_those_that_people_type():
    names = custom_resource_definition(LAB_VPC)["spec"]["names"]

    assert names["shortNames"] == ["lvpc"]
    assert names["categories"] == ["awslab"]


def test_the_api_server_fills_in_what_the_model_has_for_defaults():
    (version,) = custom_resource_definition(LAB_VPC)["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]

    live = filled_in(schema, MINIMAL)

    assert live != MINIMAL
    assert LAB_VPC.spec.model_validate(live) == LAB_VPC.spec.model_validate(MINIMAL)


def test_a_policy_says_the_field_and_the_way_out():
    policy, binding = admission_policy(LAB_VPC)

    assert policy["spec"]["validations"][0]["message"] == f"spec.availabilityZones: {COUNT_OR_LIST}"
    assert binding["spec"] == {"policyName": "labvpcs.awslab.dev", "validationActions": ["Deny"]}


def test_a_policy_never_keeps_an_object_from_being_deleted():
    policy, _ = admission_policy(LAB_VPC)

    assert "!has(object.metadata.deletionTimestamp)" in [c["expression"] for c in policy["spec"]["matchConditions"]]


@pytest.mark.parametrize("kind", [kind for kind in API_KINDS if "management" in kind.spec.model_fields])
def test_every_kind_that_makes_something_can_be_protected_from_deletion(kind):
    policy, binding = protection_policy(kind)

    (rule,) = policy["spec"]["matchConstraints"]["resourceRules"]
    assert (["DELETE"], [kind.plural]) == (rule["operations"], rule["resources"])
    assert binding["spec"]["policyName"] == policy["metadata"]["name"]
