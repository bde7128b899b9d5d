"""What we have a bucket tell of its uploads, be the bucket ours or not.

Such things have no tags, and no listing shows them.  So something of ours that has tags bears a *mark* that says
which there are, for instance the function that is called; and what a status has recorded is looked for by its id.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Changes
from awslab.core.errors import LabError
from awslab.core.ownership import OWNER_TAG, PREFIX, Owner
from awslab.core.resource import Given, Ids, Observed, Phase, Resource

from . import notifications
from .errors import classify
from .listed import Item, tags_of
from .named import LISTED, NamedResource, after, listed, unless_gone
from .notifications import Configuration
from .s3 import Where, bucket
from .session import Aws

MARK = PREFIX + "bucket-tells"
"""The tag that a mark is: ``BucketNotification/uploads/arn:aws:s3:::inbox/awslab-sales-uploads-1f3a9c2e``."""

CARRIER = "carrier"
"""Among the details: what bears the mark."""


@dataclass(frozen=True, kw_only=True)
class _InBucket(NamedResource):
    """One line of a bucket's notifications; its id is ``<ARN of the bucket>#<id of the entry>``."""

    resource_type: ClassVar = ""
    taggable: ClassVar = False

    bucket: Resource | Given

    @property
    def mark(self) -> dict[str, str]:
        """The tag by which it is found, for a resource of ours that has tags."""
        return mark(type(self).__name__, self.name, self.arn)

    @classmethod
    def observe(cls, aws: Aws) -> Iterator[Observed]:
        """Find the owner's by their marks."""
        for item in listed(aws, aws.owned, LISTED):
            found = cls.observed(item)
            if found and found.owner == aws.owner.key:
                now = cls.examined(aws, found)
                if now.phase is not Phase.GONE and now.owner == aws.owner.key:
                    yield now

    @classmethod
    def observed(cls, item: Item) -> Observed | None:
        tags = tags_of(item)
        kind, _, rest = tags.get(MARK, "").partition("/")
        if kind != cls.__name__:
            return None
        name, arn, entry = rest.split("/")
        carrier = {CARRIER: item["ResourceARN"]}
        return Observed(cls, name, f"{arn}#{entry}", owner=tags.get(OWNER_TAG, ""), details=carrier)

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed | None:
        where, entry = _where(aws, arn)
        fields = cls.told(notifications.read(aws.client("s3"), where), entry)
        if fields is None:
            return None
        found = cls.seen(arn, {"bucket": arn.partition("#")[0], **fields}, {})
        return replace(found, owner=cls.owner_of(entry, aws.owner))

    @classmethod
    @abstractmethod
    def told(cls, configuration: Configuration, entry: str) -> dict[str, Any] | None:
        """The fields of the entry; None where there is none."""

    @classmethod
    @abstractmethod
    def owner_of(cls, entry: str, owner: Owner) -> str:
        """Whose the entry is, as far as *owner* can tell."""

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        """Nothing here has tags."""


@dataclass(frozen=True, kw_only=True)
class BucketNotification(_InBucket):
    """Has a bucket call a function for each new object; the entries of others are never touched.

    Whose an entry is follows from its id, which ends like every name that we give.
    """

    mutable: ClassVar = frozenset({"function", "qualifier", "prefix", "suffix", "events"})

    function: Resource | Given
    qualifier: str = "live"
    """The alias that is called."""
    prefix: str = ""
    suffix: str = ""
    events: frozenset[str] = frozenset({"s3:ObjectCreated:*"})

    @classmethod
    def told(cls, configuration: Configuration, entry: str) -> dict[str, Any] | None:
        there = notifications.entry(configuration, entry)
        return _fields(there) if there else None

    @classmethod
    def owner_of(cls, entry: str, owner: Owner) -> str:
        _, _, ending = owner.physical_name("").rpartition("-")
        return owner.key if entry.endswith(f"-{ending}") else "another object"

    def make(self, aws: Aws, ids: Ids) -> None:
        _write(aws, self.arn, {**self.wishes, "function": ids.of(self.function)})

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        _write(aws, found.id, after(found, changes))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        with unless_gone():
            _write(aws, found.id, None)


@dataclass(frozen=True, kw_only=True)
class BucketEvents(_InBucket):
    """Has a bucket that is not ours tell EventBridge of its changes.

    The switch is everybody's: it is turned on where it is off, and never off, as others may have come to need it.
    What is deleted is the mark, after which we no longer mind.
    """

    @classmethod
    def told(cls, configuration: Configuration, entry: str) -> dict[str, Any] | None:  # noqa: ARG003 - there is one only
        return {} if notifications.EVENTBRIDGE in configuration else None

    @classmethod
    def owner_of(cls, entry: str, owner: Owner) -> str:  # noqa: ARG003 - as its sentence says
        """Nobody's, unless a mark calls it ours."""
        return ""

    @classmethod
    def examined(cls, aws: Aws, found: Observed) -> Observed:
        return replace(super().examined(aws, found), owner=found.owner, details=found.details)

    def make(self, aws: Aws, ids: Ids) -> None:
        where, _ = _where(aws, self.arn)
        notifications.write(aws.client("s3"), where, notifications.with_eventbridge)

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Leave it on, and forget it; that what bore the mark is gone is as good, whatever AWS says of it then."""
        if carrier := found.details.get(CARRIER):
            try:
                _unmark(aws, carrier)
            except (ClientError, LabError):
                if _is_there(aws, carrier):
                    raise


def _unmark(aws: Aws, carrier: str) -> None:
    """Take the mark away; raises what the tagging API only tells."""
    answer = aws.client("resourcegroupstaggingapi").untag_resources(ResourceARNList=[carrier], TagKeys=[MARK])
    for failed in answer.get("FailedResourcesMap", {}).values():
        sentence = f"UntagResources: {failed.get('ErrorMessage', '')}"
        raise classify(failed["ErrorCode"])(sentence, failed["ErrorCode"], "UntagResources")


def _is_there(aws: Aws, carrier: str) -> bool:
    answer = aws.client("resourcegroupstaggingapi").get_resources(ResourceARNList=[carrier])
    return bool(answer["ResourceTagMappingList"])


def mark(kind: str, name: str, arn: str) -> dict[str, str]:
    """The tag by which the one with this name and id is found."""
    return {MARK: f"{kind}/{name}/{arn.replace('#', '/')}"}


def _where(aws: Aws, arn: str) -> tuple[Where, str]:
    """The arguments that name the bucket, and the id of the entry."""
    of_bucket, _, entry = arn.partition("#")
    return bucket(aws, of_bucket), entry


def _write(aws: Aws, arn: str, fields: Mapping[str, Any] | None) -> None:
    """Have our entry say what *fields* say, or nothing."""
    where, id_ = _where(aws, arn)

    def changed(configuration: Configuration) -> Configuration:
        there = notifications.entry(configuration, id_)
        if (_fields(there) if there else None) == _known(fields):
            return configuration
        return notifications.with_entry(configuration, id_, _entry(fields) if fields else None)

    notifications.write(aws.client("s3"), where, changed)


def _known(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Those of *fields* that an entry tells."""
    return {name: fields[name] for name in BucketNotification.mutable} if fields else None


def _fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says, in our words."""
    parts = entry["LambdaFunctionArn"].split(":")
    rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    keys = {rule["Name"].lower(): rule["Value"] for rule in rules}
    return {
        "function": ":".join(parts[:7]),
        "qualifier": ":".join(parts[7:]),
        "prefix": keys.get("prefix", ""),
        "suffix": keys.get("suffix", ""),
        "events": frozenset(entry["Events"]),
    }


def _entry(fields: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as S3 takes it."""
    target = ":".join(filter(None, (fields["function"], fields["qualifier"])))
    rules = [{"Name": name, "Value": fields[name]} for name in ("prefix", "suffix") if fields[name]]
    filter_ = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {"LambdaFunctionArn": target, "Events": sorted(fields["events"]), **filter_}
