"""DynamoDB: tables with a partition key and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed, Phase, Usual

from .named import NamedResource, as_mapping, as_pairs, name_in, unless_gone
from .session import Aws

ON_DEMAND = "PAY_PER_REQUEST"


@dataclass(frozen=True, kw_only=True)
class Table(NamedResource):
    """A table whose items have one key, a text, and are paid for as they are used.

    No people's data is lost with it: it remembers for some days which files were worked on.
    """

    resource_type: ClassVar = "dynamodb:table"
    mutable: ClassVar = frozenset({"on_demand", "expires", "recovery", "own_key", "protected"})
    usual: ClassVar = Usual(create=10, delete=10)
    phases: ClassVar[Mapping[str, Phase]] = {"ACTIVE": Phase.READY, "DELETING": Phase.DELETING}

    key: str
    """The attribute with the partition key."""
    on_demand: Literal[True] = True
    expires: str = ""
    """The attribute with the moment, in seconds since 1970, after which an item may go."""
    recovery: bool = False
    """Whether any moment of the last 35 days can be restored."""
    own_key: bool = False
    """Whether it is encrypted by a key in the account, which costs and is logged; else by one of AWS's."""
    protected: bool = False
    """Whether nobody else can delete it; we take the protection away first."""

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed:
        client, name = aws.client("dynamodb"), name_in(arn)
        item = client.describe_table(TableName=name)["Table"]
        ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        tags = as_mapping(client.list_tags_of_resource(ResourceArn=arn)["Tags"])
        fields = {
            "key": next(k["AttributeName"] for k in item["KeySchema"] if k["KeyType"] == "HASH"),
            "on_demand": item.get("BillingModeSummary", {}).get("BillingMode") == ON_DEMAND,
            "expires": ttl.get("AttributeName", "") if ttl["TimeToLiveStatus"].startswith("ENABL") else "",
            "recovery": _recovery(backups) == "ENABLED",
            "own_key": item.get("SSEDescription", {}).get("Status") in {"ENABLED", "ENABLING", "UPDATING"},
            "protected": item.get("DeletionProtectionEnabled", False),
        }
        return cls.seen(arn, fields, tags, phase=cls.phases.get(item["TableStatus"], Phase.PENDING))

    def make(self, aws: Aws, ids: Ids) -> None:
        """Make it; what can be set only once it is there is found missing then."""
        aws.client("dynamodb").create_table(
            TableName=self.physical_name,
            KeySchema=[{"AttributeName": self.key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": self.key, "AttributeType": "S"}],
            BillingMode=ON_DEMAND,
            DeletionProtectionEnabled=self.protected,
            SSESpecification={"Enabled": self.own_key},
            Tags=as_pairs(aws.owner.birth_tags(self)),
        )

    def made(self, aws: Aws, ids: Ids, **more: Any) -> Observed:
        """It takes AWS some seconds."""
        return super().made(aws, ids, phase=Phase.PENDING, **more)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Change what can be changed at once; a table takes one change of itself at a time, the next look the next."""
        client, name = aws.client("dynamodb"), name_in(found.id)
        for change in changes.of("expires"):
            client.update_time_to_live(TableName=name, TimeToLiveSpecification=_ttl(change.observed, change.desired))
        for change in changes.of("recovery"):
            wish = {"PointInTimeRecoveryEnabled": change.desired}
            client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wish)
        wishes = {c.field: c.desired for c in changes}
        for field in ("protected", "on_demand", "own_key"):
            if field in wishes:
                client.update_table(TableName=name, **_update(field, wishes[field]))
                return

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        if new:
            aws.client("dynamodb").tag_resource(ResourceArn=arn, Tags=as_pairs(new))
        if gone:
            aws.client("dynamodb").untag_resource(ResourceArn=arn, TagKeys=list(gone))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        client, name = aws.client("dynamodb"), name_in(found.id)
        with unless_gone():
            if found.fields["protected"]:
                client.update_table(TableName=name, **_update("protected", wish=False))
            client.delete_table(TableName=name)


def _recovery(backups: Mapping[str, Any]) -> str:
    return str(backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus", ""))


def _ttl(observed: str, desired: str) -> dict[str, Any]:
    """The next step towards *desired*: another attribute needs an end of the one before."""
    return {"Enabled": not observed, "AttributeName": observed or desired}


def _update(field: str, wish: Any) -> dict[str, Any]:
    if field == "on_demand":
        return {"BillingMode": ON_DEMAND}
    if field == "own_key":
        return {"SSESpecification": {"Enabled": wish}}
    return {"DeletionProtectionEnabled": wish}
