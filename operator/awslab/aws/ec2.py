"""What all EC2 resources share: found by owner tag, tagged when made, tags kept."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Changes
from awslab.core.ownership import OWNER_TAG
from awslab.core.resource import Observed, Phase

from .listed import Filters, Item, Listed, tags_of
from .session import Aws

__all__ = ["Ec2Resource", "Filters", "Item", "batches", "check_each", "pages", "pages_of", "unless_gone"]

PAGE = 1000
"""Items of a page, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination."""

VALUES = 200
"""The most values of a filter: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html ."""


@dataclass(frozen=True, kw_only=True)
class Ec2Resource(Listed):
    """A resource of EC2; a type says how it is described, made, changed and deleted."""

    noun: ClassVar[str]
    """As EC2 calls it in TagSpecifications."""

    id_key: ClassVar[str]
    """Where a description has the id."""

    id_filter: ClassVar[str]
    """The filter of the listing that finds an id."""

    phases: ClassVar[Mapping[str, Phase]] = {"available": Phase.READY, "pending": Phase.PENDING}

    @classmethod
    @abstractmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        """The fields of one description, named as in the class."""

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:  # noqa: ARG003 - most have none
        """What else others want to know of it."""
        return {}

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        """Read one description as our *name*."""
        tags = tags_of(item)
        return Observed(
            type=cls,
            name=name,
            id=item[cls.id_key],
            phase=cls.phases.get(item.get("State", "available"), Phase.PENDING),
            fields=cls.fields_of(item),
            tags=tags,
            owner=tags.get(OWNER_TAG, ""),
            details=cls.details_of(item),
            message=item.get("FailureMessage", ""),
            created=str(item.get("CreateTime", "")),
        )

    @classmethod
    def find(cls, aws: Aws, name: str, id: str) -> Observed | None:  # noqa: A002 - AWS's own word
        """The resource with *id*, whosever it is; None where there is none."""
        items = cls.describe(aws, [{"Name": cls.id_filter, "Values": [id]}])
        return next((cls.examined(aws, cls.read(item, name)) for item in items), None)

    def made(self, aws: Aws, item: Item, **fields: Any) -> Observed:
        """What AWS's answer to the creation tells; *fields* are those that it is known to begin with."""
        tags = [{"Key": k, "Value": v} for k, v in aws.owner.birth_tags(self).items()]
        found = self.read({**item, "Tags": tags}, self.name)
        return replace(found, fields={**found.fields, **fields})

    @classmethod
    def update(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Set tags, then what the type itself can change."""
        _retag(aws, found.id, changes.of("tags"))
        if others := changes.without("tags"):
            cls.modify(aws, found, others)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Change the *mutable* fields in place."""
        raise NotImplementedError


@contextmanager
def unless_gone() -> Iterator[None]:
    """Take it for success that what is to be undone is undone already."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if not code.endswith((".NotFound", "NotAttached")):
            raise


def check_each(answer: Item, operation: str) -> None:
    """Raise the refusal of a call that answers for each of its resources by itself, and never fails as a whole."""
    for item in answer.get("Unsuccessful") or ():
        raise ClientError({"Error": item["Error"]}, operation)


def pages(aws: Aws, operation: str, key: str, **arguments: Any) -> Iterator[Item]:
    """All items of all pages of an EC2 listing, the pages as large as AWS allows."""
    paginator = aws.ec2.get_paginator(operation)
    size = {"PageSize": _page_size(aws, operation)}
    for page in paginator.paginate(**arguments, PaginationConfig=size):
        yield from page[key]


def pages_of(aws: Aws, operation: str, key: str, name: str, values: Sequence[str]) -> Iterator[Item]:
    """As *pages*, of what has one of *values*; some operations say *Filter* in place of *Filters*."""
    argument = "Filter" if operation in {"describe_nat_gateways", "describe_flow_logs"} else "Filters"
    for some in batches(values):
        yield from pages(aws, operation, key, **{argument: [{"Name": name, "Values": [*some]}]})


def batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at a time as a filter takes."""
    return (values[n : n + VALUES] for n in range(0, len(values), VALUES))


def _page_size(aws: Aws, operation: str) -> int:
    """The most items that EC2 lists at a time: 1,000 where its documents give no other number."""
    client = aws.ec2
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
    return int(shape.members["MaxResults"].metadata.get("max", PAGE))


def _retag(aws: Aws, resource: str, changes: Changes) -> None:
    if tags := [{"Key": c.key, "Value": c.desired} for c in changes.additions]:
        aws.ec2.create_tags(Resources=[resource], Tags=tags)
    if keys := [{"Key": c.key} for c in changes.removals]:
        aws.ec2.delete_tags(Resources=[resource], Tags=keys)
