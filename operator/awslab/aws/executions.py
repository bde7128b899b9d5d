"""What state machines have run: the last executions, the state in which one failed, and how many there were.

Those of STANDARD machines are listed by AWS.  Those of EXPRESS machines are told by nothing but their log, which
needs the level ALL, and knows their input only where it has their data.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from .named import unless_gone
from .session import Aws

RUNNING = "RUNNING"

MOST = 1000
"""Executions are counted so far, events are read so far: what one look may cost."""

SPANS = (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1), timedelta(days=7))
"""How far back a log is read, step by step, until enough is found: it is told oldest first."""

ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


@dataclass(frozen=True)
class File:
    """The object that an execution works on."""

    bucket: str
    key: str
    version: str = ""


@dataclass(frozen=True)
class Execution:
    """One run of a state machine."""

    arn: str
    name: str
    status: str
    """RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or PENDING_REDRIVE."""
    start: datetime
    stop: datetime | None = None
    file: File | None = None
    error: str = ""
    cause: str = ""
    state: str = ""
    """The state in which it failed."""

    @property
    def failed(self) -> bool:
        """Whether it ended, and not as it should."""
        return self.status in {"FAILED", "TIMED_OUT", "ABORTED"}

    @property
    def seconds(self) -> float | None:
        """How long it took; None where it is still running."""
        return (self.stop - self.start).total_seconds() if self.stop else None


@dataclass(frozen=True)
class Counts:
    """How many executions were begun since a moment, by what has become of them."""

    by_status: Mapping[str, int]
    complete: bool = True
    """False: there were more, and only the last are counted."""

    @property
    def started(self) -> int:
        """All of them."""
        return sum(self.by_status.values())


@dataclass(frozen=True)
class Event:
    """One line of an execution's history."""

    id: int
    previous: int
    type: str
    moment: datetime
    state: str = ""
    """The state that is entered or left."""
    error: str = ""
    cause: str = ""
    input: str = ""


@dataclass(frozen=True)
class Visit:
    """One stay in a state."""

    state: str
    entered: datetime
    left: datetime | None = None


# What AWS tells of STANDARD machines


def latest(aws: Aws, machine: str, most: int = 10, known: Mapping[str, Execution] | None = None) -> list[Execution]:
    """The last executions of a STANDARD machine, the newest first.

    Costs one call, one for each execution, and one for each that failed; those that are *known*, by ARN, to have
    ended cost nothing.  No machine has no executions.
    """
    return described(aws, listed(aws, machine, most), known or {})


def listed(aws: Aws, machine: str, most: int) -> list[Execution]:
    """The last executions of a STANDARD machine as one call tells them: without file, error and cause."""
    return [read_execution(item) for item in islice(_listed(aws, machine, page=most), most)]


def named(arn: str) -> Execution:
    """An execution of which only the ARN is known."""
    return Execution(arn, arn.rpartition(":")[2], "", datetime.fromtimestamp(0, UTC))


def described(aws: Aws, these: Iterable[Execution], known: Mapping[str, Execution]) -> list[Execution]:
    """*these*, with all that there is to tell; what is *known* to have ended so is taken from there."""
    return [_described(aws, execution, known.get(execution.arn)) for execution in these]


def count(aws: Aws, machine: str, since: datetime) -> Counts:
    """Count the executions of a STANDARD machine that were begun at *since* or later."""
    items = list(islice(_listed(aws, machine, page=MOST), MOST + 1))
    fresh = [item for item in items[:MOST] if item["startDate"] >= since]
    return Counts(Counter(item["status"] for item in fresh), complete=len(fresh) < MOST or len(items) == MOST)


def history(aws: Aws, execution: str, most: int = MOST) -> list[Event]:
    """The last events of an execution of a STANDARD machine, the oldest first."""
    client = aws.client("stepfunctions")
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution, reverseOrder=True, includeExecutionData=False, PaginationConfig={"PageSize": MOST}
    )
    events: list[Event] = []
    with unless_gone():
        events += (read_event(item) for item in islice((e for page in pages for e in page["events"]), most))
    return events[::-1]


def _listed(aws: Aws, machine: str, page: int) -> Iterator[Mapping[str, Any]]:
    """What AWS lists, the newest first."""
    paginator = aws.client("stepfunctions").get_paginator("list_executions")
    with unless_gone():
        for told in paginator.paginate(stateMachineArn=machine, PaginationConfig={"PageSize": min(page, 1000)}):
            yield from told["executions"]


def _described(aws: Aws, execution: Execution, before: Execution | None) -> Execution:
    # An execution that was redriven has another end; whoever remembers one may do so to the second.
    if before and execution.stop and (before.status, _second(before)) == (execution.status, _second(execution)):
        return before
    told = None
    with unless_gone():
        told = aws.client("stepfunctions").describe_execution(executionArn=execution.arn)
    execution = read_execution(told) if told else execution
    if execution.failed:
        return replace(execution, state=failing_state(history(aws, execution.arn), execution.error))
    return execution


def _second(execution: Execution) -> int:
    return int(execution.stop.timestamp()) if execution.stop else 0


# What the log tells of EXPRESS machines


def latest_logged(aws: Aws, group: str, machine: str, most: int = 10, now: datetime | None = None) -> list[Execution]:
    """The last executions of an EXPRESS machine that logs to *group*, the newest first; of the last seven days."""
    found: list[Execution] = []
    for span in SPANS:
        lines = _logged(aws, group, (now or datetime.now(UTC)) - span, _about(machine))
        found = executions_in(lines)
        if len(found) >= most:
            break
    return [_with_state(aws, group, execution) for execution in found[:most]]


def count_logged(aws: Aws, group: str, machine: str, since: datetime) -> Counts:
    """Count the executions of an EXPRESS machine that were begun at *since* or later."""
    lines = list(_logged(aws, group, since, _about(machine)))
    return Counts(Counter(e.status for e in executions_in(lines)), complete=len(lines) < MOST)


def history_logged(aws: Aws, group: str, execution: Execution) -> list[Event]:
    """The events of an execution of an EXPRESS machine, the oldest first."""
    pattern = f'{{ $.execution_arn = "{execution.arn}" }}'
    return sorted((event for _, event in _logged(aws, group, execution.start, pattern)), key=lambda event: event.id)


def _about(machine: str) -> str:
    """The filter for the first and last events of all executions of a machine.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    express = machine.replace(":stateMachine:", ":express:")
    return f'{{ $.execution_arn = "{express}:*" && $.type = "Execution*" }}'


def _logged(aws: Aws, group: str, since: datetime, pattern: str) -> Iterator[tuple[str, Event]]:
    """The events that a log has, each with the ARN of its execution; no more than *MOST* of them."""
    pages = (
        aws.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=group.partition(":log-group:")[2] or group,
            startTime=int(since.timestamp() * 1000),
            filterPattern=pattern,
        )
    )
    with unless_gone():
        yield from (read_line(e["message"]) for e in islice((e for page in pages for e in page["events"]), MOST))


def _with_state(aws: Aws, group: str, execution: Execution) -> Execution:
    if not execution.failed:
        return execution
    return replace(execution, state=failing_state(history_logged(aws, group, execution), execution.error))


# How it is read


def read_execution(item: Mapping[str, Any]) -> Execution:
    """An execution as AWS lists or describes it."""
    return Execution(
        arn=item["executionArn"],
        name=item["name"],
        status=item["status"],
        start=item["startDate"],
        stop=item.get("stopDate"),
        file=file_in(item.get("input", "")),
        error=item.get("error", ""),
        cause=said(item.get("cause", "")),
    )


def read_event(item: Mapping[str, Any]) -> Event:
    """An event as AWS tells it in a history."""
    details: Mapping[str, Any] = next((value for key, value in item.items() if key.endswith("EventDetails")), {})
    return _event(item["id"], item.get("previousEventId", 0), item["type"], item["timestamp"], details)


def read_line(message: str) -> tuple[str, Event]:
    """An event as it stands in a log, and the ARN of its execution."""
    told = json.loads(message)
    moment = datetime.fromtimestamp(int(told["event_timestamp"]) / 1000, UTC)
    event = _event(int(told["id"]), int(told["previous_event_id"]), told["type"], moment, told.get("details") or {})
    return told["execution_arn"], event


def _event(id_: int, previous: int, kind: str, moment: datetime, details: Mapping[str, Any]) -> Event:
    return Event(
        id=id_,
        previous=previous,
        type=kind,
        moment=moment,
        state=details.get("name") or "" if kind.endswith(("StateEntered", "StateExited")) else "",
        error=details.get("error") or "",
        cause=said(details.get("cause") or ""),
        input=details.get("input") or "",
    )


def executions_in(lines: Iterable[tuple[str, Event]]) -> list[Execution]:
    """The executions that their first and last events tell, the newest first; one without its first is left out."""
    by_arn: defaultdict[str, dict[str, Event]] = defaultdict(dict)
    for arn, event in lines:
        by_arn[arn][event.type] = event
    told = [_of_events(arn, events) for arn, events in by_arn.items() if "ExecutionStarted" in events]
    return sorted(told, key=lambda execution: execution.start, reverse=True)


def _of_events(arn: str, events: Mapping[str, Event]) -> Execution:
    """An execution of an EXPRESS machine: ``arn:aws:states:<where>:express:<machine>:<name>:<id of AWS's>``."""
    began, end = events["ExecutionStarted"], next((events[kind] for kind in ENDS if kind in events), None)
    return Execution(
        arn=arn,
        name=arn.split(":")[7],
        status=ENDS[end.type] if end else RUNNING,
        start=began.moment,
        stop=end.moment if end else None,
        file=file_in(began.input),
        error=end.error if end else "",
        cause=end.cause if end else "",
    )


def file_in(text: str) -> File | None:
    """The object that an execution's input tells of; None where it is of another form."""
    try:
        told = json.loads(text)["input"]
        return File(str(told["bucket"]), str(told["key"]), str(told.get("version") or ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def said(cause: str) -> str:
    """What a cause says to people: of what a function raised, its message."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


def failing_state(events: Sequence[Event], error: str = "") -> str:
    """The state in which an execution failed.

    On the way back from the end, that is the first that failed with *error*: a failure may have been caught, told
    to people and raised again by a Fail state.  A Fail state with an error of its own is itself what failed.
    """
    way = list(_way_back(events))
    failures = [place for place, event in enumerate(way) if event.error and not event.type.startswith("Execution")]
    same = [place for place in failures if way[place].error == error]
    entered = next((event for event in way if event.type.endswith("StateEntered")), None)
    if not same and entered and entered.type == "FailStateEntered":
        return entered.state
    since = (same or failures or [0])[0]
    return next((event.state for event in way[since:] if event.type.endswith("StateEntered")), "")


def _way_back(events: Sequence[Event]) -> Iterator[Event]:
    """From the last event to the first, by what each followed from."""
    by_id = {event.id: event for event in events}
    event = max(events, key=lambda one: one.id, default=None)
    while event:
        yield event
        event = by_id.get(event.previous) if event.previous < event.id else None


def visits(events: Iterable[Event]) -> list[Visit]:
    """The stays in states that a history tells, in the order in which they began."""
    found: list[Visit] = []
    for event in events:
        if event.type.endswith("StateEntered"):
            found.append(Visit(event.state, event.moment))
        elif event.type.endswith("StateExited"):
            place = next((p for p, v in enumerate(found) if v.state == event.state and v.left is None), None)
            if place is not None:
                found[place] = replace(found[place], left=event.moment)
    return found
