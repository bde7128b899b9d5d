"""The logs of state machines: events of the wished level, delivered to a log group."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from moto.logs.models import logs_backends

from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.states.store import Execution
    from awslab.local.aws.world import World

book = Book("states")
GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"
FATAL = frozenset({"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"})
ERROR_ENDINGS = ("Failed", "TimedOut", "Aborted")
DATA = frozenset({"input", "inputDetails", "output", "outputDetails", "parameters"})


def group_of(logging: dict[str, Any]) -> str:
    """Return the ARN of the log group that a configuration names, without the last `:*`; empty if none."""
    for destination in logging.get("destinations") or []:
        arn = (destination.get("cloudWatchLogsLogGroup") or {}).get("logGroupArn")
        if arn:
            return str(arn).removesuffix(":*")
    return ""


def is_there(asked: Asked, group_arn: str) -> bool:
    """Tell whether there is a log group of an ARN."""
    name = group_arn.removesuffix(":*").partition(":log-group:")[2]
    return name in logs_backends[asked.account][asked.region].groups


@book.behaves(
    "machine-logs",
    "StartExecution",
    does="Events of the wished level go to the log group of the logging configuration, their data only where that is"
    " wished too.",
    see=GUIDE,
)
def write(world: World, account: str, region: str, execution: Execution, event: dict[str, Any]) -> None:
    """Deliver one event, if the machine's configuration wants it."""
    logging = execution.revision.logging
    group = group_of(logging)
    if not group or not _wanted(str(logging.get("level", "OFF")), event["type"]):
        return
    line = json.dumps(_line(execution, event, with_data=bool(logging.get("includeExecutionData"))), default=str)
    name = group.partition(":log-group:")[2]
    stream = f"states/{execution.machine_name}/{time.strftime('%Y-%m-%d-%H-%M', time.gmtime(execution.started))}"
    with world.lock:
        backend = logs_backends[account][region]
        if name not in backend.groups:
            return
        if stream not in backend.groups[name].streams:
            backend.create_log_stream(name, stream)
        backend.put_log_events(name, stream, [{"timestamp": int(event["timestamp"] * 1000), "message": line}])


def _wanted(level: str, kind: str) -> bool:
    if level == "ALL":
        return True
    if level == "ERROR":
        return kind in FATAL or kind == "FailStateEntered" or kind.endswith(ERROR_ENDINGS)
    return level == "FATAL" and kind in FATAL


def _line(execution: Execution, event: dict[str, Any], *, with_data: bool) -> dict[str, Any]:
    details: dict[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    return {
        "id": str(event["id"]),
        "type": event["type"],
        "details": {key: value for key, value in details.items() if with_data or key not in DATA},
        "previous_event_id": str(event["previousEventId"]),
        "event_timestamp": str(int(event["timestamp"] * 1000)),
        "execution_arn": execution.arn,
    }
