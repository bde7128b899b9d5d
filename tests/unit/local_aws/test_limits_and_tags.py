"""Quotas and tags: how many, which, on what."""

import pytest

from awslab.local.aws.quotas import QUOTAS

rule = pytest.mark.rule


def allow(aws, **quotas):
    aws.control.configure({"quotas": {name.replace("_", "-"): limit for name, limit in quotas.items()}})


@rule("limit-vpcs")
def test_there_are_five_vpcs_unless_the_quota_is_raised(aws, refused):
    for number in range(4):  # the default VPC is the first
        aws.vpc(f"10.{number}.0.0/16")

    refused("VpcLimitExceeded", aws.ec2.create_vpc, CidrBlock="10.9.0.0/16")
    aws.control.configure({"quota_scale": 2})

    assert aws.vpc("10.9.0.0/16")


@rule("limit-internet-gateways", "limit-addresses")
def test_there_are_five_gateways_and_addresses(aws, refused):
    for _ in range(5):
        aws.gateway()
        aws.eip()

    refused("InternetGatewayLimitExceeded", aws.ec2.create_internet_gateway)
    refused("AddressLimitExceeded", aws.ec2.allocate_address)


@rule("limit-subnets", "limit-route-tables", "limit-routes", "limit-security-groups", "limit-network-acls")
def test_what_a_vpc_holds_is_limited(aws, refused):
    vpc, gateway, _ = aws.public_network()
    table = aws.table(vpc)
    allow(aws, subnets=1, route_tables=2, routes=0, security_groups=2, network_acls=1)
    ec2 = aws.ec2

    refused("SubnetLimitExceeded", ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.2.0/24")
    refused("RouteTableLimitExceeded", ec2.create_route_table, VpcId=vpc)
    refused(
        "RouteLimitExceeded",
        ec2.create_route,
        RouteTableId=table,
        DestinationCidrBlock="0.0.0.0/0",
        GatewayId=gateway,
    )
    refused("SecurityGroupLimitExceeded", ec2.create_security_group, VpcId=vpc, GroupName="x", Description="x")
    refused("NetworkAclLimitExceeded", ec2.create_network_acl, VpcId=vpc)


@rule("limit-nat-gateways")
def test_a_zone_has_so_many_nat_gateways_and_deleted_ones_do_not_count(aws, refused):
    vpc, _, subnet = aws.public_network()
    allow(aws, nat_gateways=1)
    nat, eip = aws.nat(subnet), aws.eip()

    refused("NatGatewayLimitExceeded", aws.ec2.create_nat_gateway, SubnetId=subnet, AllocationId=eip)
    assert aws.nat(aws.subnet(vpc, "10.0.2.0/24", "b"))
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)
    aws.tick(61)

    assert aws.nat(subnet, eip)


@rule("limit-interface-endpoints", "limit-gateway-endpoints")
def test_endpoints_are_limited_by_their_type(aws, refused):
    vpc = aws.vpc()
    wish = {"VpcId": vpc, "ServiceName": "com.amazonaws.eu-west-1.s3"}
    interface = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": False}
    allow(aws, interface_endpoints=0, gateway_endpoints=0)

    refused("VpcEndpointLimitExceeded", aws.ec2.create_vpc_endpoint, **wish)
    refused("VpcEndpointLimitExceeded", aws.ec2.create_vpc_endpoint, **wish, **interface)


@rule("limit-rules-per-group")
def test_a_group_has_so_many_rules_in_each_direction(aws, refused):
    group = aws.group(aws.vpc())
    authorize = aws.ec2.authorize_security_group_ingress
    sixty = [{"CidrIp": f"10.0.{number}.0/24"} for number in range(60)]
    authorize(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": sixty}])
    one = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}]

    refused("RulesPerSecurityGroupLimitExceeded", authorize, GroupId=group, IpPermissions=one)
    aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=one)
    allow(aws, rules_per_group=61)

    authorize(GroupId=group, IpPermissions=one)


@rule("limit-groups-per-interface", "limit-network-acl-entries")
def test_an_interface_and_an_acl_have_their_limits(aws, refused):
    vpc = aws.vpc()
    subnet, acl = aws.subnet(vpc), aws.acl(vpc)
    allow(aws, groups_per_interface=1, network_acl_entries=0)
    groups = [aws.group(vpc, "one"), aws.group(vpc, "two")]
    entry = {
        "RuleNumber": 1,
        "Egress": True,
        "Protocol": "-1",
        "RuleAction": "allow",
        "CidrBlock": "10.0.0.0/8",
    }

    refused(
        "SecurityGroupsPerInterfaceLimitExceeded",
        aws.ec2.create_network_interface,
        SubnetId=subnet,
        Groups=groups,
    )
    refused("NetworkAclEntryLimitExceeded", aws.ec2.create_network_acl_entry, NetworkAclId=acl, **entry)


def test_the_table_of_quotas_has_a_rule_for_each():
    from awslab.local.aws.rules import REGISTRY  # noqa: PLC0415 - filled when the server was made

    assert {f"limit-{name}" for name in QUOTAS} <= set(REGISTRY)


@rule("tag-reserved-prefix", "tag-duplicate-key", "tag-length", "tag-wrong-type")
def test_a_tag_is_refused_that_aws_would_refuse(aws, refused):
    def making(*tags, kind="vpc"):
        tags = [{"Key": key, "Value": value} for key, value in tags]
        return {"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType": kind, "Tags": tags}]}

    create = aws.ec2.create_vpc

    refused("InvalidParameterValue", create, **making(("aws:x", "y")))
    refused("InvalidParameterValue", create, **making(("a", "1"), ("a", "2")))
    refused("InvalidParameterValue", create, **making(("k" * 129, "")))
    refused("InvalidParameterValue", create, **making(("k", "v" * 257)))
    refused("InvalidParameterValue", create, **making(("k", "v"), kind="subnet"))
    refused(
        "InvalidParameterValue",
        aws.ec2.create_tags,
        Resources=[aws.vpc()],
        Tags=[{"Key": "AWS:x", "Value": ""}],
    )


@rule("tag-limit")
def test_a_resource_has_fifty_tags(aws, refused):
    vpc = aws.vpc()
    tags = [{"Key": f"key-{number}", "Value": ""} for number in range(51)]

    refused("TagLimitExceeded", aws.ec2.create_tags, Resources=[vpc], Tags=tags)
    aws.ec2.create_tags(Resources=[vpc], Tags=tags[:50])
    aws.ec2.create_tags(Resources=[vpc], Tags=tags[:1])

    refused("TagLimitExceeded", aws.ec2.create_tags, Resources=[vpc], Tags=tags[50:])


@rule("tag-missing-resource")
@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("vpc", "InvalidVpcID.NotFound"),
        ("subnet", "InvalidSubnetID.NotFound"),
        ("nat", "NatGatewayNotFound"),
        ("eipalloc", "InvalidAllocationID.NotFound"),
        ("sg", "InvalidGroup.NotFound"),
        ("rtb", "InvalidRouteTableID.NotFound"),
        ("igw", "InvalidInternetGatewayID.NotFound"),
    ],
)
def test_only_what_is_there_is_tagged(aws, refused, prefix, code):
    tags = [{"Key": "a", "Value": "b"}]

    refused(code, aws.ec2.create_tags, Resources=[f"{prefix}-0123456789abcdef0"], Tags=tags)


@rule("tags-go-with-resource")
def test_the_tags_of_a_deleted_resource_are_gone(aws):
    tags = [{"ResourceType": "internet-gateway", "Tags": [{"Key": "a", "Value": "b"}]}]
    made = aws.ec2.create_internet_gateway(TagSpecifications=tags)["InternetGateway"]["InternetGatewayId"]

    before = aws.ec2.describe_tags()["Tags"]
    aws.ec2.delete_internet_gateway(InternetGatewayId=made)

    assert [("a", "b", made, "internet-gateway")] == [
        (one["Key"], one["Value"], one["ResourceId"], one["ResourceType"]) for one in before
    ]
    assert [] == aws.ec2.describe_tags()["Tags"]
