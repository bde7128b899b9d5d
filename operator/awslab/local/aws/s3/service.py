"""S3: moto keeps buckets and objects; policies, notifications and what a new bucket has are ours."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.iam.access_control import PermissionResult
from moto.s3 import notifications as motos_notifications
from moto.s3.models import FakeBucket, S3Backend

from awslab.local.aws import identity
from awslab.local.aws.actions import requests_of
from awslab.local.aws.policies import Request, context_of, speaking
from awslab.local.aws.rules import Book
from awslab.local.aws.s3 import events, notices
from awslab.local.aws.s3.asked import GUIDE, BucketAsked
from awslab.local.aws.services import Asked, Ruled
from awslab.local.aws.wire import Answer

if TYPE_CHECKING:
    from awslab.local.aws.call import Call
    from awslab.local.aws.world import World

book = Book("s3")
HEADERS = {"Content-Type": "application/xml"}
READS = {"GetObject", "HeadObject"}


class S3(Ruled):
    """Answers the calls of S3."""

    name = "s3"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        motos_notifications.send_event = events.on_event
        FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # the whole policy is asked by us
        S3Backend._set_delete_marker = _set_delete_marker  # noqa: SLF001 - where moto forgets the event

    def answer(self, call: Call) -> Answer:
        """Ask the bucket's policy and the rules, then carry the call out."""
        asked = BucketAsked(call, self.world)
        _refuse_denied(asked)
        if call.action in notices.HANDLERS:
            body = notices.HANDLERS[call.action](asked)
            return Answer(HTTPStatus.OK, HEADERS | {"x-amz-request-id": uuid.uuid4().hex[:16].upper()}, body)
        events.ACTION.set(call.action)
        answer = super().answer(call)
        _hide_missing(asked, answer)
        return answer

    def asked(self, call: Call) -> Asked:
        """Return what the rules of S3 are given."""
        return BucketAsked(call, self.world)

    def made(self, call: Call, _: Answer) -> list[str]:
        """A new bucket is known by its name."""
        return [call.params["Bucket"]] if call.action == "CreateBucket" else []


@book.behaves(
    "bucket-policy-deny",
    "*",
    code="AccessDenied",
    does="What a bucket's policy denies to everybody is refused to everybody, whoever asks and in whatever call.",
    see=GUIDE + "bucket-policies.html",
)
@book.behaves(
    "local-is-secure",
    "*",
    does="A call over the local HTTP counts as one over TLS, so that a policy that denies others locks nobody out.",
    see=GUIDE + "security-best-practices.html",
)
def _refuse_denied(asked: BucketAsked) -> None:
    bucket, call = asked.bucket, asked.call
    if bucket is None or not bucket.policy or identity.session_of(asked.world, call):
        return  # of roles it was asked already
    user = f"arn:aws:iam::{call.account}:user/{call.who}"
    who = frozenset({user, call.account})
    context = context_of(PrincipalArn=user, PrincipalAccount=call.account, SecureTransport="true")
    for action, resource, more in requests_of(call):
        request = Request(action, resource, context | more, who)
        if next(speaking(bucket.policy.decode(), request, "Deny"), None) is not None:
            raise identity.denied(user, action, resource, "resource-policy")


@book.behaves(
    "object-hidden",
    "GetObject",
    "HeadObject",
    code="AccessDenied",
    does="Whoever may not list a bucket is not told that an object is missing, but that access is denied.",
    see="https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html",
)
def _hide_missing(asked: BucketAsked, answer: Answer) -> None:
    if answer.status != HTTPStatus.NOT_FOUND or asked.call.action not in READS or asked.bucket is None:
        return
    session = identity.session_of(asked.world, asked.call)
    arn = f"arn:aws:s3:::{asked.call.params['Bucket']}"
    if session and not identity.may(asked.world, session, "s3:ListBucket", arn):
        raise identity.denied(session.arn, "s3:ListBucket", arn)


_set_delete_marker_of_moto = S3Backend._set_delete_marker  # noqa: SLF001 - kept to be called


def _set_delete_marker(self: Any, bucket_name: str, key_name: str) -> Any:
    """Tell of the delete marker, which moto does not."""
    marker = _set_delete_marker_of_moto(self, bucket_name, key_name)
    event = motos_notifications.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
    events.on_event(self.account_id, event, self.get_bucket(bucket_name), marker)
    return marker
