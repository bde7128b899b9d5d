"""Starting, stopping and showing executions."""

from __future__ import annotations

import json
import random
import uuid
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book
from awslab.local.aws.states import notices, roles
from awslab.local.aws.states.names import check_name, execution_arn
from awslab.local.aws.states.store import RUNNING, Execution, Machine, Revision, Store, store_of

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import Due, World

book = Book("states")
API = "https://docs.aws.amazon.com/step-functions/latest/apireference/"
INPUT_LIMIT = 262_144  # bytes
EXPRESS = "EXPRESS"


def routed(store: Store, arn: str) -> tuple[Machine, Revision, str | None, str | None]:
    """Return machine, revision, version ARN and alias ARN of what an ARN names: a machine, a version or an alias."""
    if arn in store.machines:
        return store.machines[arn], store.machines[arn].revision, None, None
    parent, _, last = arn.rpartition(":")
    machine = store.machines.get(parent)
    if machine and last.isdigit() and int(last) in machine.versions:
        version = machine.versions[int(last)]
        return machine, version.revision, version.arn, None
    if machine and last in machine.aliases:
        routes = machine.aliases[last].routes
        chosen = random.choices(routes, [route["weight"] for route in routes])[0]["stateMachineVersionArn"]  # noqa: S311 - no secret
        return machine, machine.versions[int(chosen.rpartition(":")[2])].revision, chosen, arn
    raise AwsError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


@book.behaves(
    "execution-input",
    "StartExecution",
    "StartSyncExecution",
    code="InvalidExecutionInput",
    does="The input of an execution is JSON of at most 256 KiB.",
    see=API + "API_StartExecution.html",
)
def checked_input(text: str) -> str:
    """Return an input that is one; raises AwsError."""
    if len(text.encode()) > INPUT_LIMIT:
        sentence = "1 validation error detected: Value at 'input' failed to satisfy constraint: "
        raise AwsError("ValidationException", f"{sentence}Member must have length less than or equal to {INPUT_LIMIT}")
    try:
        json.loads(text)
    except ValueError as error:
        raise AwsError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from error
    return text


@book.behaves(
    "execution-names",
    "StartExecution",
    code="ExecutionAlreadyExists",
    does="A name is given to one execution of a state machine: started again with the same input while it runs it is"
    " the same one, else refused; without a name it gets a UUID.",
    see=API + "API_StartExecution.html",
)
def existing(store: Store, arn: str, text: str) -> Execution | None:
    """Return the running execution that a repeated start means; raises AwsError where the name is taken."""
    found = store.executions.get(arn)
    if found is None:
        return None
    if found.status == RUNNING and found.input == text:
        return found
    raise AwsError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")


@book.behaves(
    "machine-deleting-starts-nothing",
    "StartExecution",
    "StartSyncExecution",
    code="StateMachineDeleting",
    does="A state machine that is being deleted starts nothing.",
    see=API + "API_StartExecution.html",
)
def refuse_deleting(machine: Machine) -> None:
    """Refuse to go on with a state machine that is on its way out."""
    if machine.status == "DELETING":
        raise AwsError("StateMachineDeleting", f"State Machine is being deleted: '{machine.arn}'")


def begin(
    world: World,
    account: str,
    region: str,
    arn: str,
    *,
    name: str | None = None,
    text: str = "{}",
    trace: str | None = None,
) -> Execution:
    """Start an execution and return it, with the world's lock held; an express one is not kept."""
    from awslab.local.aws.states.engine import Run  # noqa: PLC0415 - moto's interpreter takes seconds to import

    execution = prepared(world, account, region, arn, name=name, text=text, trace=trace)
    if world.background.find(execution.arn) is None:
        notices.began(world, account, region, execution)
        if execution.revision.tracing.get("enabled"):
            roles.trace(world, execution.revision.role)
        Run(world, account, region, execution).start()
    return execution


def prepared(
    world: World, account: str, region: str, arn: str, *, name: str | None, text: str, trace: str | None
) -> Execution:
    """Return the execution that a start means, new or running."""
    store = store_of(world, account, region)
    machine, revision, version, alias = routed(store, arn)
    refuse_deleting(machine)
    checked_input(text)
    name = check_name(name) if name else str(uuid.uuid4())
    own = execution_arn(machine, name)
    if machine.type != EXPRESS and (found := existing(store, own, text)):
        return found
    execution = Execution(
        arn=own,
        name=name,
        machine=machine.arn,
        machine_name=machine.name,
        type=machine.type,
        revision=revision,
        input=text,
        started=world.clock(),
        version=version,
        alias=alias,
        trace=trace,
    )
    if machine.type != EXPRESS:
        store.executions[own] = execution
    return execution


def start(asked: Asked) -> dict[str, Any]:
    """Answer StartExecution."""
    params = asked.params
    execution = begin(
        asked.world,
        asked.account,
        asked.region,
        params["stateMachineArn"],
        name=params.get("name"),
        text=params.get("input", "{}"),
        trace=params.get("traceHeader"),
    )
    return {"executionArn": execution.arn, "startDate": execution.started}


@book.behaves(
    "express-sync",
    "StartSyncExecution",
    code="StateMachineTypeNotSupported",
    does="Only an express state machine runs while the caller waits for its result.",
    see=API + "API_StartSyncExecution.html",
)
def start_sync(asked: Asked) -> dict[str, Any]:
    """Answer StartSyncExecution: the answer is given, without the world's lock, once it has ended."""
    from awslab.local.aws.states.engine import Run  # noqa: PLC0415 - as above

    params, world = asked.params, asked.world
    machine = routed(store_of(world, asked.account, asked.region), params["stateMachineArn"])[0]
    if machine.type != EXPRESS:
        raise AwsError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    text = params.get("input", "{}")
    execution = prepared(
        world,
        asked.account,
        asked.region,
        machine.arn,
        name=params.get("name"),
        text=text,
        trace=params.get("traceHeader"),
    )
    notices.began(world, asked.account, asked.region, execution)
    run = Run(world, asked.account, asked.region, execution)

    def finish() -> dict[str, Any]:
        world.background.keep(execution.arn, run)
        run.go()
        milliseconds = int(((execution.stopped or execution.started) - execution.started) * 1000)
        billing = {"billedDurationInMilliseconds": max(100, milliseconds), "billedMemoryUsedInMB": 64}
        return shown(execution) | {"billingDetails": billing}

    asked.finish = finish
    return {}


def _found(asked: Asked) -> Execution:
    arn = asked.params.get("executionArn", "")
    execution = store_of(asked.world, asked.account, asked.region).executions.get(arn)
    if execution is None:
        raise AwsError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return execution


def shown(execution: Execution) -> dict[str, Any]:
    """Return an execution as DescribeExecution shows it."""
    told = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "stopDate": execution.stopped,
        "input": execution.input,
        "inputDetails": {"included": True},
        "output": execution.output,
        "outputDetails": {"included": True} if execution.output is not None else None,
        "traceHeader": execution.trace,
        "error": execution.error,
        "cause": execution.cause,
        "stateMachineVersionArn": execution.version,
        "stateMachineAliasArn": execution.alias,
    }
    return {key: value for key, value in told.items() if value is not None}


def describe(asked: Asked) -> dict[str, Any]:
    """Answer DescribeExecution."""
    execution = _found(asked)
    redrivable = execution.status in {"FAILED", "TIMED_OUT", "ABORTED"}
    redrive = {"redriveCount": 0, "redriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE"}
    if not redrivable:
        redrive["redriveStatusReason"] = f"Execution is {execution.status} and cannot be redriven"
    return shown(execution) | redrive


def describe_machine(asked: Asked) -> dict[str, Any]:
    """Answer DescribeStateMachineForExecution: what the execution began with."""
    execution = _found(asked)
    revision = execution.revision
    return {
        "stateMachineArn": execution.machine,
        "name": execution.machine_name,
        "definition": revision.definition,
        "roleArn": revision.role,
        "updateDate": execution.started,
        "loggingConfiguration": revision.logging,
        "tracingConfiguration": revision.tracing,
        "encryptionConfiguration": revision.encryption,
        "revisionId": revision.id,
    }


@book.behaves(
    "execution-stop",
    "StopExecution",
    does="A running execution is ABORTED at once, with the error and cause it is given; one that has ended stays as"
    " it ended.",
    see=API + "API_StopExecution.html",
)
def stop(asked: Asked) -> dict[str, Any]:
    """Answer StopExecution."""
    execution = _found(asked)
    abort(asked.world, execution, error=asked.params.get("error"), cause=asked.params.get("cause"))
    return {"stopDate": execution.stopped}


def abort(world: World, execution: Execution, *, error: str | None = None, cause: str | None = None) -> None:
    """Let a running execution end as ABORTED; what it has called goes on, unheard."""
    run = world.background.find(execution.arn)
    if run is not None:
        run.conclude("ABORTED", error=error, cause=cause)
        run.end()
    elif execution.status == RUNNING:
        last = {"id": len(execution.events) + 1, "previousEventId": len(execution.events), "timestamp": world.clock()}
        details = {"executionAbortedEventDetails": {"error": error, "cause": cause}}
        execution.events.append(last | {"type": "ExecutionAborted"} | details)
        execution.status, execution.stopped = "ABORTED", world.clock()
        execution.error, execution.cause = error, cause


@book.behaves(
    "express-no-history",
    "ListExecutions",
    code="StateMachineTypeNotSupported",
    does="Executions of an express state machine are not listed.",
    see=API + "API_ListExecutions.html",
)
def list_all(asked: Asked) -> dict[str, Any]:
    """Answer ListExecutions, newest first."""
    store, params = store_of(asked.world, asked.account, asked.region), asked.params
    arn = params.get("stateMachineArn", "")
    machine = routed(store, arn)[0]
    if machine.type == EXPRESS:
        raise AwsError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    wanted = [one for one in reversed(store.executions.values()) if one.machine == machine.arn]
    if arn != machine.arn:
        wanted = [one for one in wanted if arn in {one.version, one.alias}]
    if status := params.get("statusFilter"):
        wanted = [one for one in wanted if one.status == status]
    page, token = asked.page(sorted(wanted, key=lambda one: one.started, reverse=True))
    return {"executions": [_item(one) for one in page]} | ({"nextToken": token} if token else {})


def _item(execution: Execution) -> dict[str, Any]:
    told = shown(execution)
    names = ("executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate")
    more = ("stateMachineVersionArn", "stateMachineAliasArn")
    return {name: told[name] for name in (*names, *more) if name in told} | {"redriveCount": 0}


@book.behaves(
    "execution-forgotten",
    "DescribeExecution",
    does="An execution is known, and its name taken, for 90 days after its end.",
    see="https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html",
)
def _forget(world: World, due: Due) -> None:
    execution = store_of(world, due.account, due.region).executions
    if due.id in execution and execution[due.id].status != RUNNING:
        del execution[due.id]


CHANGES = {"execution-forgotten": _forget}


def history(asked: Asked) -> dict[str, Any]:
    """Answer GetExecutionHistory."""
    execution, params = _found(asked), asked.params
    events = list(reversed(execution.events)) if params.get("reverseOrder") else execution.events
    page, token = asked.page(events)
    return {"events": page} | ({"nextToken": token} if token else {})
