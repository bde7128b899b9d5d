"""Distributed maps as AWS does them: failures are counted against what is tolerated, results are written out.

moto's interpreter goes through the items, but never fails over one and writes an empty list of results.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval import resource_eval_s3 as reading
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.distributed_item_processor_worker import (  # noqa: E501 - moto's name
    DistributedItemProcessorWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iterator.distributed_iterator_worker import (  # noqa: E501 - moto's name
    DistributedIteratorWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval import (
    resource_eval_s3 as writing,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.result_writer_decl import ResultWriter
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError

from awslab.local.aws import identity
from awslab.local.aws import world as worlds
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from moto.stepfunctions.parser.asl.eval.environment import Environment

book = Book("states")
GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/"
MOST_CHILDREN = 8  # at once: AWS's 10,000 would be as many threads
THRESHOLD = "States.ExceedToleratedFailureThreshold"


@dataclass(frozen=True)
class Outcome:
    """How the child execution for one item ended."""

    index: int
    given: Any
    output: Any
    status: str
    error: str | None
    cause: str | None


WRITER = ("s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload")  # besides PutObject


@cache
def apply() -> None:
    """Put everything in its place, once in a process."""
    DistributedIterationComponent._map_run = _map_run  # noqa: SLF001 - moto has no other way in; its version is pinned
    for worker in (DistributedItemProcessorWorker, DistributedIteratorWorker):
        worker._eval_job = _noting(worker._eval_job)  # noqa: SLF001 - as above
        worker._eval_pool = _one_after_another  # noqa: SLF001 - as above
    reading.ResourceEvalS3._handle_list_objects_v2 = staticmethod(_list_objects)  # noqa: SLF001 - as above
    reading.ResourceEvalS3._handle_get_object = staticmethod(_get_object)  # noqa: SLF001 - as above
    ResultWriter._eval_body = _write  # noqa: SLF001 - as above
    writing.ResourceEvalS3._handle_put_object = staticmethod(_write_results)  # noqa: SLF001 - as above


@book.behaves(
    "map-role",
    "StartExecution",
    does="The role of a machine with a distributed map may start executions of that machine, describe and stop them.",
    see=GUIDE + "iam-policies-eg-dist-map.html",
)
def _check_role(env: Environment, record: Any) -> None:
    machine = env.states.context_object.context_object_data["StateMachine"]["Id"]
    child = f"{record.map_run_arn.replace(':mapRun:', ':execution:')}:0"
    wishes = {"StartExecution": machine, "DescribeExecution": child, "StopExecution": child}
    needs = [(f"states:{action}", resource) for action, resource in wishes.items()]
    _ask(env, needs, "States.Runtime")


def _ask(env: Environment, needs: Iterable[tuple[str, str]], error: str) -> None:
    """Fail where the machine's role may not do something that Step Functions needs."""
    world, role = worlds.current(), env.aws_execution_details.role_arn
    with world.lock:
        try:
            for action, resource in needs:
                identity.authorize(world, role, action, resource)
        except AwsError as refused:
            raise _failed(env, error, refused.message) from refused


def _map_run(self: Any, env: Environment, eval_input: Any) -> None:
    items, record = env.stack.pop(), eval_input.map_run_record
    _check_role(env, record)
    record.outcomes, record.total = [], len(items)
    pool = JobPool(job_program=self._get_iteration_program(), job_inputs=items)
    for _ in range(min(record.max_concurrency or MOST_CHILDREN, MOST_CHILDREN, len(items))):
        self._launch_worker(env=env, eval_input=eval_input, job_pool=pool)
    pool.await_jobs()
    if (failure := pool.get_worker_exception()) is not None:
        raise failure
    record.outcomes.sort(key=lambda outcome: outcome.index)
    env.stack.append([outcome.output for outcome in record.outcomes if outcome.status == "SUCCEEDED"])


@book.behaves(
    "map-tolerance",
    "StartExecution",
    code=THRESHOLD,
    does="A distributed map fails once more items have failed than its tolerated count or percentage allows; without"
    " either, with the first.",
    see=GUIDE + "state-map-distributed.html",
)
def _exceeds(record: Any) -> bool:
    failed = sum(outcome.status == "FAILED" for outcome in record.outcomes)
    limits = [record.tolerated_failure_count] if record.tolerated_failure_count else []
    percentage = record.tolerated_failure_percentage
    limits += [percentage * record.total / 100] if percentage else []
    return bool(failed > min(limits, default=0))


def _noting(moto: Callable[..., None]) -> Callable[..., None]:
    """Return moto's way to do an item, with what came of it written down."""

    def evaluate(self: Any, env: Environment, job: Any) -> None:
        moto(self, env, job)
        state, record = env.program_state(), self._map_run_record
        failure = (state.error or {}) if isinstance(state, ProgramError) else None
        outcome = Outcome(
            job.job_index,
            job.job_input,
            job.job_output,
            "SUCCEEDED" if failure is None else "FAILED",
            (failure or {}).get("error"),
            (failure or {}).get("cause"),
        )
        record.outcomes.append(outcome)
        if _exceeds(record):
            job.job_output = _failed(env, THRESHOLD, "The specified tolerated failure threshold was exceeded")

    return evaluate


def _failed(env: Environment, error: str, cause: str) -> FailureEventException:
    known = {kind.to_name(): kind for kind in StatesErrorNameType}
    details = EventDetails(mapRunFailedEventDetails=MapRunFailedEventDetails(error=error, cause=cause))
    name, kind = StatesErrorName(typ=known[error]), HistoryEventType.MapStateFailed
    return FailureEventException(FailureEvent(env=env, error_name=name, event_type=kind, event_details=details))


def _one_after_another(self: Any, job: Any, worker_frame: Any) -> None:
    """Do a worker's jobs in a loop, where moto calls itself for each and a thousand are too many."""
    while job is not None:
        frame = worker_frame.open_inner_frame()
        self._eval_job(env=frame, job=job)
        worker_frame.delete_frame(frame)
        over = isinstance(job.job_output, Exception) or self.stopped()
        following = None if over else self._job_pool.next_job()
        self._job_pool.close_job(job)
        job = following


@book.behaves(
    "map-reads-all",
    "StartExecution",
    code="States.ItemReaderFailed",
    does="A distributed map reads all objects of a prefix, page by page, or a CSV or JSON file, in the machine's role.",
    see=GUIDE + "input-output-itemreader.html",
)
def _list_objects(env: Environment, part: Any, credentials: Any) -> None:
    client, parameters = reading.ResourceEvalS3._get_s3_client(part, credentials), env.stack.pop()  # noqa: SLF001 - as above
    try:
        pages = client.get_paginator("list_objects_v2").paginate(**parameters)
        found = [one for page in pages for one in page.get("Contents", [])]
    except ClientError as error:
        raise _failed(env, "States.ItemReaderFailed", str(error)) from error
    env.stack.append([_item(one) for one in found])


def _item(entry: dict[str, Any]) -> dict[str, Any]:
    told = {
        "Etag": entry["ETag"],
        "Key": entry["Key"],
        "LastModified": int(entry["LastModified"].timestamp()),
        "Size": entry["Size"],
    }
    return told | {"StorageClass": entry.get("StorageClass", "STANDARD")}


def _get_object(env: Environment, part: Any, credentials: Any) -> None:
    client, parameters = reading.ResourceEvalS3._get_s3_client(part, credentials), env.stack.pop()  # noqa: SLF001 - as above
    try:
        text = client.get_object(**parameters)["Body"].read().decode("utf-8-sig")
    except (ClientError, UnicodeDecodeError) as error:
        raise _failed(env, "States.ItemReaderFailed", str(error)) from error
    env.stack.append(text)


def _write(self: Any, env: Environment) -> None:
    """Read the writer's parameters from the state's input, where moto reads them from the results."""
    results = env.stack.pop()
    depth = len(env.stack)
    env.stack.append(env.states.get_input())
    self.parargs.eval(env=env)
    parameters = env.stack.pop()
    env.stack[depth:] = [results, parameters]
    self.resource_eval.eval_resource(env=env)


@book.behaves(
    "map-writes-results",
    "StartExecution",
    code="States.ResultWriterFailed",
    does="A result writer puts the results of all items, succeeded and failed ones apart, and a manifest under the"
    " map run's prefix; the role may put, get, list parts and abort there.",
    see=GUIDE + "input-output-resultwriter.html",
)
def _write_results(env: Environment, part: Any, credentials: Any) -> None:
    parameters = env.stack.pop()
    env.stack.pop()
    client = writing.ResourceEvalS3._get_s3_client(part, credentials)  # noqa: SLF001 - as above
    record = env.map_run_record_pool_manager.get_all()[-1]
    bucket, prefix = parameters["Bucket"], parameters.get("Prefix", "")
    folder = f"{prefix.rstrip('/')}/".lstrip("/") + record.map_run_arn.rpartition(":")[2]
    _ask(env, [(action, f"arn:aws:s3:::{bucket}/{folder}/") for action in WRITER], "States.ResultWriterFailed")
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    try:
        for status in ("FAILED", "SUCCEEDED"):
            chosen = [_told(record, one) for one in record.outcomes if one.status == status]
            if chosen:
                key, body = f"{folder}/{status}_0.json", json.dumps(chosen).encode()
                client.put_object(Bucket=bucket, Key=key, Body=body)
                files[status].append({"Key": key, "Size": len(body)})
        manifest = {"DestinationBucket": bucket, "MapRunArn": record.map_run_arn, "ResultFiles": files}
        client.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(manifest).encode())
    except ClientError as error:
        raise _failed(env, "States.ResultWriterFailed", str(error)) from error
    details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
    env.stack.append({"MapRunArn": record.map_run_arn, "ResultWriterDetails": details})


def _told(record: Any, outcome: Outcome) -> dict[str, Any]:
    told = {
        "ExecutionArn": record.map_run_arn.replace(":mapRun:", ":execution:") + f":{outcome.index}",
        "Input": json.dumps(outcome.given),
        "Name": str(outcome.index),
        "StateMachineArn": record.map_state_machine_arn,
        "Status": outcome.status,
    }
    if outcome.status == "SUCCEEDED":
        return told | {"Output": json.dumps(outcome.output)}
    return told | {"Error": outcome.error, "Cause": outcome.cause}
