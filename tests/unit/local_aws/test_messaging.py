"""Topics and queues: who gets what, and what is refused."""

import http.server
import json
import threading
import time

import pytest
from flows import eventually, policy

from awslab.local.aws import state

rule = pytest.mark.rule
TOPICS = "sns.amazonaws.com"


def topic(flow, name="notices", **more):
    return flow.sns.create_topic(Name=name, **more)["TopicArn"]


def subscribed(flow, arn, queue, **attributes):
    return flow.sns.subscribe(
        TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes=attributes, ReturnSubscriptionArn=True
    )["SubscriptionArn"]


@rule("queue-policy", "topic-metrics")
def test_a_queue_gets_notifications_if_its_policy_lets_the_topic_in(flow):
    arn = topic(flow)
    open_, closed = flow.queue("open", TOPICS), flow.queue("closed")
    subscribed(flow, arn, closed[1])
    subscribed(flow, arn, open_[1])

    flow.sns.publish(TopicArn=arn, Subject="s", Message="hello")

    note = json.loads(flow.received(open_[0])[0])
    assert ("Notification", arn, "s", "hello") == (note["Type"], note["TopicArn"], note["Subject"], note["Message"])
    assert [] == flow.sqs.receive_message(QueueUrl=closed[0]).get("Messages", [])
    names = {one["MetricName"] for one in flow.cloudwatch.list_metrics(Namespace="AWS/SNS")["Metrics"]}
    assert {"NumberOfMessagesPublished", "NumberOfNotificationsDelivered", "NumberOfNotificationsFailed"} <= names


@rule("queue-policy")
def test_a_policy_for_another_topic_lets_nobody_in(flow):
    arn, other = topic(flow), topic(flow, "other")
    url, queue = flow.queue("inbox")
    for_other = {
        "Effect": "Allow",
        "Principal": {"Service": TOPICS},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": other}},
    }
    flow.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(for_other)})
    subscribed(flow, arn, queue)
    subscribed(flow, other, queue, RawMessageDelivery="true")

    flow.sns.publish(TopicArn=arn, Message="from one")
    flow.sns.publish(TopicArn=other, Message="from other")

    assert ["from other"] == flow.received(url)


@rule("subscription-delivery")
def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(flow):
    arn = topic(flow)
    url, dead = flow.queue("dead", TOPICS)
    redrive = json.dumps({"deadLetterTargetArn": dead})
    subscribed(flow, arn, flow.queue("closed")[1], RedrivePolicy=redrive)

    flow.sns.publish(TopicArn=arn, Message="hello")

    assert "hello" == json.loads(flow.received(url)[0])["Message"]


@rule("subscription-filter")
def test_a_filter_policy_chooses_and_raw_delivery_gives_the_message_alone(flow):
    arn = topic(flow)
    url, queue = flow.queue("inbox", TOPICS)
    subscribed(flow, arn, queue, RawMessageDelivery="true", FilterPolicy=json.dumps({"kind": ["failed"]}))

    for kind in ("succeeded", "failed"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        flow.sns.publish(TopicArn=arn, Message=kind, MessageAttributes=attributes)

    assert ["failed"] == flow.received(url)


@rule("subscription-pending", "subscription-pending-listed")
def test_a_subscription_by_mail_waits_for_its_confirmation(flow):
    arn = topic(flow)

    told = flow.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com")
    again = flow.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True)

    assert "pending confirmation" == told["SubscriptionArn"]
    attributes = flow.sns.get_subscription_attributes(SubscriptionArn=again["SubscriptionArn"])["Attributes"]
    assert "true" == attributes["PendingConfirmation"]
    listed = flow.sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert ["PendingConfirmation"] == [one["SubscriptionArn"] for one in listed]
    counted = flow.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert ("1", "0") == (counted["SubscriptionsPending"], counted["SubscriptionsConfirmed"])


@rule("http-delivery")
def test_an_http_endpoint_confirms_and_then_gets_notifications(flow):
    heard = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        arn = topic(flow)
        flow.sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=f"http://127.0.0.1:{server.server_port}/")
        asked = eventually(lambda: heard, bool)[0]
        flow.sns.confirm_subscription(TopicArn=arn, Token=asked["Token"])
        flow.sns.publish(TopicArn=arn, Message="hello")
        note = eventually(lambda: heard, lambda all_: len(all_) == 2)[1]
    finally:
        server.shutdown()
        server.server_close()

    assert ("SubscriptionConfirmation", "Notification", "hello") == (asked["Type"], note["Type"], note["Message"])


@rule("topic-attributes", "topic-same-name")
def test_a_topic_keeps_its_attributes_and_is_one(flow, refused):
    tags = [{"Key": "a", "Value": "1"}]
    arn = topic(flow, Attributes={"DisplayName": "Notices", "TracingConfig": "Active"}, Tags=tags)
    flow.sns.set_topic_attributes(TopicArn=arn, AttributeName="SignatureVersion", AttributeValue="2")

    assert arn == topic(flow)
    assert arn == topic(flow, Tags=tags)
    shown = flow.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert ("Notices", "Active", "2") == (shown["DisplayName"], shown["TracingConfig"], shown["SignatureVersion"])
    refused("InvalidParameter", flow.sns.create_topic, Name="notices", Tags=[{"Key": "a", "Value": "2"}])
    refused("InvalidParameter", flow.sns.create_topic, Name="notices", Attributes={"DisplayName": "Other"})


@rule("queue-deleted", "queue-deleted-recently")
def test_the_name_of_a_deleted_queue_comes_free_a_minute_later(flow, refused):
    url, _ = flow.queue("inbox")
    flow.sqs.delete_queue(QueueUrl=url)

    refused("AWS.SimpleQueueService.QueueDeletedRecently", flow.sqs.create_queue, QueueName="inbox")
    flow.aws.tick(61)

    assert url == flow.queue("inbox")[0]


@rule("queue-same-name")
def test_a_queue_of_other_attributes_is_not_made_again(flow, refused):
    url, _ = flow.queue("inbox", VisibilityTimeout="60")

    assert url == flow.queue("inbox", VisibilityTimeout="60")[0]
    refused("QueueAlreadyExists", flow.sqs.create_queue, QueueName="inbox", Attributes={"VisibilityTimeout": "90"})


def test_a_message_received_too_often_goes_to_the_dead_letter_queue(flow):
    dead_url, dead = flow.queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": "2"})
    url, _ = flow.queue("inbox", RedrivePolicy=redrive)
    flow.sqs.send_message(QueueUrl=url, MessageBody="poison")

    for _ in range(3):
        flow.sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)

    assert ["poison"] == flow.received(dead_url)


@rule("queue-long-poll")
def test_who_waits_for_messages_holds_nobody_up(flow):
    url, _ = flow.queue("inbox")
    told = []
    waiting = threading.Thread(
        target=lambda: told.append(flow.aws.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=10))
    )
    waiting.start()
    time.sleep(0.1)
    began = time.monotonic()
    flow.sqs.send_message(QueueUrl=url, MessageBody="hello")
    waiting.join(5)

    assert time.monotonic() - began < 2
    assert "hello" == told[0]["Messages"][0]["Body"]


def test_queues_and_topics_are_there_after_a_restart(flow, tmp_path):
    url, queue = flow.queue("inbox", TOPICS)
    arn = topic(flow)
    subscribed(flow, arn, queue, RawMessageDelivery="true")
    flow.sqs.send_message(QueueUrl=url, MessageBody="before")
    world = flow.aws.world

    state.save(world, tmp_path)
    state.reset(world)
    state.load(world, tmp_path)
    flow.sns.publish(TopicArn=arn, Message="after")

    assert {"before", "after"} == set(flow.received(url, 2))
