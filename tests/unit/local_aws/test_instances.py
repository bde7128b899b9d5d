"""What instances need: profiles, key pairs, disks."""

import json

import pytest

rule = pytest.mark.rule
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJm1LtPKEO0fTnB0RGzlVGMvn1MlQxVTsZ+qM4Ll7VIB somebody"


@pytest.fixture
def profile(aws):
    """Makes an instance profile with a role, and tells its ARN."""

    def make(name="worker", path="/"):
        iam = aws.client("iam")
        document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        made = iam.create_instance_profile(InstanceProfileName=name, Path=path)["InstanceProfile"]
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return made["Arn"]

    return make


@rule("profile-new", "instance-profile-unknown")
def test_ec2_does_not_know_a_new_instance_profile_for_some_seconds(aws, refused, profile):
    arn, subnet = profile(), aws.subnet(aws.vpc())
    wish = {"ImageId": aws.image(), "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}

    error = refused("InvalidParameterValue", aws.ec2.run_instances, **wish, IamInstanceProfile={"Arn": arn})
    aws.tick(10.1)

    assert f"Value ({arn}) for parameter iamInstanceProfile.arn is invalid" in error["Error"]["Message"]
    assert aws.instance(subnet, IamInstanceProfile={"Arn": arn})
    refused("InvalidParameterValue", aws.ec2.run_instances, **wish, IamInstanceProfile={"Arn": arn + "-not"})


@rule("instance-profile-replaced")
def test_an_instance_shows_the_profile_that_replaced_another(aws, profile):
    first, second = profile("first"), profile("second")
    aws.tick(10.1)
    instance = aws.instance(aws.subnet(aws.vpc()), IamInstanceProfile={"Arn": first})
    of_it = [{"Name": "instance-id", "Values": [instance]}]
    (there,) = aws.ec2.describe_iam_instance_profile_associations(Filters=of_it)["IamInstanceProfileAssociations"]

    aws.ec2.replace_iam_instance_profile_association(
        AssociationId=there["AssociationId"], IamInstanceProfile={"Arn": second}
    )

    shown = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert second == shown["IamInstanceProfile"]["Arn"]


@rule("profiles-by-path")
def test_instance_profiles_are_listed_by_their_path(aws, profile):
    profile("here", "/a/b/")
    profile("there", "/a/c/")

    listed = aws.client("iam").list_instance_profiles(PathPrefix="/a/b/")["InstanceProfiles"]

    assert ["here"] == [one["InstanceProfileName"] for one in listed]


@rule("instance-missing-key", "key-pair-taken")
def test_a_key_pair_is_there_once_and_given_by_its_name(aws, refused):
    wish = {"ImageId": aws.image(), "MinCount": 1, "MaxCount": 1, "SubnetId": aws.subnet(aws.vpc())}
    refused("InvalidKeyPair.NotFound", aws.ec2.run_instances, **wish, KeyName="mine")
    made = aws.ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=KEY)

    aws.ec2.run_instances(**wish, KeyName="mine")

    refused("InvalidKeyPair.Duplicate", aws.ec2.import_key_pair, KeyName="mine", PublicKeyMaterial=KEY)
    refused("InvalidKeyPair.NotFound", aws.ec2.describe_key_pairs, KeyNames=["other"])
    wish = [{"Name": "key-pair-id", "Values": [made["KeyPairId"]]}]
    assert ["mine"] == [key["KeyName"] for key in aws.ec2.describe_key_pairs(Filters=wish)["KeyPairs"]]


@rule("instance-disk-of-image")
def test_the_image_s_disk_takes_its_size_from_the_image(aws, refused):
    subnet, image = aws.subnet(aws.vpc()), aws.image()
    (described,) = aws.ec2.describe_images(ImageIds=[image])["Images"]
    disk = {"DeviceName": described["RootDeviceName"], "Ebs": {"Encrypted": True}}
    other = {"DeviceName": "/dev/sdz", "Ebs": {"Encrypted": True}}

    aws.instance(subnet, BlockDeviceMappings=[disk])

    assert [15] == [volume["Size"] for volume in aws.ec2.describe_volumes()["Volumes"]]
    wish = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
    refused("MissingParameter", aws.ec2.run_instances, **wish, BlockDeviceMappings=[other])


def test_the_images_that_everybody_has_are_there_for_who_asks(aws):
    latest = aws.client("ssm").get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    )
    image = latest["Parameter"]["Value"]

    (found,) = aws.ec2.describe_images(ImageIds=[image])["Images"]

    assert (found["ImageId"], found["State"]) == (image, "available")
    assert len(aws.ec2.describe_images(Owners=["amazon"])["Images"]) > 100
