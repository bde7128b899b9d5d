"""A live DataPipeline, as the commands about its runs see it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from awslab.aws import executions
from awslab.aws.executions import Event, Execution
from awslab.aws.named import unless_gone
from awslab.aws.session import Aws
from awslab.kinds.datapipeline import DATA_PIPELINE

from .live import Cluster, Live

EXPRESS = "EXPRESS"


@dataclass(frozen=True)
class Pipeline:
    """What is made of one, by its status."""

    live: Live

    @classmethod
    def named(cls, cluster: Cluster, reference: str) -> Pipeline:
        """The pipeline that *reference* names; raises ClickException where it is none, or not made yet."""
        live = cluster.get(reference)
        if live.kind is not DATA_PIPELINE:
            raise click.ClickException(f"{live.name} has no runs; a {DATA_PIPELINE.name} has")
        if not live.status.get("stateMachineArn"):
            raise click.ClickException(f"{live.name} has no state machine yet; see: awslab trace {reference}")
        return cls(live)

    @property
    def machine(self) -> str:
        """The ARN of its state machine."""
        return str(self.live.status["stateMachineArn"])

    @property
    def is_express(self) -> bool:
        """Whether its runs are told by its log only."""
        return bool(self.live.obj["spec"].get("type") == EXPRESS)

    @property
    def log_groups(self) -> dict[str, str]:
        """The names of its log groups by step."""
        return dict(self.live.status.get("logGroupNames", {}))

    def bucket(self) -> tuple[str, str]:
        """The bucket of uploads, and how their keys begin."""
        source = self.live.obj["spec"].get("source", {})
        return self.live.status["bucketName"], source.get("prefix", "input/")

    def runs(self, aws: Aws, most: int) -> list[Execution]:
        """The last runs, the newest first."""
        if self.is_express:
            return executions.latest_logged(aws, self.log_groups["state-machine"], self.machine, most)
        return executions.latest(aws, self.machine, most)

    def run(self, aws: Aws, name: str) -> Execution | None:
        """One run by its name; None where there is none."""
        if self.is_express:
            return next((e for e in self.runs(aws, 50) if e.name == name), None)
        arn = f"{self.machine.replace(':stateMachine:', ':execution:')}:{name}"
        (found,) = executions.described(aws, [executions.named(arn)], {})
        return found if found.status else None

    def events(self, aws: Aws, run: Execution) -> list[Event]:
        """What has happened in a run."""
        if self.is_express:
            return executions.history_logged(aws, self.log_groups["state-machine"], run)
        return executions.history(aws, run.arn)


def run_id(bucket: str, key: str, version: str) -> str:
    """The name of the run that a version of a file begins: as the function `start` gives it."""
    return hashlib.sha256(f"{bucket}|{key}|{version}".encode()).hexdigest()[:40]


def lines(aws: Aws, group: str, since: datetime, pattern: str = "") -> Iterator[tuple[datetime, str]]:
    """The lines of a log group from *since* on, oldest first; none where there is no such group."""
    arguments: dict[str, Any] = {"logGroupName": group, "startTime": int(since.timestamp() * 1000)}
    pages = aws.client("logs").get_paginator("filter_log_events").paginate(**arguments, filterPattern=pattern)
    with unless_gone():
        for page in pages:
            for event in page["events"]:
                moment = datetime.fromtimestamp(event["timestamp"] / 1000, since.tzinfo)
                yield moment, event["message"].rstrip("\n")
