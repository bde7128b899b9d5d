"""Flow logs: one of a kind for a resource, and errors listed for each."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import FlowLogAlreadyExists
from moto.ec2.models.flow_logs import FlowLogsBackend
from moto.ec2.responses.flow_logs import FlowLogs
from moto.logs.models import logs_backends

from awslab.local.aws import identity
from awslab.local.aws import world as worlds
from awslab.local.aws.ec2.kinds import BY_PREFIX
from awslab.local.aws.ec2.reads import MENDED
from awslab.local.aws.errors import AwsError
from awslab.local.aws.policies import Request, context_of, speaking
from awslab.local.aws.resource_policies import policy_of
from awslab.local.aws.rules import Book

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
_create_of_moto = FlowLogsBackend.create_flow_logs


@book.behaves(
    "flow-log-duplicate",
    "CreateFlowLogs",
    code="FlowLogAlreadyExists",
    does="A second flow log of a resource to the same destination is listed as unsuccessful; the call itself succeeds.",
    see=API + "API_CreateFlowLogs.html",
)
def create(self: Any, resource_type: str, resource_ids: list[str], *rest: Any, **more: Any) -> Any:
    """Make flow logs one by one, so that one refusal does not hinder the others."""
    made, failed = [], []
    whole = more.get("log_destination")
    if whole and more.get("log_destination_type") == "s3":
        more["log_destination"] = whole.partition("/")[0]  # moto knows no folders in a bucket
    for id_ in resource_ids:
        try:
            fresh, unsuccessful = _create_of_moto(self, resource_type, [id_], *rest, **more)
        except FlowLogAlreadyExists as error:
            failed.append((id_, error.code, error.message))
        else:
            for one in fresh:
                one.log_destination = whole
            made += fresh
            failed += unsuccessful
    return made, failed


@book.behaves(
    "flow-log-missing",
    "DeleteFlowLogs",
    code="InvalidFlowLogId.NotFound",
    does="Flow logs that cannot be deleted are listed as unsuccessful; the call itself succeeds.",
    see=API + "API_DeleteFlowLogs.html",
)
def delete(self: Any) -> ActionResult:
    """Delete the flow logs that are there, and list the others."""
    kind, unsuccessful = BY_PREFIX["fl-"], []
    for id_ in self._get_param("FlowLogIds", []):
        if self.ec2_backend.flow_logs.pop(id_, None) is None:
            error = {"Code": kind.missing, "Message": kind.sentence.format(id=id_)}
            unsuccessful.append({"ResourceId": id_, "Error": error})
    return ActionResult({"Unsuccessful": unsuccessful})


@book.behaves(
    "flow-log-delivery",
    "DescribeFlowLogs",
    does="A flow log whose role cannot be assumed or may not write, or whose log group or bucket is gone or refuses,"
    " shows that its delivery failed.",
    see="https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-troubleshooting.html",
)
def delivery(flow_log: Any, item: dict[str, Any]) -> None:
    """Show whether it could be written just now."""
    item.pop("DeliverLogsErrorMessage", None)
    wrong = _to_bucket(flow_log) if flow_log.log_destination_type == "s3" else _to_group(flow_log)
    item["DeliverLogsStatus"] = "FAILED" if wrong else "SUCCESS"
    if wrong:
        item["DeliverLogsErrorMessage"] = wrong


def _to_group(flow_log: Any) -> str:
    world, role = worlds.current(), flow_log.deliver_logs_permission_arn
    ec2 = flow_log.ec2_backend
    group = flow_log.log_group_name or flow_log.log_destination.partition(":log-group:")[2].removesuffix(":*")
    arn = f"arn:aws:logs:{ec2.region_name}:{ec2.account_id}:log-group:{group}"
    try:
        identity.assume(world, role, "vpc-flow-logs.amazonaws.com", keep=False)
    except AwsError:
        return "Access error"
    written = identity.may(world, role, "logs:PutLogEvents", f"{arn}:log-stream:any")
    there = group in logs_backends[ec2.account_id][ec2.region_name].groups
    return "" if written and there else "Access error"


def _to_bucket(flow_log: Any) -> str:
    """Ask the bucket's policy whether AWS's delivery may write into it, as the owner's own."""
    ec2, bucket = flow_log.ec2_backend, flow_log.log_destination.partition("/")[0]
    source = f"arn:aws:logs:{ec2.region_name}:{ec2.account_id}:*"
    context = context_of(SourceArn=source, SourceAccount=ec2.account_id, SecureTransport="true")
    context["s3:x-amz-acl"] = ["bucket-owner-full-control"]
    objects = f"{flow_log.log_destination.rstrip('/')}/AWSLogs/{ec2.account_id}/any"
    asked = Request("s3:PutObject", objects, context, frozenset({"delivery.logs.amazonaws.com"}))
    policy = policy_of(bucket, ec2.account_id)
    allowed = any(True for _ in speaking(policy, asked, "Allow"))
    denied = any(True for _ in speaking(policy, asked, "Deny"))
    return "" if allowed and not denied else "Access error"


FlowLogsBackend.create_flow_logs = create
FlowLogs.delete_flow_logs = delete
MENDED["DescribeFlowLogs"] = delivery
