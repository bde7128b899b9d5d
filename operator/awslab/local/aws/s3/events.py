"""What S3 tells of its objects: to functions, queues and topics that a bucket names, and to EventBridge."""

from __future__ import annotations

import itertools
import json
import logging
import secrets
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote_plus

from botocore.exceptions import ClientError
from moto.s3.models import FakeDeleteMarker
from moto.s3.notifications import _detail_type

from awslab.local.aws import identity, inside
from awslab.local.aws.errors import AwsError
from awslab.local.aws.events import bus
from awslab.local.aws.lambda_ import invoke
from awslab.local.aws.resource_policies import policy_of
from awslab.local.aws.rules import Book
from awslab.local.aws.s3.asked import GUIDE
from awslab.local.aws.world import current

if TYPE_CHECKING:
    from awslab.local.aws.s3.notices import Notice, Notices
    from awslab.local.aws.world import World

log = logging.getLogger(__name__)
book = Book("s3")
SERVICE = "s3.amazonaws.com"
REASONS = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "s3:ObjectRemoved:Delete": "DeleteObject",
    "s3:ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
DELETIONS = {
    "s3:ObjectRemoved:Delete": "Permanently Deleted",
    "s3:ObjectRemoved:DeleteMarkerCreated": "Delete Marker Created",
}
SIDE_EVENTS = ("s3:ObjectTagging", "s3:ObjectAcl")
SIDE_ACTIONS = frozenset({"PutObjectTagging", "DeleteObjectTagging", "PutObjectAcl"})
ACTION: ContextVar[str] = ContextVar("action", default="")  # the call that is carried out
_ticks = itertools.count(time.time_ns() >> 10)


class Bucket(Protocol):
    """What is used of moto's bucket."""

    name: str
    arn: str
    region_name: str
    account_id: str
    is_versioned: bool
    awslab_notices: Notices


def on_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
    """Tell of an event whoever is to know; stands where moto would, within the call, and waits for nobody."""
    notices = getattr(bucket, "awslab_notices", None)
    if notices is None or key is None:
        return
    world, event, sequencer = current(), str(event_name.value), f"{next(_ticks):018X}"
    if event.startswith(SIDE_EVENTS) and ACTION.get() not in SIDE_ACTIONS:
        return  # moto tells of tags and ACLs also where they come with an upload
    for one in notices.entries:
        if one.matches(event, key.name):
            _deliver(world, bucket, one, {"Records": [_record(event, bucket, key, one.id, sequencer)]})
    if notices.bridge:
        _tell_bridge(world, account_id, bucket, event, key, sequencer)


@book.behaves(
    "event-delivered",
    "PutObject",
    "CopyObject",
    "CompleteMultipartUpload",
    "DeleteObject*",
    does="Events are delivered after the call, and only where the destination's policy still lets S3 in.",
    see=GUIDE + "EventNotifications.html",
)
def _deliver(world: World, bucket: Bucket, notice: Notice, body: dict[str, Any]) -> None:
    policy = policy_of(notice.arn, bucket.account_id)
    if not identity.service_may(world, SERVICE, notice.action, notice.arn, policy, bucket.arn, bucket.account_id):
        log.warning("an event of %s did not reach %s: its policy does not let S3 in", bucket.name, notice.arn)
        return
    if notice.kind != "CloudFunctionConfiguration":
        world.background.start("s3-event", _send, world, notice, body)
        return
    try:
        invoke.send(world, notice.arn, json.dumps(body).encode())
    except AwsError as error:
        log.warning("an event of %s did not reach %s: %s", bucket.name, notice.arn, error)


def _send(world: World, notice: Notice, body: dict[str, Any]) -> None:
    """Send a message to a queue or a topic."""
    service, region = notice.arn.split(":")[2:4]
    client = inside.client(world, service, region, inside.service_key(SERVICE))
    try:
        if service == "sqs":
            client.send_message(QueueUrl=inside.queue_url(world, notice.arn), MessageBody=json.dumps(body))
        else:
            client.publish(TopicArn=notice.arn, Subject="Amazon S3 Notification", Message=json.dumps(body))
    except ClientError as error:
        log.warning("an event did not reach %s: %s", notice.arn, error)


@book.behaves(
    "event-test",
    "PutBucketNotificationConfiguration",
    does="A queue or topic gets a test event when it becomes the destination of a bucket's events.",
    see=GUIDE + "notification-content-structure.html",
)
def send_test(world: World, bucket: Bucket, notice: Notice) -> None:
    """Send the test event."""
    if notice.kind == "CloudFunctionConfiguration":
        return
    body = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": _time(world), "Bucket": bucket.name}
    world.background.start("s3-test-event", _send, world, notice, body | {"RequestId": _request_id()})


@book.behaves(
    "event-record",
    "PutObject",
    does="A record tells the key URL-encoded, size, ETag, version and a sequencer that only grows.",
    see=GUIDE + "notification-content-structure.html",
)
def _record(event: str, bucket: Bucket, key: Any, configuration: str, sequencer: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"key": quote_plus(key.name, safe="/"), "sequencer": sequencer}
    if not event.startswith("s3:ObjectRemoved"):
        shown |= {"size": key.size, "eTag": key.etag.strip('"')}
    if bucket.is_versioned:
        shown["versionId"] = key.version_id
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region_name,
        "eventTime": _time(current()),
        "eventName": event.removeprefix("s3:"),
        "userIdentity": {"principalId": f"AWS:{bucket.account_id}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": _request_id(), "x-amz-id-2": secrets.token_urlsafe(32)},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": bucket.account_id},
                "arn": bucket.arn,
            },
            "object": shown,
        },
    }


@book.behaves(
    "event-bridge",
    "PutObject",
    "CopyObject",
    "CompleteMultipartUpload",
    "DeleteObject*",
    does="A bucket that tells EventBridge puts `Object Created`, `Object Deleted` and others on the default bus.",
    see=GUIDE + "ev-events.html",
)
def _tell_bridge(world: World, account: str, bucket: Bucket, event: str, key: Any, sequencer: str) -> None:
    shown: dict[str, Any] = {"key": key.name, "sequencer": sequencer}
    if not isinstance(key, FakeDeleteMarker):
        shown |= {"size": key.size, "etag": key.etag.strip('"')}
    if bucket.is_versioned:
        shown["version-id"] = key.version_id
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": shown,
        "request-id": _request_id(),
        "requester": account,
        "source-ip-address": "127.0.0.1",
    }
    if event in REASONS:
        detail["reason"] = REASONS[event]
    if event in DELETIONS:
        detail["deletion-type"] = DELETIONS[event]
    told = {"source": "aws.s3", "detail-type": _detail_type(event), "resources": [bucket.arn], "detail": detail}
    bus.deliver(world, account, bucket.region_name, told)


def _time(world: World) -> str:
    now = world.clock()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z"


def _request_id() -> str:
    return secrets.token_hex(8).upper()
