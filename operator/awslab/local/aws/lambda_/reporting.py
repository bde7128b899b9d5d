"""What an invocation leaves behind: lines in the function's log group, and metrics."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.logs.models import logs_backends

from awslab.local.aws import identity
from awslab.local.aws.actions import log_arn
from awslab.local.aws.cloudwatch import metrics
from awslab.local.aws.lambda_.asked import DEVELOPERS
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.model import Function
    from awslab.local.aws.lambda_.pool import Environment
    from awslab.local.aws.world import World

Lines = list[tuple[float, str]]
book = Book("lambda")


def framed(lines: Lines, report: dict[str, Any], *, as_json: bool) -> Lines:
    """Return the lines of an invocation between Lambda's own: START, END, REPORT."""
    now = time.time()
    begin = lines[0][0] if lines else now
    id_, version = report["requestId"], report["version"]
    if as_json:
        measured = {"durationMs": report["ms"], "memorySizeMB": report["memory"], "maxMemoryUsedMB": report["peak"]}
        return [
            (begin, _platform(begin, "platform.start", {"requestId": id_, "version": version})),
            *lines,
            (
                now,
                _platform(now, "platform.report", {"requestId": id_, "status": report["status"], "metrics": measured}),
            ),
        ]
    init = f"Init Duration: {report['init']:.2f} ms\t" if report["init"] is not None else ""
    text = (
        f"REPORT RequestId: {id_}\tDuration: {report['ms']:.2f} ms\tBilled Duration: {int(report['ms']) + 1} ms\t"
        f"Memory Size: {report['memory']} MB\tMax Memory Used: {report['peak']} MB\t{init}"
    )
    return [
        (begin, f"START RequestId: {id_} Version: {version}\n"),
        *((at, f"{line}\n") for at, line in lines),
        (now, f"END RequestId: {id_}\n"),
        (now, f"{text}\n"),
    ]


def _platform(at: float, kind: str, record: dict[str, Any]) -> str:
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return json.dumps({"time": stamp, "type": kind, "record": record})


@book.behaves(
    "logs-need-permission",
    "Invoke",
    does="What a function writes goes to its log group with the permissions of its role; without them it is lost.",
    see=DEVELOPERS + "monitoring-cloudwatchlogs.html",
)
def write_log(world: World, function: Function, environment: Environment, lines: Lines) -> None:
    """Put lines into the environment's log stream, as far as the role may; the world's lock is held."""
    logs = logs_backends[function.account][function.region]
    group, stream = environment.group, environment.stream

    def may(action: str, name: str = "") -> bool:
        arn = log_arn(function.region, function.account, group, name)
        return identity.may(world, environment.session, f"logs:{action}", arn)

    if group not in logs.groups:
        if not may("CreateLogGroup"):
            return
        logs.create_log_group(group, {})
    if stream not in logs.groups[group].streams:
        if not may("CreateLogStream"):
            return
        logs.create_log_stream(group, stream)
    if may("PutLogEvents", stream):
        logs.put_log_events(group, stream, [{"timestamp": int(at * 1000), "message": text} for at, text in lines])


@book.behaves(
    "metrics-of-functions",
    "Invoke",
    does="Each invocation counts in AWS/Lambda: Invocations, Errors, Duration, Throttles, by function and by alias.",
    see=DEVELOPERS + "monitoring-metrics-types.html",
)
def count(world: World, function: Function, qualifier: str, values: dict[str, float]) -> None:
    """Put metrics of one invocation."""
    dimensions = [{"FunctionName": function.name}]
    if qualifier:
        dimensions.append(dimensions[0] | {"Resource": f"{function.name}:{qualifier}"})
    for one in dimensions:
        metrics.count(world, function.account, function.region, "AWS/Lambda", one, **values)


@book.behaves(
    "tracing-needs-permission",
    "Invoke",
    does="With active tracing Lambda sends traces with the permissions of the function's role.",
    see=DEVELOPERS + "services-xray.html",
)
def trace(world: World, environment: Environment) -> None:
    """Use the permissions of a traced invocation; the world's lock is held."""
    for action in ("xray:PutTraceSegments", "xray:PutTelemetryRecords"):
        identity.may(world, environment.session, action, "*")
