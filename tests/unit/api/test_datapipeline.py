"""What pydantic says to good and bad specs: the twin of tests/e2e/test_admission.py."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from awslab.api.base import sentences
from awslab.api.datapipeline import DataPipelineSpec, MachineType, Trigger
from awslab.api.datapipeline_functions import STANDARD, Access, Architecture, FunctionSettings
from awslab.api.kinds import DATA_PIPELINE
from awslab.api.references import references_in
from awslab.codegen.crds import custom_resource_definition
from tests.support.datapipeline_cases import BAD, GOOD, MINIMAL, PYTHON_ONLY, UNKNOWN, but, called, steps
from tests.support.labvpc_cases import Bad

LAST_APPLIED = 262144
"""So many bytes kubectl can remember of what it applied: an annotation holds no more."""


def refused(spec):
    with pytest.raises(ValidationError) as error:
        DataPipelineSpec.model_validate(spec)
    return sentences(error.value)


def settings(**fields):
    return FunctionSettings.model_validate(fields)


@pytest.mark.parametrize("spec", GOOD.values(), ids=GOOD.keys())
def test_a_good_spec_is_read_and_written_alike(spec):
    read = DataPipelineSpec.model_validate(spec)

    said = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert read == DataPipelineSpec.model_validate(said)


@pytest.mark.parametrize("bad", [*BAD, *UNKNOWN, *PYTHON_ONLY], ids=lambda bad: bad.name)
def test_a_bad_spec_is_refused_with_its_field_and_the_way_out(bad: Bad):
    said = refused(bad.spec)

    assert [line for line in said if line.startswith((f"{bad.path}: {bad.says}", f"{bad.path}[{bad.says}"))], said


@pytest.mark.parametrize("bad", [bad for bad in [*BAD, *PYTHON_ONLY] if bad.says], ids=lambda bad: bad.name)
def test_nothing_but_the_fault_is_told(bad: Bad):
    (line,) = refused(bad.spec)

    assert line.startswith(f"{bad.path}: {bad.says}")


def test_the_defaults_are_a_careful_pipeline():
    spec = DataPipelineSpec.model_validate(MINIMAL)

    assert (spec.type, spec.source.trigger, spec.source.prefix) == (
        MachineType.STANDARD,
        Trigger.EVENT_BRIDGE,
        "input/",
    )
    assert spec.notifications.failure.automatic
    assert not spec.notifications.success.automatic
    assert not spec.deletion.empty_buckets
    assert not spec.logs.include_data
    assert spec.alarms.enabled
    assert spec.tracing


def test_an_access_of_its_own_leaves_out_no_default():
    (step,) = DataPipelineSpec.model_validate(
        steps({"name": "A", "inline": {"code": "x"}, "access": {"output": "Write"}})
    ).steps

    assert step.access is not None
    assert (Access.READ, Access.READ_WRITE, Access.WRITE) == (step.access.input, step.access.work, step.access.output)


def test_the_step_that_leads_astray_is_named():
    said = refused(steps(called("A"), called("B", next="Nobody"), called("C")))

    assert said == ("spec.steps: must name in next, default and catch only steps of the same list (look at B)",)


class TestSettings:
    def test_what_nobody_says_is_standard(self):
        assert settings().over(settings()).over(STANDARD) == STANDARD

    def test_a_step_wins_over_the_defaults_and_they_over_the_standard(self):
        complete = settings(memory=1024).over(settings(memory=256, architecture="arm64")).over(STANDARD)

        assert (1024, Architecture.ARM64, 300) == (complete.memory, complete.architecture, complete.timeout)

    def test_a_step_can_say_no_to_what_the_defaults_say_yes_to(self):
        complete = settings(inVpc=False).over(settings(inVpc=True)).over(STANDARD)

        assert complete.in_vpc is False

    def test_environments_and_permissions_add_up(self):
        statement = {"actions": ["s3:GetObject"], "resources": ["*"]}
        own = settings(environment={"A": "own"}, permissions=[statement])

        complete = own.over(settings(environment={"A": "default", "B": "default"}, permissions=[statement]))

        assert {"A": "own", "B": "default"} == complete.environment
        assert len(complete.permissions) == 2


def test_the_vpc_is_a_reference():
    spec = but(vpc={"vpcRef": {"name": "production"}}, steps=[called("A")])

    assert [("spec.vpc.vpcRef", "production")] == [
        (found.field, found.ref.name) for found in references_in(DataPipelineSpec, spec)
    ]


def test_the_definition_is_small_enough_for_kubectl_apply():
    definition = custom_resource_definition(DATA_PIPELINE)

    assert len(json.dumps(definition, separators=(",", ":"))) < LAST_APPLIED * 0.9
