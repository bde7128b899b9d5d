"""For each kind the life that the promises of the engine are tried on: a spec that is made quickly, and a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from awslab.kinds import KINDS
from tests.support.memory import MemoryHandle, applied


@dataclass(frozen=True)
class Life:
    """How one kind lives."""

    kind: str
    spec: Mapping[str, Any]
    change: Mapping[str, Any]
    """Fields of the spec that make, change and delete something."""
    small: Mapping[str, Any]
    """The spec where a few resources are enough."""
    calls: Mapping[str, int] = field(default_factory=dict)
    """At least as many calls that are numbered as each part of a life makes."""
    only_writes: bool = False
    """Whether only those calls are numbered that change AWS: a kill at a read leaves what the write before it left."""
    sample_of: int = 1
    """Of so many kills, `make test` tries one."""

    def object(self, name: str = "production", **spec: Any) -> MemoryHandle:
        """One as `kubectl apply` leaves it."""
        return applied(self.kind, name, {**self.spec, **spec})

    def small_one(self, name: str = "production", **spec: Any) -> MemoryHandle:
        """One that is made quickly."""
        return applied(self.kind, name, {**self.small, **spec})

    def __str__(self) -> str:
        return self.kind


LAB_VPC = Life(
    kind="LabVpc",
    spec={"region": "us-east-1", "cidr": "10.0.0.0/16"},
    change={"availabilityZones": 3, "natGateways": "Single", "tags": {"team": "network"}},
    small={
        "region": "us-east-1",
        "cidr": "10.0.0.0/16",
        "availabilityZones": 1,
        "natGateways": "None",
        "subnets": {"data": {"enabled": False}},
    },
    calls={"create": 130, "change": 70, "delete": 100},
    sample_of=23,
)

_QUIET = {"region": "us-east-1", "alarms": {"enabled": False}, "dashboard": False}
_TRANSFORM = {"name": "TransformData", "builtin": "csv-transform"}
_WRITE = {"name": "WriteOutput", "builtin": "write-output"}

DATA_PIPELINE = Life(
    kind="DataPipeline",
    spec={**_QUIET, "dashboard": True, "steps": [_TRANSFORM, _WRITE]},
    change={
        "steps": [{**_WRITE, "memory": 1024}],
        "source": {"trigger": "Lambda"},
        "alarms": {"enabled": True},
        "tags": {"team": "data"},
    },
    small={**_QUIET, "steps": [_WRITE]},
    calls={"create": 44, "change": 48, "delete": 29},
    only_writes=True,
    sample_of=41,
)

LIVES = (LAB_VPC, DATA_PIPELINE)
assert {life.kind for life in LIVES} == {kind.name for kind in KINDS}, "a kind has no life to be tried on"
