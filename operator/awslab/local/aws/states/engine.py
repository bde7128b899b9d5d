"""Executions as they run: moto's interpreter in a thread of its own, which never holds the world's lock."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.evaluation_details import AWSExecutionDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramState,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.asl.eval.states import ContextObjectData, ExecutionData, StateMachineData
from moto.stepfunctions.parser.utils import TMP_THREADS

from awslab.local.aws.states import logs, maps, notices, patches
from awslab.local.aws.states.definition import parsed
from awslab.local.aws.states.store import RUNNING, Execution

if TYPE_CHECKING:
    from awslab.local.aws.world import World

patches.apply()
maps.apply()
HISTORY_LIMIT = 25_000
ENDINGS = {
    "SUCCEEDED": ("ExecutionSucceeded", "executionSucceededEventDetails"),
    "FAILED": ("ExecutionFailed", "executionFailedEventDetails"),
    "TIMED_OUT": ("ExecutionTimedOut", "executionTimedOutEventDetails"),
    "ABORTED": ("ExecutionAborted", "executionAbortedEventDetails"),
}
LAST = frozenset(name for name, _ in ENDINGS.values())


class History(EventManager):  # type: ignore[misc] # moto has no types for us
    """Takes the events of an execution, until it has ended, and its time left."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        self.skipped = 0.0  # seconds that waits would have lasted at AWS
        self.began = time.monotonic()
        self.limit: float | None = None

    def seconds_left(self) -> float | None:
        """Return for how long the machine's TimeoutSeconds still let it run, in AWS's time."""
        return None if self.limit is None else max(0.0, self.limit - (time.monotonic() - self.began) - self.skipped)

    def skip(self, seconds: float) -> None:
        """Count time that a scaled wait left out."""
        self.skipped += seconds

    def _publish_history_event(
        self, event_id: int, source_event_id: int, event_type: Any, timestamp: Any, event_details: Any
    ) -> None:
        del timestamp  # the machine's; the world has a clock of its own
        if str(event_type.value) not in LAST:  # the last one is written with the status, so that they agree
            self.run.note(event_id, source_event_id, str(event_type.value), event_details)


class Run:
    """One execution under way."""

    def __init__(self, world: World, account: str, region: str, execution: Execution) -> None:
        self.world, self.account, self.region, self.execution = world, account, region, execution
        self.stopped = world.background.stopped
        self.expires = False  # its state machine is being deleted
        self.history = History(self)
        self.env = self._environment()

    def start(self) -> None:
        """Let it run."""
        self.world.background.keep(self.execution.arn, self)
        self.world.background.start(f"execution-{self.execution.name}", self.go)

    def end(self) -> None:
        """Stop at the next transition, without a word: the world ends."""
        self.env.set_stop(stop_date=None, cause=None, error=None)

    def expire(self) -> None:
        """Stop when it would go on to the next state."""
        self.expires = True

    def go(self) -> None:
        """Run to the end, in the thread of the caller."""
        execution = self.execution
        details = {"input": execution.input, "inputDetails": {"truncated": False}, "roleArn": execution.revision.role}
        context = self.env.event_history_context
        started = HistoryEventType.ExecutionStarted
        self.history.add_event(
            context, started, {"executionStartedEventDetails": details}, update_source_event_id=False
        )
        program = parsed(execution.revision.definition)
        self.history.limit = program.timeout_seconds.timeout_seconds if program.timeout_seconds else None
        try:
            program.eval(self.env)
            self._conclude(self.env.program_state())
        finally:
            self.world.background.drop(execution.arn)
            TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]

    def _conclude(self, state: ProgramState) -> None:
        if self.stopped.is_set():
            return
        if isinstance(state, ProgramEnded):
            output = json.dumps(self.env.states.get_input(), separators=(",", ":"), ensure_ascii=False)
            self.conclude("SUCCEEDED", output=output)
        elif isinstance(state, ProgramStopped):
            self.conclude("ABORTED", error=state.error, cause=state.cause)
        elif isinstance(state, ProgramTimedOut):
            self.conclude("TIMED_OUT", error="States.Timeout")
        elif isinstance(state, ProgramError):
            failure = state.error or {}
            timed_out = failure.get("error") == "States.Timeout"
            self.conclude(
                "TIMED_OUT" if timed_out and "cause" not in failure else "FAILED",
                error=failure.get("error"),
                cause=failure.get("cause"),
            )

    def conclude(
        self, status: str, *, output: str | None = None, error: str | None = None, cause: str | None = None
    ) -> None:
        """Give the execution its end, once."""
        with self.world.lock:
            execution = self.execution
            if execution.status != RUNNING:
                return
            name, key = ENDINGS[status]
            told = {"output": output, "error": error, "cause": cause}
            details = {field: value for field, value in told.items() if value is not None}
            previous = execution.events[-1]["id"] if execution.events else 0
            self.note(previous + 1, previous, name, {key: details})
            execution.status, execution.stopped = status, self.world.clock()
            execution.output, execution.error, execution.cause = output, error, cause
            self.world.later("execution-forgotten", self.account, self.region, execution.arn)
            notices.ended(self.world, self.account, self.region, execution)

    def note(self, id_: int, previous: int, kind: str, details: dict[str, Any] | None) -> None:
        """Write an event into the history and the log, unless the execution has ended."""
        execution = self.execution
        if execution.status != RUNNING:
            return
        event = {"id": id_, "previousEventId": previous, "type": kind, "timestamp": self.world.clock()}
        execution.events.append(event | dict(details or {}))
        logs.write(self.world, self.account, self.region, execution, execution.events[-1])
        if self.expires and kind.endswith("StateExited"):
            self.env.set_stop(stop_date=None, cause="The state machine was deleted.", error=None)
        if len(execution.events) >= HISTORY_LIMIT and kind not in LAST:
            self.env.set_error({"error": "States.Runtime", "cause": "The execution history has reached its limit."})

    def _environment(self) -> Environment:
        execution = self.execution
        started = datetime.fromtimestamp(execution.started, UTC).isoformat(timespec="milliseconds")
        env = Environment(
            aws_execution_details=AWSExecutionDetails(self.account, self.region, execution.revision.role),
            execution_type=execution.type,
            context=ContextObjectData(
                Execution=ExecutionData(
                    Id=execution.arn,
                    Input=json.loads(execution.input),
                    Name=execution.name,
                    RoleArn=execution.revision.role,
                    StartTime=started.replace("+00:00", "Z"),
                ),
                StateMachine=StateMachineData(Id=execution.machine, Name=execution.machine_name),
            ),
            event_history_context=EventHistoryContext.of_program_start(),
            cloud_watch_logging_session=None,
            activity_store={},
        )
        env.event_manager = self.history
        return env
