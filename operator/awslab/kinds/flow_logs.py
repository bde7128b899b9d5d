"""Flow logs of a network: where they are written, by whom, and the questions that people ask them."""

from __future__ import annotations

from awslab.api.labvpc import LabVpcSpec
from awslab.api.labvpc_logs import FlowLogs, LogDestination, Traffic
from awslab.aws.flow_log import FlowLog, SavedQuery
from awslab.aws.iam import Role
from awslab.aws.lifecycle import LifecycleRule
from awslab.aws.logs import LogGroup
from awslab.aws.policies import Condition, Policy, Statement, trust
from awslab.aws.s3 import Bucket
from awslab.core.resource import Given
from awslab.core.values import FrozenMap

from .network_layout import SSH_PORT, Layout

FLOW_LOGS = "flow-logs"
WORDS = {Traffic.ALL: "ALL", Traffic.ACCEPTED: "ACCEPT", Traffic.REJECTED: "REJECT"}
DELIVERY = "Service:delivery.logs.amazonaws.com"

QUERIES = {
    "rejected-traffic": (
        'filter action = "REJECT"'
        " | stats sum(packets) as packets by srcAddr, dstAddr, dstPort, protocol | sort packets desc | limit 50"
    ),
    "top-talkers": "stats sum(bytes) as bytes by srcAddr, dstAddr | sort bytes desc | limit 50",
    "traffic-by-port": "stats sum(bytes) as bytes by dstPort, protocol, action | sort bytes desc | limit 50",
}
"""By their names; the fields are those that Logs Insights finds in flow logs.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
"""

BASTION_TRAFFIC = (
    f"filter srcPort = {SSH_PORT} or dstPort = {SSH_PORT}"
    " | stats sum(bytes) as bytes by srcAddr, dstAddr, action | sort bytes desc | limit 50"
)


def queries(spec: LabVpcSpec) -> dict[str, str]:
    """The saved queries by their names."""
    return {**QUERIES, **({"bastion-traffic": BASTION_TRAFFIC} if spec.bastion else {})}


def flow_logs(layout: Layout) -> None:
    """The flow log of the whole VPC, with all that it needs."""
    asked = layout.spec.flow_logs
    if asked is None:
        return
    if asked.destination is LogDestination.S3:
        _flow_log(layout, asked, _bucket(layout, asked), None)
        return
    group = layout.graph.add(
        LogGroup(name=FLOW_LOGS, arn=_group(layout), retention=asked.retention_days, tags=layout.tags)
    )
    _flow_log(layout, asked, group, _writer(layout, group))
    for name, text in queries(layout.spec).items():
        layout.graph.add(SavedQuery(name=name, text=text, groups=frozenset({group})))


def _flow_log(layout: Layout, asked: FlowLogs, destination: LogGroup | Bucket | Given, role: Role | None) -> None:
    layout.graph.add(
        FlowLog(
            name="vpc",
            vpc=layout.vpc,
            traffic=WORDS[asked.traffic],
            destination=destination,
            role=role,
            interval=asked.interval_seconds,
            tags=layout.tags,
        )
    )


def _group(layout: Layout) -> str:
    facts = layout.facts
    return facts.arn("logs", f"log-group:/aws/vpc/{facts.owner.physical_name(FLOW_LOGS, 255)}", layout.spec.region)


def _writer(layout: Layout, group: LogGroup) -> Role:
    """The role in which AWS writes, for flow logs of this account only."""
    facts = layout.facts
    ours = Condition.of("StringEquals", "aws:SourceAccount", facts.who.account)
    return layout.graph.add(
        Role(
            name=FLOW_LOGS,
            arn=facts.arn("iam", f"role{facts.owner.path}{facts.owner.physical_name(FLOW_LOGS)}"),
            trust=trust("vpc-flow-logs.amazonaws.com", ours),
            access=FrozenMap(
                {
                    "Write": Statement.allow(
                        ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                        [group.arn, f"{group.arn}:*"],
                    ),
                    "Find": Statement.allow(["logs:DescribeLogGroups"], ["*"]),
                }
            ),
            tags=layout.tags,
        )
    )


def _bucket(layout: Layout, asked: FlowLogs) -> Bucket | Given:
    """The bucket that the spec names, or one that lets AWS write and forgets in time."""
    if asked.bucket:
        return Given(asked.bucket)
    facts = layout.facts
    arn = f"arn:{facts.who.partition}:s3:::{facts.owner.bucket_name(FLOW_LOGS, facts.who.account, layout.spec.region)}"
    return layout.graph.add(
        Bucket(
            name=FLOW_LOGS,
            arn=arn,
            versioned=False,
            policy=_delivery(layout, arn),
            lifecycle=FrozenMap({"old": LifecycleRule(expire=asked.retention_days)}),
            tags=layout.tags,
        )
    )


def _delivery(layout: Layout, bucket: str) -> Policy:
    """Let AWS's delivery write logs of this account, in the words that AWS itself would add; and TLS only.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
    """
    who = layout.facts.who
    source = f"arn:{who.partition}:logs:{layout.spec.region}:{who.account}:*"
    ours = [
        Condition.of("StringEquals", "aws:SourceAccount", who.account),
        Condition.of("ArnLike", "aws:SourceArn", source),
    ]
    full = Condition.of("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control")
    plain = Condition.of("Bool", "aws:SecureTransport", "false")
    objects = f"{bucket}/AWSLogs/{who.account}/*"
    return FrozenMap(
        {
            "AWSLogDeliveryWrite": Statement.allow(["s3:PutObject"], [objects], [DELIVERY], [*ours, full]),
            "AWSLogDeliveryAclCheck": Statement.allow(["s3:GetBucketAcl"], [bucket], [DELIVERY], ours),
            "TlsOnly": Statement.deny(["s3:*"], [bucket, f"{bucket}/*"], ["*"], [plain]),
        }
    )
