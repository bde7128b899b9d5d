"""What all resources share that have an ARN which follows from a name of our choice: everything outside of EC2."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Changes
from awslab.core.errors import NotFound, Rejected
from awslab.core.ownership import OWNER_TAG, RESOURCE_TAG
from awslab.core.resource import Given, Ids, Observed, Phase, Ref, Resource, resolved

from .errors import classify
from .listed import Filters, Item, Listed, tags_of
from .session import Aws

Reference = str | Resource | Ref | Given
"""An ARN, or something that has one."""

PAGE = 100
"""https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html"""

LISTED = (
    "cloudwatch:alarm",
    "dynamodb:table",
    "events:rule",
    "lambda:function",
    "logs:log-group",
    "s3",
    "sns",
    "sqs",
    "states:stateMachine",
)
"""What one sweep asks the tagging API for: every *resource_type* below."""

EXISTS = frozenset(
    {"EntityAlreadyExists", "ResourceAlreadyExistsException", "ResourceInUseException", "BucketAlreadyOwnedByYou",
     "StateMachineAlreadyExists", "QueueAlreadyExists", "QueueNameExists", "ResourceConflictException"}
)  # fmt: skip
"""What AWS answers where something of that name is there already."""


@dataclass(frozen=True, kw_only=True)
class Named(Resource):
    """A resource with an ARN that is known before it is made: there can be no second one."""

    unobserved: ClassVar[frozenset[str]] = frozenset({"after"})

    arn: str
    after: tuple[Resource, ...] = ()
    """What has to be there first, though AWS would not ask for it.  A type with *unobserved* of its own adds this."""

    @property
    def known_id(self) -> str:
        """The ARN: it may be asked for though no listing shows it yet."""
        return self.arn

    @property
    def physical_name(self) -> str:
        """What AWS calls it: the ARN's last part."""
        return name_in(self.arn)

    # What a type says

    @classmethod
    @abstractmethod
    def look(cls, aws: Aws, arn: str) -> Observed | None:
        """Everything about one, by :meth:`seen`; None, or AWS's own refusal, where there is none."""

    @abstractmethod
    def make(self, aws: Aws, ids: Ids) -> None:
        """Ask AWS for it, tagged in the same call."""

    @classmethod
    @abstractmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        """Set the tags in *new* and take away those whose keys are in *gone*; either may be empty."""

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Change the *mutable* fields in place."""
        raise NotImplementedError

    # What all have

    @classmethod
    def seen(cls, arn: str, fields: Mapping[str, Any], tags: Mapping[str, str], **more: Any) -> Observed:
        """What *look* returns: *more* are Observed's phase, details, message, usable."""
        _, _, name = tags.get(RESOURCE_TAG, "").partition("/")
        every = {"arn": arn, **fields}
        return Observed(cls, name, arn, fields=every, tags=tags, owner=tags.get(OWNER_TAG, ""), **more)

    @classmethod
    def looked(cls, aws: Aws, arn: str) -> Observed | None:
        """As :meth:`look`, and None where it went while it was looked at."""
        with unless_gone():
            return cls.look(aws, arn)
        return None

    @classmethod
    def find(cls, aws: Aws, name: str, id: str) -> Observed | None:  # noqa: A002 - AWS's own word
        """The resource with that ARN, whosever it is."""
        now = cls.looked(aws, id)
        return replace(now, name=name) if now else None

    def resolved(self, ids: Ids) -> dict[str, Any]:
        """The desired fields that AWS is told of, with ids in place of references."""
        return {field: resolved(wish, ids) for field, wish in self.wishes.items() if field not in self.unobserved}

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Make it; what is there already is ours if its tags say so: a reply was lost."""
        try:
            self.make(aws, ids)
        except ClientError as error:
            if error.response["Error"]["Code"] not in EXISTS or not (there := self.looked(aws, self.arn)):
                raise
            return self._found_ours(aws, there)
        return self.made(aws, ids)

    def made(self, aws: Aws, ids: Ids, **more: Any) -> Observed:
        """What was asked for, taken for granted until the next look; the late fields are empty mappings or sets."""
        fields = self.resolved(ids)
        fields |= {f: type(fields[f])() for f in self.late & fields.keys()}
        return replace(self.seen(self.arn, fields, aws.owner.birth_tags(self), **more), name=self.name)

    def _found_ours(self, aws: Aws, there: Observed) -> Observed:
        if there.owner not in {"", aws.owner.key}:
            raise Rejected(f"{self.arn} exists and belongs to {there.owner}; let that one go first")
        return replace(there, name=self.name)

    @classmethod
    def update(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Set tags, then what the type itself can change."""
        if tags := changes.of("tags"):
            cls.retag(aws, found.id, {c.key: c.desired for c in tags.additions}, [c.key for c in tags.removals])
        if others := changes.without("tags"):
            cls.modify(aws, found, others)


@dataclass(frozen=True, kw_only=True)
class NamedResource(Named, Listed):
    """One that the tagging API lists, for all owners at once, with its tags and nothing else; it may be late."""

    resource_type: ClassVar[str]
    """As the tagging API calls it."""

    hidden: ClassVar[bool] = True

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        """The ARN and tags of everything of any such type: what all types share is listed once."""
        return listed(aws, filters, LISTED)

    @classmethod
    def observe(cls, aws: Aws) -> Iterator[Observed]:
        """Find the owner's, each looked at by itself: the listing may be late, and has nothing but tags."""
        for item in listed(aws, aws.owned, [cls.resource_type]):
            found = cls.observed(item)
            if found and found.owner == aws.owner.key:
                now = cls.looked(aws, found.id)
                if now and now.owner == aws.owner.key:
                    yield now

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        """Read what the tagging API tells."""
        tags = tags_of(item)
        return Observed(cls, name, item["ResourceARN"], tags=tags, owner=tags.get(OWNER_TAG, ""))

    @classmethod
    def examined(cls, aws: Aws, found: Observed) -> Observed:
        """As it is now."""
        now = cls.looked(aws, found.id)
        return replace(now, name=found.name) if now else replace(found, phase=Phase.GONE)


@contextmanager
def unless_gone() -> Iterator[None]:
    """Take it for an answer, not for an error, that there is no such thing."""
    try:
        yield
    except ClientError as error:
        if classify(error.response["Error"]["Code"]) is not NotFound:
            raise


def listed(aws: Aws, filters: Filters, types: Sequence[str]) -> Iterator[Item]:
    """The ARN and tags of all that *filters* over tags let through; a value with * is left to the reader."""
    wanted = [{"Key": f["Name"].removeprefix("tag:"), "Values": _exact(f["Values"])} for f in filters]
    paginator = aws.client("resourcegroupstaggingapi").get_paginator("get_resources")
    for page in paginator.paginate(TagFilters=wanted, ResourceTypeFilters=list(types), ResourcesPerPage=PAGE):
        yield from page["ResourceTagMappingList"]


def _exact(values: Iterable[str]) -> list[str]:
    return [value for value in values if "*" not in value]


def after(found: Observed, changes: Changes) -> Mapping[str, Any]:
    """All fields as they are to be, for calls that take everything or nothing."""
    for change in changes:
        found = found.after(change)
    return found.fields


def name_in(arn: str) -> str:
    """The name at the end of an ARN."""
    return arn.rpartition(":")[2].rpartition("/")[2]


def as_pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as most services want them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def as_mapping(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as most services tell them, read."""
    return {tag["Key"]: tag["Value"] for tag in tags}
