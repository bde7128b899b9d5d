"""Flow logs: one of a kind for a resource, and errors listed for each."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import FlowLogAlreadyExists
from moto.ec2.models.flow_logs import FlowLogsBackend
from moto.ec2.responses.flow_logs import FlowLogs

from awslab.local.aws.ec2.kinds import BY_PREFIX
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
    for id_ in resource_ids:
        try:
            fresh, unsuccessful = _create_of_moto(self, resource_type, [id_], *rest, **more)
        except FlowLogAlreadyExists as error:
            failed.append((id_, error.code, error.message))
        else:
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


FlowLogsBackend.create_flow_logs = create
FlowLogs.delete_flow_logs = delete
