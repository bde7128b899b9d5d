"""What Step Functions keeps: state machines, their versions and aliases, and executions. Plain data, so it is saved."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError

if TYPE_CHECKING:
    from awslab.local.aws.world import World

RUNNING = "RUNNING"


@dataclass(frozen=True)
class Revision:
    """What an execution begins with, and keeps whatever is changed later."""

    definition: str
    role: str
    logging: dict[str, Any]
    tracing: dict[str, Any]
    encryption: dict[str, Any]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def changed(self, **wishes: Any) -> Revision:
        """Return a new revision with some fields changed."""
        return replace(self, id=str(uuid.uuid4()), **wishes)


@dataclass
class Version:
    """A published revision."""

    arn: str
    number: int
    revision: Revision
    description: str | None
    created: float


@dataclass
class Alias:
    """A name that routes executions to one or two versions."""

    arn: str
    name: str
    routes: list[dict[str, Any]]
    description: str | None
    created: float
    updated: float


@dataclass
class Machine:
    """One state machine."""

    arn: str
    name: str
    type: str
    revision: Revision
    created: float
    updated: float
    tags: dict[str, str] = field(default_factory=dict)
    status: str = "ACTIVE"
    versions: dict[int, Version] = field(default_factory=dict)
    last_version: int = 0
    aliases: dict[str, Alias] = field(default_factory=dict)


@dataclass
class Execution:
    """One execution, running or ended, with all that happened in it."""

    arn: str
    name: str
    machine: str
    machine_name: str
    type: str
    revision: Revision
    input: str
    started: float
    version: str | None = None
    alias: str | None = None
    trace: str | None = None
    status: str = RUNNING
    stopped: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Store:
    """Step Functions of one account and region."""

    machines: dict[str, Machine] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)  # by ARN, oldest first

    def machine(self, arn: str) -> Machine:
        """Return a state machine; raises AwsError where it is not."""
        if arn not in self.machines:
            raise AwsError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return self.machines[arn]

    def running(self, machine: str) -> list[Execution]:
        """Return the executions of a state machine that have not ended."""
        return [one for one in self.executions.values() if one.machine == machine and one.status == RUNNING]


def store_of(world: World, account: str, region: str) -> Store:
    """Return what is kept for an account and region."""
    store: Store = world.store("states", account, region, Store)
    return store


def stores(world: World) -> list[tuple[str, str, Store]]:
    """Return account, region and store wherever there is one."""
    return [(key[1], key[2], one) for key, one in world.overlay.stores.items() if key[0] == "states"]
