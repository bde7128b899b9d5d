"""The operator dies at each call to AWS of a LabVpc's life; afterwards there is one of everything.

The whole matrix is `make faults`; `make test` runs every so manieth cell.
"""

from __future__ import annotations

import contextlib
import time

import pytest

from tests.support.account import everything, wanted
from tests.support.kills import Killed, dying
from tests.support.memory import lab_vpc, reconciler, until

LIVES = {
    "create": lambda vpc: None,
    "change": lambda vpc: vpc.change(availabilityZones=3, natGateways="Single", tags={"team": "network"}),
    "delete": lambda vpc: vpc.delete(),
}
CALLS = {"create": 130, "change": 70, "delete": 100}
"""At least as many calls as each life makes; a number beyond the last kills nobody, which is told as skipped."""

SAMPLE_OF = 23


def _cells():
    for life, count in CALLS.items():
        for number in range(count):
            for moment in ("before", "after"):
                every = pytest.mark.all_faults if (number * 2 + (moment == "after")) % SAMPLE_OF else ()
                yield pytest.param(life, number, moment, marks=every, id=f"{life}-{number}-{moment}")


@pytest.mark.parametrize(("life", "number", "moment"), list(_cells()))
def test_after_a_kill_there_is_one_of_everything_and_nothing_else(local_aws, ec2, life, number, moment):
    vpc = lab_vpc()
    if life != "create":
        until(vpc, lambda: vpc.ready)
        LIVES[life](vpc)

    if not _killed(vpc, number, moment):
        pytest.skip("no call has this number")
    done = (lambda: vpc.gone) if life == "delete" else (lambda: vpc.ready and not _leftovers(vpc))
    until(vpc, done, reconciler())

    assert wanted(vpc) == everything(ec2)


def _killed(vpc, number, moment) -> bool:
    """Let the operator work until it is killed; False where it came to its end before."""
    end = time.monotonic() + 10
    with dying(number, moment), contextlib.suppress(Killed):
        using = reconciler()
        while time.monotonic() < end:
            again = using.reconcile(vpc)
            if vpc.gone or (vpc.ready and again is None):
                return False
            time.sleep(min(again or 0.05, 0.2))
    return True


def _leftovers(vpc):
    return [r for r in vpc.obj["status"]["resources"] if r["state"] != "Ready"]
