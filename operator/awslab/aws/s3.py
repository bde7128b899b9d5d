"""Buckets of S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Changes
from awslab.core.outcome import Blocker
from awslab.core.resource import Ids, Observed

from . import contents, lifecycle, notifications, policies
from .lifecycle import Lifecycle
from .lookups import identity
from .named import NamedResource, after, as_mapping, as_pairs, name_in, unless_gone
from .policies import Policy
from .session import Aws

EMPTY = "emptyBuckets"
"""In ``spec.deletion``: delete buckets with all that is in them."""

S3_KEY = "AES256"
"""Encrypted with keys of S3's own."""

PUBLIC_ACCESS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
OWNER_ENFORCED = "BucketOwnerEnforced"

NEW: Mapping[str, Any] = {
    "versioned": False,
    "encryption": S3_KEY,
    "private": True,
    "ownership": OWNER_ENFORCED,
    "policy": policies.NOTHING,
    "lifecycle": lifecycle.NONE,
    "eventbridge": False,
}
"""How S3 makes a bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html"""


@dataclass(frozen=True, kw_only=True)
class Bucket(NamedResource):
    """A place for objects, which outlives nobody's data by accident.

    Every call says whose bucket it expects: somebody else may have taken the name before.
    """

    resource_type: ClassVar = "s3"
    mutable: ClassVar = frozenset(NEW)
    keeps_data: ClassVar = True

    versioned: bool = True
    encryption: str = S3_KEY
    """``AES256``, ``aws:kms`` for the account's own key of S3, or the ARN of a key."""
    private: bool = True
    """Whether all public access is blocked."""
    ownership: str = OWNER_ENFORCED
    """With this value access lists of objects mean nothing."""
    policy: Policy = policies.NOTHING
    lifecycle: Lifecycle = lifecycle.NONE
    eventbridge: bool = False
    """Whether EventBridge is told of every change."""

    @classmethod
    def calls(cls) -> int:
        return len(NEW) + 1

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed:
        s3, where = aws.client("s3"), bucket(aws, arn)
        tags = told("NoSuchTagSet", s3.get_bucket_tagging, where).get("TagSet", ())
        return cls.seen(arn, {field: read(s3, where) for field, read in _READ.items()}, as_mapping(tags))

    def make(self, aws: Aws, ids: Ids) -> None:
        """Make it with its tags; the first region is the one that may not be named."""
        place = {} if aws.clients.region == "us-east-1" else {"LocationConstraint": aws.clients.region}
        tags = as_pairs(aws.owner.birth_tags(self))
        configuration = {**place, "Tags": tags}
        aws.client("s3").create_bucket(Bucket=self.physical_name, CreateBucketConfiguration=configuration)

    def made(self, aws: Aws, ids: Ids, **more: Any) -> Observed:
        """As S3 makes every bucket: what is wanted otherwise is changed next."""
        found = super().made(aws, ids, **more)
        return replace(found, fields={**found.fields, **NEW})

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Write each field that differs; a policy comes after the block that it has to pass."""
        s3, where, wanted = aws.client("s3"), bucket(aws, found.id), after(found, changes)
        for field, write in _WRITE.items():
            if changes.of(field):
                write(s3, where, wanted[field])

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        """Write all tags: S3 knows no other way, and what somebody else writes in this moment is lost."""
        s3, where = aws.client("s3"), bucket(aws, arn)
        there = as_mapping(told("NoSuchTagSet", s3.get_bucket_tagging, where).get("TagSet", ()))
        kept = {key: value for key, value in there.items() if key not in gone}
        s3.put_bucket_tagging(**where, Tagging={"TagSet": as_pairs({**kept, **new})})

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Delete it; its objects before only where the spec says so, else AWS refuses."""
        s3, where = aws.client("s3"), bucket(aws, found.id)
        with unless_gone():
            if aws.on_delete.get(EMPTY):
                contents.empty(s3, where)
            s3.delete_bucket(**where)

    @classmethod
    def blockers(cls, aws: Aws, found: Observed) -> Iterator[Blocker]:
        """What is still in it."""
        yield from contents.blockers(aws.client("s3"), bucket(aws, found.id))


def bucket(aws: Aws, arn: str) -> dict[str, str]:
    """The arguments that name a bucket, and whose it must be."""
    return {"Bucket": name_in(arn), "ExpectedBucketOwner": aws.clients.fact("identity", identity).account}


def told(absent: str, call: Callable[..., dict[str, Any]], where: Mapping[str, str]) -> dict[str, Any]:
    """The answer; nothing where S3 says, with the code *absent*, that there is nothing of the kind."""
    try:
        return call(**where)
    except ClientError as error:
        if error.response["Error"]["Code"] != absent:
            raise
        return {}


Where = Mapping[str, str]


def _versioned(s3: Any, where: Where) -> bool:
    return bool(s3.get_bucket_versioning(**where).get("Status") == "Enabled")


def _encryption(s3: Any, where: Where) -> str:
    """What S3 encrypts with; with its own keys where nothing is said."""
    absent = "ServerSideEncryptionConfigurationNotFoundError"
    answer = told(absent, s3.get_bucket_encryption, where).get("ServerSideEncryptionConfiguration", {})
    default: Mapping[str, Any] = next(
        (rule["ApplyServerSideEncryptionByDefault"] for rule in answer.get("Rules", ())), {}
    )
    return str(default.get("KMSMasterKeyID") or default.get("SSEAlgorithm") or S3_KEY)


def _private(s3: Any, where: Where) -> bool:
    absent = "NoSuchPublicAccessBlockConfiguration"
    block = told(absent, s3.get_public_access_block, where).get("PublicAccessBlockConfiguration", {})
    return all(block.get(setting) for setting in PUBLIC_ACCESS)


def _ownership(s3: Any, where: Where) -> str:
    absent = "OwnershipControlsNotFoundError"
    rules = told(absent, s3.get_bucket_ownership_controls, where).get("OwnershipControls", {}).get("Rules", ())
    return next((str(rule["ObjectOwnership"]) for rule in rules), "ObjectWriter")


def _policy(s3: Any, where: Where) -> Policy:
    return policies.read(told("NoSuchBucketPolicy", s3.get_bucket_policy, where).get("Policy"))


def _lifecycle(s3: Any, where: Where) -> Lifecycle:
    absent = "NoSuchLifecycleConfiguration"
    return lifecycle.read(told(absent, s3.get_bucket_lifecycle_configuration, where).get("Rules", ()))


def _eventbridge(s3: Any, where: Where) -> bool:
    return notifications.EVENTBRIDGE in notifications.read(s3, where)


def _write_versioned(s3: Any, where: Where, value: Any) -> None:
    s3.put_bucket_versioning(**where, VersioningConfiguration={"Status": "Enabled" if value else "Suspended"})


def _write_encryption(s3: Any, where: Where, value: str) -> None:
    default = {"SSEAlgorithm": value if value in {S3_KEY, "aws:kms"} else "aws:kms"}
    if value.startswith("arn:"):
        default["KMSMasterKeyID"] = value
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": value != S3_KEY}
    s3.put_bucket_encryption(**where, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _write_private(s3: Any, where: Where, value: Any) -> None:
    block = dict.fromkeys(PUBLIC_ACCESS, bool(value))
    s3.put_public_access_block(**where, PublicAccessBlockConfiguration=block)


def _write_ownership(s3: Any, where: Where, value: str) -> None:
    s3.put_bucket_ownership_controls(**where, OwnershipControls={"Rules": [{"ObjectOwnership": value}]})


def _write_policy(s3: Any, where: Where, value: Policy) -> None:
    if value:
        s3.put_bucket_policy(**where, Policy=policies.document(value))
    else:
        s3.delete_bucket_policy(**where)


def _write_lifecycle(s3: Any, where: Where, value: Lifecycle) -> None:
    if value:
        s3.put_bucket_lifecycle_configuration(**where, LifecycleConfiguration={"Rules": lifecycle.written(value)})
    else:
        s3.delete_bucket_lifecycle(**where)


_READ: Mapping[str, Callable[[Any, Where], Any]] = {
    "versioned": _versioned,
    "encryption": _encryption,
    "private": _private,
    "ownership": _ownership,
    "policy": _policy,
    "lifecycle": _lifecycle,
    "eventbridge": _eventbridge,
}


def _write_eventbridge(s3: Any, where: Where, value: Any) -> None:
    write = notifications.with_eventbridge if value else notifications.without_eventbridge
    notifications.write(s3, where, write)


_WRITE: Mapping[str, Callable[[Any, Where, Any], None]] = {
    "versioned": _write_versioned,
    "encryption": _write_encryption,
    "ownership": _write_ownership,
    "private": _write_private,
    "policy": _write_policy,
    "lifecycle": _write_lifecycle,
    "eventbridge": _write_eventbridge,
}
"""In this order."""
