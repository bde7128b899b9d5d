"""AWS throttles, fails, loses replies and shows things late: everything still ends as the spec says."""

from __future__ import annotations

import pytest

from tests.support.account import everything, wanted
from tests.support.memory import SETTINGS, lab_vpc, reconciler, until

FAULTS = {
    "throttling of every second call": {"kind": "throttle", "probability": 0.5},
    "an internal error for every third call": {
        "kind": "error",
        "probability": 0.33,
        "status": 503,
        "code": "Unavailable",
    },
    "every fourth reply lost, the call not carried out": {"kind": "lose-before", "probability": 0.25},
    "every fourth reply lost, the call carried out": {"kind": "lose-after", "probability": 0.25},
    "two seconds until a new resource is shown": {"kind": "hide", "action": "Create*", "seconds": 2},
    "two seconds until an address is shown": {"kind": "hide", "action": "Allocate*", "seconds": 2},
    "two seconds until tags are shown": {"kind": "hide-tags", "action": "Create*", "seconds": 2},
}
WINDOW = SETTINGS.model_copy(update={"consistency_window": 4.0})


SAMPLE = {
    "throttling of every second call",
    "every fourth reply lost, the call carried out",
    "two seconds until tags are shown",
}
"""Of the faults, those that `make test` tries; `make faults` tries all."""


def _marks(name):
    return () if name in SAMPLE else pytest.mark.all_faults


@pytest.mark.parametrize("fault", [pytest.param(f, id=name, marks=_marks(name)) for name, f in FAULTS.items()])
def test_a_life_under_faults_ends_as_the_spec_says(local_aws, ec2, fault):
    local_aws.fault(**fault)
    vpc, using = lab_vpc(), reconciler(WINDOW)

    until(vpc, lambda: vpc.ready, using, seconds=90)
    vpc.change(availabilityZones=3, tags={"team": "network"})
    until(vpc, lambda: vpc.ready, using, seconds=90)
    local_aws.heal()
    assert wanted(vpc) == everything(ec2)

    local_aws.fault(**fault)
    vpc.delete()
    until(vpc, lambda: vpc.gone, using, seconds=90)
    local_aws.heal()
    assert wanted(vpc) == everything(ec2)


def test_the_status_tells_the_truth_while_aws_does_not_answer(local_aws):
    vpc, using = lab_vpc(), reconciler()
    until(vpc, lambda: vpc.ready, using)
    local_aws.fault("lose-before", "*")

    for _ in range(5):
        using.reconcile(vpc)

    assert ("Unknown", "Unreachable") == (vpc.condition("Ready")["status"], vpc.condition("Ready")["reason"])
    assert "False" == vpc.condition("Synced")["status"]
    local_aws.heal()
    until(vpc, lambda: vpc.ready, using)


def test_expired_credentials_are_told_and_recovered_from(local_aws, ec2):
    local_aws.fault("error", "*", status=400, code="ExpiredToken")
    vpc, using = lab_vpc(), reconciler()

    again = using.reconcile(vpc)

    assert ("True", "Denied") == (vpc.condition("Stalled")["status"], vpc.condition("Stalled")["reason"])
    assert again is not None
    local_aws.heal()
    until(vpc, lambda: vpc.ready, using)
    assert wanted(vpc) == everything(ec2)
