"""`awslab import`: what exists as a manifest, and what its plan would still change."""

from __future__ import annotations

import pytest
import yaml

from awslab.aws.calls import is_read
from awslab.core.ownership import OWNER_TAG, RESOURCE_TAG, UID_TAG
from tests.support.memory import MemoryHandle, lab_vpc, reconciler, until

OURS = [{"Key": key} for key in (OWNER_TAG, RESOURCE_TAG, UID_TAG)]


def orphan(ec2, **spec):
    """The ids of a LabVpc that lost object and tags, as if it had been made by other means."""
    handle = lab_vpc(management={"deletion": "Retain"}, **spec)
    until(handle, lambda: handle.ready, using := reconciler())
    handle.delete()
    using.reconcile(handle)
    ids = {r["address"]: r["id"] for r in handle.obj["status"]["resources"]}
    ec2.delete_tags(Resources=list(ids.values()), Tags=OURS)
    return ids


def ask(awslab, vpc):
    return awslab("import", vpc, "--region", "us-east-1", "--name", "found", "-n", "lab")


def applied(manifest) -> MemoryHandle:
    handle = lab_vpc("found")
    handle.obj["spec"] = manifest["spec"]
    return handle


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"natGateways": "Single"},
        {"natGateways": "None", "availabilityZones": 1, "subnets": {"data": {"enabled": False}}},
        {"natGateways": "None", "subnets": {"public": {"enabled": False}}},
    ],
    ids=["PerZone", "Single", "None", "private"],
)
def test_what_a_labvpc_made_comes_back_with_a_plan_of_tags_only(awslab, ec2, spec):
    ids = orphan(ec2, **spec)

    result = ask(awslab, ids["Vpc/vpc"])

    manifest = yaml.safe_load(result.stdout)
    assert "The plan changes nothing but tags" in result.stderr
    assert "Not described" not in result.stderr
    assert ids == manifest["spec"]["adopt"]["ids"]
    assert spec.get("natGateways", "PerZone") == manifest["spec"]["natGateways"]


def test_the_manifest_takes_over_all_without_making_anything(awslab, ec2):
    ids = orphan(ec2)
    handle = applied(yaml.safe_load(ask(awslab, ids["Vpc/vpc"]).stdout))

    until(handle, lambda: handle.ready)

    assert ids == {r["address"]: r["id"] for r in handle.obj["status"]["resources"]}


@pytest.fixture
def by_hand(ec2):
    """A VPC that a person made: the tiers by their routes, with things that no LabVpc has."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)

    def subnet(number, zone, *, public=False):
        wish = {"VpcId": vpc, "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": f"us-east-1{zone}"}
        id_ = ec2.create_subnet(**wish)["Subnet"]["SubnetId"]
        if public:
            ec2.associate_route_table(RouteTableId=table, SubnetId=id_)
        return id_

    return {
        "vpc": vpc,
        "table": table,
        "gateway": gateway,
        "public": subnet(1, "a", public=True),
        "second": subnet(2, "a", public=True),
        "private": subnet(3, "a"),
        "lonely": subnet(4, "b"),
        "group": ec2.create_security_group(VpcId=vpc, GroupName="web", Description="web")["GroupId"],
    }


def test_tiers_are_read_from_routes_and_cidrs_are_explicit(awslab, by_hand):
    spec = yaml.safe_load(ask(awslab, by_hand["vpc"]).stdout)["spec"]

    assert ["us-east-1a"] == spec["availabilityZones"]
    assert {
        "public": {"cidrs": {"us-east-1a": "10.0.1.0/24"}},
        "private": {"cidrs": {"us-east-1a": "10.0.3.0/24"}},
        "data": {"enabled": False},
    } == spec["subnets"]
    assert "None" == spec["natGateways"]
    assert by_hand["public"] == spec["adopt"]["ids"]["Subnet/public-a"]
    assert by_hand["table"] == spec["adopt"]["ids"]["RouteTable/public"]
    assert by_hand["gateway"] == spec["adopt"]["ids"]["InternetGateway/igw"]


def test_what_cannot_be_described_and_what_would_change_is_said(awslab, by_hand):
    told = ask(awslab, by_hand["vpc"]).stderr

    assert f"Not described: {by_hand['second']} is a second public subnet in us-east-1a; a LabVpc has one." in told
    assert f"Not described: {by_hand['lonely']} is left alone, as us-east-1b has not both other tiers." in told
    assert f"Not described: security group {by_hand['group']} (web) stays as it is, and is nobody's." in told
    assert "+ SecurityGroup/app" in told
    assert "nothing is written until it is approved" in told


def test_a_gateway_to_which_no_route_leads_is_left_alone(awslab, ec2):
    ids = orphan(ec2, natGateways="None", subnets={"public": {"enabled": False}})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=ids["Vpc/vpc"])

    result = ask(awslab, ids["Vpc/vpc"])

    assert {"enabled": False} == yaml.safe_load(result.stdout)["spec"]["subnets"]["public"]
    assert f"Not described: internet gateway {gateway} stays as it is, and is nobody's." in result.stderr


def test_it_changes_nothing(awslab, by_hand, local_aws):
    since = local_aws.last_call()

    ask(awslab, by_hand["vpc"])

    assert [] == [c["action"] for c in local_aws.calls(since) if not is_read(c["action"])]


def test_what_another_owns_is_not_offered(awslab, local_aws):
    handle = lab_vpc()
    until(handle, lambda: handle.ready)

    result = ask(awslab, handle.obj["status"]["vpcId"])

    assert 1 == result.exit_code
    assert "belongs to default/LabVpc/lab/production" in result.stderr
    assert "" == result.stdout


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "10.0.0.0/26"])
def test_what_cannot_be_a_labvpc_is_said_in_a_sentence(awslab, ec2, cidr):
    vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]

    result = ask(awslab, vpc)

    assert "no zone of this VPC has both" in result.stderr
    assert 1 == result.exit_code


def test_a_vpc_that_is_not_there_is_said_in_a_sentence(awslab, local_aws):
    assert "vpc-0 is no VPC of this account and region" in ask(awslab, "vpc-0").stderr
