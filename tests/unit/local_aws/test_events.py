"""EventBridge: what matches, what a target gets, and what becomes of what cannot be delivered."""

import io
import json
import zipfile

import pytest
from flows import eventually

rule = pytest.mark.rule
PASS = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}


def put(flow, detail, source="shop", kind="Order"):
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail)}
    return flow.events_client.put_events(Entries=[entry])["Entries"][0]


def ruled(flow, target, pattern=None, name="orders", **more):
    """A rule with one target; returns its ARN."""
    wish = {"EventPattern": json.dumps(pattern or {"source": ["shop"]})} | more
    arn = flow.events_client.put_rule(Name=name, **wish)["RuleArn"]
    flow.events_client.put_targets(Rule=name, Targets=[{"Id": "one"} | target])
    return arn


@rule("pattern-matches")
@pytest.mark.parametrize(
    ("filters", "matching", "other"),
    [
        ([{"prefix": "input/"}], "input/a.csv", "output/a.csv"),
        ([{"suffix": ".csv"}], "input/a.csv", "input/a.txt"),
        ([{"wildcard": "input/*/a.csv"}], "input/x/a.csv", "input/a.csv"),
        ([{"anything-but": ["x"]}], "y", "x"),
        ([{"anything-but": {"prefix": "tmp"}}], "y", "tmp1"),
        ([{"numeric": [">", 5, "<=", 7]}], 7, 8),
        ([{"exists": True}], "x", None),
        ([{"equals-ignore-case": "ABC"}], "abc", "abd"),
    ],
)
def test_a_pattern_matches_as_its_filters_say(flow, filters, matching, other):
    pattern = json.dumps({"detail": {"key": filters}})

    def matches(value):
        detail = {} if value is None else {"key": value}
        event = json.dumps({"detail": detail, "source": "s", "detail-type": "t"})
        return flow.events_client.test_event_pattern(EventPattern=pattern, Event=event)["Result"]

    assert (True, False) == (matches(matching), matches(other))


@rule("pattern-valid")
@pytest.mark.parametrize("pattern", ["{", "[]", '{"source": "shop"}', '{"source": [{"like": "x"}]}'])
def test_a_pattern_that_says_nothing_is_refused(flow, refused, pattern):
    refused("InvalidEventPatternException", flow.events_client.put_rule, Name="r", EventPattern=pattern)


@rule("target-policy", "pattern-matches")
def test_a_queue_gets_what_the_rule_matches_if_its_policy_lets_the_rule_in(flow):
    open_, closed = flow.queue("open", "events.amazonaws.com"), flow.queue("closed")
    ruled(flow, {"Arn": open_[1]}, {"detail": {"amount": [{"numeric": [">", 5]}]}})
    ruled(flow, {"Arn": closed[1]}, name="closed")

    put(flow, {"amount": 1})
    put(flow, {"amount": 9})

    assert [{"amount": 9}] == [json.loads(body)["detail"] for body in flow.received(open_[0])]
    assert [] == flow.sqs.receive_message(QueueUrl=closed[0]).get("Messages", [])


@rule("target-role")
def test_a_state_machine_starts_in_the_targets_role(flow):
    machine = flow.machine(PASS)
    role = flow.role("starter", "events.amazonaws.com", {"Action": "states:StartExecution", "Resource": machine})
    ruled(flow, {"Arn": machine, "RoleArn": role, "InputPath": "$.detail"})

    put(flow, {"order": 7})

    def ended():
        told = flow.sfn.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")
        return told["executions"]

    execution = eventually(ended, bool)[0]["executionArn"]
    assert {"order": 7} == json.loads(flow.sfn.describe_execution(executionArn=execution)["input"])


@rule("target-role", "target-retries")
def test_what_a_role_may_not_start_goes_to_the_dead_letter_queue_with_the_reason(flow):
    machine = flow.machine(PASS)
    role = flow.role("starter", "events.amazonaws.com")
    url, dead = flow.queue("dead", "events.amazonaws.com")
    arn = ruled(flow, {"Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": dead}})

    put(flow, {"order": 7})

    def look():
        return flow.sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages")

    message = eventually(look, bool)[0]
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert ("NO_PERMISSIONS", arn, machine) == (told["ERROR_CODE"], told["RULE_ARN"], told["TARGET_ARN"])
    assert {"order": 7} == json.loads(message["Body"])["detail"]


@rule("target-retries")
def test_a_failing_target_is_tried_as_often_as_the_policy_says(flow):
    url, dead = flow.queue("dead", "events.amazonaws.com")
    inbox, arn = flow.queue("inbox", "events.amazonaws.com")
    target = {"Arn": arn, "DeadLetterConfig": {"Arn": dead}, "RetryPolicy": {"MaximumRetryAttempts": 2}}
    flow.aws.control.fault("throttle", "SendMessage", service="sqs", count=3)
    ruled(flow, target)

    put(flow, {"order": 7})

    told = eventually(
        lambda: flow.sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages"), bool
    )[0]["MessageAttributes"]
    assert ("2", "MaximumRetryAttempts") == (
        told["RETRY_ATTEMPTS"]["StringValue"],
        told["EXHAUSTED_RETRY_CONDITION"]["StringValue"],
    )
    assert [] == flow.sqs.receive_message(QueueUrl=inbox).get("Messages", [])


@rule("target-input")
@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({"Input": '{"a":1}'}, '{"a":1}'),
        ({"InputPath": "$.detail.name"}, '"x \\"y\\""'),
        (
            {"InputTransformer": {"InputPathsMap": {"n": "$.detail.name"}, "InputTemplate": '{"name": <n>}'}},
            '{"name": "x \\"y\\""}',
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"a": "$.detail.amount"}, "InputTemplate": '{"text": "it is <a>"}'}},
            '{"text": "it is 7"}',
        ),
        ({"InputTransformer": {"InputTemplate": '"<aws.events.rule-name>"'}}, '"orders"'),
    ],
)
def test_a_target_gets_what_its_input_says(flow, wish, text):
    url, arn = flow.queue("inbox", "events.amazonaws.com")
    ruled(flow, {"Arn": arn} | wish)

    put(flow, {"name": 'x "y"', "amount": 7})

    assert [text] == flow.received(url)


@rule("rule-disabled")
def test_a_disabled_rule_delivers_nothing(flow):
    url, arn = flow.queue("inbox", "events.amazonaws.com")
    ruled(flow, {"Arn": arn}, State="DISABLED")
    put(flow, {"n": 1})
    flow.events_client.enable_rule(Name="orders")

    put(flow, {"n": 2})

    assert [{"n": 2}] == [json.loads(body)["detail"] for body in flow.received(url)]


@rule("rule-tags-gone", "rule-tags-once")
def test_a_rule_goes_without_targets_only_and_takes_its_tags_along(flow, refused):
    _, arn = flow.queue("inbox")
    rule_arn = ruled(flow, {"Arn": arn}, Tags=[{"Key": "a", "Value": "1"}])
    ruled(flow, {"Arn": arn}, Tags=[{"Key": "b", "Value": "2"}])
    tags = flow.events_client.list_tags_for_resource(ResourceARN=rule_arn)["Tags"]

    refused("ValidationException", flow.events_client.delete_rule, Name="orders")
    flow.events_client.remove_targets(Rule="orders", Ids=["one"])
    flow.events_client.delete_rule(Name="orders")
    flow.events_client.delete_rule(Name="orders")

    assert [{"Key": "a", "Value": "1"}] == tags
    ruled(flow, {"Arn": arn})
    assert [] == flow.events_client.list_tags_for_resource(ResourceARN=rule_arn)["Tags"]


@rule("target-needs-role", "target-limit")
def test_targets_that_could_not_be_are_refused(flow, refused):
    flow.events_client.put_rule(Name="r", EventPattern='{"source": ["x"]}')
    machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:m"
    many = [{"Id": str(number), "Arn": "arn:aws:sqs:eu-west-1:123456789012:q"} for number in range(6)]

    refused("ValidationException", flow.events_client.put_targets, Rule="r", Targets=[{"Id": "1", "Arn": machine}])
    refused("LimitExceededException", flow.events_client.put_targets, Rule="r", Targets=many)


@rule("events-entries")
def test_entries_that_cannot_be_taken_are_told_of(flow, refused):
    assert (
        "MalformedDetail"
        == flow.events_client.put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": "{"}])["Entries"][0][
            "ErrorCode"
        ]
    )
    assert "InvalidArgument" == put(flow, {"a": 1}, source="")["ErrorCode"]
    assert "NotAuthorizedForSourceException" == put(flow, {"a": 1}, source="aws.s3")["ErrorCode"]
    refused("ValidationException", flow.events_client.put_events, Entries=[])


def code(text):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", text)
    return packed.getvalue()


@rule("target-policy")
def test_a_function_is_invoked_where_it_lets_the_rule_in(flow):
    url, queue = flow.queue()
    role = flow.role("worker", "lambda.amazonaws.com", {"Action": "sqs:SendMessage", "Resource": queue})
    text = f"""import boto3, json
def handle(event, context):
    boto3.client("sqs").send_message(QueueUrl={url!r}, MessageBody=json.dumps(event["detail"]))
"""
    made = flow.aws.client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=role,
        Handler="main.handle",
        Code={"ZipFile": code(text)},
        Timeout=20,
    )
    flow.aws.tick(60)
    arn = ruled(flow, {"Arn": made["FunctionArn"]})
    flow.aws.client("lambda").add_permission(
        FunctionName="f",
        StatementId="r",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=arn,
    )

    put(flow, {"order": 7})

    assert ['{"order": 7}'] == flow.received(url)
