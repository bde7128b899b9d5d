"""What all resources of Elastic Load Balancing share: named by us, given an ARN by AWS, found by name and owner tag."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Changes
from awslab.core.errors import NotFound
from awslab.core.ownership import OWNER_TAG
from awslab.core.resource import Observed, Phase

from .errors import classify
from .listed import Filters, Item, Listed, tags_of
from .named import as_mapping, as_pairs
from .session import Aws

PAGE = 400
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html"""

TAGGED_AT_ONCE = 20
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html"""

NAME_LIMIT = 32
"""Characters in the name of a load balancer or target group."""

OURS = "awslab-"


@dataclass(frozen=True, kw_only=True)
class ElbResource(Listed):
    """A resource of Elastic Load Balancing; a type says how it is listed, made, changed and deleted."""

    arn_key: ClassVar[str]
    """Where a description has the ARN."""

    @classmethod
    @abstractmethod
    def items(cls, aws: Aws, **which: Any) -> Iterator[Item]:
        """The descriptions of all in the region, or of those that *which* names, without tags."""

    @classmethod
    @abstractmethod
    def chosen(cls, aws: Aws, arn: str) -> Iterator[Item]:
        """The description of the one with that ARN, without tags; AWS refuses where there is none."""

    @classmethod
    @abstractmethod
    def name_of(cls, item: Item) -> str:
        """The name of our choice that a description tells."""

    @classmethod
    @abstractmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        """The fields of one description, named as in the class."""

    @classmethod
    def phase_of(cls, item: Item) -> Phase:  # noqa: ARG003 - most are there at once
        """How far along it is."""
        return Phase.READY

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:  # noqa: ARG003 - most have none
        """What else others want to know of it."""
        return {}

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterator[Item]:
        """List them with their tags: of the owner's own only those with a name of the owner's, as tags cost a call."""
        by_owner = any(f["Name"] == f"tag:{OWNER_TAG}" for f in filters)
        items = (i for i in cls.items(aws) if not by_owner or is_ours(aws, cls.name_of(i)))
        return (item for item in cls._tagged(aws, items) if _passes(item, filters))

    @classmethod
    def _tagged(cls, aws: Aws, items: Iterable[Item]) -> Iterator[Item]:
        every = list(items)
        for first in range(0, len(every), TAGGED_AT_ONCE):
            some = every[first : first + TAGGED_AT_ONCE]
            answer = aws.client("elbv2").describe_tags(ResourceArns=[item[cls.arn_key] for item in some])
            tags = {t["ResourceArn"]: t["Tags"] for t in answer["TagDescriptions"]}
            yield from ({**item, "Tags": tags.get(item[cls.arn_key], ())} for item in some)

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        """Read one description as our *name*."""
        tags = tags_of(item)
        return Observed(
            type=cls,
            name=name,
            id=item[cls.arn_key],
            phase=cls.phase_of(item),
            fields=cls.fields_of(item),
            tags=tags,
            owner=tags.get(OWNER_TAG, ""),
            details=cls.details_of(item),
            message=(item.get("State") or {}).get("Reason", ""),
            created=str(item.get("CreatedTime", "")),
        )

    @classmethod
    def find(cls, aws: Aws, name: str, id: str) -> Observed | None:  # noqa: A002 - AWS's own word
        """The one with that ARN, whosever it is; None where there is none."""
        try:
            found = next(cls._tagged(aws, cls.chosen(aws, id)), None)
        except ClientError as error:
            if classify(error.response["Error"]["Code"]) is NotFound:
                return None
            raise
        return cls.examined(aws, cls.read(found, name)) if found else None

    def made(self, aws: Aws, item: Item, **fields: Any) -> Observed:
        """What AWS's answer to the creation tells; *fields* are those that it is known to begin with."""
        found = self.read({**item, "Tags": as_pairs(aws.owner.birth_tags(self))}, self.name)
        return Observed(**{**found.__dict__, "fields": {**found.fields, **fields}})

    def birth_tags(self, aws: Aws) -> list[dict[str, str]]:
        """The tags of the creating call."""
        return as_pairs(aws.owner.birth_tags(self))

    @classmethod
    def update(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Set tags, then what the type itself can change."""
        if tags := changes.of("tags"):
            retag(aws, found.id, {c.key: c.desired for c in tags.additions}, [c.key for c in tags.removals])
        if others := changes.without("tags"):
            cls.modify(aws, found, others)

    @classmethod
    @abstractmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Change the *mutable* fields in place."""


def retag(aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
    """Set the tags in *new* and take away those whose keys are in *gone*."""
    if new:
        aws.client("elbv2").add_tags(ResourceArns=[arn], Tags=as_pairs(new))
    if gone:
        aws.client("elbv2").remove_tags(ResourceArns=[arn], TagKeys=list(gone))


def pages(aws: Aws, operation: str, key: str, **which: Any) -> Iterator[Item]:
    """All items of all pages of a listing."""
    size = {"PageSize": PAGE}
    for page in aws.client("elbv2").get_paginator(operation).paginate(**which, PaginationConfig=size):
        yield from page[key]


def is_ours(aws: Aws, name: str) -> bool:
    """Whether *name* is one that the owner gives, or any owner of ours where the session is for all of them."""
    return name.startswith(OURS) and ("*" in aws.owner.key or aws.owner.gave(name))


def _passes(item: Item, filters: Filters) -> bool:
    """As EC2 filters by tags; a value with * is left to the reader."""
    tags = as_mapping(item["Tags"])
    exact = [(f["Name"].removeprefix("tag:"), f["Values"]) for f in filters if "*" not in "".join(f["Values"])]
    return all(tags.get(key) in values for key, values in exact)
