"""DataPipelines in a real API server, as a person with kubectl, aws and awslab sees them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import boto3
import yaml

from tests.support.live import REGION, ROOT, LiveObject, Place, eventually

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@dataclass
class LivePipeline(LiveObject):
    """One DataPipeline, that of an example."""

    kind = "DataPipeline"

    @classmethod
    def example(cls, place: Place, name: str) -> LivePipeline:
        """Apply an example as it is."""
        path = ROOT / "examples" / name
        manifest = yaml.safe_load(path.read_text())
        place.kubectl("apply", "-f", str(path))
        return cls(place, manifest["metadata"]["namespace"], manifest["metadata"]["name"], manifest["spec"])

    @cached_property
    def queue(self) -> Notices:
        """A queue that hears of everything on its topics."""
        notices = Notices(self.place, f"notices-of-{self.name}").made()
        told = {topic: {"subscriptions": [{"sqs": notices.arn}]} for topic in ("success", "failure")}
        self.patch({"spec": {"notifications": told}})
        return notices

    def patch(self, change: Any) -> None:
        """A merge patch, or the operations of a JSON patch."""
        how = "json" if isinstance(change, list) else "merge"
        self.kubectl("patch", self.singular, self.name, f"--type={how}", "-p", json.dumps(change))

    def client(self, service: str) -> Any:
        return client(self.place, service)

    # Files

    @property
    def bucket(self) -> str:
        return self.status["bucketName"]

    def copy(self, path: Path) -> None:
        """Drop a file with nothing but the aws command."""
        self.place.aws("s3", "cp", str(path), f"s3://{self.bucket}/input/", "--no-progress")

    def read(self, key: str) -> Any:
        """An object as JSON with exact numbers, printed by the aws command."""
        text = self.place.aws("s3", "cp", f"s3://{self.bucket}/{key}", "-")
        return json.loads(text, parse_float=Decimal)

    def keys(self, prefix: str) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", ())
        return sorted(item["Key"] for item in found)

    # Runs

    def runs(self) -> list[tuple[str, str]]:
        """Name and status of each run as the aws command lists them, the newest first."""
        machine = self.status["stateMachineArn"]
        asked = ("stepfunctions", "list-executions", "--state-machine-arn", machine, "--output", "json")
        return [(run["name"], run["status"]) for run in json.loads(self.place.aws(*asked))["executions"]]

    def processed(self, path: Path) -> str:
        """Drop a file and wait for its run to end, which is the only new one; returns its status."""
        machine, states = self.status["stateMachineArn"], self.client("stepfunctions")

        def listed() -> dict[str, str]:
            return {r["name"]: r["status"] for r in states.list_executions(stateMachineArn=machine)["executions"]}

        before = listed()
        self.copy(path)
        eventually(lambda: len(now := listed()) > len(before) and "RUNNING" not in now.values())
        (status,) = (status for run, status in listed().items() if run not in before)
        return status

    def output(self) -> Any:
        """What the newest run ended with."""
        states, machine = self.client("stepfunctions"), self.status["stateMachineArn"]
        newest = states.list_executions(stateMachineArn=machine)["executions"][0]["executionArn"]
        return json.loads(states.describe_execution(executionArn=newest)["output"])

    def awslab(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`awslab run`, `runs` or `logs` of this pipeline."""
        return self.place.attempt("awslab", command, f"{self.singular}/{self.name}", "-n", self.namespace, *arguments)


@dataclass
class Notices:
    """A queue to which topics may send, and what came there so far."""

    place: Place
    name: str
    came: list[dict[str, str]] = field(default_factory=list)

    def made(self) -> Notices:
        allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": self.arn}]}
        client(self.place, "sqs").create_queue(QueueName=self.name, Attributes={"Policy": json.dumps(policy)})
        return self

    @property
    def url(self) -> str:
        return f"{self.place.aws_endpoint}/123456789012/{self.name}"

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:123456789012:{self.name}"

    def about(self, text: str) -> dict[str, str]:
        """The notice with that text; waits for it."""
        return eventually(lambda: next((n for n in self._received() if text in n["Message"]), None))

    def _received(self) -> Iterable[dict[str, str]]:
        sqs = client(self.place, "sqs")
        while found := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                self.came.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self.came


def client(place: Place, service: str) -> Any:
    """A service as anybody else in the account uses it."""
    return _client(place.aws_endpoint, service)


@cache
def _client(endpoint: str, service: str) -> Any:
    return boto3.client(service, region_name=REGION, endpoint_url=endpoint, **KEYS)
