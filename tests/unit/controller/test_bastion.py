"""A bastion's life: made, lost, made again, changed into another one."""

from __future__ import annotations

import boto3
import pytest

from tests.support.memory import lab_vpc, reconciler, until

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJm1LtPKEO0fTnB0RGzlVGMvn1MlQxVTsZ+qM4Ll7VIB"


def bastion_of(vpc):
    return vpc.obj["status"].get("bastionInstanceId")


def test_a_bastion_that_somebody_terminates_is_made_again_from_the_same_image(local_aws, ec2):
    vpc, using = lab_vpc(availabilityZones=1, natGateways="None", bastion={"access": "SessionManager"}), reconciler()
    until(vpc, lambda: vpc.ready, using)
    first, image = bastion_of(vpc), vpc.obj["status"]["images"]["bastion"]["id"]
    assert vpc.obj["status"]["bastionPublicIp"]

    ec2.terminate_instances(InstanceIds=[first])
    until(vpc, lambda: vpc.ready and bastion_of(vpc) not in {None, first}, using)

    (shown,) = ec2.describe_instances(InstanceIds=[bastion_of(vpc)])["Reservations"][0]["Instances"]
    assert image == shown["ImageId"]
    assert "required" == shown["MetadataOptions"]["HttpTokens"]
    volumes = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [bastion_of(vpc)]}])
    assert [True] == [v["Encrypted"] for v in volumes["Volumes"]]


def test_nothing_is_left_of_a_bastion_that_is_deleted(local_aws, ec2):
    allowed = {"access": "Ssh", "publicKey": KEY, "allowedCidrs": ["198.51.100.0/24"]}
    vpc, using = lab_vpc(availabilityZones=1, natGateways="None", bastion=allowed), reconciler()
    until(vpc, lambda: vpc.ready, using)
    (key,) = ec2.describe_key_pairs()["KeyPairs"]
    assert key["KeyName"].startswith("awslab-production-bastion-")

    vpc.delete()
    until(vpc, lambda: vpc.gone, using)

    assert [] == ec2.describe_key_pairs()["KeyPairs"]
    assert [] == boto3.client("iam").list_instance_profiles()["InstanceProfiles"]
    states = {i["State"]["Name"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]}
    assert states <= {"terminated"}


@pytest.fixture
def slow_aws(local_aws):
    """An AWS that takes long enough to be asked too early."""
    usual = local_aws.settings()["time_scale"]
    local_aws.configure({"time_scale": 0.1})
    yield local_aws
    local_aws.configure({"time_scale": usual})


def test_an_instance_profile_that_ec2_does_not_know_yet_is_no_failure(slow_aws):
    vpc, using = lab_vpc(availabilityZones=1, natGateways="None", bastion={"access": "SessionManager"}), reconciler()
    since = slow_aws.last_call()

    until(vpc, lambda: vpc.ready, using)

    assert [c for c in slow_aws.calls(since) if c["action"] == "RunInstances" and c["status"] >= 400]
    assert [] == [message for type_, _, message in vpc.events if type_ == "Warning"]


def test_a_bastion_has_its_public_address_also_when_its_subnet_does_not_give_any_yet(local_aws, ec2):
    """An instance gets none later: how the subnet is set counts only while the instance is made."""
    vpc, using = lab_vpc(availabilityZones=1, natGateways="None", bastion={"access": "SessionManager"}), reconciler()
    broken = local_aws.fault("error", "ModifySubnetAttribute", status=500)
    until(vpc, lambda: bastion_of(vpc), using)

    local_aws.heal(broken)
    until(vpc, lambda: vpc.ready, using)

    assert vpc.obj["status"]["bastionPublicIp"]
