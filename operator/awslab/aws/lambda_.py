"""Functions of Lambda."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.errors import Working
from awslab.core.resource import NOTHING, Given, Ids, Observed, Phase, Resource, Tags, Usual, resolved
from awslab.core.values import FrozenMap

from . import code as codes
from .code import Code
from .iam import Role
from .logs import LogGroup, group_name
from .named import NamedResource, after, unless_gone
from .session import Aws

IN_PROGRESS = "InProgress"
SETTINGS = frozenset(
    {"role", "runtime", "handler", "memory", "timeout", "environment", "layers", "storage", "tracing", "dead_letters",
     "log_group", "subnets", "groups", "description"}
)  # fmt: skip
"""What one call sets, all of it at once or any part."""


@dataclass(frozen=True, kw_only=True)
class Function(NamedResource):
    """Code that AWS runs when asked to.

    Its code is changed first, then everything else together with the description: who finds the description that
    is wanted knows that the code before it arrived.
    """

    resource_type: ClassVar = "lambda:function"
    mutable: ClassVar = SETTINGS | {"code", "reserved"}
    usual: ClassVar = Usual(create=10)

    role: Role | Given
    code: Code
    packaging: str = "Zip"
    """``Zip`` or ``Image``."""
    runtime: str = ""
    """"" in an image, as *handler*."""
    handler: str = ""
    memory: int = 128
    """MB."""
    timeout: int = 3
    """Seconds."""
    environment: Tags = NOTHING
    layers: tuple[str, ...] = ()
    storage: int = 512
    """MB of /tmp."""
    reserved: int | None = None
    """How many run at most, set aside for it; None: as many as the account has left."""
    tracing: bool = False
    dead_letters: Resource | Given | None = None
    """The queue or topic for events that it failed on."""
    log_group: LogGroup | Given
    subnets: frozenset[Resource | Given] = frozenset()
    groups: frozenset[Resource | Given] = frozenset()
    """Security groups, where it runs in subnets."""
    description: str = ""

    @classmethod
    def calls(cls) -> int:
        return 1

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed:
        answer = aws.client("lambda").get_function(FunctionName=arn)
        told = answer["Configuration"]
        fields = {**_settings(told), "code": codes.found(answer), "packaging": told.get("PackageType", "Zip")}
        fields["reserved"] = answer.get("Concurrency", {}).get("ReservedConcurrentExecutions")
        if told.get("LastUpdateStatus") == "Failed":
            # So that it is asked for again, and people see why.
            fields["description"] = f"the last update failed: {told.get('LastUpdateStatusReason', '')}"
        return cls.seen(arn, fields, answer.get("Tags", {}), phase=_phase(told), message=told.get("StateReason") or "")

    def make(self, aws: Aws, ids: Ids) -> None:
        function, wanted = aws.client("lambda"), {f: resolved(w, ids) for f, w in self.wishes.items()}
        answer = function.create_function(
            FunctionName=self.physical_name,
            PackageType=self.packaging,
            Code=dict(self.code.sent),
            Architectures=[self.code.architecture],
            Tags=dict(aws.owner.birth_tags(self)),
            **_arguments(wanted, SETTINGS if self.subnets else SETTINGS - {"subnets", "groups"}),
        )
        _mark(function, self.arn, self.code, answer)
        if self.reserved is not None:
            _reserve(function, self.arn, self.reserved)

    def made(self, aws: Aws, ids: Ids, **more: Any) -> Observed:
        """What was asked for; Lambda makes it ready in a moment."""
        return super().made(aws, ids, phase=Phase.PENDING, **more)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Change the code, and the rest once Lambda has done so: it takes one change at a time."""
        function, settings = aws.client("lambda"), {c.field for c in changes} & SETTINGS
        if changes.of("reserved"):
            _reserve(function, found.id, changes.desired("reserved"))
        if code := changes.desired("code"):
            answer = _update_code(function, found.id, code)
            if settings and answer.get("LastUpdateStatus") == IN_PROGRESS:
                raise Working("it gets its new code; its settings come next")
        if settings:
            arguments = _arguments(after(found, changes), settings)
            function.update_function_configuration(FunctionName=found.id, **arguments)

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        if new:
            aws.client("lambda").tag_resource(Resource=arn, Tags=dict(new))
        if gone:
            aws.client("lambda").untag_resource(Resource=arn, TagKeys=list(gone))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Delete it with its versions, aliases and permissions."""
        with unless_gone():
            aws.client("lambda").delete_function(FunctionName=found.id)


def _phase(told: Mapping[str, Any]) -> Phase:
    """https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html ."""
    if told.get("State") == "Failed":
        return Phase.FAILED
    busy = told.get("State") == "Pending" or told.get("LastUpdateStatus") == IN_PROGRESS
    return Phase.PENDING if busy else Phase.READY


def _settings(told: Mapping[str, Any]) -> dict[str, Any]:
    """Those of *SETTINGS* that a configuration has."""
    network = told.get("VpcConfig") or {}
    return {
        "role": told["Role"],
        "runtime": told.get("Runtime") or "",
        "handler": told.get("Handler") or "",
        "memory": told["MemorySize"],
        "timeout": told["Timeout"],
        "environment": FrozenMap(told.get("Environment", {}).get("Variables", {})),
        "layers": tuple(layer["Arn"] for layer in told.get("Layers") or ()),
        "storage": told.get("EphemeralStorage", {}).get("Size", 512),
        "tracing": told.get("TracingConfig", {}).get("Mode") == "Active",
        "dead_letters": told.get("DeadLetterConfig", {}).get("TargetArn") or None,
        "log_group": _log_group(told),
        "subnets": frozenset(network.get("SubnetIds", ())),
        "groups": frozenset(network.get("SecurityGroupIds", ())),
        "description": told.get("Description", ""),
    }


def _log_group(told: Mapping[str, Any]) -> str:
    """The ARN of the group that a configuration names."""
    _, partition, _, region, account, *_ = told["FunctionArn"].split(":")
    name = told.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{told['FunctionName']}"
    return f"arn:{partition}:logs:{region}:{account}:log-group:{name}"


def _arguments(fields: Mapping[str, Any], names: frozenset[str] | set[str]) -> dict[str, Any]:
    """Those of the *fields* that are named, as Lambda takes them."""
    arguments: dict[str, Any] = {}
    for name in sorted(names):
        arguments |= _argument(name, fields[name], fields)
    return arguments


def _argument(name: str, value: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    match name:
        case "environment":
            return {"Environment": {"Variables": dict(value)}}
        case "storage":
            return {"EphemeralStorage": {"Size": value}}
        case "tracing":
            return {"TracingConfig": {"Mode": "Active" if value else "PassThrough"}}
        case "dead_letters":
            return {"DeadLetterConfig": {"TargetArn": value or ""}}
        case "log_group":
            return {"LoggingConfig": {"LogGroup": group_name(value)}}
        case "subnets" | "groups":
            return {"VpcConfig": _network(fields)}
        case "layers":
            return {"Layers": list(value)}
        case "runtime" | "handler":
            return {name.capitalize(): value} if value else {}
        case _:
            return {_NAMES[name]: value}


_NAMES = {"role": "Role", "memory": "MemorySize", "timeout": "Timeout", "description": "Description"}


def _network(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    return {"SubnetIds": sorted(fields["subnets"]), "SecurityGroupIds": sorted(fields["groups"])}


def _update_code(function: Any, arn: str, code: Code) -> Mapping[str, Any]:
    architectures = [code.architecture]
    answer: dict[str, Any] = function.update_function_code(FunctionName=arn, Architectures=architectures, **code.sent)
    _mark(function, arn, code, answer)
    return answer


def _mark(function: Any, arn: str, code: Code, answer: Mapping[str, Any]) -> None:
    if tags := codes.marks(code, answer["CodeSha256"]):
        function.tag_resource(Resource=arn, Tags=tags)


def _reserve(function: Any, arn: str, number: int | None) -> None:
    if number is None:
        function.delete_function_concurrency(FunctionName=arn)
    else:
        function.put_function_concurrency(FunctionName=arn, ReservedConcurrentExecutions=number)
