"""start begins one execution for each version of each file, whatever the event is and however often it comes."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from awslab.functions import clients, once, start
from awslab.functions.errors import AccessDenied, InvalidEvent, InvalidSettings, TransientError
from tests.support.machines import state_machine
from tests.unit.functions.conftest import BUCKET, REGION

KEY = "input/Umsätze März + 100%.csv"
TIME = "2024-01-05T10:00:00Z"
DEFINITION = {"StartAt": "Done", "States": {"Done": {"Type": "Wait", "Seconds": 3600, "End": True}}}


def eventbridge(key=KEY, version="v1", size=5, **item):
    versioned = {"version-id": version} if version else {}
    return {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "time": TIME,
        "detail": {
            "bucket": {"name": BUCKET},
            "object": {"key": key, "size": size, "etag": "e1", "sequencer": "0A", **versioned, **item},
        },
    }


def notification(*keys, version="v1", name="ObjectCreated:Put"):
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": name,
                "eventTime": TIME,
                "s3": {
                    "bucket": {"name": BUCKET},
                    "object": {
                        "key": quote_plus(key, safe="/"),
                        "size": 5,
                        "eTag": "e1",
                        "sequencer": "0A",
                        **({"versionId": version} if version else {}),
                    },
                },
            }
            for key in keys
        ]
    }


@pytest.fixture
def machine(pipeline, monkeypatch):
    """A state machine, and `start` for it."""
    made = state_machine("sales", DEFINITION)
    settings(monkeypatch, made)
    return made


def settings(monkeypatch, machine, **more):
    given = {
        "pipeline": "sales",
        "stateMachine": machine,
        "prefix": "input/",
        "suffix": ".csv",
        "output": {"bucket": BUCKET, "prefix": "output/"},
        "work": {"bucket": BUCKET},
        **more,
    }
    monkeypatch.setenv("AWSLAB_START", json.dumps(given))


def executions(machine):
    states = boto3.client("stepfunctions", region_name=REGION)
    return [item["name"] for item in states.list_executions(stateMachineArn=machine)["executions"]]


def run_of(key=KEY, version="v1"):
    return hashlib.sha256(f"{BUCKET}|{key}|{version}".encode()).hexdigest()[:40]


@pytest.mark.parametrize("event", [eventbridge(), notification(KEY)], ids=["EventBridge", "notification"])
def test_both_kinds_of_events_give_the_same_execution(machine, event):
    result = start.handler(event, None)

    run = run_of()
    states = boto3.client("stepfunctions", region_name=REGION)
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{run}"
    given = json.loads(states.describe_execution(executionArn=arn)["input"])
    expected = {
        "pipeline": "sales",
        "run": run,
        "input": {
            "bucket": BUCKET,
            "key": KEY,
            "version": "v1",
            "size": 5,
            "etag": "e1",
            "sequencer": "0A",
            "time": TIME,
            "prefix": "input/",
        },
        "output": {"bucket": BUCKET, "prefix": "output/"},
        "work": {"bucket": BUCKET, "prefix": f"work/{run}/"},
        "steps": {},
    }
    assert expected == given
    assert {"runs": [{"key": KEY, "run": run, "new": True}]} == result


def test_an_event_that_comes_twice_starts_once(machine):
    start.handler(eventbridge(), None)
    start.handler(notification(KEY), None)

    assert [run_of()] == executions(machine)


def test_an_execution_that_is_there_already_is_success(machine, failing):
    failing("stepfunctions", "StartExecution", refusal("ExecutionAlreadyExists"))

    assert [False] == [run["new"] for run in start.handler(eventbridge(), None)["runs"]]


def test_each_version_is_a_run(machine):
    for version in ("v1", "v2"):
        start.handler(eventbridge(version=version), None)

    assert {run_of(version="v1"), run_of(version="v2")} == set(executions(machine))


@pytest.mark.parametrize("version", [None, "null"])
def test_without_versions_content_and_order_make_the_run(machine, version):
    start.handler(eventbridge(version=version), None)
    start.handler(notification(KEY, version=version), None)
    start.handler(eventbridge(version=version, sequencer="0B"), None)

    assert {run_of(version="e1/0A"), run_of(version="e1/0B")} == set(executions(machine))


def test_all_records_of_an_event_are_started(machine):
    start.handler(notification("input/a.csv", "input/b.csv"), None)

    assert {run_of("input/a.csv"), run_of("input/b.csv")} == set(executions(machine))


def test_one_record_that_fails_does_not_keep_the_others_and_is_not_swallowed(machine):
    with pytest.raises(InvalidEvent, match=r"other/a\.csv is not this pipeline's: its files are input/\*\.csv"):
        start.handler(notification("other/a.csv", "input/b.csv"), None)

    assert [run_of("input/b.csv")] == executions(machine)


@pytest.mark.parametrize("event", [eventbridge("input/2024/", size=0), {"Service": "S3", "Event": "s3:TestEvent"}])
def test_what_is_no_file_starts_nothing(machine, event):
    start.handler(event, None)

    assert [] == executions(machine)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (eventbridge("input/a.txt"), "input/a.txt is not this pipeline's"),
        (eventbridge("output/a.csv"), "output/a.csv is not this pipeline's"),
        ({"detail-type": "Object Deleted"}, "this is no event of a new object in S3"),
        ({"detail-type": "Object Created"}, "cannot read the event"),
        ({"Records": [{}]}, "cannot read the event"),
        (notification(KEY, name="ObjectRemoved:Delete"), "the event tells of ObjectRemoved:Delete"),
        ({}, "this is no event of a new object in S3"),
        ([], "cannot read the event"),
        (None, "cannot read the event"),
    ],
)
def test_what_can_never_work_is_a_clear_error(machine, event, reason):
    with pytest.raises(InvalidEvent, match=reason):
        start.handler(event, None)


def refusal(code, status=400):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "StartExecution")


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (refusal("ExecutionLimitExceeded"), TransientError),
        (refusal("ThrottlingException"), TransientError),
        (refusal("Whatever", 503), TransientError),
        (refusal("Whatever", 429), TransientError),
        (ConnectionClosedError(endpoint_url="states"), TransientError),
        (refusal("AccessDeniedException"), AccessDenied),
        (refusal("StateMachineDoesNotExist"), InvalidSettings),
    ],
)
def test_a_failure_is_told_by_who_has_to_act_and_a_retry_starts(machine, failing, failure, error):
    failing("stepfunctions", "StartExecution", failure)

    with pytest.raises(error, match=f"cannot start run {run_of()}"):
        start.handler(eventbridge(), None)
    start.handler(eventbridge(), None)

    assert [run_of()] == executions(machine)


@pytest.mark.parametrize("given", ['{"pipeline": "sales"}', "{", "[]"])
def test_wrong_settings_are_told(pipeline, monkeypatch, given):
    monkeypatch.setenv("AWSLAB_START", given)

    with pytest.raises(InvalidSettings, match="AWSLAB_START"):
        start.handler(eventbridge(), None)


class TestExpress:
    """EXPRESS state machines remember no names: the table does."""

    @pytest.fixture(autouse=True)
    def started(self, machine, monkeypatch):
        """The names that were started; Step Functions itself would take each of them."""
        settings(monkeypatch, machine, express=True)
        names = []
        clients.client("stepfunctions").meta.events.register(
            "provide-client-params.stepfunctions.StartExecution",
            lambda params, **_: names.append(params["name"]),
        )
        yield names
        clients.client.cache_clear()

    def test_an_event_that_comes_twice_starts_once(self, pipeline, started):
        news = [start.handler(event, None)["runs"][0]["new"] for event in (eventbridge(), notification(KEY))]

        assert ([True, False], [run_of()]) == (news, started)
        assert "started" == pipeline.item(f"start/{run_of()}")["status"]

    def test_a_start_that_fails_is_tried_again_once_its_lease_is_over(self, failing, started, monkeypatch):
        failing("stepfunctions", "StartExecution", ConnectionClosedError(endpoint_url="states"))
        with pytest.raises(TransientError):
            start.handler(eventbridge(), None)
        now = once._now()
        monkeypatch.setattr(once, "_now", lambda: now + once.LEASE_SECONDS + 1)

        assert start.handler(eventbridge(), None)["runs"][0]["new"]
        assert 2 == len(started)

    def test_while_another_event_is_at_it_the_event_is_kept_for_later(self, pipeline, started):
        assert once.begin(run_of(), "sales")

        with pytest.raises(TransientError, match="another event is starting run"):
            start.handler(eventbridge(), None)

        assert [] == started

    def test_a_crash_after_the_start_starts_again_rather_than_never(self, failing, started, monkeypatch):
        failing("dynamodb", "UpdateItem", ConnectionClosedError(endpoint_url="dynamodb"), nth=2)
        with pytest.raises(TransientError):
            start.handler(eventbridge(), None)
        now = once._now()
        monkeypatch.setattr(once, "_now", lambda: now + once.LEASE_SECONDS + 1)

        start.handler(eventbridge(), None)

        assert [False] == [run["new"] for run in start.handler(eventbridge(), None)["runs"]]
