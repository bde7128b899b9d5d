"""Flow logs that can be written, and queries that are kept."""

import json

import pytest

rule = pytest.mark.rule
ACCOUNT = "123456789012"


def trust(service):
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


@pytest.fixture
def writer(aws):
    """Makes a role that may write logs, and tells its ARN."""
    iam = aws.client("iam")

    def make(name="writer", service="vpc-flow-logs.amazonaws.com", action="logs:*"):
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        allow = {"Effect": "Allow", "Action": action, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_role_policy(RoleName=name, PolicyName="write", PolicyDocument=document)
        return arn

    return make


def logged(aws, **wish):
    vpc = aws.vpc()
    aws.ec2.create_flow_logs(ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", **wish)
    of_it = [{"Name": "resource-id", "Values": [vpc]}]
    (shown,) = aws.ec2.describe_flow_logs(Filter=of_it)["FlowLogs"]
    aws.ec2.delete_flow_logs(FlowLogIds=[shown["FlowLogId"]])
    aws.ec2.delete_vpc(VpcId=vpc)
    return shown["DeliverLogsStatus"], shown.get("DeliverLogsErrorMessage")


@rule("flow-log-delivery")
def test_flow_logs_go_to_a_group_that_is_there_by_a_role_that_may_write(aws, writer):
    aws.client("logs").create_log_group(logGroupName="flows")
    good, foreign, powerless = writer(), writer("foreign", "ec2.amazonaws.com"), writer("powerless", action="s3:*")
    new = logged(aws, LogGroupName="flows", DeliverLogsPermissionArn=good)
    aws.tick(11)

    assert ("FAILED", "Access error") == new
    assert ("SUCCESS", None) == logged(aws, LogGroupName="flows", DeliverLogsPermissionArn=good)
    for group, role in (("flows", foreign), ("flows", powerless), ("other", good)):
        assert ("FAILED", "Access error") == logged(aws, LogGroupName=group, DeliverLogsPermissionArn=role)


@rule("flow-log-delivery")
def test_flow_logs_go_to_a_bucket_whose_policy_lets_them(aws):
    s3, bucket = aws.client("s3", region="us-east-1"), "arn:aws:s3:::logs"
    s3.create_bucket(Bucket="logs")
    refused = logged(aws, LogDestinationType="s3", LogDestination=f"{bucket}/vpc")
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{bucket}/vpc/AWSLogs/{ACCOUNT}/*",
        "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": ACCOUNT}},
    }

    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))

    assert ("FAILED", "Access error") == refused
    assert ("SUCCESS", None) == logged(aws, LogDestinationType="s3", LogDestination=f"{bucket}/vpc")


@rule("query-definition", "query-definition-missing")
def test_a_saved_query_is_kept_once_and_changed_under_its_id(aws, refused):
    logs, token = aws.client("logs"), "t" * 40
    wish = {"name": "mine/top", "queryString": "fields @message"}

    first = logs.put_query_definition(**wish, clientToken=token)["queryDefinitionId"]
    again = logs.put_query_definition(**wish, clientToken=token)["queryDefinitionId"]
    logs.put_query_definition(**wish | {"queryString": "limit 1"}, queryDefinitionId=first, logGroupNames=["flows"])

    assert first == again
    (kept,) = logs.describe_query_definitions(queryDefinitionNamePrefix="mine/")["queryDefinitions"]
    assert ("limit 1", ["flows"]) == (kept["queryString"], kept["logGroupNames"])
    assert [] == logs.describe_query_definitions(queryDefinitionNamePrefix="other/")["queryDefinitions"]
    refused("ResourceNotFoundException", logs.put_query_definition, **wish, queryDefinitionId="none")
    logs.delete_query_definition(queryDefinitionId=first)
    refused("ResourceNotFoundException", logs.delete_query_definition, queryDefinitionId=first)
