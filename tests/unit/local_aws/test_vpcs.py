"""VPCs, subnets, network ACLs and interfaces: ranges, zones, attributes, addresses."""

import pytest

rule = pytest.mark.rule


@rule("vpc-range", "vpc-canonical-range")
def test_a_vpc_is_neither_too_large_nor_too_small(aws, refused):
    refused("InvalidVpc.Range", aws.ec2.create_vpc, CidrBlock="10.0.0.0/8")
    refused("InvalidVpc.Range", aws.ec2.create_vpc, CidrBlock="10.0.0.0/29")

    made = aws.ec2.create_vpc(CidrBlock="10.0.0.9/16")["Vpc"]

    assert "10.0.0.0/16" == made["CidrBlock"] == made["CidrBlockAssociationSet"][0]["CidrBlock"]


@rule("vpc-pending", "subnet-pending")
def test_a_vpc_and_a_subnet_are_pending_for_a_moment(aws):
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)

    def states():
        return (
            aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["State"],
            aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["State"],
        )

    early = states()
    aws.tick(1.1)

    assert ("pending", "pending") == early
    assert ("available", "available") == states()


@rule("vpc-one-attribute", "vpc-dns-hostnames")
def test_dns_hostnames_need_dns_support_and_each_is_its_own_call(aws, refused):
    vpc = aws.vpc()
    modify, on, off = aws.ec2.modify_vpc_attribute, {"Value": True}, {"Value": False}

    refused("InvalidParameterCombination", modify, VpcId=vpc, EnableDnsSupport=on, EnableDnsHostnames=on)
    modify(VpcId=vpc, EnableDnsHostnames=on)
    refused("InvalidParameterValue", modify, VpcId=vpc, EnableDnsSupport=off)
    modify(VpcId=vpc, EnableDnsHostnames=off)
    modify(VpcId=vpc, EnableDnsSupport=off)
    refused("InvalidParameterValue", modify, VpcId=vpc, EnableDnsHostnames=on)

    shown = aws.ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
    assert {"Value": False} == shown["EnableDnsSupport"]


@rule("subnet-range", "subnet-conflict", "subnet-zone")
def test_a_subnet_lies_in_its_vpc_and_zone_and_overlaps_with_none(aws, refused):
    vpc = aws.vpc("10.0.0.0/20")
    aws.subnet(vpc, "10.0.1.0/24")
    create = aws.ec2.create_subnet

    refused("InvalidSubnet.Range", create, VpcId=vpc, CidrBlock="10.1.0.0/24")
    refused("InvalidSubnet.Range", create, VpcId=vpc, CidrBlock="10.0.2.0/29")
    refused("InvalidSubnet.Conflict", create, VpcId=vpc, CidrBlock="10.0.1.0/24")
    refused("InvalidSubnet.Conflict", create, VpcId=vpc, CidrBlock="10.0.1.128/25")
    refused("InvalidParameterValue", create, VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="us-east-1a")
    refused("InvalidVpcID.NotFound", create, VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.2.0/24")


@rule("subnet-pending")
def test_a_new_subnet_gives_no_public_addresses_and_counts_its_free_ones(aws):
    subnet = aws.subnet(aws.vpc())
    aws.interface(subnet)

    shown = aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]

    assert (False, False, 250) == (
        shown["MapPublicIpOnLaunch"],
        shown["DefaultForAz"],
        shown["AvailableIpAddressCount"],
    )


@rule("interface-address-outside", "interface-address-taken", "subnet-full")
def test_an_interface_has_a_free_address_of_its_subnet(aws, refused):
    subnet = aws.subnet(aws.vpc(), "10.0.1.0/28")
    create = aws.ec2.create_network_interface
    aws.interface(subnet, PrivateIpAddress="10.0.1.9")

    refused("InvalidParameterValue", create, SubnetId=subnet, PrivateIpAddress="10.0.2.9")
    refused("InvalidIPAddress.InUse", create, SubnetId=subnet, PrivateIpAddress="10.0.1.9")
    for _ in range(10):
        aws.interface(subnet)
    refused("InsufficientFreeAddressesInSubnet", create, SubnetId=subnet)


@rule("interface-missing-group", "interface-group-other-vpc")
def test_an_interface_is_in_groups_of_its_vpc(aws, refused):
    subnet = aws.subnet(aws.vpc())
    far = aws.group(aws.vpc("10.1.0.0/16"))
    create = aws.ec2.create_network_interface

    refused("InvalidGroup.NotFound", create, SubnetId=subnet, Groups=["sg-0123456789abcdef0"])
    refused("InvalidParameter", create, SubnetId=subnet, Groups=[far])


@rule("acl-entry-missing", "acl-entry-duplicate", "acl-entry-number", "acl-association-missing")
def test_an_entry_of_a_network_acl_is_there_once(aws, refused):
    acl = aws.acl(aws.vpc())
    entry = {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False}
    allow = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"}

    refused("InvalidNetworkAclEntry.NotFound", aws.ec2.delete_network_acl_entry, **entry)
    refused("InvalidNetworkAclEntry.NotFound", aws.ec2.replace_network_acl_entry, **entry, **allow)
    aws.ec2.create_network_acl_entry(**entry, **allow)
    refused("NetworkAclEntryAlreadyExists", aws.ec2.create_network_acl_entry, **entry, **allow)
    refused("InvalidParameterValue", aws.ec2.delete_network_acl_entry, **entry | {"RuleNumber": 32767})
    refused(
        "InvalidAssociationID.NotFound",
        aws.ec2.replace_network_acl_association,
        AssociationId="aclassoc-0123456789abcdef0",
        NetworkAclId=acl,
    )


@rule("acl-entry-icmp")
def test_an_entry_about_icmp_tells_its_type_and_code(aws):
    acl = aws.acl(aws.vpc())
    wish = {"Protocol": "1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "IcmpTypeCode": {"Type": 3, "Code": 4}}

    aws.ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=False, **wish)

    entries = aws.ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    assert [{"Type": 3, "Code": 4}] == [e["IcmpTypeCode"] for e in entries if e["RuleNumber"] == 100]


@rule("acl-association-other-vpc")
def test_a_network_acl_serves_its_own_vpc_only(aws, refused):
    vpc = aws.vpc()
    subnet, other = aws.subnet(vpc), aws.acl(aws.vpc("10.1.0.0/16"))
    wish = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (acl,) = aws.ec2.describe_network_acls(Filters=wish)["NetworkAcls"]
    (association,) = (a["NetworkAclAssociationId"] for a in acl["Associations"] if a["SubnetId"] == subnet)

    refused(
        "InvalidParameterValue",
        aws.ec2.replace_network_acl_association,
        AssociationId=association,
        NetworkAclId=other,
    )


@rule("acl-last-entries")
def test_a_new_network_acl_denies_everything(aws):
    acl = aws.acl(aws.vpc())

    entries = aws.ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]

    assert [(32767, "deny"), (32767, "deny")] == [(one["RuleNumber"], one["RuleAction"]) for one in entries]
    assert {True, False} == {one["Egress"] for one in entries}


@rule("interface-last")
def test_the_primary_interface_of_an_instance_is_not_detached(aws, refused):
    instance = aws.instance(aws.subnet(aws.vpc()))
    wish = [{"Name": "attachment.instance-id", "Values": [instance]}]
    eni = aws.ec2.describe_network_interfaces(Filters=wish)["NetworkInterfaces"][0]
    detach = aws.ec2.detach_network_interface

    refused("OperationNotPermitted", detach, AttachmentId=eni["Attachment"]["AttachmentId"])
    refused("InvalidAttachmentID.NotFound", detach, AttachmentId="eni-attach-0123456789abcdef0")
