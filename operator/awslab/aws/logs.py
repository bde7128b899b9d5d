"""Log groups of CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.ownership import OWNER_TAG, RESOURCE_TAG, UID_TAG
from awslab.core.resource import Ids, Observed

from .named import NamedResource, unless_gone
from .session import Aws

KEEP = "keepLogs"
"""In ``spec.deletion``: leave log groups behind."""


@dataclass(frozen=True, kw_only=True)
class LogGroup(NamedResource):
    """Where a function or a state machine writes what it does.

    Its ARN is the one without ``:*`` at the end, which AWS calls logGroupArn.
    """

    resource_type: ClassVar = "logs:log-group"
    mutable: ClassVar = frozenset({"retention"})

    retention: int | None = None
    """Days; None for ever."""

    @property
    def physical_name(self) -> str:
        return group_name(self.arn)

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed | None:
        logs = aws.client("logs")
        item = _described(logs, group_name(arn))
        if item is None:
            return None
        tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
        return cls.seen(arn, {"retention": item.get("retentionInDays")}, tags)

    def make(self, aws: Aws, ids: Ids) -> None:
        logs, name = aws.client("logs"), self.physical_name
        logs.create_log_group(logGroupName=name, tags=dict(aws.owner.birth_tags(self)))
        if self.retention:
            logs.put_retention_policy(logGroupName=name, retentionInDays=self.retention)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        logs, name = aws.client("logs"), group_name(found.id)
        if days := changes.desired("retention"):
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        else:
            logs.delete_retention_policy(logGroupName=name)

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        logs = aws.client("logs")
        if new:
            logs.tag_resource(resourceArn=arn, tags=dict(new))
        if gone:
            logs.untag_resource(resourceArn=arn, tagKeys=list(gone))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Delete it, or let it go where the spec keeps logs: without our tags it is nobody's.

        An object of the same name finds it again by its name, and takes it over.
        """
        with unless_gone():
            if aws.on_delete.get(KEEP):
                cls.retag(aws, found.id, {}, [OWNER_TAG, RESOURCE_TAG, UID_TAG])
            else:
                aws.client("logs").delete_log_group(logGroupName=group_name(found.id))


def group_name(arn: str) -> str:
    """``/aws/lambda/sales`` of the ARN of a log group."""
    return arn.partition(":log-group:")[2].removesuffix(":*")


def _described(logs: Any, name: str) -> Mapping[str, Any] | None:
    """The group of exactly that name: AWS sorts, and it comes before those that its name is a prefix of."""
    groups = logs.describe_log_groups(logGroupNamePrefix=name, limit=1)["logGroups"]
    return next((dict(item) for item in groups if item["logGroupName"] == name), None)
