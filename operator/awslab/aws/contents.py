"""What is in a bucket when it is to go: counted and named, or deleted where the spec says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from awslab.core.errors import Working
from awslab.core.outcome import Blocker

from .errors import classify

PAGE = 1000
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""

PAGES = 10
"""Deleted in one pass; then others have their turn."""

NAMED = 3
"""Keys that a message names."""


def empty(s3: Any, where: Mapping[str, str]) -> None:
    """Delete all versions and delete markers; raises Working while there is more to do."""
    deleted = 0
    for _ in range(PAGES):
        items = _page(s3, where)
        if not items:
            return
        _delete(s3, where, items)
        deleted += len(items)
    raise Working(f"{deleted:,} of the object versions in {where['Bucket']} deleted, more to go")


def blockers(s3: Any, where: Mapping[str, str]) -> Iterator[Blocker]:
    """What keeps the bucket: the first thousand are counted, and the first few named."""
    answer = s3.list_object_versions(**where, MaxKeys=PAGE)
    versions, markers = answer.get("Versions", ()), answer.get("DeleteMarkers", ())
    more = "+" if answer["IsTruncated"] else ""
    counts = [_count(len(versions), more, "object version"), _count(len(markers), more, "delete marker")]
    keys = list(dict.fromkeys(item["Key"] for item in [*versions, *markers]))
    if keys:
        names = ", ".join([*keys[:NAMED], *(["..."] if keys[NAMED:] else [])])
        hint = f"empty bucket {where['Bucket']}, or set spec.deletion.emptyBuckets: true"
        yield Blocker(" and ".join(filter(None, counts)), f"{names}; {hint}")


def _count(number: int, more: str, what: str) -> str:
    """``12 object versions``; of several thousand ``1000+``."""
    return f"{number}{more} {what}{'' if (number, more) == (1, '') else 's'}" if number else ""


def _page(s3: Any, where: Mapping[str, str]) -> list[dict[str, str]]:
    answer = s3.list_object_versions(**where, MaxKeys=PAGE)
    items = [*answer.get("Versions", ()), *answer.get("DeleteMarkers", ())]
    return [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in items]


def _delete(s3: Any, where: Mapping[str, str], items: Sequence[Mapping[str, str]]) -> None:
    """Delete one page; what AWS refuses for one key is raised as if it had refused all."""
    answer = s3.delete_objects(**where, Delete={"Objects": items, "Quiet": True})
    for refused in answer.get("Errors", ()):
        code = refused["Code"]
        raise classify(code)(f"DeleteObjects: {refused['Key']}: {refused.get('Message', '')} ({code})", code)
