"""EventBridge: rules of the default bus, and what they send events to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed
from awslab.core.values import FrozenMap

from .documents import canonical
from .named import NamedResource, Reference, after, as_mapping, as_pairs, name_in, unless_gone
from .session import Aws

NO_PATHS: FrozenMap[str, str] = FrozenMap()


@dataclass(frozen=True)
class Target:
    """Where a rule sends an event, how it is rewritten on the way, and what becomes of it where that fails.

    The numbers are AWS's own: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html.
    """

    arn: Reference
    role: Reference | None = None
    """Assumed to reach the target; those with a policy of their own need none."""
    dead_letters: Reference | None = None
    """The queue for events that were not taken."""
    input: str = ""
    """A text that is sent in place of the event."""
    path: str = ""
    """The part of the event that is sent, as JSONPath."""
    template: str = ""
    """What is sent, with ``<name>`` where one of *paths* goes."""
    paths: FrozenMap[str, str] = NO_PATHS
    """By name, parts of the event, as JSONPath."""
    attempts: int = 185
    max_age: int = 86400
    """Seconds."""
    other: str = ""
    """What somebody else has set besides, as canonical JSON; never wished."""

    def __str__(self) -> str:
        return str(self.arn)


@dataclass(frozen=True, kw_only=True)
class Rule(NamedResource):
    """A rule of the default bus: the events that match its pattern go to its targets."""

    resource_type: ClassVar = "events:rule"
    mutable: ClassVar = frozenset({"pattern", "enabled", "description", "targets"})

    pattern: str
    """Canonical JSON."""
    targets: FrozenMap[str, Target]
    """By id, five at most."""
    enabled: bool = True
    description: str = ""

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed:
        client, name = aws.client("events"), name_in(arn)
        item = client.describe_rule(Name=name)
        pages = client.get_paginator("list_targets_by_rule").paginate(Rule=name)
        fields = {
            "pattern": canonical(item["EventPattern"]) if item.get("EventPattern") else "",
            "targets": FrozenMap({t["Id"]: _read(t) for page in pages for t in page["Targets"]}),
            "enabled": item.get("State") != "DISABLED",
            "description": item.get("Description", ""),
        }
        return cls.seen(arn, fields, as_mapping(client.list_tags_for_resource(ResourceARN=arn)["Tags"]))

    def make(self, aws: Aws, ids: Ids) -> None:
        """Make it and give it its targets; without them, the next look finds that they are missing."""
        wishes = self.resolved(ids)
        tags = as_pairs(aws.owner.birth_tags(self))
        aws.client("events").put_rule(Name=self.physical_name, **_rule(wishes), Tags=tags)
        _put_targets(aws, self.physical_name, wishes["targets"])

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Put the whole rule where anything of it differs, then targets: first add, then remove."""
        name, targets = name_in(found.id), changes.of("targets")
        if changes.without("targets"):
            aws.client("events").put_rule(Name=name, **_rule(after(found, changes)))
        _put_targets(aws, name, {c.key: c.desired for c in targets.additions})
        _remove_targets(aws, name, [c.key for c in targets.removals])

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        if new:
            aws.client("events").tag_resource(ResourceARN=arn, Tags=as_pairs(new))
        if gone:
            aws.client("events").untag_resource(ResourceARN=arn, TagKeys=list(gone))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Delete it, its targets first: AWS refuses while there is one."""
        client, name = aws.client("events"), name_in(found.id)
        with unless_gone():
            pages = client.get_paginator("list_targets_by_rule").paginate(Rule=name)
            ids = [target["Id"] for page in pages for target in page["Targets"]]
            _remove_targets(aws, name, ids)
            client.delete_rule(Name=name)


def _rule(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "EventPattern": fields["pattern"],
        "State": "ENABLED" if fields["enabled"] else "DISABLED",
        "Description": fields["description"],
    }


def _put_targets(aws: Aws, rule: str, targets: Mapping[str, Target]) -> None:
    if targets:
        wanted = [{"Id": id_, **_target(target)} for id_, target in sorted(targets.items())]
        _check(aws.client("events").put_targets(Rule=rule, Targets=wanted), "PutTargets")


def _remove_targets(aws: Aws, rule: str, ids: Sequence[str]) -> None:
    if ids:
        _check(aws.client("events").remove_targets(Rule=rule, Ids=list(ids)), "RemoveTargets")


def _check(answer: Mapping[str, Any], operation: str) -> None:
    """Raise what befell the first of the entries that failed: the call itself does not."""
    for entry in answer.get("FailedEntries") or ():
        error = {"Code": entry.get("ErrorCode", ""), "Message": f"{entry['TargetId']}: {entry.get('ErrorMessage', '')}"}
        raise ClientError({"Error": error}, operation)


def _target(wish: Target) -> dict[str, Any]:
    told: dict[str, Any] = {
        "Arn": wish.arn,
        "RetryPolicy": {"MaximumRetryAttempts": wish.attempts, "MaximumEventAgeInSeconds": wish.max_age},
    }
    if wish.role:
        told["RoleArn"] = wish.role
    if wish.dead_letters:
        told["DeadLetterConfig"] = {"Arn": wish.dead_letters}
    if wish.template:
        told["InputTransformer"] = {"InputPathsMap": dict(wish.paths), "InputTemplate": wish.template}
    return told | {key: value for key, value in (("Input", wish.input), ("InputPath", wish.path)) if value}


def _read(item: Mapping[str, Any]) -> Target:
    rest = {key: value for key, value in item.items() if key != "Id"}
    transformer, retry = rest.pop("InputTransformer", {}), rest.pop("RetryPolicy", {})
    return Target(
        arn=rest.pop("Arn"),
        role=rest.pop("RoleArn", None),
        dead_letters=rest.pop("DeadLetterConfig", {}).get("Arn"),
        input=rest.pop("Input", ""),
        path=rest.pop("InputPath", ""),
        template=transformer.get("InputTemplate", ""),
        paths=FrozenMap(transformer.get("InputPathsMap", {})),
        attempts=retry.get("MaximumRetryAttempts", Target.attempts),
        max_age=retry.get("MaximumEventAgeInSeconds", Target.max_age),
        other=canonical(rest) if rest else "",
    )
