"""One look at many networks serves the routine proofs of all of them."""

from __future__ import annotations

import pytest

from awslab.aws.networks import FORGOTTEN, Networks
from awslab.aws.observed_network import NoSuchVpc
from awslab.aws.session import Aws, Clients
from awslab.core.ownership import OWNER_TAG, Owner

OWNER = Owner("default", "LabVpc", "lab", "a")
LISTINGS = 10


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def aws(local_aws):
    return Aws(Clients("us-east-1"), OWNER)


@pytest.fixture
def networks(aws, clock):
    return Networks(aws.clients, clock)


def made(ec2, count, owner="default/LabVpc/lab/a"):
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": OWNER_TAG, "Value": owner}]}]
    return [ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"] for n in range(count)]


def calls(local_aws, since):
    return [c["action"] for c in local_aws.calls(since)]


def test_the_first_look_of_an_operator_at_one_is_a_look_at_all_that_are_its_own(local_aws, ec2, aws, networks):
    mine, since = made(ec2, 5), local_aws.last_call()

    found = [networks.look(aws, vpc, 300) for vpc in mine]

    assert mine == [n.vpcs[0].id for n in found]
    assert LISTINGS + 1 == len(calls(local_aws, since))


def test_within_its_age_nothing_is_asked_and_after_it_all_are_looked_at_together(local_aws, ec2, aws, networks, clock):
    mine = made(ec2, 3)
    networks.look(aws, mine[0], 300)
    since = local_aws.last_call()

    clock.now += 299
    networks.look(aws, mine[1], 300)
    assert [] == calls(local_aws, since)
    clock.now += 2
    for vpc in mine:
        networks.look(aws, vpc, 300)
    assert LISTINGS == len(calls(local_aws, since))


def test_who_changed_something_sees_it_at_once(ec2, aws, networks):
    (vpc,) = made(ec2, 1)
    networks.look(aws, vpc, 300)
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")

    assert (0, 1) == (len(networks.look(aws, vpc, 300).subnets), len(networks.look(aws, vpc, 0).subnets))


def test_what_nobody_asks_for_is_forgotten(local_aws, ec2, aws, networks, clock):
    mine = made(ec2, 2)
    networks.look(aws, mine[0], 300)
    clock.now += FORGOTTEN + 1
    since = local_aws.last_call()

    networks.look(aws, mine[0], 300)

    asked = [c["params"]["Filters"] for c in local_aws.calls(since) if c["action"] == "DescribeSubnets"]
    assert mine[0] in str(asked)
    assert mine[1] not in str(asked)


def test_a_network_that_is_gone_is_said_and_the_others_are_there(ec2, aws, networks, clock):
    mine = made(ec2, 2)
    networks.look(aws, mine[0], 300)
    ec2.delete_vpc(VpcId=mine[0])
    clock.now += 301

    with pytest.raises(NoSuchVpc, match=mine[0]):
        networks.look(aws, mine[0], 300)
    assert mine[1] == networks.look(aws, mine[1], 300).vpcs[0].id


def test_the_networks_of_another_operator_are_not_asked_for(local_aws, ec2, aws, networks):
    (mine,), (theirs,) = made(ec2, 1), made(ec2, 1, "other/LabVpc/lab/a")
    since = local_aws.last_call()

    networks.look(aws, mine, 300)

    assert theirs not in str([c["params"] for c in local_aws.calls(since)])
