"""SNS: moto keeps topics and subscriptions; confirmation, attributes and delivery are as AWS's."""

from __future__ import annotations

import json
import logging
import secrets
from typing import TYPE_CHECKING, Any

from moto.core.utils import camelcase_to_underscores
from moto.sns.models import sns_backends
from moto.sns.responses import SNSResponse

from awslab.local.aws.errors import AwsError
from awslab.local.aws.messaging import delivery, patches
from awslab.local.aws.modelled import Modelled
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import World

log = logging.getLogger(__name__)
book = Book("sns")
API = "https://docs.aws.amazon.com/sns/latest/api/"
ASKS = frozenset({"http", "https", "email", "email-json"})  # protocols whose endpoint must confirm
SENT_KEPT = 1000
KEPT = (  # attributes that moto takes and does not show
    "SignatureVersion",
    "TracingConfig",
    "ArchivePolicy",
    "DataProtectionPolicy",
    *(
        f"{kind}{end}"
        for kind in ("HTTP", "Lambda", "SQS", "Application", "Firehose")
        for end in ("SuccessFeedbackRoleArn", "FailureFeedbackRoleArn", "SuccessFeedbackSampleRate")
    ),
)


def _backend(asked: Asked) -> Any:
    return sns_backends[asked.account][asked.region]


@book.refuses(
    "topic-same-name",
    "CreateTopic",
    code="InvalidParameter",
    does="Making a topic again gives the one there is; with other attributes or tags it is refused.",
    see=API + "API_CreateTopic.html",
)
def same_name(asked: Asked) -> str | None:
    """Refuse a name that another topic has."""
    params = asked.params
    topic = _backend(asked).topics.get(asked.arn("sns", params.get("Name", "")))
    if topic is None:
        return None
    wished = {one["Key"]: one.get("Value", "") for one in params.get("Tags") or []}
    if wished and wished != topic._tags:  # noqa: SLF001 - moto keeps them nowhere else
        return "Invalid parameter: Tags Reason: Topic already exists with different tags"
    for name, value in (params.get("Attributes") or {}).items():
        had = getattr(topic, camelcase_to_underscores(name), None)
        if str(had).lower() != str(value).lower() and _loaded(had) != _loaded(value):
            return "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    return None


def _loaded(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


@book.follows(
    "topic-attributes",
    "GetTopicAttributes",
    does="A topic shows every attribute that it was given, and counts its confirmed and pending subscriptions.",
    see=API + "API_GetTopicAttributes.html",
)
def all_attributes(asked: Asked, result: dict[str, Any]) -> None:
    """Show what moto keeps and does not show."""
    backend, shown = _backend(asked), result["Attributes"]
    topic = backend.topics[shown["TopicArn"]]
    mine = [one for one in backend.subscriptions.values() if one.topic.arn == topic.arn]
    pending = sum(delivery.is_pending(one) for one in mine)
    shown |= {"SubscriptionsPending": pending, "SubscriptionsConfirmed": len(mine) - pending}
    for name in KEPT:
        if (value := getattr(topic, camelcase_to_underscores(name), None)) is not None:
            shown[name] = value
    if not shown.get("DeliveryPolicy"):
        shown.pop("DeliveryPolicy", None)


@book.follows(
    "subscription-pending",
    "Subscribe",
    does="A subscription by e-mail or HTTP waits for its confirmation, and has no ARN to show until then.",
    see=API + "API_Subscribe.html",
)
def begin(asked: Asked, result: dict[str, Any]) -> None:
    """Let a new subscription wait, where its endpoint has to confirm it."""
    subscription = _backend(asked).subscriptions[result["SubscriptionArn"]]
    if subscription.protocol not in ASKS or hasattr(subscription, "token"):
        pending = subscription.protocol in ASKS and delivery.is_pending(subscription)
    else:
        pending, subscription.token = True, secrets.token_hex(32)
        subscription.attributes |= {"PendingConfirmation": "true", "ConfirmationWasAuthenticated": "false"}
        asked.world.background.start("confirmation", _ask, asked.world, subscription)
    wants_arn = str(asked.params.get("ReturnSubscriptionArn", False)).lower() == "true"
    if pending and not wants_arn:
        result["SubscriptionArn"] = "pending confirmation"


def _ask(world: World, subscription: Any) -> None:
    topic, token = subscription.topic.arn, subscription.token
    if not subscription.protocol.startswith("http"):
        log.info("would mail to %s: confirm the subscription to %s with token %s", subscription.endpoint, topic, token)
        return
    told = {
        "Type": "SubscriptionConfirmation",
        "TopicArn": topic,
        "Token": token,
        "Message": f"You have chosen to subscribe to the topic {topic}.",
        "SubscribeURL": f"{world.endpoint}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}",
    }
    try:
        delivery.post(subscription, json.dumps(told), "SubscriptionConfirmation")
    except OSError as error:
        log.info("%s did not take the request for confirmation: %s", subscription.endpoint, error)


def confirm(asked: Asked) -> dict[str, Any]:
    """Answer ConfirmSubscription."""
    topic, token = asked.params.get("TopicArn"), asked.params.get("Token")
    for subscription in _backend(asked).subscriptions.values():
        if subscription.topic.arn == topic and getattr(subscription, "token", None) == token:
            subscription.attributes |= {"PendingConfirmation": "false"}
            return {"SubscriptionArn": subscription.arn}
    raise AwsError("InvalidParameter", "Invalid parameter: Token")


@book.follows(
    "subscription-pending-listed",
    "ListSubscriptions",
    "ListSubscriptionsByTopic",
    does="A subscription that waits is listed with PendingConfirmation in place of its ARN.",
    see=API + "API_ListSubscriptionsByTopic.html",
)
def pending_listed(_asked: Asked, result: dict[str, Any]) -> None:
    """Hide the ARN of what waits."""
    result["Subscriptions"] = [
        {
            "SubscriptionArn": "PendingConfirmation" if delivery.is_pending(one) else one.arn,
            "Owner": one.owner,
            "Protocol": one.protocol,
            "Endpoint": one.endpoint,
            "TopicArn": one.topic.arn,
        }
        for one in result["Subscriptions"]
    ]


@book.follows(
    "topic-metrics",
    "Publish",
    does="Published messages are counted by topic.",
    see="https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html",
)
def count(asked: Asked, _result: dict[str, Any]) -> None:
    """Count a message, and forget old ones that moto keeps for its own tests."""
    topic = _backend(asked).topics.get(asked.params.get("TopicArn") or asked.params.get("TargetArn"))
    if topic is not None:
        delivery.count(asked.world, topic, NumberOfMessagesPublished=1)
        del topic.sent_notifications[:-SENT_KEPT]


class Sns(Modelled):
    """Answers the calls of SNS."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "sns", "sns", {"ConfirmSubscription": confirm}, SNSResponse)
        patches.apply()


def tagged_resources(account: str, region: str) -> dict[str, dict[str, str]]:
    """Return the tags of every topic by its ARN, for the tagging API."""
    return {arn: dict(topic._tags) for arn, topic in sns_backends[account][region].topics.items()}  # noqa: SLF001 - as above
