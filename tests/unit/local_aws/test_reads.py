"""Describe calls: filters, pages, ids, tags; what is hidden; what is asked twice."""

import pytest
from botocore.exceptions import ClientError

from awslab.local.aws.ec2 import filters
from awslab.local.aws.ec2.kinds import KINDS
from awslab.local.aws.ec2.paths import PATHS

rule = pytest.mark.rule
# Filters that AWS documents and this local AWS cannot tell; asking for one is an error, never a wrong answer.
UNTOLD = {
    "DescribeNetworkInterfaces": {
        "attachment.attach-time",
        "availability-zone-id",
        "operator.managed",
        "operator.principal",
    },
}
METHODS = {
    "DescribeVpcs": "describe_vpcs",
    "DescribeSubnets": "describe_subnets",
    "DescribeInternetGateways": "describe_internet_gateways",
    "DescribeEgressOnlyInternetGateways": "describe_egress_only_internet_gateways",
    "DescribeAddresses": "describe_addresses",
    "DescribeNatGateways": "describe_nat_gateways",
    "DescribeRouteTables": "describe_route_tables",
    "DescribeSecurityGroups": "describe_security_groups",
    "DescribeSecurityGroupRules": "describe_security_group_rules",
    "DescribeNetworkInterfaces": "describe_network_interfaces",
    "DescribeNetworkAcls": "describe_network_acls",
    "DescribeVpcEndpoints": "describe_vpc_endpoints",
    "DescribeFlowLogs": "describe_flow_logs",
    "DescribeVpcPeeringConnections": "describe_vpc_peering_connections",
    "DescribeInstances": "describe_instances",
    "DescribeAvailabilityZones": "describe_availability_zones",
    "DescribeTags": "describe_tags",
}
BY_ACTION = {kind.describe: kind for kind in KINDS}


def call(aws, action, **params):
    if action == "DescribeNatGateways" and "Filters" in params:
        params["Filter"] = params.pop("Filters")
    return getattr(aws.ec2, METHODS[action])(**params)


def tagged(owner, kind):
    return [{"ResourceType": kind, "Tags": [{"Key": "awslab.dev/owner", "Value": owner}]}]


def a_network(aws, owner, cidr):
    """One of each type, tagged; returns the ids."""
    ec2 = aws.ec2
    vpc = ec2.create_vpc(CidrBlock=cidr, TagSpecifications=tagged(owner, "vpc"))["Vpc"]["VpcId"]
    wish = {"VpcId": vpc}
    subnet = ec2.create_subnet(CidrBlock=cidr.replace("/16", "/24"), TagSpecifications=tagged(owner, "subnet"), **wish)
    subnet = subnet["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=tagged(owner, "internet-gateway"))
    gateway = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, **wish)
    eip = ec2.allocate_address(TagSpecifications=tagged(owner, "elastic-ip"))["AllocationId"]
    nat = aws.nat(subnet, eip, TagSpecifications=tagged(owner, "natgateway"))
    table = ec2.create_route_table(TagSpecifications=tagged(owner, "route-table"), **wish)["RouteTable"]["RouteTableId"]
    about = {"GroupName": "web", "Description": "web", "TagSpecifications": tagged(owner, "security-group")}
    group = ec2.create_security_group(**about, **wish)["GroupId"]
    acl = ec2.create_network_acl(TagSpecifications=tagged(owner, "network-acl"), **wish)["NetworkAcl"]["NetworkAclId"]
    eni = aws.interface(subnet, TagSpecifications=tagged(owner, "network-interface"))
    endpoint = aws.endpoint(vpc, TagSpecifications=tagged(owner, "vpc-endpoint"))
    permission = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    rules = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=permission, TagSpecifications=tagged(owner, "security-group-rule")
    )["SecurityGroupRules"]
    instance = aws.instance(subnet, TagSpecifications=tagged(owner, "instance"))
    return {
        "DescribeVpcs": vpc,
        "DescribeSubnets": subnet,
        "DescribeInternetGateways": gateway,
        "DescribeAddresses": eip,
        "DescribeNatGateways": nat,
        "DescribeRouteTables": table,
        "DescribeSecurityGroups": group,
        "DescribeNetworkAcls": acl,
        "DescribeNetworkInterfaces": eni,
        "DescribeVpcEndpoints": endpoint,
        "DescribeSecurityGroupRules": rules[0]["SecurityGroupRuleId"],
        "DescribeInstances": instance,
    }


def shown(aws, action, **params):
    """The ids that a describe call shows."""
    items = call(aws, action, **params)[BY_ACTION[action].result]
    if action == "DescribeInstances":
        items = [one for reservation in items for one in reservation["Instances"]]
    prefix = BY_ACTION[action].prefix
    return [next(v for v in one.values() if isinstance(v, str) and v.startswith(prefix)) for one in items]


@rule("filters", "missing-id")
def test_every_type_is_found_by_its_owner_tag_with_wildcards_and_by_its_vpc(aws, refused):
    mine, other = (
        a_network(aws, "inst/LabVpc/lab/one", "10.0.0.0/16"),
        a_network(aws, "else/x", "10.1.0.0/16"),
    )

    for action, id_ in mine.items():
        for value, expected in (
            ("inst/*", [id_]),
            ("inst/LabVpc/lab/o?e", [id_]),
            ("inst/LabVpc/lab/one", [id_]),
            ("nobody", []),
        ):
            wish = [{"Name": "tag:awslab.dev/owner", "Values": [value]}]
            assert expected == shown(aws, action, Filters=wish), (action, value)
        both = [{"Name": "tag:awslab.dev/owner", "Values": ["inst/*", "else/*"]}]
        assert {id_, other[action]} == set(shown(aws, action, Filters=both))
        if "vpc-id" in PATHS[action]:
            inside = [{"Name": "vpc-id", "Values": [mine["DescribeVpcs"]]}]
            assert id_ in shown(aws, action, Filters=inside)
            assert other[action] not in shown(aws, action, Filters=inside)
        kind = BY_ACTION[action]
        assert [id_] == shown(aws, action, **{kind.ids: [id_]})
        missing = kind.prefix + "0123456789abcdef0"
        refused(kind.missing, lambda action=action, **params: call(aws, action, **params), **{kind.ids: [missing]})


@rule("filters")
def test_filters_on_tag_keys_hold(aws):
    vpc = aws.vpc()
    aws.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "team", "Value": "a*b"}])

    assert [vpc] == shown(aws, "DescribeVpcs", Filters=[{"Name": "tag-key", "Values": ["te?m"]}])
    assert [] == shown(aws, "DescribeVpcs", Filters=[{"Name": "tag-key", "Values": ["x"]}])
    assert [vpc] == shown(aws, "DescribeVpcs", Filters=[{"Name": "tag:team", "Values": ["a\\*b"]}])
    assert [] == shown(aws, "DescribeVpcs", Filters=[{"Name": "tag:team", "Values": ["a\\?b"]}])


@rule("filters")
@pytest.mark.parametrize("action", METHODS)
def test_an_unknown_filter_is_refused(aws, refused, action):
    error = refused(
        "InvalidParameterValue",
        lambda **params: call(aws, action, **params),
        Filters=[{"Name": "colour", "Values": ["red"]}],
    )

    assert "The filter 'colour' is invalid" == error["Error"]["Message"]


@rule("filters")
@pytest.mark.parametrize("action", sorted(set(METHODS) - {"DescribeInstances"}))
def test_every_documented_filter_can_be_told(action):
    names = {name for name in filters.documented(action) if name not in {"tag", "tag-key"}}

    assert UNTOLD.get(action, set()) == names - set(PATHS[action])


@rule("filters")
def test_a_filter_that_cannot_be_told_is_an_error(aws, refused):
    wish = [{"Name": "operator.managed", "Values": ["true"]}]

    refused("UnsupportedOperation", aws.ec2.describe_network_interfaces, Filters=wish)


@rule("filters")
def test_filters_on_what_lies_within_hold(aws):
    vpc, gateway, subnet = aws.public_network()
    table = aws.table(vpc)
    aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    nat = aws.nat(subnet)

    def found(action, name, value):
        return shown(aws, action, Filters=[{"Name": name, "Values": [value]}])

    assert [table] == found("DescribeRouteTables", "association.subnet-id", subnet)
    assert [table] == found("DescribeRouteTables", "route.gateway-id", gateway)
    assert [gateway] == found("DescribeInternetGateways", "attachment.vpc-id", vpc)
    assert [nat] == found("DescribeNatGateways", "state", "pending")
    assert [] == found("DescribeNatGateways", "state", "available")
    assert [subnet] == found("DescribeSubnets", "cidr-block", "10.0.1.0/24")
    assert vpc not in found("DescribeVpcs", "is-default", "true")


@rule("page-token")
@pytest.mark.parametrize("action", ["DescribeVpcs", "DescribeTags", "DescribeSecurityGroups", "DescribeRouteTables"])
def test_pages_together_are_the_whole(aws, action):
    aws.control.configure({"quota_scale": 10})
    for number in range(12):
        a = tagged(f"owner-{number}", "vpc")
        aws.ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16", TagSpecifications=a)
    result = "Tags" if action == "DescribeTags" else BY_ACTION[action].result
    whole = call(aws, action)[result]

    pages, token = [], None
    while token is not None or not pages:
        page = call(aws, action, MaxResults=5, **({"NextToken": token} if token else {}))
        pages.append(page[result])
        token = page.get("NextToken")

    assert whole == [one for page in pages for one in page]
    assert {5} == {len(page) for page in pages[:-1]}
    assert 1 < len(pages)


@rule("page-token")
def test_a_page_goes_on_behind_what_was_shown_though_something_is_gone(aws):
    aws.control.configure({"quota_scale": 10})
    made = [aws.vpc(f"10.{number}.0.0/16") for number in range(9)]
    first = aws.ec2.describe_vpcs(MaxResults=5)
    aws.ec2.delete_vpc(VpcId=made[0])

    second = aws.ec2.describe_vpcs(MaxResults=5, NextToken=first["NextToken"])

    assert made[4:] == [one["VpcId"] for one in second["Vpcs"]]


@rule("page-size", "page-or-ids", "page-token")
def test_a_page_has_bounds(aws, refused):
    vpcs = aws.ec2.describe_vpcs

    refused("InvalidParameterValue", vpcs, MaxResults=4)
    refused("InvalidParameterValue", vpcs, MaxResults=1001)
    refused("InvalidParameterValue", aws.ec2.describe_route_tables, MaxResults=101)
    refused("InvalidParameterValue", vpcs, NextToken="nonsense")
    refused(
        "InvalidParameterCombination",
        aws.ec2.describe_instances,
        MaxResults=5,
        InstanceIds=["i-0123456789abcdef0"],
    )


@rule("page-size", "page-token")
def test_a_describe_call_of_moto_is_paged_too(aws):
    first = aws.ec2.describe_dhcp_options(MaxResults=5)
    types = aws.ec2.describe_instance_types(MaxResults=5)
    more = aws.ec2.describe_instance_types(MaxResults=5, NextToken=types["NextToken"])

    assert "NextToken" not in first
    assert 5 == len(types["InstanceTypes"]) == len(more["InstanceTypes"])
    assert types["InstanceTypes"] != more["InstanceTypes"]


@rule("eventual-consistency")
def test_a_new_resource_is_hidden_for_a_while(aws, refused):
    aws.control.fault("hide", "CreateVpc", seconds=10, count=1)
    vpc = aws.vpc()

    early = shown(aws, "DescribeVpcs")
    refused("InvalidVpcID.NotFound", aws.ec2.describe_vpcs, VpcIds=[vpc])
    aws.tick(11)

    assert vpc not in early
    assert vpc in shown(aws, "DescribeVpcs")


@rule("eventual-consistency")
def test_only_what_was_made_is_hidden(aws):
    _, gateway, subnet = aws.public_network()
    aws.control.fault("hide", "CreateNatGateway", seconds=10)

    nat = aws.nat(subnet)

    assert [] == shown(aws, "DescribeNatGateways")
    assert [gateway] == shown(aws, "DescribeInternetGateways")
    assert 1 == len(shown(aws, "DescribeAddresses"))
    aws.tick(11)
    assert [nat] == shown(aws, "DescribeNatGateways")


@rule("eventual-consistency")
def test_the_tags_of_a_new_resource_can_be_hidden_alone(aws):
    aws.control.fault("hide-tags", "CreateVpc", seconds=10)
    made = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("me", "vpc"))["Vpc"]
    wish = {"Filters": [{"Name": "tag:awslab.dev/owner", "Values": ["me"]}]}

    early = shown(aws, "DescribeVpcs", **wish)
    bare = aws.ec2.describe_vpcs(VpcIds=[made["VpcId"]])["Vpcs"][0]["Tags"]
    aws.tick(11)

    assert ([], []) == (early, bare)
    assert [made["VpcId"]] == shown(aws, "DescribeVpcs", **wish)


WITH_TOKEN = {
    "nat gateway": lambda aws, token: aws.nat(aws.subnet_, aws.eip_, ClientToken=token),
    "route table": lambda aws, token: aws.ec2.create_route_table(VpcId=aws.vpc_, ClientToken=token)["RouteTable"][
        "RouteTableId"
    ],
    "network acl": lambda aws, token: aws.ec2.create_network_acl(VpcId=aws.vpc_, ClientToken=token)["NetworkAcl"][
        "NetworkAclId"
    ],
    "endpoint": lambda aws, token: aws.endpoint(aws.vpc_, ClientToken=token),
    "egress-only gateway": lambda aws, token: aws.ec2.create_egress_only_internet_gateway(
        VpcId=aws.vpc_, ClientToken=token
    )["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"],
    "interface": lambda aws, token: aws.interface(aws.subnet_, ClientToken=token),
    "instance": lambda aws, token: aws.instance(aws.subnet_, ClientToken=token),
}


@rule("client-token")
@pytest.mark.parametrize("make", WITH_TOKEN.values(), ids=WITH_TOKEN)
def test_the_same_token_makes_one(aws, make):
    aws.vpc_, _, aws.subnet_ = aws.public_network()
    aws.eip_ = aws.eip()

    assert make(aws, "once") == make(aws, "once")


@rule("client-token")
def test_the_same_token_with_other_parameters_is_refused(aws, refused):
    vpc, other = aws.vpc(), aws.vpc("10.1.0.0/16")
    aws.ec2.create_route_table(VpcId=vpc, ClientToken="once")

    refused("IdempotentParameterMismatch", aws.ec2.create_route_table, VpcId=other, ClientToken="once")


@rule("client-token")
def test_a_refused_call_may_be_repeated_with_its_token(aws, refused):
    vpc = aws.vpc()
    aws.control.configure({"quotas": {"route-tables": 0}})
    refused("RouteTableLimitExceeded", aws.ec2.create_route_table, VpcId=vpc, ClientToken="once")
    aws.control.configure({"quotas": {}})

    assert aws.ec2.create_route_table(VpcId=vpc, ClientToken="once")


@rule("dry-run")
def test_a_dry_run_changes_nothing(aws, refused):
    before = shown(aws, "DescribeVpcs")

    error = refused("DryRunOperation", aws.ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)

    assert 412 == error["ResponseMetadata"]["HTTPStatusCode"]
    assert before == shown(aws, "DescribeVpcs")


@rule("unknown-region", "sts-unknown-region")
def test_a_region_that_there_is_not_knows_no_credentials(aws, refused):
    refused("AuthFailure", aws.client("ec2", "eu-nowhere-9").describe_vpcs)
    refused("InvalidClientTokenId", aws.client("sts", "eu-nowhere-9").get_caller_identity)


def test_regions_and_accounts_see_their_own(aws):
    vpc = aws.vpc()
    role = {"RoleArn": "arn:aws:iam::222222222222:role/there", "RoleSessionName": "me"}
    key = aws.client("sts").assume_role(**role)["Credentials"]

    elsewhere = aws.client("ec2", "us-east-1").describe_vpcs()["Vpcs"]
    other = aws.client("ec2", key=key)
    others = other.describe_vpcs()["Vpcs"]

    assert vpc not in [one["VpcId"] for one in (*elsewhere, *others)]
    assert {"222222222222"} == {one["OwnerId"] for one in others}
    assert ("222222222222", "there/me") == (
        aws.control.calls()[-1]["account"],
        aws.control.calls()[-1]["who"],
    )


def test_an_error_of_moto_itself_reaches_the_client_as_an_error_of_aws(aws, monkeypatch):
    monkeypatch.setattr(type(aws.backend), "create_vpc", lambda *_, **__: 1 / 0)

    with pytest.raises(ClientError) as caught:
        aws.vpc()

    assert ("InternalError", 500) == (
        caught.value.response["Error"]["Code"],
        caught.value.response["ResponseMetadata"]["HTTPStatusCode"],
    )
