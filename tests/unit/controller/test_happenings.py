"""What happened is told once, and what only takes AWS its time is no failure."""

from __future__ import annotations

import pytest

from awslab.controller.happenings import Happenings
from awslab.core.errors import NotYet
from awslab.core.outcome import Outcome
from awslab.core.step import Action, Step
from tests.support.memory import lab_vpc

OUTCOME = Outcome(Step(Action.CREATE, "Function/jobs"), error=NotYet("the role cannot be assumed yet"))


@pytest.mark.parametrize(("patient", "told"), [(True, []), (False, ["Failed"])])
def test_what_aws_is_not_as_far_as_is_told_only_once_it_takes_long(patient, told):
    handle = lab_vpc()

    Happenings(handle, "LabVpc").done([OUTCOME], patient=patient)

    assert told == [reason for _, reason, _ in handle.events]
