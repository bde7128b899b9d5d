"""A DataPipeline that lives in this process: made once, used by many tests, seen as anybody in the account sees it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import boto3
import pytest
import yaml

from awslab.aws.calls import is_read
from awslab.controller.reconcile import LabReconciler
from awslab.local.aws.control import CallEntry, Control
from awslab.local.aws.server import Server
from tests.support.manifests import ROOT
from tests.support.memory import MemoryHandle, reconciler, until

REGION = "us-east-1"
SALES = ROOT / "examples/data/sales_data.csv"
HEADER = "order_id,date,region,product,quantity,unit_price\n"
GOOD = HEADER + "SO-00001,2024-10-01,East,Pencil,2,0.85\n"
KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
}


@contextmanager
def account(server: Server, time_scale: float = 0.005) -> Iterator[Account]:
    """An empty account for the tests of a module; no process of it runs afterwards."""
    control = Control(server.endpoint)
    usual = control.settings()["time_scale"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": server.endpoint}.items():
            patch.setenv(name, value)
        control.reset()
        control.configure({"time_scale": time_scale})
        try:
            yield Account(control)
        finally:
            control.reset()
            control.configure({"time_scale": usual})


@dataclass
class Account:
    """The account, through clients of its own."""

    control: Control
    using: LabReconciler = field(default_factory=reconciler)
    _clients: dict[str, Any] = field(default_factory=dict)

    def __call__(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(service)
        return self._clients[service]

    def queue(self, name: str = "notices") -> tuple[str, str]:
        """The URL and the ARN of a queue to which topics may send."""
        url = self("sqs").create_queue(QueueName=name)["QueueUrl"]
        asked = self("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = asked["Attributes"]["QueueArn"]
        allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]})
        self("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return url, arn

    def pipeline(self, spec: Mapping[str, Any], name: str = "sales") -> Pipeline:
        """A DataPipeline as `kubectl apply` leaves it; its notices go to a queue."""
        url, arn = self.queue(f"notices-of-{name}")
        told = {word: dict(notices) for word, notices in spec.get("notifications", {}).items()}
        for word in ("success", "failure"):
            told.setdefault(word, {})["subscriptions"] = [{"sqs": arn}]
        return Pipeline(self, handle(name, {"region": REGION, **spec, "notifications": told}), url)

    def example(self, name: str) -> Pipeline:
        """That of an example."""
        manifest = yaml.safe_load((ROOT / "examples" / name).read_text())
        return self.pipeline(manifest["spec"], manifest["metadata"]["name"])


def handle(name: str, spec: Mapping[str, Any]) -> MemoryHandle:
    """An object that is new."""
    meta = {"name": name, "namespace": "lab", "uid": f"uid-of-{name}", "generation": 1}
    meta["creationTimestamp"] = "2026-01-01T00:00:00Z"
    return MemoryHandle(
        {"apiVersion": "awslab.dev/v1alpha1", "kind": "DataPipeline", "metadata": meta, "spec": dict(spec)}
    )


@dataclass
class Pipeline:
    """One pipeline, and what a person does with it."""

    account: Account
    handle: MemoryHandle
    queue: str
    notices: list[dict[str, str]] = field(default_factory=list)

    # Its life

    def ready(self, seconds: float = 60) -> Pipeline:
        until(self.handle, lambda: self.handle.ready and self.settled, self.account.using, seconds)
        return self

    @property
    def settled(self) -> bool:
        return all(entry["state"] == "Ready" for entry in self.status["resources"])

    def passes(self, done: Callable[[], bool], seconds: float = 30) -> None:
        until(self.handle, done, self.account.using, seconds)

    def deleted(self, **deletion: Any) -> None:
        if deletion:
            self.handle.change(deletion=deletion)
        self.handle.delete()
        self.passes(lambda: self.handle.gone)

    @property
    def status(self) -> dict[str, Any]:
        return self.handle.obj["status"]

    def ids(self) -> dict[str, str]:
        """The AWS id of each resource by its address."""
        return {entry["address"]: entry["id"] for entry in self.status["resources"]}

    def writes(self, since: int) -> Counter[str]:
        """What the operator has changed in AWS after call number *since*, by action and name."""
        return Counter(map(_write, (c for c in self.account.control.calls(since) if _by_operator(c))))

    # Files

    @property
    def bucket(self) -> str:
        return self.status["bucketName"]

    @property
    def machine(self) -> str:
        return self.status["stateMachineArn"]

    def upload(self, name: str = "sales_data.csv", body: bytes | str = GOOD) -> str:
        """Put a file below input/; returns the name that its run will have."""
        body, key = body.encode() if isinstance(body, str) else body, f"input/{name}"
        put = self.account("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return hashlib.sha256(f"{self.bucket}|{key}|{put['VersionId']}".encode()).hexdigest()[:40]

    def read(self, key: str) -> Any:
        """An object as JSON, with exact numbers."""
        body = self.account("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return json.loads(body, parse_float=Decimal)

    def versions(self, prefix: str) -> dict[str, int]:
        """How many versions each key below the prefix has."""
        pages = self.account("s3").get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix)
        return dict(Counter(version["Key"] for page in pages for version in page.get("Versions", ())))

    # Runs

    def runs(self) -> dict[str, str]:
        """The status of each execution by its name."""
        pages = self.account("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=self.machine)
        return {one["name"]: one["status"] for page in pages for one in page["executions"]}

    def ended(self, *runs: str, seconds: float = 60) -> dict[str, str]:
        """Wait until all these runs have ended; returns their status."""

        def done() -> dict[str, str]:
            seen = self.runs()
            return {run: seen[run] for run in runs if seen.get(run, "RUNNING") != "RUNNING"}

        return eventually(done, lambda found: len(found) == len(set(runs)), seconds)

    def run(self, name: str, body: bytes | str = GOOD) -> tuple[str, dict[str, Any]]:
        """Upload a file and follow it to the end; returns the status, and the state at the end or the error."""
        run = self.upload(name, body)
        self.ended(run)
        told = self.execution(run)
        if told["status"] != "SUCCEEDED":
            return told["status"], {"Error": told["error"], "Cause": told["cause"]}
        return told["status"], json.loads(told["output"])

    def execution(self, run: str) -> dict[str, Any]:
        arn = f"{self.machine.replace(':stateMachine:', ':execution:')}:{run}"
        return self.account("stepfunctions").describe_execution(executionArn=arn)

    def history(self, run: str) -> list[dict[str, Any]]:
        arn = self.execution(run)["executionArn"]
        pages = self.account("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    # Notices

    def notice(self, about: str, seconds: float = 20) -> str:
        """The notice that has this in it."""
        return eventually(
            lambda: next((n["Message"] for n in self._received() if about in n["Message"]), ""), bool, seconds
        )

    def notices_of(self, topic: str) -> list[str]:
        """What was published on the topic so far."""
        end = f"-{topic}-"
        return [n["Message"] for n in self._received() if end in n["TopicArn"]]

    def _received(self) -> list[dict[str, str]]:
        """All notices so far; SQS gives ten at once."""
        sqs = self.account("sqs")
        while found := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                self.notices.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return self.notices

    def dead_letters(self) -> int:
        url = self.status["deadLetterQueueUrls"]["events"]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.account("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(map(int, found.values()))


def eventually(look: Callable[[], Any], good: Callable[[Any], Any] = bool, seconds: float = 30) -> Any:
    """What is seen once it is good; fails where it never is."""
    end = time.monotonic() + seconds
    while not good(seen := look()):
        assert time.monotonic() < end, seen
        time.sleep(0.1)
    return seen


@dataclass(frozen=True)
class Numbers:
    """What is in a file of sales, computed without any code of ours."""

    rows: int
    quantity: Decimal
    amount: Decimal
    amount_by_region: Mapping[str, Decimal]

    @classmethod
    def of(cls, text: str) -> Numbers:
        rows = list(csv.DictReader(io.StringIO(text)))
        by_region: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            by_region[row["region"]] += Decimal(row["quantity"]) * Decimal(row["unit_price"])
        quantity = sum((Decimal(row["quantity"]) for row in rows), Decimal())
        return cls(len(rows), quantity, sum(by_region.values(), Decimal()), dict(by_region))


def _by_operator(call: CallEntry) -> bool:
    return "awslab-operator" in call["user_agent"] and call["status"] < 300 and not is_read(call["action"])


def _write(call: CallEntry) -> str:
    params = call["params"]
    named = params.get("FunctionName") or params.get("RoleName") or params.get("logGroupName") or ""
    return f"{call['action']} {named}".strip()
