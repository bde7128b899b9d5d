"""The policies that stand at resources: buckets, functions, queues, topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from awslab.local.aws.lambda_.model import region_of
from awslab.local.aws.world import current

if TYPE_CHECKING:
    from collections.abc import Callable

Document = str | dict[str, Any] | None
ARN_PARTS = 6


def policy_of(resource: str, account: str) -> Document:
    """Return the policy at the resource of an ARN; None where there is no such resource, or no policy.

    The ARN of a bucket does not tell whose it is: `account` is where it is looked for first.
    """
    parts = resource.split(":", ARN_PARTS - 1)
    if len(parts) < ARN_PARTS or parts[2] not in FINDERS:
        return None
    return FINDERS[parts[2]](parts[1], parts[3], parts[4] or account, parts[5])


def _bucket(partition: str, _: str, account: str, path: str) -> Document:
    name = path.partition("/")[0]
    for owner in [account, *list(s3_backends)]:
        bucket = s3_backends[owner][partition].buckets.get(name)
        if bucket is not None:
            return bucket.policy.decode() if bucket.policy else None
    return None


def _function(_: str, region: str, account: str, path: str) -> Document:
    """Return the policy of this very version or alias, or of the unqualified function."""
    name, _, qualifier = path.removeprefix("function:").partition(":")
    function = region_of(current(), account, region).functions.get(name)
    policy = function.policies.get(qualifier) if function else None
    return {"Statement": policy.statements} if policy else None


def _queue(_: str, region: str, account: str, name: str) -> Document:
    queue = sqs_backends[account][region].queues.get(name)
    found: Document = queue.policy if queue else None
    return found


def _topic(_: str, region: str, account: str, name: str) -> Document:
    topics = sns_backends[account][region].topics
    found: Document = next((topic.policy for topic in topics.values() if topic.name == name), None)
    return found


FINDERS: dict[str, Callable[[str, str, str, str], Document]] = {
    "s3": _bucket,
    "lambda": _function,
    "sqs": _queue,
    "sns": _topic,
}
