"""Buckets: their names, what a new one has, their policies, and when they may go."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import xmltodict  # type: ignore[import-untyped] # moto reads XML by it, and it has no types
from moto.s3.models import PublicAccessBlock

from awslab.local.aws import identity
from awslab.local.aws.policies import statements
from awslab.local.aws.rules import Book
from awslab.local.aws.s3.asked import API, GUIDE, BucketAsked

if TYPE_CHECKING:
    from collections.abc import Iterator

book = Book("s3")
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]", re.ASCII)
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+", re.ASCII)
BAD_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
BAD_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


@book.refuses(
    "bucket-name",
    "CreateBucket",
    code="InvalidBucketName",
    does="A bucket's name has 3 to 63 small letters, digits, dots and hyphens, and is no IP address.",
    see=GUIDE + "bucketnamingrules.html",
)
def _name(asked: BucketAsked) -> str | None:
    name = asked.name
    proper = NAME.fullmatch(name) and not ADDRESS.fullmatch(name)
    proper = proper and not name.startswith(BAD_STARTS) and not name.endswith(BAD_ENDS)
    asked.is_new = asked.bucket is None
    return None if proper else "The specified bucket is not valid."


@book.follows(
    "bucket-defaults",
    "CreateBucket",
    does="A new bucket is encrypted with AES256, blocks public access, and owns its objects.",
    see=GUIDE + "default-bucket-encryption.html",
)
def _defaults(asked: BucketAsked, _: object) -> None:
    bucket = asked.bucket
    if not asked.is_new or bucket is None:
        return
    bucket.encryption = _encryption()
    bucket.public_access_block = PublicAccessBlock(*["true"] * 4)
    bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"


@book.follows(
    "bucket-tags",
    "CreateBucket",
    does="A bucket may be tagged in the call that makes it.",
    see=API + "API_CreateBucket.html",
)
def _tagged(asked: BucketAsked, _: object) -> None:
    if asked.is_new and b"<Tags>" in asked.call.body:
        tags = xmltodict.parse(asked.call.body, force_list=("Tag",))["CreateBucketConfiguration"]["Tags"]["Tag"]
        asked.backend.put_bucket_tagging(asked.name, {tag["Key"]: tag["Value"] or "" for tag in tags})


@book.follows(
    "bucket-encryption-stays",
    "DeleteBucketEncryption",
    does="Deleting a bucket's encryption sets it back to AES256; there is no bucket without.",
    see=API + "API_DeleteBucketEncryption.html",
)
def _encrypted(asked: BucketAsked, _: object) -> None:
    if asked.bucket is not None:
        asked.bucket.encryption = _encryption()


def _encryption() -> dict[str, Any]:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}
    return {"Rule": rule}


@book.refuses(
    "bucket-policy-malformed",
    "PutBucketPolicy",
    code="MalformedPolicy",
    does="A bucket's policy is JSON, speaks of this bucket only, and names roles that are there.",
    see=API + "API_PutBucketPolicy.html",
)
def _policy(asked: BucketAsked) -> str | None:
    try:
        found = statements(asked.call.body.decode())
    except (ValueError, AttributeError):
        return "Policies must be valid JSON and the first byte must be '{'"
    if not found or not all({"Effect", "Principal"} <= set(one) or "NotPrincipal" in one for one in found):
        return "Missing required field Principal"
    arn = f"arn:aws:s3:::{asked.name}"
    if not all(one == arn or one.startswith(f"{arn}/") for one in _texts(found, "Resource")):
        return "Policy has invalid resource"
    gone = [one for one in _principals(found) if ":role/" in one and identity.role_of(one) is None]
    return "Invalid principal in policy" if gone else None


@book.refuses(
    "bucket-policy-public",
    "PutBucketPolicy",
    code="AccessDenied",
    status=HTTPStatus.FORBIDDEN,
    does="A policy that lets everybody in is refused while the bucket blocks public policies.",
    see=GUIDE + "access-control-block-public-access.html",
)
def _public(asked: BucketAsked) -> str | None:
    block = asked.bucket.public_access_block if asked.bucket else None
    found = statements(asked.call.body.decode())
    open_ = [one for one in found if one.get("Effect") == "Allow" and "*" in set(_principals([one]))]
    if block is None or not block.block_public_policy or all(one.get("Condition") for one in open_):
        return None
    return "Access Denied: public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."


@book.refuses(
    "upload-condition",
    "CompleteMultipartUpload",
    code="PreconditionFailed",
    status=HTTPStatus.PRECONDITION_FAILED,
    does="`If-None-Match: *` and `If-Match` hold for an upload in parts as for one in a piece.",
    see=GUIDE + "conditional-writes.html",
)
def _condition(asked: BucketAsked) -> str | None:
    environ, sentence = asked.call.environ, "At least one of the pre-conditions you specified did not hold"
    found = asked.bucket.keys.get(asked.params.get("Key")) if asked.bucket else None
    etag = getattr(found, "etag", None)
    if environ.get("HTTP_IF_NONE_MATCH") == "*" and etag is not None:
        return sentence
    wanted = environ.get("HTTP_IF_MATCH")
    return sentence if wanted and (etag or "").strip('"') != wanted.strip('"') else None


def _texts(found: list[dict[str, Any]], name: str) -> Iterator[str]:
    for one in found:
        values = one.get(name, [])
        yield from values if isinstance(values, list) else [values]


def _principals(found: list[dict[str, Any]]) -> Iterator[str]:
    for principal in _texts(found, "Principal"):
        groups = principal.values() if isinstance(principal, dict) else [principal]
        for group in groups:
            yield from group if isinstance(group, list) else [group]
