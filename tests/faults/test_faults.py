"""AWS throttles, fails, loses replies and shows things late: everything still ends as the spec says."""

from __future__ import annotations

import pytest

from tests.support.account import everything, wanted
from tests.support.lives import ALL_LIVES, LIVES
from tests.support.memory import SETTINGS, reconciler, until

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
PATIENCE = 280
"""Seconds for each part of a life: where a third of some hundred calls fails, it takes many passes."""
WINDOW = SETTINGS.model_copy(update={"consistency_window": 4.0})


SAMPLE = {
    ("LabVpc", "every fourth reply lost, the call carried out"),
    ("LabVpc", "two seconds until tags are shown"),
    ("DataPipeline", "every fourth reply lost, the call carried out"),
    ("DataPipeline", "two seconds until tags are shown"),
}
"""Of the faults, those that `make test` tries; `make faults` tries all.

Throttling of every second call is tried by tests/unit/aws/test_limits.py.
"""


def _cases():
    for life in ALL_LIVES:
        for name, fault in FAULTS.items():
            if life.kind == "LabVpc" or fault.get("action") != "Allocate*":
                marks = () if (str(life), name) in SAMPLE else pytest.mark.all_faults
                yield pytest.param(life, fault, id=f"{life}: {name}", marks=marks)


def _settled(handle):
    return handle.ready and all(r["state"] == "Ready" for r in handle.obj["status"]["resources"])


@pytest.mark.timeout(3 * PATIENCE)
@pytest.mark.parametrize(("life", "fault"), list(_cases()))
def test_a_life_under_faults_ends_as_the_spec_says(local_aws, ec2, life, fault):
    handle, using = life.begun(ec2), reconciler(WINDOW)
    local_aws.fault(**fault)

    until(handle, lambda: handle.ready, using, seconds=PATIENCE)
    handle.change(**life.change)
    until(handle, lambda: _settled(handle), using, seconds=PATIENCE)
    local_aws.heal()
    assert wanted(handle) == everything(ec2)

    local_aws.fault(**fault)
    handle.delete()
    until(handle, lambda: handle.gone, using, seconds=PATIENCE)
    local_aws.heal()
    assert wanted(handle) == everything(ec2)


@pytest.mark.parametrize("life", LIVES, ids=str)
def test_the_status_tells_the_truth_while_aws_does_not_answer(local_aws, life):
    handle, using = life.small_one(), reconciler()
    until(handle, lambda: handle.ready, using)
    local_aws.fault("lose-before", "*")

    for _ in range(5):
        using.reconcile(handle)

    assert ("Unknown", "Unreachable") == (handle.condition("Ready")["status"], handle.condition("Ready")["reason"])
    assert "False" == handle.condition("Synced")["status"]
    local_aws.heal()
    until(handle, lambda: handle.ready, using)


@pytest.mark.parametrize("life", LIVES, ids=str)
def test_expired_credentials_are_told_and_recovered_from(local_aws, ec2, life):
    local_aws.fault("error", "*", status=400, code="ExpiredToken")
    handle, using = life.small_one(), reconciler()

    again = using.reconcile(handle)

    assert ("True", "Denied") == (handle.condition("Stalled")["status"], handle.condition("Stalled")["reason"])
    assert again is not None
    local_aws.heal()
    until(handle, lambda: handle.ready, using)
    assert wanted(handle) == everything(ec2)
