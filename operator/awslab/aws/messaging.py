"""SNS and SQS: topics with their subscriptions, and queues."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from awslab.core.diff import Change, Changes
from awslab.core.resource import Ids, Observed
from awslab.core.values import UNTOLD, FrozenMap

from .documents import canonical
from .named import NamedResource, Reference, after, as_mapping, as_pairs, name_in, unless_gone
from .policies import ANYBODY, NOTHING, Condition, Policy, Statement, document, read
from .session import Aws

DEFAULT_POLICY = "__default_statement_ID"
"""The Sid of the one statement that AWS gives a topic without a policy: its account may do everything."""

DEFAULT_ACTIONS = frozenset(
    f"SNS:{action}"
    for action in ("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic",
                   "Subscribe", "ListSubscriptionsByTopic", "Publish")
)  # fmt: skip

PENDING = "PendingConfirmation"
"""What AWS tells in place of the ARN of a subscription that nobody has confirmed yet."""


@dataclass(frozen=True)
class Subscriber:
    """Who gets the messages: ``Subscriber("email", "ops@example.com")``, ``Subscriber("sqs", queue)``."""

    protocol: str
    endpoint: Reference

    def __str__(self) -> str:
        return f"{self.protocol} {self.endpoint}"


@dataclass(frozen=True)
class Subscription:
    """What a subscriber gets of a topic, and in which form."""

    raw: bool = False
    """Whether the message comes without SNS's envelope."""
    filter: str = ""
    """Canonical JSON; only the messages that match are delivered."""
    filters_body: bool = False
    """Whether *filter* is about the message's body, else about its attributes."""

    def __str__(self) -> str:
        words = ["raw" if self.raw else "", f"only {self.filter}" if self.filter else ""]
        return ", ".join(filter(None, words)) or "subscribed"


NOBODY: FrozenMap[Subscriber, Subscription] = FrozenMap()


@dataclass(frozen=True, kw_only=True)
class Topic(NamedResource):
    """A topic, and who gets what is published there.

    An e-mail address or web address has to confirm first; AWS neither tells nor changes nor ends such a
    subscription until then, and forgets it after some days.  It is taken as it is as long as it waits.
    """

    resource_type: ClassVar = "sns"
    mutable: ClassVar = frozenset({"policy", "subscriptions", "display_name", "key"})

    policy: Policy = NOTHING
    """Empty: AWS's own, by which everybody in the account may do everything that their roles allow."""
    subscriptions: FrozenMap[Subscriber, Subscription] = NOBODY
    display_name: str = ""
    """Whom e-mails come from."""
    key: str = ""
    """The KMS key, or its alias, that messages are encrypted with; none: AWS encrypts what it stores."""

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed:
        client = aws.client("sns")
        attributes = client.get_topic_attributes(TopicArn=arn)["Attributes"]
        subscriptions = list(_subscriptions(aws, arn))
        fields = {
            "policy": _without_default(read(attributes.get("Policy")), account=arn.split(":")[4]),
            "subscriptions": FrozenMap((_subscriber(s), _settings(aws, s["SubscriptionArn"])) for s in subscriptions),
            "display_name": attributes.get("DisplayName", ""),
            "key": attributes.get("KmsMasterKeyId", ""),
        }
        waiting = tuple(sorted(s["Endpoint"] for s in subscriptions if s["SubscriptionArn"] == PENDING))
        tags = as_mapping(client.list_tags_for_resource(ResourceArn=arn)["Tags"])
        return cls.seen(arn, fields, tags, details={"waiting": waiting})

    def make(self, aws: Aws, ids: Ids) -> None:
        """Make it and subscribe everybody; who is left out is found missing by the next look."""
        attributes = {"DisplayName": self.display_name, "KmsMasterKeyId": self.key}
        if self.policy:
            attributes["Policy"] = document(self.policy)
        aws.client("sns").create_topic(
            Name=self.physical_name,
            Attributes={name: value for name, value in attributes.items() if value},
            Tags=as_pairs(aws.owner.birth_tags(self)),
        )
        for subscriber, wish in self.resolved(ids)["subscriptions"].items():
            _subscribe(aws, self.arn, subscriber, wish)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        fields = after(found, changes)
        attributes = {"display_name": ("DisplayName", fields["display_name"]), "key": ("KmsMasterKeyId", fields["key"])}
        attributes["policy"] = ("Policy", document(fields["policy"] or _default_policy(found.id)))
        for name, value in (attributes[field] for field in sorted({c.field for c in changes} & attributes.keys())):
            aws.client("sns").set_topic_attributes(TopicArn=found.id, AttributeName=name, AttributeValue=value)
        _resubscribe(aws, found.id, changes.of("subscriptions"))

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        if new:
            aws.client("sns").tag_resource(ResourceArn=arn, Tags=as_pairs(new))
        if gone:
            aws.client("sns").untag_resource(ResourceArn=arn, TagKeys=list(gone))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Delete it, and with it AWS its subscriptions."""
        with unless_gone():
            aws.client("sns").delete_topic(TopicArn=found.id)


def _default_policy(topic: str) -> Policy:
    """AWS's own: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html."""
    own = Condition.of("StringEquals", "AWS:SourceOwner", topic.split(":")[4])
    who, what = frozenset({ANYBODY}), frozenset({topic})
    return FrozenMap({DEFAULT_POLICY: Statement.allow(DEFAULT_ACTIONS, what, who, [own])})


def _without_default(told: Policy, account: str) -> Policy:
    """What was *told*, or nothing where AWS's own statement stands there alone."""
    only = told.get(DEFAULT_POLICY) if len(told) == 1 else None
    own = Condition.of("StringEquals", "AWS:SourceOwner", account)
    return NOTHING if only and only.conditions == {own} else told


def _subscriptions(aws: Aws, topic: str) -> Iterator[Mapping[str, str]]:
    for page in aws.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic):
        yield from page["Subscriptions"]


def _subscriber(item: Mapping[str, str]) -> Subscriber:
    return Subscriber(item["Protocol"], item["Endpoint"])


def _settings(aws: Aws, subscription: str) -> Any:
    """A subscription's settings, as far as AWS tells them."""
    if subscription == PENDING:
        return UNTOLD
    told = aws.client("sns").get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    if told.get("PendingConfirmation") == "true":
        return UNTOLD
    matching = json.loads(told.get("FilterPolicy") or "{}")
    return Subscription(
        raw=told.get("RawMessageDelivery") == "true",
        filter=canonical(matching) if matching else "",
        filters_body=told.get("FilterPolicyScope") == "MessageBody",
    )


def _attributes(wish: Subscription) -> dict[str, str]:
    """The settings for AWS; the scope first, as a filter is checked by it."""
    scope = "MessageBody" if wish.filters_body else "MessageAttributes"
    return {
        "RawMessageDelivery": str(wish.raw).lower(),
        "FilterPolicyScope": scope,
        "FilterPolicy": wish.filter or "{}",
    }


def _subscribe(aws: Aws, topic: str, subscriber: Subscriber, wish: Subscription) -> None:
    """Subscribe with all settings but those that AWS has by itself, which it does not take from everybody."""
    usual = _attributes(Subscription())
    attributes = {name: value for name, value in _attributes(wish).items() if value != usual[name]}
    aws.client("sns").subscribe(
        TopicArn=topic, Protocol=subscriber.protocol, Endpoint=subscriber.endpoint, Attributes=attributes
    )


def _resubscribe(aws: Aws, topic: str, changes: Changes) -> None:
    """First add, then change, then remove."""
    for change in changes:
        if change.adds:
            _subscribe(aws, topic, change.key, change.desired)
    there = {_subscriber(s): s["SubscriptionArn"] for s in _subscriptions(aws, topic)} if changes else {}
    for change in changes:
        if not change.adds and there.get(change.key, PENDING) != PENDING:
            _change_subscription(aws, there[change.key], change)


def _change_subscription(aws: Aws, subscription: str, change: Change) -> None:
    client = aws.client("sns")
    if change.removes:
        client.unsubscribe(SubscriptionArn=subscription)
        return
    had, wanted = _attributes(change.observed), _attributes(change.desired)
    for name, value in wanted.items():
        if had[name] != value:
            client.set_subscription_attributes(SubscriptionArn=subscription, AttributeName=name, AttributeValue=value)


@dataclass(frozen=True)
class Redrive:
    """Where a message goes that was received so many times in vain."""

    queue: Reference
    attempts: int = 3

    def __str__(self) -> str:
        return f"{self.queue} after {self.attempts}"


@dataclass(frozen=True, kw_only=True)
class Queue(NamedResource):
    """A queue.

    What is in it is lost with it.  That is no data of people's that a plan has to ask about: our queues hold
    news of files that are still in their bucket, and every alarm has told of a message that nobody has taken.

    AWS takes up to a minute to let a change be seen, and as long after a deletion to take the name again:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """

    resource_type: ClassVar = "sqs"
    mutable: ClassVar = frozenset({"policy", "visibility", "retention", "delay", "redrive", "encrypted"})

    policy: Policy = NOTHING
    visibility: int = 30
    """Seconds for which a received message is nobody else's."""
    retention: int = 345600
    """Seconds."""
    delay: int = 0
    """Seconds until a message can be received."""
    redrive: Redrive | None = None
    encrypted: bool = True
    """By a key of SQS's own."""

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed:
        client, url = aws.client("sqs"), _url(aws, arn)
        told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        fields = {
            "policy": read(told.get("Policy")),
            "visibility": int(told["VisibilityTimeout"]),
            "retention": int(told["MessageRetentionPeriod"]),
            "delay": int(told["DelaySeconds"]),
            "redrive": _redrive(told.get("RedrivePolicy")),
            "encrypted": told.get("SqsManagedSseEnabled") == "true",
        }
        details = {"url": url, "messages": int(told.get("ApproximateNumberOfMessages", 0))}
        return cls.seen(arn, fields, client.list_queue_tags(QueueUrl=url).get("Tags", {}), details=details)

    def make(self, aws: Aws, ids: Ids) -> None:
        wishes = self.resolved(ids)
        told = dict(_attribute(field, wishes[field]) for field in sorted(self.mutable))
        attributes = {name: value for name, value in told.items() if value}
        tags = dict(aws.owner.birth_tags(self))
        aws.client("sqs").create_queue(QueueName=self.physical_name, Attributes=attributes, tags=tags)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        fields = after(found, changes)
        attributes = dict(_attribute(field, fields[field]) for field in sorted({c.field for c in changes}))
        aws.client("sqs").set_queue_attributes(QueueUrl=_url(aws, found.id), Attributes=attributes)

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        client, url = aws.client("sqs"), _url(aws, arn)
        if new:
            client.tag_queue(QueueUrl=url, Tags=dict(new))
        if gone:
            client.untag_queue(QueueUrl=url, TagKeys=list(gone))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        with unless_gone():
            aws.client("sqs").delete_queue(QueueUrl=_url(aws, found.id))


def _url(aws: Aws, arn: str) -> str:
    """The address that AWS calls a queue by."""
    account = arn.split(":")[4]
    url: str = aws.client("sqs").get_queue_url(QueueName=name_in(arn), QueueOwnerAWSAccountId=account)["QueueUrl"]
    return url


def _redrive(text: str | None) -> Redrive | None:
    told = json.loads(text or "{}")
    return Redrive(told["deadLetterTargetArn"], int(told["maxReceiveCount"])) if told else None


def _attribute(field: str, wish: Any) -> tuple[str, str]:
    """AWS's name and text of a field; an empty text takes a policy away."""
    match field:
        case "policy":
            return "Policy", document(wish) if wish else ""
        case "redrive":
            told = {"deadLetterTargetArn": wish.queue, "maxReceiveCount": wish.attempts} if wish else None
            return "RedrivePolicy", canonical(told) if told else ""
        case "encrypted":
            return "SqsManagedSseEnabled", str(wish).lower()
        case _:
            return QUEUE_NUMBERS[field], str(wish)


QUEUE_NUMBERS = {"visibility": "VisibilityTimeout", "retention": "MessageRetentionPeriod", "delay": "DelaySeconds"}
