"""Security groups: names and rules."""

import pytest

rule = pytest.mark.rule


def permission(port, *cidrs, **more):
    return {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [{"CidrIp": one} for one in cidrs],
    } | more


def ports(aws, group):
    shown = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    return [one["FromPort"] for one in shown]


@rule("group-duplicate", "group-name", "group-missing-vpc")
def test_a_name_is_unique_in_its_vpc_and_not_like_an_id(aws, refused):
    vpc = aws.vpc()
    aws.group(vpc)
    create, about = aws.ec2.create_security_group, {"VpcId": vpc, "Description": "web"}

    refused("InvalidGroup.Duplicate", create, GroupName="web", **about)
    refused("InvalidGroup.Duplicate", create, GroupName="default", **about)
    refused("InvalidParameterValue", create, GroupName="sg-web", **about)
    refused("InvalidParameterValue", create, GroupName="w" * 256, **about)
    refused("InvalidVpcID.NotFound", create, GroupName="x", Description="x", VpcId="vpc-0123456789abcdef0")
    assert aws.group(aws.vpc("10.1.0.0/16"))


@rule("group-rule-duplicate", "group-range")
def test_a_rule_is_there_once_and_its_range_is_one(aws, refused):
    group = aws.group(aws.vpc())
    authorize = aws.ec2.authorize_security_group_ingress
    authorize(GroupId=group, IpPermissions=[permission(80, "10.0.0.0/8")])

    refused("InvalidPermission.Duplicate", authorize, GroupId=group, IpPermissions=[permission(80, "10.0.0.0/8")])
    refused("InvalidParameterValue", authorize, GroupId=group, IpPermissions=[permission(80, "10.0.0.0/99")])


@rule("group-rules-together")
def test_the_rules_of_a_call_come_together_or_not_at_all(aws, refused):
    group = aws.group(aws.vpc())
    authorize = aws.ec2.authorize_security_group_ingress

    made = authorize(GroupId=group, IpPermissions=[permission(80, "10.0.0.0/8"), permission(443, "10.0.0.0/8")])
    refused(
        "InvalidPermission.Duplicate",
        authorize,
        GroupId=group,
        IpPermissions=[permission(22, "10.0.0.0/8"), permission(80, "10.0.0.0/8")],
    )

    assert [80, 443] == [one["FromPort"] for one in made["SecurityGroupRules"]]
    assert [80, 443] == ports(aws, group)


@rule("group-rule-missing", "group-rule-missing-id", "group-rules-together")
def test_only_a_rule_that_is_there_is_revoked(aws, refused):
    group = aws.group(aws.vpc())
    revoke = aws.ec2.revoke_security_group_ingress
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission(80, "10.0.0.0/8")])
    wrong = [permission(80, "10.0.0.0/8"), permission(81, "10.0.0.0/8")]

    refused("InvalidPermission.NotFound", revoke, GroupId=group, IpPermissions=wrong)
    refused(
        "InvalidSecurityGroupRuleId.NotFound",
        revoke,
        GroupId=group,
        SecurityGroupRuleIds=["sgr-0123456789abcdef0"],
    )

    assert [80] == ports(aws, group)


@rule("group-rule-other-vpc")
def test_a_rule_names_a_group_that_it_can_reach(aws, refused):
    one, other = aws.vpc(), aws.vpc("10.1.0.0/16")
    group, far = aws.group(one), aws.group(other)
    authorize = aws.ec2.authorize_security_group_ingress

    def naming(id_):
        return [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": id_}]}]

    refused("InvalidGroup.NotFound", authorize, GroupId=group, IpPermissions=naming("sg-0123456789abcdef0"))
    refused("InvalidGroup.NotFound", authorize, GroupId=group, IpPermissions=naming(far))
    aws.ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=other)
    authorize(GroupId=group, IpPermissions=naming(far))


def test_a_rule_for_everything_shows_no_ports(aws):
    group = aws.group(aws.vpc())

    wish = [{"Name": "group-id", "Values": [group]}]
    rules = aws.ec2.describe_security_group_rules(Filters=wish)["SecurityGroupRules"]

    assert [("-1", -1, -1, True, "0.0.0.0/0")] == [
        (one["IpProtocol"], one["FromPort"], one["ToPort"], one["IsEgress"], one["CidrIpv4"]) for one in rules
    ]
