"""The version of a function that is in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Changes
from awslab.core.errors import Working
from awslab.core.ownership import OWNER_TAG, PREFIX
from awslab.core.resource import Ids, Observed, Phase
from awslab.core.values import FrozenMap

from . import policies
from .lambda_ import Function
from .listed import Item, Listed, tags_of
from .named import NamedResource, listed, unless_gone
from .policies import Statement
from .session import Aws

LIVE = "live"
"""The alias."""

MARK = PREFIX + "live"
"""The tag of a function that tells its version in use to those who only list."""

KEPT = 10
"""Versions that are kept, the one in use included: what was begun with one may take a while."""


@dataclass(frozen=True)
class Invoker:
    """Who may call: a service, on behalf of one thing of one account."""

    is_leaf: ClassVar[bool] = True

    principal: str
    """``events.amazonaws.com``."""
    source: str = ""
    """The ARN of the rule or bucket."""
    account: str = ""
    further: str = ""
    """What else a permission of somebody else's says: nothing that is ever wanted."""

    def __str__(self) -> str:
        of = f" of account {self.account}" if self.account else ""
        return f"{self.principal} for {self.source or 'anything'}{of}{self.further}"


Invokers = FrozenMap[str, Invoker]
NOBODY: Invokers = FrozenMap()


@dataclass(frozen=True, kw_only=True)
class Release(Listed):
    """A published version of a function, which the alias ``live`` points to; its id is the version's ARN.

    A version never changes.  So a release with another digest is another version, and what was begun with the one
    before ends with it.
    """

    part_of: ClassVar = "function"
    taggable: ClassVar = False
    hidden: ClassVar = True
    mutable: ClassVar = frozenset({"digest", "invokers"})

    function: Function
    digest: str
    """The description that the function has as soon as it is as wanted."""
    invokers: Invokers = NOBODY
    """Who may call the alias, by the names of the permissions."""

    describe = NamedResource.describe

    @classmethod
    def observe(cls, aws: Aws) -> Iterator[Observed]:
        """Find the owner's: those of its functions that have the alias."""
        for item in listed(aws, aws.owned, [Function.resource_type]):
            function = Function.observed(item)
            if function and function.owner == aws.owner.key:
                yield from filter(None, [_look(aws, function.id, function.name, function.owner)])

    @classmethod
    def observed(cls, item: Item) -> Observed | None:
        """What the mark of a function tells."""
        function, version = Function.observed(item), tags_of(item).get(MARK, "")
        return cls.read({**item, "Version": version}, function.name) if function and version else None

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        owner = tags_of(item).get(OWNER_TAG, "")
        return Observed(cls, name, f"{item['ResourceARN']}:{item['Version']}", owner=owner)

    @classmethod
    def examined(cls, aws: Aws, found: Observed) -> Observed:
        return _look(aws, _function_of(found.id), found.name, found.owner) or replace(found, phase=Phase.GONE)

    @classmethod
    def find(cls, aws: Aws, name: str, id: str) -> Observed | None:  # noqa: A002 - AWS's own word
        with unless_gone():
            tags = aws.client("lambda").list_tags(Resource=_function_of(id))["Tags"]
            return _look(aws, _function_of(id), name, tags.get(OWNER_TAG, ""))
        return None

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Publish the function and point the alias to it."""
        function, arn = aws.client("lambda"), ids.of(self.function)
        version = _publish(function, arn, self.digest)
        _point(function, arn, version)
        for sid, invoker in self.invokers.items():
            with _unless_there():
                _permit(function, arn, sid, invoker)
        return _observed(self.name, f"{arn}:{version}", self.digest, self.invokers, aws.owner.key)

    @classmethod
    def update(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Publish a version where another is wanted, then let in whom it is for; the oldest versions go."""
        function, arn = aws.client("lambda"), found.fields["function"]
        if digest := changes.desired("digest"):
            _point(function, arn, _publish(function, arn, digest))
            _forget_old(function, arn)
        for change in changes.of("invokers"):
            if not change.adds:
                with unless_gone():
                    function.remove_permission(FunctionName=arn, Qualifier=LIVE, StatementId=change.key)
            if not change.removes:
                _permit(function, arn, change.key, change.desired)

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Take the alias and the version from a function that stays."""
        function, arn = aws.client("lambda"), found.fields["function"]
        with unless_gone():
            function.delete_alias(FunctionName=arn, Name=LIVE)
            function.delete_function(FunctionName=found.id)


def _function_of(version: str) -> str:
    """The ARN of the function that a version's ARN names."""
    return version.rpartition(":")[0]


def _observed(name: str, version: str, digest: str, invokers: Mapping[str, Invoker], owner: str) -> Observed:
    fields = {"function": _function_of(version), "digest": digest, "invokers": FrozenMap(invokers)}
    return Observed(Release, name, version, fields=fields, owner=owner)


def _look(aws: Aws, arn: str, name: str, owner: str) -> Observed | None:
    """The version in use of one function."""
    function = aws.client("lambda")
    with unless_gone():
        version = function.get_alias(FunctionName=arn, Name=LIVE)["FunctionVersion"]
        digest = function.get_function_configuration(FunctionName=arn, Qualifier=version).get("Description", "")
        return _observed(name, f"{arn}:{version}", digest, _invokers(function, arn), owner)
    return None


def _publish(function: Any, arn: str, digest: str) -> str:
    """The version of a function that is as wanted: one that was published like this before, or a new one.

    What is published is the function just as it was found to be, and no other.
    """
    now = function.get_function_configuration(FunctionName=arn)
    if now.get("Description") != digest or now.get("LastUpdateStatus", "Successful") != "Successful":
        raise Working("the function is still being updated; a version is published then")
    version = _published(function, arn, digest, now["CodeSha256"])
    if version is None:
        found = {"CodeSha256": now["CodeSha256"], "RevisionId": now["RevisionId"]}
        version = function.publish_version(FunctionName=arn, Description=digest, **found)["Version"]
    # Before the alias: where that is right, so is this.
    function.tag_resource(Resource=arn, Tags={MARK: version})
    return str(version)


def _published(function: Any, arn: str, digest: str, code: str) -> str | None:
    """The newest version of this description and code: a change was taken back, or no reply came to the publishing."""
    same = [v["Version"] for v in _versions(function, arn) if (v.get("Description"), v["CodeSha256"]) == (digest, code)]
    return max(same, key=int, default=None)


def _versions(function: Any, arn: str) -> Iterator[Mapping[str, Any]]:
    """All that were published."""
    for page in function.get_paginator("list_versions_by_function").paginate(FunctionName=arn):
        yield from (v for v in page["Versions"] if v["Version"] != "$LATEST")


def _point(function: Any, arn: str, version: str) -> None:
    with _unless_there():
        function.create_alias(FunctionName=arn, Name=LIVE, FunctionVersion=version)
        return
    function.update_alias(FunctionName=arn, Name=LIVE, FunctionVersion=version)


def _forget_old(function: Any, arn: str) -> None:
    """Delete all but the newest versions; one that an alias points to stays."""
    for version in sorted(int(v["Version"]) for v in _versions(function, arn))[:-KEPT]:
        with unless_gone(), _unless_there():
            function.delete_function(FunctionName=arn, Qualifier=str(version))


@contextmanager
def _unless_there() -> Iterator[None]:
    """Take it for done where Lambda says that it is so already, or that somebody holds on to it."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceConflictException":
            raise


def _permit(function: Any, arn: str, sid: str, invoker: Invoker) -> None:
    limits = {"SourceArn": invoker.source, "SourceAccount": invoker.account}
    function.add_permission(
        FunctionName=arn,
        Qualifier=LIVE,
        StatementId=sid,
        Action="lambda:InvokeFunction",
        Principal=invoker.principal,
        **{key: value for key, value in limits.items() if value},
    )


def _invokers(function: Any, arn: str) -> dict[str, Invoker]:
    """The alias's own policy."""
    with unless_gone():
        told = policies.read(function.get_policy(FunctionName=arn, Qualifier=LIVE)["Policy"])
        return {sid: _invoker(statement) for sid, statement in told.items()}
    return {}


def _invoker(statement: Statement) -> Invoker:
    (principal,) = statement.principals or ("",)
    said = {c.folded: c.values for c in statement.conditions}
    known = Invoker(
        principal.removeprefix("Service:"), _one(said.get("aws:sourcearn")), _one(said.get("aws:sourceaccount"))
    )
    plain = statement.actions == {"lambda:InvokeFunction"} and said.keys() <= {"aws:sourcearn", "aws:sourceaccount"}
    return known if plain and statement.effect == "Allow" else replace(known, further=f"; {statement}")


def _one(values: Iterable[str] | None) -> str:
    return next(iter(values or ()), "")
