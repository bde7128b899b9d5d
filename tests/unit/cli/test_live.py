"""`awslab plan KIND/NAME`: the operator's own plan of a live object."""

from __future__ import annotations

import json

import pytest

from awslab.aws.calls import is_read
from tests.unit.cli.conftest import SMALL


def ask(awslab, *more):
    return awslab("plan", "labvpc/production", "-n", "lab", *more)


@pytest.mark.parametrize("mode", ["Manage", "PlanOnly", "Observe", "Paused"])
def test_it_is_the_operators_own_plan_in_every_mode(cluster, awslab, mode):
    told = cluster.worked_on(management={"mode": "PlanOnly"}).obj["status"]["plan"]
    cluster.api.edit("labvpcs", "lab", "production", {"spec": {"management": {"mode": mode}}})

    planned = json.loads(ask(awslab, "-o", "json").stdout)

    assert told == planned


def test_it_takes_the_status_into_account(cluster, awslab, ec2):
    handle = cluster.worked_on(passes=0, management={"ignoreFields": ["Vpc/vpc.tags.Name"]})
    vpc = handle.obj["status"]["vpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "theirs"}])

    assert "Nothing to do: AWS is as the spec asks." in ask(awslab).stdout


def test_drift_is_shown_with_the_hash_that_approves_it(cluster, awslab, ec2):
    handle = cluster.worked_on(passes=0)
    table = next(r["id"] for r in handle.obj["status"]["resources"] if r["address"] == "RouteTable/public")
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")

    shown = ask(awslab).stdout

    assert f"~ RouteTable/public  ({table})" in shown
    assert "routes.0.0.0.0/0: none -> igw-" in shown
    assert "1 to update; plan " in shown


def test_nothing_is_written_anywhere(cluster, awslab, local_aws):
    cluster.worked_on()
    since, before = local_aws.last_call(), len(cluster.api.writes())

    ask(awslab)

    assert [] == [c["action"] for c in local_aws.calls(since) if not is_read(c["action"])]
    assert before == len(cluster.api.writes())


def test_what_cannot_be_looked_at_is_said_in_a_sentence(cluster, awslab, local_aws):
    cluster.worked_on()
    local_aws.fault("deny", "DescribeVpcs")

    result = ask(awslab)

    assert 1 == result.exit_code
    assert "LabVpc lab/production: DescribeVpcs: You are not authorized" in result.stderr


def test_a_spec_that_cannot_be_names_its_field(cluster, awslab):
    cluster.worked_on(passes=0, **SMALL)
    cluster.api.edit("labvpcs", "lab", "production", {"spec": {"availabilityZones": ["us-east-1z"]}})

    assert "spec.availabilityZones: us-east-1z is no zone of us-east-1" in ask(awslab).stderr


def test_one_says_an_object_or_a_file_and_not_both(awslab):
    for words in (["plan"], ["plan", "labvpc/a", "-f", "x.yaml"]):
        result = awslab(*words)

        assert "say either KIND/NAME, an object in the cluster, or -f FILE, a manifest" in result.stderr
