"""Further blocks of a VPC and its DHCP options in the local AWS."""

from __future__ import annotations

import pytest

rule = pytest.mark.rule


def options(aws, **tags):
    specified = [{"ResourceType": "dhcp-options", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]
    more = {"TagSpecifications": specified} if tags else {}
    made = aws.ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["corp"]}], **more)
    return made["DhcpOptions"]["DhcpOptionsId"]


@rule("vpc-cidr-conflict", "vpc-cidr-restricted")
@pytest.mark.parametrize(
    ("cidr", "code"),
    [
        ("10.0.1.0/24", "InvalidVpc.Conflict"),
        ("172.16.0.0/16", "InvalidVpc.Range"),
        ("192.168.0.0/16", "InvalidVpc.Range"),
        ("198.19.0.0/20", "InvalidVpc.Range"),
        ("100.64.0.0/10", "InvalidVpc.Range"),
    ],
)
def test_addresses_that_do_not_go_with_the_first_are_refused(aws, refused, cidr, code):
    refused(code, aws.ec2.associate_vpc_cidr_block, VpcId=aws.vpc(), CidrBlock=cidr)


@rule("vpc-cidr-restricted")
def test_the_first_addresses_of_ten_do_not_go_with_those_beside_them(aws, refused):
    near, far = aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16")

    refused("InvalidVpc.Range", aws.ec2.associate_vpc_cidr_block, VpcId=near, CidrBlock="10.0.0.0/24")
    aws.ec2.associate_vpc_cidr_block(VpcId=far, CidrBlock="10.0.0.0/24")


@rule("vpc-cidr-in-use", "vpc-cidr-associating")
def test_a_subnet_may_lie_in_further_addresses_and_then_holds_them(aws, refused):
    vpc = aws.vpc()
    made = aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.64.0.0/16")["CidrBlockAssociation"]
    aws.tick(6)
    subnet = aws.subnet(vpc, "100.64.1.0/24")

    refused("InvalidCidrBlock.InUse", aws.ec2.disassociate_vpc_cidr_block, AssociationId=made["AssociationId"])
    aws.ec2.delete_subnet(SubnetId=subnet)

    aws.ec2.disassociate_vpc_cidr_block(AssociationId=made["AssociationId"])


@rule("dhcp-options-known")
def test_an_option_is_one_that_aws_knows(aws, refused):
    for key, values in (("color", ["red"]), ("domain-name-servers", ["10.0.0.1"] * 5), ("domain-name", [])):
        configurations = [{"Key": key, "Values": values}]
        refused("InvalidParameterValue", aws.ec2.create_dhcp_options, DhcpConfigurations=configurations)


@rule("dhcp-options-tags")
def test_options_keep_their_tags_and_are_found_by_them(aws):
    mine = options(aws, team="red")
    options(aws)

    found = aws.ec2.describe_dhcp_options(Filters=[{"Name": "tag:team", "Values": ["red"]}])["DhcpOptions"]

    assert [mine] == [one["DhcpOptionsId"] for one in found]


@rule("dhcp-options-in-use")
def test_options_that_a_vpc_uses_are_not_deleted(aws, refused):
    vpc, mine = aws.vpc(), options(aws)
    aws.ec2.associate_dhcp_options(DhcpOptionsId=mine, VpcId=vpc)

    refused("DependencyViolation", aws.ec2.delete_dhcp_options, DhcpOptionsId=mine)
    aws.ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    aws.ec2.delete_dhcp_options(DhcpOptionsId=mine)

    refused("InvalidDhcpOptionID.NotFound", aws.ec2.describe_dhcp_options, DhcpOptionsIds=[mine])
