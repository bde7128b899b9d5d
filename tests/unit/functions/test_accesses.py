"""The table of accesses is exact: each function calls all that it names, and nothing that it does not name."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from awslab.functions import (
    clients,
    csv_report,
    csv_statistics,
    csv_transform,
    csv_validate,
    start,
    upload,
    write_output,
)
from awslab.functions.errors import TransientError
from awslab.packages import BUILTINS, Part, accesses
from tests.support.machines import state_machine
from tests.unit.functions.conftest import BUCKET, SALES, TABLE

ACTIONS = {
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "UpdateItem": "dynamodb:UpdateItem",
    "StartExecution": "states:StartExecution",
}
"""What IAM asks for each call (Service Authorization Reference); a call that is not here fails the test."""

BIG = "id,text\n" + "".join(f"{number},{'x' * 1000}\n" for number in range(6_000))


@pytest.fixture
def used(pipeline, monkeypatch):
    """The actions that the functions' own clients call, each with the part of the pipeline that it touches."""
    monkeypatch.setattr(upload, "PART", 5 << 20)
    calls: set[tuple[str, Part]] = set()

    def note(params, model, **_):
        action = ACTIONS[model.name]
        if "VersionId" in params:
            action += "Version"
        calls.add((action, _part(params)))

    for service in ("s3", "dynamodb", "stepfunctions"):
        clients.client(service).meta.events.register(f"provide-client-params.{service}", note)
    yield calls
    clients.client.cache_clear()


def _part(params) -> Part:
    if params.get("TableName") == TABLE:
        return Part.TABLE
    if "stateMachineArn" in params:
        return Part.MACHINE
    assert params["Bucket"] == BUCKET
    return {"input": Part.INPUT, "work": Part.WORK, "output": Part.OUTPUT}[params["Key"].partition("/")[0]]


def named(name, **pipeline):
    return {(access.action, access.part) for access in accesses(name, **pipeline)}


def fails(pipeline, failing, function, state, operation):
    failing("s3", operation, ConnectionClosedError(endpoint_url="s3"))
    with pytest.raises(TransientError):
        pipeline.call(function, state, columns=[])


@pytest.mark.parametrize("versioned", [True, False])
def test_csv_validate(pipeline, used, versioned):
    state = pipeline.upload(SALES)
    state["input"]["version"] *= versioned

    pipeline.call(csv_validate, state)

    assert named("csv-validate", versioned=versioned) == used


@pytest.mark.parametrize("versioned", [True, False])
def test_csv_transform(pipeline, used, failing, versioned):
    state = pipeline.upload(BIG)
    state["input"]["version"] *= versioned

    pipeline.call(csv_transform, state, columns=[])
    fails(pipeline, failing, csv_transform, state, "CompleteMultipartUpload")

    assert named("csv-transform", versioned=versioned) == used


@pytest.mark.parametrize(("name", "function"), [("csv-statistics", csv_statistics), ("csv-report", csv_report)])
def test_functions_that_read_records(pipeline, used, name, function):
    state = pipeline.upload(SALES)
    pipeline.call(csv_transform, state)
    used.clear()

    pipeline.call(function, state)

    assert named(name) == used


def test_write_output(pipeline, used, failing):
    state = pipeline.upload(BIG)
    pipeline.call(csv_transform, state, columns=[])
    state = pipeline.step(csv_statistics, state, "S")
    used.clear()

    pipeline.call(write_output, state)
    pipeline.call(write_output, state)

    assert named("write-output") == used


@pytest.mark.parametrize("express", [False, True])
def test_start(pipeline, used, monkeypatch, express):
    machine = state_machine("m", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    place = {"bucket": BUCKET, "prefix": "output/"}
    settings = {"pipeline": "p", "stateMachine": machine, "output": place, "work": place}
    monkeypatch.setenv("AWSLAB_START", json.dumps({**settings, "express": express}))
    item = {"key": "input/a.csv", "size": 1, "version-id": "v"}

    start.handler({"detail-type": "Object Created", "detail": {"bucket": {"name": BUCKET}, "object": item}}, None)

    assert named("start", express=express) == used


@pytest.mark.parametrize("name", BUILTINS)
def test_no_access_is_named_twice(name):
    assert len(set(BUILTINS[name].accesses)) == len(BUILTINS[name].accesses)


def test_a_call_that_the_table_does_not_know_would_be_seen(pipeline, used):
    with pytest.raises((KeyError, ClientError)):
        clients.client("s3").list_objects_v2(Bucket=BUCKET)
