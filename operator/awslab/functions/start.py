"""start: turn the event of a new object into one execution of the state machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from . import logs, once
from .clients import client, warm
from .errors import InvalidEvent, InvalidSettings, PipelineError, code_of, doing
from .logs import logged
from .state import Input, environment

_NEEDED = ("pipeline", "stateMachine", "output", "work")

warm("stepfunctions")


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Start an execution for each object of an event; returns their names, and whether they were new.

    All objects are tried before an error is raised: with a retry of the event, each is started once.
    """
    settings = _settings()
    failures: list[PipelineError] = []
    runs: list[dict[str, Any]] = []
    for found in _objects(event):
        try:
            runs.append(_start(found, settings))
        except PipelineError as error:
            logs.error(str(error), key=found.key)
            failures.append(error)
    if failures:
        raise failures[0]
    return {"runs": runs}


def _settings() -> dict[str, Any]:
    settings = environment("AWSLAB_START")
    if missing := [name for name in _NEEDED if name not in settings]:
        raise InvalidSettings(f"AWSLAB_START lacks {', '.join(missing)}")
    return settings


def _objects(event: Any) -> Iterator[Input]:
    """Give the objects of an EventBridge event or an S3 notification; raises InvalidEvent for anything else."""
    try:
        if event.get("Event") == "s3:TestEvent":
            logs.info("S3 tests its notification; there is no object")
        elif event.get("detail-type") == "Object Created":
            yield _of_eventbridge(event)
        elif "Records" in event:
            yield from map(_of_notification, event["Records"])
        else:
            raise InvalidEvent(f"this is no event of a new object in S3: {json.dumps(event)[:500]}")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidEvent(f"cannot read the event ({error!r}): {json.dumps(event, default=str)[:500]}") from error


def _of_eventbridge(event: Mapping[str, Any]) -> Input:
    bucket, item = event["detail"]["bucket"]["name"], event["detail"]["object"]
    return _input(bucket, item["key"], item.get("version-id"), item, item.get("etag"), event.get("time"))


def _of_notification(record: Mapping[str, Any]) -> Input:
    if not record["eventName"].startswith("ObjectCreated:"):
        raise InvalidEvent(f"the event tells of {record['eventName']}, not of a new object")
    bucket, item = record["s3"]["bucket"]["name"], record["s3"]["object"]
    key, version = unquote_plus(item["key"]), item.get("versionId")
    return _input(bucket, key, version, item, item.get("eTag"), record.get("eventTime"))


def _input(bucket: str, key: str, version: Any, item: Mapping[str, Any], etag: Any, time: Any) -> Input:
    """Bring both kinds of events into one form; "null" is the version of an object in a bucket without versions."""
    return Input(
        bucket=bucket,
        key=key,
        version="" if version in {None, "null"} else str(version),
        size=int(item.get("size", 0)),
        etag=(etag or "").strip('"'),
        sequencer=item.get("sequencer") or "",
        time=time or "",
    )


def run_id(source: Input) -> str:
    """Return the name of the run of one version of one object.

    Without a version it is the content and its place in the order of events: a file that is changed and changed back
    is a new input, though its content has been there before.
    """
    version = source.version or f"{source.etag}/{source.sequencer}"
    return hashlib.sha256(f"{source.bucket}|{source.key}|{version}".encode()).hexdigest()[:40]


def _start(found: Input, settings: Mapping[str, Any]) -> dict[str, Any]:
    prefix, suffix = settings.get("prefix") or "", settings.get("suffix") or ""
    if found.key.endswith("/") and not found.size:
        logs.info(f"{found.key} is a folder's marker, no file")
        return {"key": found.key, "run": "", "new": False}
    if not found.key.startswith(prefix) or not found.key.endswith(suffix):
        raise InvalidEvent(f"{found.key} is not this pipeline's: its files are {prefix}*{suffix}")
    run = run_id(found)
    new = _execute(run, _state(run, found, settings), settings)
    logs.info(f"{'Started' if new else 'Had started'} run {run} of {found.key}", run=run, version=found.version)
    return {"key": found.key, "run": run, "new": new}


def _state(run: str, found: Input, settings: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: getattr(found, name) for name in Input.__dataclass_fields__}
    return {
        "pipeline": settings["pipeline"],
        "run": run,
        "input": {**given, "prefix": settings.get("prefix") or ""},
        "output": settings["output"],
        "work": {"bucket": settings["work"]["bucket"], "prefix": f"work/{run}/"},
        "steps": {},
    }


def _execute(run: str, state: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Start the execution; says whether it is new.

    An EXPRESS state machine remembers no names, so that the table has to. If this function dies between the two
    writes, a retry starts the run a second time: outputs are the same, since write-output writes them once.
    """
    if not settings.get("express"):
        return _start_execution(run, state, settings["stateMachine"])
    if not once.begin(run, settings["pipeline"]):
        return False
    _start_execution(run, state, settings["stateMachine"])
    once.begun(run)
    return True


def _start_execution(run: str, state: Mapping[str, Any], machine: str) -> bool:
    with doing(f"start run {run}"):
        try:
            client("stepfunctions").start_execution(stateMachineArn=machine, name=run, input=json.dumps(state))
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise
            return False
    return True
