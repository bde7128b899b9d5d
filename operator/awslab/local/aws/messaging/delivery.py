"""Delivery of a notification to one subscription of a topic, by a thread of its own."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from awslab.local.aws import identity, inside
from awslab.local.aws.cloudwatch import metrics
from awslab.local.aws.errors import AwsError
from awslab.local.aws.resource_policies import policy_of
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.world import World

log = logging.getLogger(__name__)
book = Book("sns")
GUIDE = "https://docs.aws.amazon.com/sns/latest/dg/"
SERVICE = "sns.amazonaws.com"
HERE = frozenset({"127.0.0.1", "localhost", "::1"})
HTTP_ATTEMPTS = 4
HTTP_TIMEOUT = 10.0  # seconds, real


@dataclass
class Note:
    """One notification on its way."""

    message: str
    id: str
    subject: str | None
    attributes: dict[str, Any] = field(default_factory=dict)
    group: str | None = None
    deduplication: str | None = None


def is_pending(subscription: Any) -> bool:
    """Tell whether a subscription waits for its confirmation."""
    return str(subscription.attributes.get("PendingConfirmation", False)).lower() == "true"


@book.behaves(
    "subscription-filter",
    "Publish",
    does="A subscription gets what its filter policy matches, and nothing until it is confirmed.",
    see=GUIDE + "sns-subscription-filter-policies.html",
)
def wants(subscription: Any, message: str, attributes: dict[str, Any] | None) -> bool:
    """Tell whether a notification is for a subscription."""
    matcher = subscription._filter_policy_matcher  # noqa: SLF001 - moto keeps it nowhere else
    return not is_pending(subscription) and (matcher is None or bool(matcher.matches(attributes, message)))


@book.behaves(
    "subscription-delivery",
    "Publish",
    does="Delivery comes after the call has been answered; what cannot be delivered goes to the subscription's"
    " dead-letter queue and counts as failed.",
    see=GUIDE + "sns-message-delivery-retries.html",
)
def send(world: World, subscription: Any, note: Note) -> None:
    """Deliver a notification."""
    topic = subscription.topic
    try:
        SENDERS.get(subscription.protocol, _nothing)(world, subscription, note)
    except (AwsError, ClientError, OSError) as error:
        log.info("a notification of %s was not delivered to %s: %s", topic.name, subscription.endpoint, error)
        count(world, topic, NumberOfNotificationsFailed=1)
        _bury(world, subscription, note)
    else:
        count(world, topic, NumberOfNotificationsDelivered=1)


def count(world: World, topic: Any, **values: float) -> None:
    """Count something of a topic."""
    region = topic.sns_backend.region_name
    metrics.count(world, topic.account_id, region, "AWS/SNS", {"TopicName": topic.name}, **values)


@book.behaves(
    "queue-policy",
    "Publish",
    does="A queue or function gets notifications only where its own policy lets the topic in.",
    see=GUIDE + "subscribe-sqs-queue-to-sns-topic.html",
)
def _client(world: World, topic: Any, arn: str, action: str, service: str) -> Any:
    with world.lock:
        policy = policy_of(arn, topic.account_id)
        if not identity.service_may(world, SERVICE, action, arn, policy, topic.arn, topic.account_id):
            raise AwsError("AccessDenied", f"{SERVICE} is not allowed to perform {action} on {arn} for {topic.arn}")
    return inside.client(world, service, arn.split(":")[3], inside.service_key(SERVICE))


def _to_queue(world: World, subscription: Any, note: Note) -> None:
    arn = subscription.endpoint
    raw = str(subscription.attributes.get("RawMessageDelivery", False)).lower() == "true"
    more: dict[str, Any] = {"MessageGroupId": note.group, "MessageDeduplicationId": note.deduplication}
    more = {name: value for name, value in more.items() if value}
    if raw and note.attributes:
        more["MessageAttributes"] = {name: _for_queue(value) for name, value in note.attributes.items()}
    client = _client(world, subscription.topic, arn, "sqs:SendMessage", "sqs")
    body = note.message if raw else _body(world, subscription, note)
    client.send_message(QueueUrl=inside.queue_url(world, arn), MessageBody=body, **more)


def _for_queue(attribute: dict[str, Any]) -> dict[str, Any]:
    kind, value = attribute["Type"], attribute["Value"]
    if kind.startswith("Binary"):
        return {"DataType": kind, "BinaryValue": value}
    return {"DataType": kind, "StringValue": str(value)}


def _body(world: World, subscription: Any, note: Note) -> str:
    with world.lock:
        told = subscription.get_post_data(note.message, note.id, note.subject, message_attributes=note.attributes)
    return json.dumps(told, indent=2, default=str)


def _to_function(world: World, subscription: Any, note: Note) -> None:
    arn = subscription.endpoint
    client = _client(world, subscription.topic, arn, "lambda:InvokeFunction", "lambda")
    record = {
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "EventSource": "aws:sns",
        "Sns": json.loads(_body(world, subscription, note)),
    }
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=json.dumps({"Records": [record]}).encode())


@book.behaves(
    "http-delivery",
    "Publish",
    "Subscribe",
    does="An HTTP endpoint is asked to confirm, then gets notifications, some times over where it fails (here: only"
    " endpoints on this machine).",
    see=GUIDE + "sns-http-https-endpoint-as-subscriber.html",
)
def _to_http(world: World, subscription: Any, note: Note) -> None:
    raw = str(subscription.attributes.get("RawMessageDelivery", False)).lower() == "true"
    text = note.message if raw else _body(world, subscription, note)
    for attempt in range(HTTP_ATTEMPTS):
        try:
            post(subscription, text, "Notification")
        except (urllib.error.URLError, TimeoutError):
            if attempt + 1 == HTTP_ATTEMPTS or not world.background.sleep(world.scaled(20)):
                raise
        else:
            return


def post(subscription: Any, text: str, kind: str) -> None:
    """Send a message to an HTTP endpoint, if it is on this machine; raises OSError."""
    if urlsplit(subscription.endpoint).hostname not in HERE:
        log.info("would post a %s to %s", kind, subscription.endpoint)
        return
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "x-amz-sns-message-type": kind,
        "x-amz-sns-topic-arn": subscription.topic.arn,
        "x-amz-sns-subscription-arn": subscription.arn,
    }
    request = urllib.request.Request(subscription.endpoint, text.encode(), headers, method="POST")  # noqa: S310 - an address on this machine, see above
    with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT):  # noqa: S310 - as above
        pass


def _to_mail(_: World, subscription: Any, note: Note) -> None:
    log.info("would mail to %s: %s", subscription.endpoint, note.subject or note.message[:80])


def _nothing(_: World, subscription: Any, __: Note) -> None:
    raise AwsError("InvalidParameter", f"The local AWS does not deliver by {subscription.protocol}")


SENDERS: dict[str, Callable[[World, Any, Note], None]] = {
    "sqs": _to_queue,
    "lambda": _to_function,
    "http": _to_http,
    "https": _to_http,
    "email": _to_mail,
    "email-json": _to_mail,
    "sms": _to_mail,
}


def _bury(world: World, subscription: Any, note: Note) -> None:
    policy = subscription.attributes.get("RedrivePolicy")
    if not policy:
        return
    queue = (json.loads(policy) if isinstance(policy, str) else policy)["deadLetterTargetArn"]
    try:
        client = _client(world, subscription.topic, queue, "sqs:SendMessage", "sqs")
        client.send_message(QueueUrl=inside.queue_url(world, queue), MessageBody=_body(world, subscription, note))
    except (AwsError, ClientError):
        count(world, subscription.topic, NumberOfNotificationsFailedToRedriveToDlq=1)
    else:
        count(world, subscription.topic, NumberOfNotificationsRedrivenToDlq=1)
