"""Notification configurations: read, checked against their destinations, and shown."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from http import HTTPStatus
from itertools import combinations
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from moto.s3.notifications import S3NotificationEvent

from awslab.local.aws import identity
from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_ import model
from awslab.local.aws.resource_policies import policy_of
from awslab.local.aws.rules import Book
from awslab.local.aws.s3 import events
from awslab.local.aws.s3.asked import API, GUIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.s3.asked import BucketAsked

book = Book("s3")
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
# Element, name of the destination in it, service, and what S3 does there.
KINDS = {
    "TopicConfiguration": ("Topic", "sns", "sns:Publish"),
    "QueueConfiguration": ("Queue", "sqs", "sqs:SendMessage"),
    "CloudFunctionConfiguration": ("CloudFunction", "lambda", "lambda:InvokeFunction"),
}
BRIDGE = "EventBridgeConfiguration"


@dataclass(frozen=True)
class Notice:
    """One entry: which events of which keys go where."""

    kind: str
    id: str
    arn: str
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""

    @property
    def action(self) -> str:
        """Return what S3 does at the destination, as IAM names it."""
        return KINDS[self.kind][2]

    def matches(self, event: str, key: str) -> bool:
        """Tell whether an event of a key is meant; names of events may end in a star."""
        meant = any(event == one or (one.endswith("*") and event.startswith(one[:-1])) for one in self.events)
        return meant and key.startswith(self.prefix) and key.endswith(self.suffix)


@dataclass(frozen=True)
class Notices:
    """The whole configuration of a bucket."""

    entries: tuple[Notice, ...] = ()
    bridge: bool = False


def put(asked: BucketAsked) -> bytes:
    """Take over a configuration, whole or not at all."""
    bucket = _bucket(asked)
    notices = read(asked.call.body)
    _refuse_wrong(notices, bucket.region_name)
    _refuse_overlap(notices)
    if asked.call.environ.get("HTTP_X_AMZ_SKIP_DESTINATION_VALIDATION", "").lower() != "true":
        _refuse_unreachable(asked, notices, bucket.arn)
    bucket.awslab_notices = notices
    for one in notices.entries:
        events.send_test(asked.world, bucket, one)
    return b""


@book.behaves(
    "notices-shown",
    "GetBucketNotificationConfiguration",
    does="A bucket's notifications are shown as they were put, EventBridge included; filters as `Prefix` and `Suffix`.",
    see=API + "API_GetBucketNotificationConfiguration.html",
)
def get(asked: BucketAsked) -> bytes:
    """Return the configuration."""
    notices = of(_bucket(asked))
    root = ET.Element("NotificationConfiguration", xmlns=NAMESPACE)
    for one in notices.entries:
        _show(ET.SubElement(root, one.kind), one)
    if notices.bridge:
        ET.SubElement(root, BRIDGE)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


HANDLERS: dict[str, Callable[[BucketAsked], bytes]] = {
    "PutBucketNotificationConfiguration": put,
    "GetBucketNotificationConfiguration": get,
}


def of(bucket: object) -> Notices:
    """Return the configuration of a bucket."""
    found: Notices = getattr(bucket, "awslab_notices", None) or Notices()
    return found


def _bucket(asked: BucketAsked) -> events.Bucket:
    if asked.bucket is None:
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", HTTPStatus.NOT_FOUND)
    bucket: events.Bucket = asked.bucket
    return bucket


def _show(element: ET.Element, one: Notice) -> None:
    ET.SubElement(element, "Id").text = one.id
    ET.SubElement(element, KINDS[one.kind][0]).text = one.arn
    for event in one.events:
        ET.SubElement(element, "Event").text = event
    rules = {"Prefix": one.prefix, "Suffix": one.suffix}
    if not any(rules.values()):
        return
    key = ET.SubElement(ET.SubElement(element, "Filter"), "S3Key")
    for name, value in rules.items():
        if value:
            rule = ET.SubElement(key, "FilterRule")
            ET.SubElement(rule, "Name").text = name
            ET.SubElement(rule, "Value").text = value


def read(body: bytes) -> Notices:
    """Read a configuration from XML; raises AwsError where it is none."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - whoever sends it may stop us anyway
    except ET.ParseError as error:
        sentence = "The XML you provided was not well-formed or did not validate against our published schema"
        raise AwsError("MalformedXML", sentence) from error
    found = [_entry(element, kind) for kind in KINDS for element in root.iterfind(f"{{*}}{kind}")]
    return Notices(tuple(found), root.find(f"{{*}}{BRIDGE}") is not None)


def _entry(element: ET.Element, kind: str) -> Notice:
    filters = {
        (rule.findtext("{*}Name") or "").lower(): rule.findtext("{*}Value") or ""
        for rule in element.iterfind("{*}Filter/{*}S3Key/{*}FilterRule")
    }
    if unknown := set(filters) - {"prefix", "suffix"}:
        raise _invalid(f"filter rule name must be either prefix or suffix: {', '.join(unknown)}")
    return Notice(
        kind,
        element.findtext("{*}Id") or str(uuid.uuid4()),
        element.findtext(f"{{*}}{KINDS[kind][0]}") or "",
        tuple(one.text or "" for one in element.iterfind("{*}Event")),
        filters.get("prefix", ""),
        filters.get("suffix", ""),
    )


def _invalid(sentence: str) -> AwsError:
    return AwsError("InvalidArgument", sentence)


@book.behaves(
    "notices-wrong",
    "PutBucketNotificationConfiguration",
    code="InvalidArgument",
    does="The entries of a configuration have ids of their own, known events, and destinations in the bucket's region.",
    see=GUIDE + "notification-how-to-event-types-and-destinations.html",
)
def _refuse_wrong(notices: Notices, region: str) -> None:
    if len({one.id for one in notices.entries}) < len(notices.entries):
        raise _invalid("Same ID used for multiple configurations. IDs must be unique")
    for one in notices.entries:
        parts = one.arn.split(":")
        if len(parts) < 6 or parts[2] != KINDS[one.kind][1]:  # noqa: PLR2004 - of an ARN
            raise _invalid("The ARN could not be parsed")
        if parts[3] != region:
            sentence = "The notification destination service region is not valid for the bucket location constraint"
            raise _invalid(sentence)
        if not one.events or not set(one.events) <= set(S3NotificationEvent.events()):
            raise _invalid("A specified event is not supported for notifications.")


@book.behaves(
    "notices-overlap",
    "PutBucketNotificationConfiguration",
    code="InvalidArgument",
    does="Two entries for the same event do not overlap in both prefix and suffix.",
    see=GUIDE + "notification-how-to-filtering.html",
)
def _refuse_overlap(notices: Notices) -> None:
    for one, other in combinations(notices.entries, 2):
        nested = _nested(one.prefix, other.prefix) and _nested(one.suffix, other.suffix, end=True)
        if nested and _share(one.events, other.events):
            raise _invalid(
                "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules "
                "if the prefixes are overlapping for the same event type."
            )


def _share(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Tell whether two sets of events have one in common, stars included."""
    pairs = [(one.rstrip("*"), other.rstrip("*")) for one in some for other in others]
    return any(one.startswith(other) or other.startswith(one) for one, other in pairs)


def _nested(one: str, other: str, *, end: bool = False) -> bool:
    if end:
        return one.endswith(other) or other.endswith(one)
    return one.startswith(other) or other.startswith(one)


@book.behaves(
    "notices-unreachable",
    "PutBucketNotificationConfiguration",
    code="InvalidArgument",
    does="A destination is there, and its own policy lets S3 in for this bucket.",
    see=GUIDE + "grant-destinations-permissions-to-s3.html",
)
def _refuse_unreachable(asked: BucketAsked, notices: Notices, arn: str) -> None:
    account = asked.call.account
    for one in notices.entries:
        if one.kind == "CloudFunctionConfiguration" and not _function_there(asked, one.arn):
            raise _invalid("Unable to validate the following destination configurations")
        policy = policy_of(one.arn, account)
        if not identity.service_may(asked.world, events.SERVICE, one.action, one.arn, policy, arn, account):
            raise _invalid("Unable to validate the following destination configurations")


def _function_there(asked: BucketAsked, arn: str) -> bool:
    try:
        model.find(asked.world, asked.call.account, asked.call.region, model.read_name(arn))
    except AwsError:
        return False
    return True
