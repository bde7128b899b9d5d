"""The operator dies at each call to AWS of a LabVpc's life; afterwards there is one of everything.

The whole matrix is `make faults`; `make test` runs every so manieth cell.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter

import pytest

from awslab.core.ownership import OWNER_TAG
from tests.support.kills import Killed, dying
from tests.support.memory import lab_vpc, reconciler, until

LIVES = {
    "create": lambda vpc: None,
    "change": lambda vpc: vpc.change(availabilityZones=3, natGateways="Single", tags={"team": "network"}),
    "delete": lambda vpc: vpc.delete(),
}
CALLS = {"create": 84, "change": 44, "delete": 72}
"""At least as many calls as each life makes; a number beyond the last kills nobody, which is told as skipped."""

SAMPLE_OF = 9


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

    have, want = _ours(ec2), _wanted(vpc)
    assert want == have


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


def _wanted(vpc) -> Counter[str]:
    if vpc.gone:
        return Counter()
    return Counter(r["address"].partition("/")[0] for r in vpc.obj["status"]["resources"])


def _ours(ec2) -> Counter[str]:
    """All that carries an owner tag, by type, and what should carry one."""
    mine = [{"Name": "tag-key", "Values": [OWNER_TAG]}]
    nats = [n for n in ec2.describe_nat_gateways(Filter=mine)["NatGateways"] if n["State"] not in {"deleted", "failed"}]
    groups = ec2.describe_security_groups(Filters=mine)["SecurityGroups"]
    return +Counter(
        {
            "Vpc": len([v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]),
            "Subnet": len(ec2.describe_subnets(Filters=mine)["Subnets"]),
            "InternetGateway": len(ec2.describe_internet_gateways()["InternetGateways"]),
            "Eip": len(ec2.describe_addresses()["Addresses"]),
            "NatGateway": len(nats),
            "RouteTable": len(ec2.describe_route_tables(Filters=mine)["RouteTables"]),
            "SecurityGroup": len([g for g in groups if g["GroupName"] != "default"]),
            "DefaultSecurityGroup": len([g for g in groups if g["GroupName"] == "default"]),
        }
    )
