"""A run of a state machine, followed step by step in its history."""

from collections.abc import Iterator, Mapping
from typing import Any

_ENTERED, _EXITED = "StateEntered", "StateExited"


class Runs:
    """The runs of one state machine, as anybody with a boto3 client sees them."""

    def __init__(self, stepfunctions: Any, machine: str) -> None:
        self._client = stepfunctions
        self._machine = machine

    def listed(self) -> dict[str, str]:
        """The status of each by its ARN."""
        found = self._client.list_executions(stateMachineArn=self._machine)["executions"]
        return {run["executionArn"]: run["status"] for run in found}

    def since(self, before: Mapping[str, str]) -> list[str]:
        """The ARNs of those that were not there before."""
        return [arn for arn in self.listed() if arn not in before]

    def described(self, arn: str) -> Mapping[str, Any]:
        """What AWS says of a run."""
        told: Mapping[str, Any] = self._client.describe_execution(executionArn=arn)
        return told

    def events(self, arn: str) -> list[Mapping[str, Any]]:
        """What has happened in a run so far."""
        pages = self._client.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]


def told(events: list[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each step that began, ended or failed."""
    for event in events:
        kind: str = event["type"]
        if kind.endswith(_ENTERED):
            yield f"→ {event['stateEnteredEventDetails']['name']}"
        elif kind.endswith(_EXITED):
            yield f"✓ {event['stateExitedEventDetails']['name']}"
        elif kind == "ExecutionFailed":
            details = event["executionFailedEventDetails"]
            yield f"✗ {details['error']}: {details['cause']}"
