"""What moto's interpreter of the Amazon States Language gets from us.

Clients that act as the machine's role within this process, waits at the world's time scale, JSONata without Java,
maps that begin no more threads than a small machine has use for, and results of distributed maps that are written.
"""

from __future__ import annotations

import importlib
import logging
import time
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import IterationWorker
from moto.stepfunctions.parser.asl.component.state.exec.state_map.max_concurrency import MaxConcurrencyDecl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from awslab.local.aws import world as worlds
from awslab.local.aws.rules import Book
from awslab.local.aws.states import jsonata, jsonpath, roles

if TYPE_CHECKING:
    from moto.stepfunctions.parser.asl.eval.environment import Environment

book = Book("states")
GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/"
PARSER = "moto.stepfunctions.parser.asl."
STATES = PARSER + "component.state.exec."
TASKS = STATES + "state_task.service.state_task_service_"
CLIENT_USERS = (
    STATES + "state_map.result_writer.resource_eval.resource_eval_s3",
    STATES + "state_map.item_reader.eval.resource_eval_s3",
    STATES + "state_task.lambda_eval_utils",
    *(TASKS + name for name in ("sns", "sqs", "dynamodb", "events", "sfn", "aws_sdk")),
)
ERROR_CARRIERS = (  # what hands an error on that came from elsewhere
    PARSER + "component.state.fail.state_fail",
    STATES + "state_parallel.branches_decl",
    STATES + "state_map.iteration.iteration_worker",
)
MOST_WORKERS = 40  # AWS's own limit of an inline map; a distributed one starts up to 10,000, which no laptop can
TERMINAL = frozenset({"States.Runtime", "States.DataLimitExceeded"})
TIMEOUTS = frozenset({"States.Timeout", "States.HeartbeatTimeout"})
DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


@cache
def apply() -> None:
    """Put everything in its place, once in a process."""
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)  # an execution's history tells of its failures
    for name in CLIENT_USERS:
        vars(importlib.import_module(name))["boto_client_for"] = _client
    jsonpath.apply()
    retrier_decl.time = SimpleNamespace(sleep=_sleep)
    WaitFunction._wait_interval = _wait  # noqa: SLF001 - moto has no other way in; its version is pinned
    StringJSONata._eval_body = _evaluate  # noqa: SLF001 - as above
    StringVariableSample._eval_body = _evaluate  # noqa: SLF001 - as above
    MaxConcurrencyDecl._eval_body = _bounded  # noqa: SLF001 - as above
    IterationWorker._eval_pool = _one_after_another  # noqa: SLF001 - as above
    ErrorEqualsDecl._eval_body = _matches  # noqa: SLF001 - as above
    for name in ERROR_CARRIERS:
        vars(importlib.import_module(name))["CustomErrorName"] = ErrorName  # moto refuses to hand on States.*
    StateTaskServiceLambda._error_cause_from_client_error = staticmethod(_lambda_error)  # noqa: SLF001 - as above


@book.behaves(
    "task-role",
    "StartExecution",
    does="A task calls other services as the state machine's role, and is allowed no more than that role is.",
    see=GUIDE + "procedure-create-iam-role.html",
)
def _client(region: str, service: str, state_credentials: Any = None) -> Any:
    return roles.client(worlds.current(), state_credentials.role_arn, service, region)


def _sleep(seconds: float) -> None:
    world = worlds.current()
    world.background.sleep(world.scaled(seconds))


@book.behaves(
    "wait-scaled",
    "StartExecution",
    does="A wait lasts as long as its state says (here by the time scale), and a machine whose TimeoutSeconds"
    " are over before ends as TIMED_OUT.",
    see=GUIDE + "state-wait.html",
)
def _wait(_self: Any, env: Environment, wait_seconds: float) -> None:
    world, history = worlds.current(), env.event_manager
    left = history.seconds_left() if hasattr(history, "seconds_left") else None
    over = left is not None and left < wait_seconds
    seconds = left if over and left is not None else wait_seconds
    end = time.monotonic() + world.scaled(seconds)
    while env.is_running() and (rest := end - time.monotonic()) > 0:
        env.program_state_event.wait(rest)
    if not env.is_frame() and hasattr(history, "skip"):
        history.skip(seconds - world.scaled(seconds))
    if over and env.is_running():
        env.set_timed_out()


@book.behaves(
    "jsonata",
    "StartExecution",
    code="States.QueryEvaluationError",
    does="A JSONata expression sees $states and the assigned variables; one that fails or gives nothing is an error"
    " that can be caught.",
    see=GUIDE + "transforming-data.html",
)
def _evaluate(self: Any, env: Environment) -> None:
    store, data = env.variable_store, env.states._states_data  # noqa: SLF001 - moto writes them into the text instead
    variables = store._outer_scope | store._inner_scope  # noqa: SLF001 - as above
    try:
        env.stack.append(jsonata.evaluate(self.expression, variables | {"states": dict(data)}))
    except jsonata.EvaluationError as error:
        raise _query_failed(env, str(error)) from error


def _query_failed(env: Environment, cause: str) -> FailureEventException:
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    details = EventDetails(
        evaluationFailedEventDetails=EvaluationFailedEventDetails(
            cause=cause, error=name.error_name, state=env.next_state_name, location=env.next_field_name
        )
    )
    event = HistoryEventType.EvaluationFailed
    return FailureEventException(FailureEvent(env=env, error_name=name, event_type=event, event_details=details))


def _bounded(self: Any, env: Environment) -> None:
    wanted = self._eval_max_concurrency(env=env)
    env.stack.append(min(wanted or MOST_WORKERS, MOST_WORKERS))


def _one_after_another(self: Any, job: Any, worker_frame: Any) -> None:
    """Do a worker's jobs in a loop, where moto calls itself for each and a thousand are too many."""
    while job is not None:
        frame = worker_frame.open_inner_frame()
        self._eval_job(env=frame, job=job)
        worker_frame.close_frame(frame)
        over = isinstance(job.job_output, Exception) or self.stopped()
        following = None if over else self._job_pool.next_job()
        if following is None:
            if not over:
                worker_frame.event_history_context.source_event_id = frame.event_history_context.last_published_event_id
            self._env.close_frame(worker_frame)
            self._job_pool.close_job(job)
            return
        self._job_pool.close_job(job)
        job = following
    self._env.close_frame(worker_frame)


@book.behaves(
    "errors-not-caught-by-all",
    "StartExecution",
    code="States.Runtime",
    does="States.ALL matches neither States.Runtime nor States.DataLimitExceeded, and States.TaskFailed no timeout.",
    see=GUIDE + "concepts-error-handling.html",
)
def _matches(self: Any, env: Environment) -> None:
    error, names = env.stack.pop().error_name, {name.error_name for name in self.error_names}
    by_all = "States.ALL" in names and error not in TERMINAL
    by_failed = "States.TaskFailed" in names and error not in TERMINAL | TIMEOUTS
    by_timeout = "States.Timeout" in names and error in TIMEOUTS
    env.stack.append(error in names or by_all or by_failed or by_timeout)


@book.behaves(
    "lambda-error-names",
    "StartExecution",
    code="Lambda.AWSLambdaException",
    does="An error of the Lambda service is named after its code; one that its model does not know, as a refusal by"
    " IAM, is Lambda.AWSLambdaException.",
    see=GUIDE + "concepts-error-handling.html",
)
def _lambda_error(client_error: ClientError) -> tuple[str, str]:
    code, message = client_error.response["Error"]["Code"], client_error.response["Error"]["Message"]
    about = client_error.response["ResponseMetadata"]
    details = (
        f"Service: AWSLambda; Status Code: {about['HTTPStatusCode']}; Error Code: {code};"
        f" Request ID: {about.get('RequestId', '')}; Proxy: null"
    )
    name = "AWSLambdaException" if code in DENIED else code
    return f"Lambda.{name}", f"{message} ({details})"
