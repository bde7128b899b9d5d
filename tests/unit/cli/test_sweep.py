"""`awslab sweep`: what has our tags and no object."""

from __future__ import annotations

import pytest

from awslab.aws.calls import is_read
from awslab.cli import sweep


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(sweep, "PAUSE", 0.05)


@pytest.fixture
def lost(cluster):
    """A LabVpc in AWS whose object is gone."""
    handle = cluster.worked_on(passes=0)
    cluster.api.vanish("labvpcs", "lab", "production")
    return handle


def ask(awslab, *more, **how):
    return awslab("sweep", "--region", "us-east-1", *more, **how)


def id_of(handle, address):
    return next(r["id"] for r in handle.obj["status"]["resources"] if r["address"] == address)


def vpcs(ec2):
    return [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]


def test_what_has_its_object_is_not_listed(cluster, awslab):
    cluster.worked_on(passes=0)

    assert "Everything with our tags in us-east-1 has its object." in ask(awslab).stdout


def test_what_has_none_is_listed_and_left(lost, awslab, local_aws):
    since = local_aws.last_call()

    shown = ask(awslab).stdout

    assert "LabVpc lab/production (no such object)" in shown
    assert f"Vpc/vpc  {id_of(lost, 'Vpc/vpc')}" in shown
    assert [] == [c["action"] for c in local_aws.calls(since) if not is_read(c["action"])]


def test_all_goes_when_told_and_asked(lost, cluster, awslab, ec2):
    cluster.worked_on(passes=0, name="other")

    result = ask(awslab, "--all", input="y\n")

    assert 0 == result.exit_code, result.output
    assert f"deleted Vpc/vpc  {id_of(lost, 'Vpc/vpc')}" in result.stdout
    assert 1 == len(vpcs(ec2))
    assert "Everything with our tags" in ask(awslab).stdout


def test_nothing_goes_unless_answered_yes(lost, awslab, ec2):
    result = ask(awslab, "--all", input="\n")

    assert "nothing was deleted" in result.stderr
    assert 1 == len(vpcs(ec2))


def test_one_goes_by_its_id_or_address(lost, awslab, ec2):
    table = id_of(lost, "RouteTable/public")

    ask(awslab, "--delete", table, "--delete", "SecurityGroup/data", "--yes")

    assert [] == ec2.describe_route_tables(Filters=[{"Name": "route-table-id", "Values": [table]}])["RouteTables"]
    shown = ask(awslab).stdout
    assert "RouteTable/public" not in shown
    assert "Vpc/vpc" in shown


def test_what_others_still_use_does_not_go_alone(lost, awslab, ec2):
    result = ask(awslab, "--delete", "Vpc/vpc", "--yes")

    assert 1 == result.exit_code
    assert "Vpc/vpc" in result.stderr
    assert "delete these too" in result.stderr
    assert 1 == len(vpcs(ec2))


def test_who_blocks_is_named(lost, awslab, ec2):
    image = ec2.describe_images()["Images"][0]["ImageId"]
    run = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=id_of(lost, "Subnet/private-a"))

    result = ask(awslab, "--all", "--yes")

    assert 1 == result.exit_code
    assert f"network interface of instance {run['Instances'][0]['InstanceId']}" in result.stderr


def test_a_word_that_fits_nothing_is_refused(lost, awslab):
    assert "vpc-0 is nothing that is listed" in ask(awslab, "--delete", "vpc-0").stderr


def test_another_instance_is_never_seen(lost, awslab):
    assert "Everything with our tags" in ask(awslab, "--instance", "def", "--all", "--yes").stdout


def test_without_an_answer_of_the_cluster_nothing_is_taken_for_lost(lost, cluster, awslab, ec2):
    cluster.api.fail(403)

    result = ask(awslab, "--all", "--yes")

    assert 1 == result.exit_code
    assert 1 == len(vpcs(ec2))
