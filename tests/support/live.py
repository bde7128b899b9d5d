"""Objects in a real API server, as a person with kubectl and aws sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import boto3

from awslab.aws.calls import is_read
from awslab.local.aws.control import CallEntry, Control
from awslab.local.demo import account
from awslab.local.kubernetes.client import Kubectl
from awslab.local.kubernetes.watching import Watch

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
REGION = "us-east-1"
SMALL = {"region": REGION, "cidr": "10.1.0.0/20", "availabilityZones": 1, "natGateways": "None"}
PATIENCE = 120.0


@dataclass(frozen=True)
class Place:
    """Where the operator runs: a local world, or a kind cluster."""

    kubectl: Kubectl
    aws_endpoint: str
    environment: Mapping[str, str]
    new_namespace: Callable[[], str]

    @cached_property
    def ec2(self) -> Any:
        """EC2 as anybody else in the account uses it."""
        return self._client("ec2")

    @cached_property
    def iam(self) -> Any:
        return self._client("iam")

    def _client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=REGION, endpoint_url=self.aws_endpoint, **keys)

    @cached_property
    def control(self) -> Control:
        return Control(self.aws_endpoint)

    def labvpc(self, name: str = "net", **spec) -> LiveVpc:
        """A LabVpc that is not applied yet, in a namespace of its own."""
        return LiveVpc(self, self.new_namespace(), name, {**SMALL, **spec})

    def attempt(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the commands beside our Python (aws, awslab) in the environment that `local env` gives."""
        environment = {**os.environ, **self.environment, "AWS_PAGER": ""}
        return subprocess.run(
            [BIN / name, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
        )

    def command(self, name: str, *arguments: str) -> str:
        """What such a command prints; it has to succeed."""
        result = self.attempt(name, *arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def aws(self, *arguments: str) -> str:
        return self.command("aws", *arguments)

    def writes(self, since: int) -> list[CallEntry]:
        """The calls after number `since` that change AWS and succeeded."""
        return [c for c in self.control.calls(since) if not is_read(c["action"]) and c["status"] < 300]


@dataclass
class LiveObject:
    """One object of a kind."""

    kind: ClassVar[str]

    place: Place
    namespace: str
    name: str
    spec: dict[str, Any] = field(default_factory=dict)

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def owner(self) -> str:
        return f"default/{self.kind}/{self.namespace}/{self.name}"

    def kubectl(self, *arguments: str, **how: Any) -> str:
        return self.place.kubectl("--namespace", self.namespace, *arguments, **how)

    # What a person does

    def apply(self, **changes: Any) -> Self:
        self.spec |= changes
        manifest = {
            "apiVersion": "awslab.dev/v1alpha1",
            "kind": self.kind,
            "metadata": {"name": self.name},
            "spec": self.spec,
        }
        self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
        return self

    def nudge(self) -> None:
        """Ask for a look at once."""
        self.kubectl("annotate", "--overwrite", self.singular, self.name, f"awslab.dev/reconcile-at={time.time_ns()}")

    def delete(self, *, wait: bool = True) -> None:
        self.kubectl("delete", self.singular, self.name, f"--wait={wait}".lower(), f"--timeout={PATIENCE:.0f}s")

    def watch(self) -> Watch:
        return Watch(self.place.kubectl, self.singular, self.namespace, self.name)

    # What a person sees

    @property
    def object(self) -> dict[str, Any]:
        return json.loads(self.kubectl("get", self.singular, self.name, "--output=json"))

    @property
    def status(self) -> dict[str, Any]:
        return self.object.get("status", {})

    @property
    def exists(self) -> bool:
        return bool(self.kubectl("get", self.singular, self.name, "--ignore-not-found", "--output=name"))

    def condition(self, type_: str) -> dict[str, Any]:
        return next((c for c in self.status.get("conditions", ()) if c["type"] == type_), {})

    def ids(self) -> dict[str, str]:
        """The AWS id of each resource by its address."""
        return {entry["address"]: entry["id"] for entry in self.status["resources"]}

    def events(self, reason: str) -> list[str]:
        """What the events of that reason say."""
        only = f"--field-selector=involvedObject.name={self.name},reason={reason}"
        items = json.loads(self.kubectl("get", "events", only, "--output=json"))["items"]
        return [item["message"] for item in items for _ in range(item["count"])]

    # Patience

    def ready(self) -> Self:
        """Wait as a person does: until the present spec is Ready."""
        generation = self.object["metadata"]["generation"]
        who, within = f"{self.singular}/{self.name}", f"--timeout={PATIENCE:.0f}s"
        self.kubectl("wait", f"--for=jsonpath={{.status.observedGeneration}}={generation}", who, within)
        self.kubectl("wait", "--for=condition=Ready", who, within)
        return self

    def settled(self) -> Self:
        """Wait until it is Ready and nothing is left of what it does not need any more."""
        self.ready()
        eventually(lambda: all(entry["state"] == "Ready" for entry in self.status["resources"]))
        return self


@dataclass
class LiveVpc(LiveObject):
    """One LabVpc."""

    kind = "LabVpc"

    def in_aws(self) -> account.Facts:
        """All in AWS that carries its owner tag."""
        return account.of_owner(self.place.ec2, self.place.iam, self.owner)


def eventually(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until *what* is true, and return it."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"not within {seconds} s; last seen: {found!r}"
        time.sleep(0.25)
    return found


def ours(vpc: LiveVpc) -> set[str]:
    """The ids of what AWS has under the owner's tag; an association is no thing of its own."""
    return account.resources(vpc.in_aws())


def there_is_one_of_everything(vpc: LiveVpc) -> bool:
    """Whether AWS has, under the owner's tag, just what the status names; and no VPC or address beside it."""
    ec2, ids = vpc.place.ec2, vpc.ids()
    vpcs = [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]
    addresses = [a["AllocationId"] for a in ec2.describe_addresses()["Addresses"]]
    return (
        ours(vpc) == set(ids.values())
        and vpcs == [ids["Vpc/vpc"]]
        and addresses == [id_ for address, id_ in ids.items() if address.startswith("Eip/")]
    )


def rows(table: str) -> list[dict[str, str]]:
    """The rows of what `aws --output table` draws, by the names in its first row."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "|" in line]
    _title, head, *body = cells
    return [dict(zip(head, row, strict=True)) for row in body]
