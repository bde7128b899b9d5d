"""Alarms that change state, who hears of it, and dashboards that are refused."""

import json
import time
from datetime import UTC, datetime

import pytest
from flows import eventually

rule = pytest.mark.rule


def alarm(flow, name="failed", **more):
    wish = {
        "AlarmName": name,
        "Namespace": "Shop",
        "MetricName": "Failed",
        "Dimensions": [{"Name": "Shop", "Value": "one"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    }
    flow.cloudwatch.put_metric_alarm(**wish | more)


def measured(flow, value, shop="one"):
    moment = datetime.fromtimestamp(flow.aws.clock.now, UTC)
    dimensions = [{"Name": "Shop", "Value": shop}]
    data = {"MetricName": "Failed", "Value": value, "Timestamp": moment, "Dimensions": dimensions}
    flow.cloudwatch.put_metric_data(Namespace="Shop", MetricData=[data])


def shown(flow, name="failed"):
    return flow.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def state_of(flow, name="failed"):
    return shown(flow, name)["StateValue"]


def minute(flow):
    flow.aws.tick(0.6)  # a hundredth


@rule("alarm-begins", "alarm-evaluated")
def test_an_alarm_begins_without_data_then_goes_with_the_metric(flow):
    alarm(flow)
    states = [state_of(flow)]
    for value in (1, 0):
        measured(flow, value)
        minute(flow)
        states.append(state_of(flow))
    minute(flow)
    states.append(state_of(flow))

    assert ["INSUFFICIENT_DATA", "ALARM", "OK", "INSUFFICIENT_DATA"] == states


@rule("alarm-evaluated")
def test_another_dimension_is_another_metric(flow):
    alarm(flow)
    measured(flow, 5, shop="two")
    minute(flow)

    assert "INSUFFICIENT_DATA" == state_of(flow)


@rule("alarm-evaluated")
@pytest.mark.parametrize(
    ("treat", "expected"),
    [("missing", "INSUFFICIENT_DATA"), ("notBreaching", "OK"), ("breaching", "ALARM"), ("ignore", "INSUFFICIENT_DATA")],
)
def test_missing_data_counts_as_the_alarm_says(flow, treat, expected):
    alarm(flow, TreatMissingData=treat)
    minute(flow)
    minute(flow)

    assert expected == state_of(flow)


@rule("alarm-evaluated")
def test_two_of_three_points_make_an_alarm(flow):
    alarm(flow, EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching")
    states = []
    for value in (1, 0, 1):
        measured(flow, value)
        minute(flow)
        states.append(state_of(flow))

    assert ["OK", "OK", "ALARM"] == states


@rule("alarm-begins")
def test_a_changed_alarm_keeps_its_state(flow):
    alarm(flow, TreatMissingData="breaching", Tags=[{"Key": "a", "Value": "1"}])
    minute(flow)
    minute(flow)
    before = state_of(flow)

    alarm(flow, TreatMissingData="breaching", Threshold=2)

    assert ("ALARM", "ALARM", 2) == (before, state_of(flow), shown(flow)["Threshold"])


@rule("alarm-actions", "alarm-topic-policy")
def test_a_change_of_state_is_told_to_the_topic_once(flow):
    topic = flow.sns.create_topic(Name="alerts")["TopicArn"]
    url, queue = flow.queue("inbox", "sns.amazonaws.com")
    flow.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    alarm(flow, AlarmActions=[topic])

    for _ in range(2):
        flow.cloudwatch.set_alarm_state(AlarmName="failed", StateValue="ALARM", StateReason="by hand")

    told = json.loads(flow.received(url)[0])
    assert ("failed", "ALARM", "INSUFFICIENT_DATA", "by hand") == (
        told["AlarmName"],
        told["NewStateValue"],
        told["OldStateValue"],
        told["NewStateReason"],
    )
    time.sleep(0.2)
    assert [] == flow.sqs.receive_message(QueueUrl=url).get("Messages", [])


@rule("alarm-topic-policy")
def test_a_topic_whose_policy_lets_others_in_is_not_told(flow):
    topic = flow.sns.create_topic(Name="alerts")["TopicArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    flow.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    url, queue = flow.queue("inbox", "sns.amazonaws.com")
    flow.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    alarm(flow, AlarmActions=[topic])

    flow.cloudwatch.set_alarm_state(AlarmName="failed", StateValue="ALARM", StateReason="by hand")

    time.sleep(0.3)
    assert [] == flow.sqs.receive_message(QueueUrl=url).get("Messages", [])


@rule("alarm-evaluated", "queue-metrics")
def test_a_full_queue_alarms_without_any_call(flow):
    url, _ = flow.queue("dead")
    alarm(
        flow,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "dead"}],
        Statistic="Maximum",
    )
    flow.sqs.send_message(QueueUrl=url, MessageBody="x")

    def look():
        flow.aws.tick(0.05)
        with flow.aws.world.lock:
            from moto.cloudwatch.models import cloudwatch_backends  # noqa: PLC0415 - looks without a call

            return cloudwatch_backends["123456789012"]["eu-west-1"].alarms["failed"].state_value

    assert "ALARM" == eventually(look, lambda state: state == "ALARM")


@rule("queue-metrics")
def test_a_queue_tells_how_full_it_is(flow):
    url, _ = flow.queue("inbox")
    flow.sqs.send_message(QueueUrl=url, MessageBody="x")
    now = flow.aws.clock.now

    told = flow.cloudwatch.get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "inbox"}],
        StartTime=datetime.fromtimestamp(now - 60, UTC),
        EndTime=datetime.fromtimestamp(now + 60, UTC),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]

    assert [1] == [one["Maximum"] for one in told]


@rule("alarms-paged")
def test_alarms_are_shown_in_pages(flow):
    for number in range(3):
        alarm(flow, f"alarm-{number}")

    pages = flow.cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})

    assert [["alarm-0", "alarm-1"], ["alarm-2"]] == [
        [one["AlarmName"] for one in page["MetricAlarms"]] for page in pages
    ]


@rule("alarm-tags-gone")
def test_the_tags_of_a_deleted_alarm_are_gone(flow):
    alarm(flow, Tags=[{"Key": "a", "Value": "1"}])
    arn = shown(flow)["AlarmArn"]
    before = flow.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]

    flow.cloudwatch.delete_alarms(AlarmNames=["failed"])
    alarm(flow)

    assert [{"Key": "a", "Value": "1"}] == before
    assert [] == flow.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]


@rule("dashboard-body")
@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{", "valid JSON"),
        ("{}", "/widgets"),
        ('{"widgets": [{"type": "graph", "properties": {}}]}', "/widgets/0/type"),
        ('{"widgets": [{"type": "metric", "width": 25, "properties": {"metrics": [["A", "B"]]}}]}', "/widgets/0/width"),
        ('{"widgets": [{"type": "metric", "properties": {}}]}', "/widgets/0/properties/metrics"),
        ('{"widgets": [{"type": "text", "properties": {}}]}', "/widgets/0/properties/markdown"),
    ],
)
def test_a_dashboard_that_could_not_be_shown_is_refused(flow, body, named):
    with pytest.raises(flow.cloudwatch.exceptions.DashboardInvalidInputError, match=named):
        flow.cloudwatch.put_dashboard(DashboardName="d", DashboardBody=body)


@rule("dashboard-body")
def test_a_dashboard_is_kept(flow):
    body = json.dumps(
        {"widgets": [{"type": "metric", "properties": {"metrics": [["AWS/SQS", "X"]], "region": "eu-west-1"}}]}
    )

    flow.cloudwatch.put_dashboard(DashboardName="d", DashboardBody=body)

    assert body == flow.cloudwatch.get_dashboard(DashboardName="d")["DashboardBody"]


@rule("metrics-forgotten")
def test_old_points_are_forgotten(flow, monkeypatch):
    monkeypatch.setattr("awslab.local.aws.cloudwatch.metrics.KEPT", 3)
    for value in range(5):
        measured(flow, value)

    now = flow.aws.clock.now
    told = flow.cloudwatch.get_metric_statistics(
        Namespace="Shop",
        MetricName="Failed",
        StartTime=datetime.fromtimestamp(now - 60, UTC),
        EndTime=datetime.fromtimestamp(now + 60, UTC),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert [2 + 3 + 4] == [one["Sum"] for one in told]
