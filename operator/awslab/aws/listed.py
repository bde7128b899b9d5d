"""What all types share that AWS lists with their tags: found by the owner tag, for one owner or for all at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from awslab.core.ownership import RESOURCE_TAG
from awslab.core.resource import Observed, Phase, Resource

from .session import Aws

Item = Mapping[str, Any]
Filters = list[dict[str, Any]]
"""As EC2 writes them: ``[{"Name": "tag:team", "Values": ["red"]}]``."""

DETAIL_CALLS = 3
"""What one look at a resource of which no listing shows anything costs: itself, its tags, its policy."""


@dataclass(frozen=True, kw_only=True)
class Listed(Resource):
    """A type that AWS lists, tags and all."""

    one_by_one: ClassVar[frozenset[str]] = frozenset()
    """The fields that no listing shows: *examined* asks for them, one call each for each resource."""

    hidden: ClassVar[bool] = False
    """Whether no listing shows any field at all."""

    @classmethod
    def slow_fields(cls) -> frozenset[str]:
        """The fields that are told one by one."""
        if not cls.hidden:
            return cls.one_by_one
        return frozenset(f.name for f in fields(cls)) - cls.unobserved - {"name", "tags", "arn"}

    @classmethod
    def calls(cls) -> int:
        """About how many calls it takes to examine one."""
        return DETAIL_CALLS if cls.hidden else len(cls.one_by_one)

    @classmethod
    @abstractmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        """Every description that *filters* let through, all pages."""

    @classmethod
    @abstractmethod
    def read(cls, item: Item, name: str) -> Observed:
        """Read one description as our *name*."""

    @classmethod
    def examined(cls, aws: Aws, found: Observed) -> Observed:  # noqa: ARG003 - most need no second call
        """*found* with what AWS tells only one by one; its phase is GONE where the listing was late."""
        return found

    @classmethod
    def observe(cls, aws: Aws) -> Iterator[Observed]:
        """Find the owner's resources of this type, in one listing."""
        for found in (o for item in cls.describe(aws, aws.owned) for o in cls.all_in(item)):
            # The filter has selected our own already, but a filter may be
            # ignored, and what we observe here we may later delete.
            if found.owner == aws.owner.key and found.phase is not Phase.GONE:
                examined = cls.examined(aws, found)
                if examined.phase is not Phase.GONE:
                    yield examined

    @classmethod
    def observed(cls, item: Item) -> Observed | None:
        """Read one description; None where its tags do not say that it is of this type."""
        kind, _, name = tags_of(item).get(RESOURCE_TAG, "").partition("/")
        return cls.read(item, name) if kind == cls.__name__ else None

    @classmethod
    def all_in(cls, item: Item) -> Iterator[Observed]:
        """Read what one description tells of: for most types one resource at most."""
        if found := cls.observed(item):
            yield found

    @classmethod
    def tagged_with(cls, aws: Aws, tags: Mapping[str, str]) -> Iterator[Observed]:
        """What carries all of *tags* and belongs to nobody yet."""
        filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in sorted(tags.items())]
        for item in cls.describe(aws, filters):
            found = cls.read(item, "")
            carried = tags.items() <= dict(found.tags).items()
            if carried and not found.owner and found.phase is Phase.READY:
                yield cls.examined(aws, found)


def tags_of(item: Item) -> dict[str, str]:
    """The tags of a description."""
    return {t["Key"]: t["Value"] for t in item.get("Tags", ())}
