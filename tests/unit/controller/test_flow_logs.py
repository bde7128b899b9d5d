"""Flow logs: made and written, broken and mended, gone with their VPC."""

from __future__ import annotations

import boto3
import pytest

from tests.support.memory import lab_vpc, reconciler, until

SMALL = {"availabilityZones": 1, "natGateways": "None", "endpoints": {"gateways": []}}


@pytest.mark.parametrize("destination", ["CloudWatchLogs", "S3"])
def test_flow_logs_are_made_and_go_with_their_vpc(local_aws, ec2, destination):
    vpc, using = lab_vpc(**SMALL, flowLogs={"destination": destination}), reconciler()

    until(vpc, lambda: vpc.ready, using)
    (log,) = ec2.describe_flow_logs()["FlowLogs"]
    vpc.delete()
    until(vpc, lambda: vpc.gone, using)

    assert ("SUCCESS", vpc.obj["status"]["vpcId"]) == (log["DeliverLogsStatus"], log["ResourceId"])
    assert [] == ec2.describe_flow_logs()["FlowLogs"]
    assert [] == boto3.client("logs").describe_log_groups()["logGroups"]
    assert [] == boto3.client("s3").list_buckets()["Buckets"]
    assert [] == boto3.client("logs").describe_query_definitions()["queryDefinitions"]


def test_a_flow_log_that_somebody_deletes_is_made_again(local_aws, ec2):
    vpc, using = lab_vpc(**SMALL, flowLogs={}), reconciler()
    until(vpc, lambda: vpc.ready, using)
    (first,) = ec2.describe_flow_logs()["FlowLogs"]

    ec2.delete_flow_logs(FlowLogIds=[first["FlowLogId"]])
    until(vpc, lambda: vpc.ready and bool(ec2.describe_flow_logs()["FlowLogs"]), using)

    assert "SUCCESS" == ec2.describe_flow_logs()["FlowLogs"][0]["DeliverLogsStatus"]


def test_a_flow_log_that_cannot_be_written_is_not_ready_and_says_so(local_aws, ec2):
    bucket = "arn:aws:s3:::theirs"
    boto3.client("s3").create_bucket(Bucket="theirs")
    vpc, using = lab_vpc(**SMALL, flowLogs={"destination": "S3", "bucket": bucket}), reconciler()

    def said():
        return [r.get("message", "") for r in vpc.obj["status"]["resources"] if r["address"] == "FlowLog/vpc"]

    until(vpc, lambda: said() == ["AWS cannot write the flow log: Access error"], using)

    assert ("False", "Waiting for FlowLog/vpc") == (
        vpc.condition("Ready")["status"],
        vpc.condition("Ready")["message"],
    )
