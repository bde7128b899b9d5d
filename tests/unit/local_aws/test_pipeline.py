"""All of it together: a file is put into a bucket, and a notice is on a queue."""

import io
import json
import zipfile

import pytest
from flows import eventually

START = """import boto3, hashlib, json, os
def handle(event, context):
    bucket, key = event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]
    boto3.client("stepfunctions").start_execution(
        stateMachineArn=os.environ["MACHINE"],
        name=hashlib.sha256(key.encode()).hexdigest()[:40],
        input=json.dumps({"bucket": bucket, "key": key}),
    )
"""
SUM = """import boto3
def handle(event, context):
    body = boto3.client("s3").get_object(Bucket=event["bucket"], Key=event["key"])["Body"].read().decode()
    return {"sum": sum(int(line) for line in body.splitlines())}
"""


def packed(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("main.py", text)
    return file.getvalue()


@pytest.fixture
def pipeline(flow):
    """Bucket, functions, machine, topic and queue, each with just the rights it needs; returns the queue's address."""
    functions = flow.aws.client("lambda")

    def function(name, text, *statements, **environment):
        role = flow.role(f"{name}-role", "lambda.amazonaws.com", *statements)
        made = functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role,
            Handler="main.handle",
            Timeout=30,
            Code={"ZipFile": packed(text)},
            Environment={"Variables": environment},
        )
        flow.aws.tick(60)
        return made["FunctionArn"]

    flow.s3.create_bucket(Bucket="inbox-1", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    flow.s3.put_bucket_notification_configuration(
        Bucket="inbox-1", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    topic = flow.sns.create_topic(Name="notices")["TopicArn"]
    url, queue = flow.queue("notices", "sns.amazonaws.com")
    flow.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    work = function("sum", SUM, {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::inbox-1/*"})
    version = functions.publish_version(FunctionName="sum")["FunctionArn"]
    states = {
        "Sum": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": version, "Payload.$": "$"},
            "ResultSelector": {"sum.$": "$.Payload.sum"},
            "ResultPath": "$.steps",
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Tell"}],
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": topic, "Message.$": "States.JsonToString($)"},
            "End": True,
        },
    }
    machine = flow.machine(
        {"StartAt": "Sum", "States": states},
        {"Action": "lambda:InvokeFunction", "Resource": [work, version]},
        {"Action": "sns:Publish", "Resource": topic},
    )
    start = function("start", START, {"Action": "states:StartExecution", "Resource": machine}, MACHINE=machine)
    pattern = {"source": ["aws.s3"], "detail": {"object": {"key": [{"wildcard": "input/*.csv"}]}}}
    rule = flow.events_client.put_rule(Name="files", EventPattern=json.dumps(pattern))["RuleArn"]
    flow.events_client.put_targets(Rule="files", Targets=[{"Id": "start", "Arn": start}])
    functions.add_permission(
        FunctionName="start",
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    return url, machine


def test_a_file_put_into_a_bucket_ends_as_a_notice(flow, pipeline):
    url, machine = pipeline

    flow.s3.put_object(Bucket="inbox-1", Key="input/day 1.csv", Body=b"1\n2\n39\n")
    flow.s3.put_object(Bucket="inbox-1", Key="other/day.csv", Body=b"1\n")

    told = json.loads(flow.received(url)[0])
    assert ("input/day 1.csv", {"sum": 42}) == (told["key"], told["steps"])
    listed = eventually(
        lambda: flow.sfn.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"], bool
    )
    assert 1 == len(listed)


def test_a_file_that_is_none_ends_in_the_notice_with_its_error(flow, pipeline):
    url, _ = pipeline

    flow.s3.put_object(Bucket="inbox-1", Key="input/bad.csv", Body=b"x\n")

    assert "ValueError" == json.loads(flow.received(url)[0])["error"]["Error"]
