"""What a pipeline has done lately: its last runs for the status, and every run for events and metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from awslab.api.datapipeline import DataPipelineSpec, LogLevel, MachineType
from awslab.aws import executions
from awslab.aws.executions import RUNNING, Execution
from awslab.aws.session import Aws
from awslab.kinds.kind import Look, Report, Run

from .facts import Facts

COUNTED = 200
"""Runs that one look counts; more than these within a minute are counted by CloudWatch only."""

SOON, LATER = 10.0, 60.0
"""Seconds until the next look, while something runs and otherwise."""

LONGEST_CAUSE = 500
NEVER = "1970-01-01T00:00:00.000+00:00"


def report(spec: DataPipelineSpec, facts: Facts, aws: Aws, look: Look) -> Report:
    """The last runs, and those that began or ended since the status before."""
    known = {e.arn: e for e in map(_known, look.known.get("executions", ()))}
    if spec.type is MachineType.EXPRESS:
        every = _logged(spec, facts, aws)
        shown = every[: spec.history]
    else:
        every = executions.listed(aws, facts.names.machine, COUNTED)
        shown = executions.described(aws, every[: spec.history], known)
    seen = look.known.get("runsSeen") or {}
    outputs = {
        "executions": [_on_wire(e) for e in shown],
        "runsSeen": _seen(every, seen),
        "summary": _summary(shown),
    }
    busy = any(e.status == RUNNING for e in every)
    return Report(outputs, SOON if busy else LATER, tuple(_news(every, shown, seen)))


def _logged(spec: DataPipelineSpec, facts: Facts, aws: Aws) -> list[Execution]:
    """The runs of an EXPRESS machine, which are told by nothing but its log."""
    if spec.logs.level is not LogLevel.ALL:
        return []
    return executions.latest_logged(aws, facts.names.machine_log, facts.names.machine, max(spec.history, 1))


def _seen(every: Sequence[Execution], before: Mapping[str, str]) -> dict[str, str]:
    """Up to which moment beginnings and ends are told of."""
    starts = [_precise(e.start) for e in every]
    stops = [_precise(e.stop) for e in every if e.stop]
    return {
        "started": max([*starts, before.get("started", NEVER)]),
        "ended": max([*stops, before.get("ended", NEVER)]),
    }


def _news(every: Iterable[Execution], shown: Iterable[Execution], seen: Mapping[str, str]) -> Iterator[Run]:
    details = {e.arn: e for e in shown}
    for listed in reversed(list(every)):
        execution = details.get(listed.arn, listed)
        if _precise(execution.start) > seen.get("started", NEVER):
            yield Run("Started", f"Run {_about(execution)} began")
        if execution.stop and _precise(execution.stop) > seen.get("ended", NEVER):
            yield _ended(execution)


def _ended(execution: Execution) -> Run:
    if not execution.failed:
        return Run("Succeeded", f"Run {_about(execution)} succeeded", execution.seconds)
    where = f" in {execution.state}" if execution.state else ""
    why = ": ".join(filter(None, (execution.error, _short(execution.cause))))
    return Run("Failed", f"Run {_about(execution)} failed{where}: {why or execution.status}", execution.seconds)


def _about(execution: Execution) -> str:
    return f"{execution.name[:12]} of {execution.file.key}" if execution.file else execution.name


def _summary(shown: Sequence[Execution]) -> dict[str, str]:
    last = shown[0] if shown else None
    return {
        "lastRun": f"{last.status} {_seconds(last.stop or last.start)}" if last else "None",
        "succeeded": str(sum(e.status == "SUCCEEDED" for e in shown)),
        "failed": str(sum(e.failed for e in shown)),
    }


def _on_wire(execution: Execution) -> dict[str, str]:
    file = execution.file
    told = {
        "name": execution.name,
        "arn": execution.arn,
        "status": execution.status,
        "input": file.key if file else "",
        "version": file.version if file else "",
        "start": _seconds(execution.start),
        "stop": _seconds(execution.stop) if execution.stop else "",
        "failedStep": execution.state,
        "error": execution.error,
        "cause": _short(execution.cause),
    }
    return {key: value for key, value in told.items() if value}


def _known(told: Mapping[str, str]) -> Execution:
    """An execution as the status has it."""
    stop = told.get("stop")
    file = executions.File("", told["input"], told.get("version", "")) if told.get("input") else None
    return Execution(
        arn=told.get("arn", ""),
        name=told["name"],
        status=told["status"],
        start=datetime.fromisoformat(told["start"]),
        stop=datetime.fromisoformat(stop) if stop else None,
        file=file,
        error=told.get("error", ""),
        cause=told.get("cause", ""),
        state=told.get("failedStep", ""),
    )


def _short(cause: str) -> str:
    """Its first line, and no more than people read."""
    first = cause.partition("\n")[0]
    return first if len(first) <= LONGEST_CAUSE else first[: LONGEST_CAUSE - 1] + "…"


def _seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _precise(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
