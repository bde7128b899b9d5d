"""What each role of a pipeline may do: the actions that its code calls, on the pipeline's own parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from awslab.api.datapipeline_functions import Access, Builtin, DataAccess, Permissions, Topic
from awslab.api.datapipeline_steps import Location
from awslab.aws.policies import Policy, Statement
from awslab.core.values import FrozenMap
from awslab.kinds.asl_needs import Needs
from awslab.kinds.flow import Function
from awslab.packages import Part, accesses

from .names import Names

TRACES = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
"""https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html"""

INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""What a function in a VPC needs, on everything: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"""

DELIVERIES = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
"""What a state machine needs to log, on everything: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""

SAMPLING = ("xray:GetSamplingRules", "xray:GetSamplingTargets")

Named = tuple[str, Statement]
"""A statement and its Sid."""

READS = ("s3:GetObject", "s3:GetObjectVersion")
RESULTS = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject")
WRITES = ("s3:AbortMultipartUpload", "s3:PutObject")


@dataclass(frozen=True)
class Data:
    """Where the pipeline's data is, as ARNs."""

    input: str
    """Of all uploads: ``arn:aws:s3:::bucket/input/*``."""
    work: str
    output: str
    versioned: bool
    """Whether each upload is known to have a version of its own."""


@dataclass(frozen=True)
class Rights:
    """Makes the statements of roles."""

    names: Names
    data: Data
    express: bool
    tracing: bool
    logging: bool
    """Whether the state machine writes to its log."""
    networked: bool
    """Whether functions may stand in a VPC."""

    def of_function(self, function: Function) -> Iterator[Named]:
        """Everything that the function of a step may do."""
        if isinstance(function.code, Builtin):
            yield from self._shipped(function.code.value)
        else:
            yield from self._own(function.access or DataAccess())
        yield from given(function.settings.permissions)
        yield from self._running(function.name)
        if self.networked and function.settings.in_vpc:
            yield allow("Network", INTERFACES, ["*"])
        if function.settings.dead_letters:
            yield self._send_dead_letters()

    def of_start(self, part: str) -> Iterator[Named]:
        """What the function that begins a run may do."""
        yield from self._shipped("start")
        yield from self._running(part)
        yield self._send_dead_letters()

    def of_machine(self, needs: Needs, permissions: Permissions) -> Iterator[Named]:
        """What the state machine may do."""
        if needs.functions:
            versions = [f"{self.names.function(step)}:*" for step in needs.functions]
            yield allow("Invoke", ["lambda:InvokeFunction"], versions)
        if needs.topics:
            yield allow("Publish", ["sns:Publish"], [self.names.topic(topic_part(t)) for t in needs.topics])
        yield from self._distributed(needs)
        yield from given(permissions)
        if self.logging:
            yield allow("DeliverLogs", DELIVERIES, ["*"])
        yield from self.of_tracing(SAMPLING)

    def _distributed(self, needs: Needs) -> Iterator[Named]:
        """What a map needs whose items are runs of their own.

        https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
        """
        if needs.distributed:
            runs = self.names.machine.replace(":stateMachine:", ":execution:")
            yield allow("StartItems", ["states:StartExecution"], [self.names.machine])
            yield allow("FollowItems", ["states:DescribeExecution", "states:StopExecution"], [f"{runs}:*", f"{runs}/*"])
        if needs.reads_input:
            read = "s3:GetObjectVersion" if self.data.versioned else "s3:GetObject"
            yield allow("ReadItems", [read], [self.data.input])
        if needs.lists:
            where = {Location.INPUT: self.data.input, Location.WORK: self.data.work, Location.OUTPUT: self.data.output}
            yield allow("ListItems", ["s3:ListBucket"], {where[place].partition("/")[0] for place in needs.lists})
        if needs.writes_results:
            yield allow("WriteResults", RESULTS, [self.data.work])

    def of_tracing(self, more: Iterable[str] = ()) -> Iterator[Named]:
        """To send traces, which X-Ray knows no resources for."""
        if self.tracing:
            yield allow("Trace", [*TRACES, *more], ["*"])

    def _shipped(self, name: str) -> Iterator[Named]:
        parts = {
            Part.INPUT: self.data.input,
            Part.WORK: self.data.work,
            Part.OUTPUT: self.data.output,
            Part.TABLE: self.names.table,
            Part.MACHINE: self.names.machine,
        }
        needed = accesses(name, versioned=self.data.versioned, express=self.express)
        for part, arn in parts.items():
            if actions := [access.action for access in needed if access.part is part]:
                yield allow(part.value.capitalize(), actions, [arn])

    def _own(self, access: DataAccess) -> Iterator[Named]:
        for sid, right, arn in (
            ("Input", access.input, self.data.input),
            ("Work", access.work, self.data.work),
            ("Output", access.output, self.data.output),
        ):
            if actions := _actions(right):
                yield allow(sid, actions, [arn])
        if access.topic:
            yield allow("Publish", ["sns:Publish"], [self.names.topic(topic_part(access.topic))])

    def _running(self, part: str) -> Iterator[Named]:
        """To log, and to be traced."""
        yield allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{self.names.function_log(part)}:*"])
        yield from self.of_tracing()

    def _send_dead_letters(self) -> Named:
        return allow("DeadLetters", ["sqs:SendMessage"], [self.names.dead_letters])


def topic_part(topic: Topic) -> str:
    """The part that a topic of the spec is."""
    return topic.value.lower()


def given(permissions: Permissions) -> Iterator[Named]:
    """What the spec allows besides."""
    for number, statement in enumerate(permissions):
        yield allow(f"Given{number}", statement.actions, statement.resources)


def allow(sid: str, actions: Iterable[str], resources: Iterable[str]) -> Named:
    """One statement that allows."""
    return sid, Statement.allow(actions, resources)


def policy(statements: Iterable[Named]) -> Policy:
    """The policy of those."""
    return FrozenMap(statements)


def _actions(right: Access) -> list[str]:
    return [*(READS if right.reads else ()), *(WRITES if right.writes else ())]
