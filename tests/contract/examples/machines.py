"""Instances and what they need."""

from __future__ import annotations

from awslab.aws.iam import Role
from awslab.aws.instance import Instance, KeyPair, digest
from awslab.aws.instance_profile import InstanceProfile
from awslab.aws.policies import trust
from tests.contract.examples.example import OWNER, Example
from tests.contract.examples.network import SUBNET, WEB, with_ec2

ACCOUNT = "123456789012"
PATH = f"{OWNER.path}{OWNER.physical_name('bastion')}"
SCRIPT = "#!/bin/sh\necho ready\n"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJm1LtPKEO0fTnB0RGzlVGMvn1MlQxVTsZ+qM4Ll7VIB"
IMAGE = "ami-03cf127a"
"""One of those that the local AWS has in every region."""

ROLE = Role(name="bastion", arn=f"arn:aws:iam::{ACCOUNT}:role{PATH}", trust=trust("ec2.amazonaws.com"))
PROFILE = InstanceProfile(name="bastion", arn=f"arn:aws:iam::{ACCOUNT}:instance-profile{PATH}", role=ROLE)
KEY_PAIR = KeyPair(name="bastion", key_name="awslab-net-bastion", public_key=KEY)
BASTION = Instance(
    name="bastion",
    subnet=SUBNET,
    groups=frozenset({WEB}),
    image=IMAGE,
    root_device="/dev/sda1",
    instance_type="t3.micro",
    profile=PROFILE,
    key=KEY_PAIR,
    key_name=KEY_PAIR.key_name,
    user_data=SCRIPT,
    user_data_digest=digest(SCRIPT),
)


def _without_role(aws, found):
    name = found.id.rpartition("/")[2]
    role = found.fields["role"].rpartition("/")[2]
    aws("iam").remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)


def _other_group(ec2, found):
    (vpc,) = {s["VpcId"] for s in ec2.describe_subnets(SubnetIds=[found.fields["subnet"]])["Subnets"]}
    group = ec2.create_security_group(VpcId=vpc, GroupName="theirs", Description="x")["GroupId"]
    ec2.modify_instance_attribute(InstanceId=found.id, Groups=[group])
    return lambda: ec2.delete_security_group(GroupId=group)


def _without_profile(ec2, found):
    of_it = [{"Name": "instance-id", "Values": [found.id]}]
    (there,) = ec2.describe_iam_instance_profile_associations(Filters=of_it)["IamInstanceProfileAssociations"]
    ec2.disassociate_iam_instance_profile(AssociationId=there["AssociationId"])


EXAMPLES = [
    Example(PROFILE, {"role": _without_role}),
    with_ec2(Example(KEY_PAIR)),
    with_ec2(
        Example(
            BASTION,
            {
                "groups": _other_group,
                "profile": _without_profile,
                "tokens_only": lambda ec2, o: ec2.modify_instance_metadata_options(
                    InstanceId=o.id, HttpTokens="optional"
                ),
                "running": lambda ec2, o: ec2.stop_instances(InstanceIds=[o.id]),
            },
        )
    ),
]
