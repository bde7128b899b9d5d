"""The functions of a pipeline, each with its role, its log, and a version that is in use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from awslab.api.datapipeline import DataPipelineSpec
from awslab.api.datapipeline_functions import STANDARD, Builtin, FunctionSettings, Runtime, S3Code
from awslab.aws.bucket_notifications import mark
from awslab.aws.code import Code
from awslab.aws.documents import canonical
from awslab.aws.iam import Role
from awslab.aws.lambda_ import Function
from awslab.aws.logs import LogGroup
from awslab.aws.messaging import Queue
from awslab.aws.policies import trust
from awslab.aws.releases import NOBODY, Invoker, Invokers, Release
from awslab.aws.states import StateMachine
from awslab.core.errors import SpecError
from awslab.core.graph import Graph, line
from awslab.core.resource import Given, Resource, Tags
from awslab.core.values import FrozenMap
from awslab.kinds import flow
from awslab.packages import BUILTINS, Package, builtin

from .facts import Facts, Network
from .names import START
from .rights import Named, Rights, policy

START_SETTINGS = FunctionSettings.model_validate({"memory": 256, "timeout": 60, "inVpc": False}).over(STANDARD)
UPLOADS = "uploads"

LONGEST_STEP = 2500
"""Characters of a step's settings in the environment; the code of a shipped function has longer ones with it."""

ENVIRONMENT_BYTES = 4096
"""Of all variables of a function as one JSON document.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""


@dataclass(frozen=True)
class Deployer:
    """Adds functions to a composition."""

    spec: DataPipelineSpec
    facts: Facts
    rights: Rights
    graph: Graph
    dead_letters: Queue

    def step(self, function: flow.Function) -> Release:
        """The function of a step; raises SpecError for a setting that a shipped function does not have."""
        _check_settings(function)
        columns = [column.wire() for column in self.spec.columns]
        told = canonical({"name": function.name, "columns": columns, "with": dict(function.with_)})
        code, environment = self._code(function), {"AWSLAB_TABLE": self.rights.names.table.rpartition("/")[2]}
        if isinstance(function.code, Builtin) and len(told) > LONGEST_STEP:
            code = _zipped(builtin(function.code.value, step=told), function.settings)
        else:
            environment["AWSLAB_STEP"] = told
        _check_environment(function, {**function.settings.environment, **environment})
        worker = _Worker(function.name, function.settings, code, environment)
        return self._deployed(worker, self.rights.of_function(function))

    def start(self, settings: str, source: str, *, by_events: bool, machine: StateMachine) -> Release:
        """The function that begins a run for each upload to the bucket *source*."""
        environment = {"AWSLAB_START": settings, "AWSLAB_TABLE": self.rights.names.table.rpartition("/")[2]}
        package, names = builtin("start"), self.rights.names
        code = _zipped(package, START_SETTINGS)
        invoker = (
            Invoker("events.amazonaws.com", names.rule)
            if by_events
            else Invoker("s3.amazonaws.com", source, names.place.account)
        )
        worker = _Worker(START, START_SETTINGS, code, environment, package.handler, self._marks(source, by_events))
        statements = self.rights.of_start(START)
        return self._deployed(worker, statements, FrozenMap({UPLOADS: invoker}), (machine,), dead_letters=True)

    def _marks(self, source: str, by_events: bool) -> Mapping[str, str]:  # noqa: FBT001 - as the trigger says
        """What lets the line in the bucket's notifications be found again."""
        names = self.rights.names
        if not by_events:
            return mark("BucketNotification", UPLOADS, names.notification(source))
        ours = not self.spec.source.existing_bucket
        return {} if ours else mark("BucketEvents", UPLOADS, names.events_switch(source))

    def _code(self, function: flow.Function) -> Code:
        architecture = _architecture(function.settings)
        match self.facts.code[function.name]:
            case Package() as package:
                return _zipped(package, function.settings)
            case S3Code() as stored:
                return Code.stored(stored.bucket, stored.key, stored.version or "", architecture)
            case uri:
                return Code.image(uri, architecture)

    def _deployed(
        self,
        worker: _Worker,
        statements: Iterable[Named],
        invokers: Invokers = NOBODY,
        after: tuple[Resource, ...] = (),
        *,
        dead_letters: bool = False,
    ) -> Release:
        tags: Tags = FrozenMap(self.spec.tags)
        names, part = self.rights.names, worker.part
        retention = self.spec.logs.retention_days
        log = self.graph.add(LogGroup(name=part, arn=names.function_log(part), retention=retention, tags=tags))
        access, assumed = policy(statements), trust("lambda.amazonaws.com")
        role = self.graph.add(Role(name=part, arn=names.role(part), trust=assumed, access=access, tags=tags))
        function = Function(
            name=part,
            arn=names.function(part),
            role=role,
            log_group=log,
            tracing=self.spec.tracing,
            dead_letters=self.dead_letters if dead_letters or worker.settings.dead_letters else None,
            after=after,
            **worker.fields(self.facts.network, self.facts.code.get(part)),
        )
        digest = f"{names.place.owner.name} {part} {_digest(function)}"
        whole = self.graph.add(replace(function, description=digest, tags=FrozenMap({**tags, **worker.tags})))
        return self.graph.add(Release(name=part, function=whole, digest=digest, invokers=invokers))


def _check_settings(function: flow.Function) -> None:
    if not isinstance(function.code, Builtin):
        return
    known = BUILTINS[function.code.value].settings
    if unknown := sorted(set(function.with_) - known):
        there = f"{function.code.value} has the settings {', '.join(sorted(known))}" if known else "it has no settings"
        raise SpecError(f"{function.field}.with", f"{function.name} has no setting {', '.join(unknown)}; {there}")


def _check_environment(function: flow.Function, environment: Mapping[str, str]) -> None:
    size = len(json.dumps(environment, separators=(",", ":")))
    if size <= ENVIRONMENT_BYTES:
        return
    raise SpecError(
        f"{function.field}.environment",
        f"{function.name} has {size} bytes of environment variables, and AWS Lambda takes {ENVIRONMENT_BYTES}; "
        "they hold its environment, its with and all of spec.columns: keep what is long in an object in S3",
    )


@dataclass(frozen=True)
class _Worker:
    """What makes one function different from another."""

    part: str
    settings: FunctionSettings
    code: Code
    environment: Mapping[str, str]
    handler: str = ""
    tags: Mapping[str, str] = FrozenMap()

    def fields(self, network: Network | None, given: object) -> dict[str, Any]:
        """The fields of the function that are its own."""
        settings, image = self.settings, self.code.packaging == "Image"
        handler = self.handler or (given.handler if isinstance(given, Package) else settings.handler or "")
        within = network if settings.in_vpc else None
        return {
            "code": self.code,
            "packaging": self.code.packaging,
            "runtime": "" if image else (settings.runtime or Runtime.PYTHON_3_13).value,
            "handler": "" if image else handler,
            "memory": settings.memory,
            "timeout": settings.timeout,
            "storage": settings.ephemeral_storage,
            "reserved": settings.reserved_concurrency,
            "layers": tuple(settings.layers),
            "environment": FrozenMap({**settings.environment, **self.environment}),
            "subnets": frozenset(map(Given, within.subnets if within else ())),
            "groups": frozenset(map(Given, within.groups if within else ())),
        }


def _zipped(package: Package, settings: FunctionSettings) -> Code:
    return Code.zipped(package.body, package.sha256, _architecture(settings))


def _architecture(settings: FunctionSettings) -> str:
    return settings.architecture.value if settings.architecture else "x86_64"


def _digest(function: Function) -> str:
    """Another one wherever the function does something else: then a version is published."""
    return hashlib.sha256(line(function).encode()).hexdigest()[:12]
