"""What others hear of executions: metrics, and events of their status on the default bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awslab.local.aws.cloudwatch import metrics
from awslab.local.aws.events import bus
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.states.store import Execution
    from awslab.local.aws.world import World

book = Book("states")
GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/"
ENDED = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


@book.behaves(
    "execution-metrics",
    "StartExecution",
    does="Executions are counted by state machine as started, succeeded, failed, timed out or aborted, with their"
    " time in milliseconds.",
    see=GUIDE + "procedure-cw-metrics.html",
)
def began(world: World, account: str, region: str, execution: Execution) -> None:
    """Tell that an execution has begun."""
    metrics.count(world, account, region, "AWS/States", {"StateMachineArn": execution.machine}, ExecutionsStarted=1)
    _tell(world, account, region, execution)


def ended(world: World, account: str, region: str, execution: Execution) -> None:
    """Tell how an execution has ended."""
    milliseconds = ((execution.stopped or execution.started) - execution.started) * 1000
    values = {ENDED[execution.status]: 1.0, "ExecutionTime": milliseconds}
    metrics.count(world, account, region, "AWS/States", {"StateMachineArn": execution.machine}, **values)
    _tell(world, account, region, execution)


@book.behaves(
    "execution-events",
    "StartExecution",
    does="Each change of a standard execution's status is an event on the default bus.",
    see=GUIDE + "eventbridge-integration.html",
)
def _tell(world: World, account: str, region: str, execution: Execution) -> None:
    if execution.type == "EXPRESS":
        return
    detail = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine,
        "name": execution.name,
        "status": execution.status,
        "startDate": int(execution.started * 1000),
        "stopDate": None if execution.stopped is None else int(execution.stopped * 1000),
        "input": execution.input,
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
        "inputDetails": {"included": True},
        "outputDetails": None if execution.output is None else {"included": True},
    }
    event = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "resources": [execution.arn],
        "detail": detail,
    }
    bus.deliver(world, account, region, event)
