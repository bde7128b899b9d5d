"""IPv6 and further blocks of addresses in the local AWS."""

from __future__ import annotations

from ipaddress import IPv6Network

import pytest

rule = pytest.mark.rule


def block(aws, vpc):
    """A VPC's block of IPv6 addresses, ready to be used: its association and itself."""
    made = aws.ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)["Ipv6CidrBlockAssociation"]
    aws.tick(6)
    return made["AssociationId"], IPv6Network(made["Ipv6CidrBlock"])


def part(network, number=0):
    return str(list(network.subnets(new_prefix=64))[number])


def shown(aws, vpc):
    (found,) = aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    return [a["Ipv6CidrBlockState"]["State"] for a in found["Ipv6CidrBlockAssociationSet"]]


def subnet_shown(aws, subnet):
    return aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["Ipv6CidrBlockAssociationSet"]


@rule("vpc-cidr-associating")
def test_a_block_is_associating_for_a_moment(aws):
    vpc = aws.vpc()
    aws.ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)

    early = shown(aws, vpc)
    aws.tick(6)

    assert (["associating"], ["associated"]) == (early, shown(aws, vpc))


@rule("vpc-cidr-in-use", "subnet-ipv-given")
def test_a_block_goes_after_its_subnets_and_a_range_after_its_addresses(aws, refused):
    vpc = aws.vpc()
    association, network = block(aws, vpc)
    subnet = aws.subnet(vpc)
    made = aws.ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=part(network))
    aws.tick(3)
    aws.ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
    mine = made["Ipv6CidrBlockAssociation"]["AssociationId"]

    refused("InvalidCidrBlock.InUse", aws.ec2.disassociate_vpc_cidr_block, AssociationId=association)
    refused("InvalidCidrBlock.InUse", aws.ec2.disassociate_subnet_cidr_block, AssociationId=mine)
    aws.ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": False})
    aws.ec2.disassociate_subnet_cidr_block(AssociationId=mine)
    aws.ec2.disassociate_vpc_cidr_block(AssociationId=association)

    assert [] == subnet_shown(aws, subnet)


@rule("subnet-ipv-range", "subnet-ipv-conflict", "subnet-ipv-one")
def test_a_subnet_has_one_range_of_its_own_vpc(aws, refused):
    vpc = aws.vpc()
    _, network = block(aws, vpc)
    subnet, other = aws.subnet(vpc), aws.subnet(vpc, "10.0.2.0/24")

    def associate(subnet, cidr, code):
        refused(code, aws.ec2.associate_subnet_cidr_block, SubnetId=subnet, Ipv6CidrBlock=cidr)

    associate(subnet, "2600:1f18::/64", "InvalidSubnet.Range")
    associate(subnet, str(network), "InvalidSubnet.Range")
    aws.ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=part(network))
    associate(other, part(network), "InvalidSubnet.Conflict")
    associate(subnet, part(network, 1), "InvalidParameterValue")


@rule("subnet-ipv-associating", "subnet-ipv-addresses")
def test_a_subnet_gives_addresses_once_its_range_is_associated(aws, refused):
    vpc = aws.vpc()
    _, network = block(aws, vpc)
    subnet = aws.subnet(vpc)
    gives = {"SubnetId": subnet, "AssignIpv6AddressOnCreation": {"Value": True}}
    aws.ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=part(network))

    early = subnet_shown(aws, subnet)[0]["Ipv6CidrBlockState"]["State"]
    refused("InvalidParameterValue", aws.ec2.modify_subnet_attribute, **gives)
    aws.tick(3)
    aws.ec2.modify_subnet_attribute(**gives)

    assert ("associating", "associated") == (early, subnet_shown(aws, subnet)[0]["Ipv6CidrBlockState"]["State"])


@rule("acl-default-ipv")
def test_aws_lets_ipv6_through_what_it_lets_ipv4_through(aws):
    vpc = aws.vpc()
    block(aws, vpc)

    (group,) = aws.ec2.describe_security_groups(GroupIds=[aws.group(vpc)])["SecurityGroups"]
    (acl,) = aws.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"]

    ranges = [r["CidrIpv6"] for p in group["IpPermissionsEgress"] for r in p["Ipv6Ranges"]]
    entries = {(e["RuleNumber"], e["Egress"]) for e in acl["Entries"] if e.get("Ipv6CidrBlock") == "::/0"}
    assert ["::/0"] == ranges
    assert {(101, True), (101, False)} <= entries
