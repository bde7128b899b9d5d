"""Which permissions each call asks for, seen with a role that may do everything."""

from contextlib import suppress

import pytest
from lambdas import ACCOUNT, Functions, allow

from awslab.local.aws import identity

HERE = f"eu-west-1:{ACCOUNT}"
BUCKET = "arn:aws:s3:::goods"
TABLE = f"arn:aws:dynamodb:{HERE}:table/t"
KEY = {"id": {"S": "1"}}
NAMES = {"FunctionName": "work"}
FUNCTION = f"arn:aws:lambda:{HERE}:function:work"
QUEUE = f"http://127.0.0.1/{ACCOUNT}/inbox"
GROUP = f"arn:aws:logs:{HERE}:log-group:/lab/one:log-stream:"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:flow"
TOPIC = f"arn:aws:sns:{HERE}:news"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lab/worker"
LAYER = f"arn:aws:lambda:{HERE}:layer:tools:1"


@pytest.fixture
def key(aws):
    role = Functions(aws).role(allow("*"))
    with aws.world.lock:
        session = identity.assume(aws.world, role, "lambda.amazonaws.com", session="run")
    return {"AccessKeyId": session.access_key, "SecretAccessKey": session.secret_key, "SessionToken": session.token}


@pytest.mark.parametrize(
    ("service", "method", "params", "expected"),
    [
        ("s3", "get_object", {"Bucket": "goods", "Key": "a b/ü"}, [("s3:GetObject", f"{BUCKET}/a b/ü")]),
        ("s3", "head_object", {"Bucket": "goods", "Key": "a"}, [("s3:GetObject", f"{BUCKET}/a")]),
        (
            "s3",
            "get_object",
            {"Bucket": "goods", "Key": "a", "VersionId": "1"},
            [("s3:GetObjectVersion", f"{BUCKET}/a")],
        ),
        ("s3", "list_objects_v2", {"Bucket": "goods", "Prefix": "in/"}, [("s3:ListBucket", BUCKET)]),
        ("s3", "list_buckets", {}, [("s3:ListAllMyBuckets", "*")]),
        ("s3", "create_multipart_upload", {"Bucket": "goods", "Key": "a"}, [("s3:PutObject", f"{BUCKET}/a")]),
        (
            "s3",
            "put_object",
            {"Bucket": "goods", "Key": "a", "Body": b'{"Bucket": "x"}', "Tagging": "a=b"},
            [("s3:PutObject", f"{BUCKET}/a"), ("s3:PutObjectTagging", f"{BUCKET}/a")],
        ),
        (
            "s3",
            "copy_object",
            {"Bucket": "goods", "Key": "b", "CopySource": {"Bucket": "goods", "Key": "a"}},
            [("s3:GetObject", f"{BUCKET}/a"), ("s3:PutObject", f"{BUCKET}/b")],
        ),
        (
            "s3",
            "delete_objects",
            {"Bucket": "goods", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "1"}]}},
            [("s3:DeleteObject", f"{BUCKET}/a"), ("s3:DeleteObjectVersion", f"{BUCKET}/b")],
        ),
        ("dynamodb", "put_item", {"TableName": "t", "Item": KEY}, [("dynamodb:PutItem", TABLE)]),
        ("dynamodb", "query", {"TableName": "t", "IndexName": "i"}, [("dynamodb:Query", f"{TABLE}/index/i")]),
        (
            "dynamodb",
            "batch_get_item",
            {"RequestItems": {"t": {"Keys": [KEY]}, "u": {"Keys": [KEY]}}},
            [("dynamodb:BatchGetItem", TABLE), ("dynamodb:BatchGetItem", TABLE.replace("/t", "/u"))],
        ),
        (
            "dynamodb",
            "transact_write_items",
            {
                "TransactItems": [
                    {"Put": {"TableName": "t", "Item": KEY}},
                    {"ConditionCheck": {"TableName": "t", "Key": KEY, "ConditionExpression": "x"}},
                ]
            },
            [("dynamodb:PutItem", TABLE), ("dynamodb:ConditionCheckItem", TABLE)],
        ),
        ("lambda", "invoke", NAMES, [("lambda:InvokeFunction", FUNCTION)]),
        ("lambda", "invoke", {"FunctionName": f"{FUNCTION}:7"}, [("lambda:InvokeFunction", f"{FUNCTION}:7")]),
        ("lambda", "invoke", NAMES | {"Qualifier": "live"}, [("lambda:InvokeFunction", f"{FUNCTION}:live")]),
        ("lambda", "get_function", NAMES, [("lambda:GetFunction", FUNCTION)]),
        ("lambda", "list_functions", {}, [("lambda:ListFunctions", "*")]),
        (
            "stepfunctions",
            "start_execution",
            {"stateMachineArn": MACHINE, "name": "x", "input": "{}"},
            [("states:StartExecution", MACHINE)],
        ),
        ("stepfunctions", "send_task_success", {"taskToken": "x", "output": "{}"}, [("states:SendTaskSuccess", "*")]),
        ("sns", "publish", {"TopicArn": TOPIC, "Message": "x"}, [("sns:Publish", TOPIC)]),
        (
            "sqs",
            "send_message",
            {"QueueUrl": QUEUE, "MessageBody": "x"},
            [("sqs:SendMessage", f"arn:aws:sqs:{HERE}:inbox")],
        ),
        (
            "sqs",
            "delete_message_batch",
            {"QueueUrl": QUEUE, "Entries": []},
            [("sqs:DeleteMessage", f"arn:aws:sqs:{HERE}:inbox")],
        ),
        ("logs", "create_log_group", {"logGroupName": "/lab/one"}, [("logs:CreateLogGroup", GROUP)]),
        (
            "logs",
            "create_log_stream",
            {"logGroupName": "/lab/one", "logStreamName": "s"},
            [("logs:CreateLogStream", GROUP)],
        ),
        (
            "logs",
            "put_log_events",
            {"logGroupName": "/lab/one", "logStreamName": "s", "logEvents": []},
            [("logs:PutLogEvents", f"{GROUP}s")],
        ),
        (
            "events",
            "put_events",
            {"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}"}]},
            [("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/default")],
        ),
        ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": []}, [("cloudwatch:PutMetricData", "*")]),
        ("xray", "put_trace_segments", {"TraceSegmentDocuments": []}, [("xray:PutTraceSegments", "*")]),
        ("sts", "get_caller_identity", {}, []),
        (
            "lambda",
            "create_function",
            NAMES
            | {"Role": ROLE, "Tags": {"a": "b"}, "Layers": [LAYER], "Code": {"S3Bucket": "goods", "S3Key": "a"}}
            | {"VpcConfig": {"SubnetIds": ["subnet-1"]}},
            [
                ("lambda:CreateFunction", FUNCTION),
                ("lambda:TagResource", FUNCTION),
                ("iam:PassRole", ROLE),
                ("s3:GetObject", f"{BUCKET}/a"),
                ("lambda:GetLayerVersion", LAYER),
                *((f"ec2:Describe{what}", "*") for what in ("SecurityGroups", "Subnets", "Vpcs")),
            ],
        ),
        ("lambda", "untag_resource", {"Resource": FUNCTION, "TagKeys": ["a"]}, [("lambda:UntagResource", FUNCTION)]),
        (
            "stepfunctions",
            "create_state_machine",
            {"name": "flow", "definition": "{}", "roleArn": ROLE, "publish": True},
            [
                ("states:CreateStateMachine", MACHINE),
                ("states:PublishStateMachineVersion", MACHINE),
                ("iam:PassRole", ROLE),
            ],
        ),
        ("sns", "unsubscribe", {"SubscriptionArn": f"{TOPIC}:1"}, [("sns:Unsubscribe", TOPIC)]),
        ("sns", "create_topic", {"Name": "news"}, [("sns:CreateTopic", TOPIC)]),
        ("sqs", "get_queue_url", {"QueueName": "inbox"}, [("sqs:GetQueueUrl", f"arn:aws:sqs:{HERE}:inbox")]),
        (
            "events",
            "put_targets",
            {"Rule": "r", "Targets": [{"Id": "1", "Arn": TOPIC, "RoleArn": ROLE}]},
            [("events:PutTargets", f"arn:aws:events:{HERE}:rule/r"), ("iam:PassRole", ROLE)],
        ),
        (
            "cloudwatch",
            "delete_alarms",
            {"AlarmNames": ["a", "b"]},
            [("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{HERE}:alarm:{name}") for name in "ab"],
        ),
        (
            "cloudwatch",
            "get_dashboard",
            {"DashboardName": "d"},
            [("cloudwatch:GetDashboard", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/d")],
        ),
        (
            "iam",
            "create_role",
            {"RoleName": "new", "Path": "/lab/", "AssumeRolePolicyDocument": "{}", "Tags": [{"Key": "a", "Value": ""}]},
            [
                ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/lab/new"),
                ("iam:TagRole", f"arn:aws:iam::{ACCOUNT}:role/lab/new"),
            ],
        ),
        ("iam", "get_role", {"RoleName": "gone"}, [("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/gone")]),
        (
            "resourcegroupstaggingapi",
            "untag_resources",
            {"ResourceARNList": [FUNCTION, BUCKET], "TagKeys": ["a"]},
            [("tag:UntagResources", "*"), ("lambda:UntagResource", FUNCTION), ("s3:PutBucketTagging", BUCKET)],
        ),
    ],
)
def test_a_call_asks_for_its_permissions(aws, key, service, method, params, expected):
    client = aws.client(service, key=key, inject_host_prefix=False)
    before = aws.control.last_authorization()

    with suppress(client.exceptions.ClientError):  # nothing of it is there: it was let in first
        getattr(client, method)(**params)

    seen = [(one["action"], one["resource"]) for one in aws.control.authorizations(since=before)]
    assert expected == [one for one in seen if one != ("s3:ListBucket", BUCKET) or one in expected]
