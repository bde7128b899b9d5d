"""Flow logs of VPCs, and the queries that people ask them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.resource import Given, Ids, Observed, Resource, Usual

from .ec2 import Ec2Resource, Filters, Item, check_each, pages
from .iam import Role
from .logs import LogGroup, group_name
from .lookups import identity
from .network import Vpc
from .s3 import Bucket
from .session import Aws

TO_LOGS, TO_S3 = "cloud-watch-logs", "s3"


@dataclass(frozen=True, kw_only=True)
class FlowLog(Ec2Resource):
    """A record of who talked with whom in a VPC; AWS changes nothing of one but its tags."""

    noun: ClassVar = "vpc-flow-log"
    id_key: ClassVar = "FlowLogId"
    id_filter: ClassVar = "flow-log-id"
    usual: ClassVar = Usual(create=20)

    vpc: Vpc
    traffic: str
    """ALL, ACCEPT or REJECT."""
    destination: LogGroup | Bucket | Given
    role: Role | None = None
    """Who writes into a log group; into a bucket AWS writes by the bucket's policy."""
    interval: int = 600
    """Seconds of traffic that one line sums up: 60 or 600."""

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return pages(aws, "describe_flow_logs", "FlowLogs", Filter=filters)

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        """Read one description; one that cannot write yet is not there yet."""
        delivers = item.get("DeliverLogsStatus", "SUCCESS") == "SUCCESS"
        said = f"AWS cannot write the flow log: {item.get('DeliverLogsErrorMessage') or 'no reason given'}"
        about = {"State": "available" if delivers else "pending", "FailureMessage": "" if delivers else said}
        return super().read({**item, **about}, name)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        fields = {
            "vpc": item["ResourceId"],
            "traffic": item["TrafficType"],
            "role": item.get("DeliverLogsPermissionArn"),
            "interval": item.get("MaxAggregationInterval", 600),
        }
        destination = item.get("LogDestination")
        return {**fields, "destination": destination.removesuffix(":*")} if destination else fields

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Ask for it; AWS answers for each VPC of the call by itself."""
        destination = ids.of(self.destination)
        arguments = {
            "ResourceType": "VPC",
            "ResourceIds": [ids.of(self.vpc)],
            "TrafficType": self.traffic,
            "LogDestinationType": TO_S3 if ":s3:::" in destination else TO_LOGS,
            "LogDestination": destination,
            "MaxAggregationInterval": self.interval,
            "TagSpecifications": aws.tagged(self, self.noun),
            "ClientToken": aws.token(self),
            **({"DeliverLogsPermissionArn": ids.of(self.role)} if self.role else {}),
        }
        answer = aws.ec2.create_flow_logs(**arguments)
        check_each(answer, "CreateFlowLogs")
        made = {"FlowLogId": answer["FlowLogIds"][0], "ResourceId": ids.of(self.vpc), **arguments}
        return self.made(aws, {**made, "DeliverLogsStatus": "SUCCESS"})

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        check_each(aws.ec2.delete_flow_logs(FlowLogIds=[found.id]), "DeleteFlowLogs")


@dataclass(frozen=True, kw_only=True)
class SavedQuery(Resource):
    """A query of Logs Insights, kept under a name.

    It has no tags and no owner but its name, which begins with the owner's key.
    """

    taggable: ClassVar = False
    mutable: ClassVar = frozenset({"text", "groups"})

    text: str
    groups: frozenset[LogGroup]

    @classmethod
    def observe(cls, aws: Aws) -> Iterator[Observed]:
        """Find the owner's by their names."""
        prefix = f"{aws.owner.key}/"
        for item in _listed(aws, prefix):
            found = _read(aws, item, item["name"].removeprefix(prefix))
            if item["name"].startswith(prefix):
                yield found

    @classmethod
    def find(cls, aws: Aws, name: str, id: str) -> Observed | None:  # noqa: A002 - AWS's own word
        """The query with that id; its name says whose it is."""
        return next((o for o in cls.observe(aws) if o.id == id and o.name == name), None)

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Keep it; the token holds off a second one."""
        groups = sorted(ids.of(g) for g in self.groups)
        id_ = _put(aws, self.name, self.text, groups, clientToken=aws.token(self))
        fields = {"text": self.text, "groups": frozenset(groups)}
        return Observed(type(self), self.name, id_, fields=fields, owner=aws.owner.key)

    @classmethod
    def update(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Keep it under its id as it is to be."""
        for change in changes:
            found = found.after(change)
        _put(aws, found.name, found.fields["text"], sorted(found.fields["groups"]), queryDefinitionId=found.id)

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.client("logs").delete_query_definition(queryDefinitionId=found.id)


def _listed(aws: Aws, prefix: str) -> Iterator[Item]:
    """Every page of the queries whose names begin so; boto3 has no paginator for them."""
    token: dict[str, str] = {}
    while True:
        answer = aws.client("logs").describe_query_definitions(queryDefinitionNamePrefix=prefix, **token)
        yield from answer["queryDefinitions"]
        if not answer.get("nextToken"):
            return
        token = {"nextToken": answer["nextToken"]}


def _read(aws: Aws, item: Item, name: str) -> Observed:
    groups = frozenset(_arn(aws, group) for group in item.get("logGroupNames", ()))
    fields = {"text": item["queryString"], "groups": groups}
    return Observed(SavedQuery, name, item["queryDefinitionId"], fields=fields, owner=aws.owner.key)


def _put(aws: Aws, name: str, text: str, groups: list[str], **more: Any) -> str:
    answer = aws.client("logs").put_query_definition(
        name=f"{aws.owner.key}/{name}", queryString=text, logGroupNames=[group_name(g) for g in groups], **more
    )
    return str(answer["queryDefinitionId"])


def _arn(aws: Aws, group: str) -> str:
    """The ARN of a log group of this account."""
    who = aws.clients.fact("identity", identity)
    return f"arn:{who.partition}:logs:{aws.clients.region}:{who.account}:log-group:{group}"
