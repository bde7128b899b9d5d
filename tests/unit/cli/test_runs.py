"""`awslab runs`, `run` and `logs`: what a pipeline has done, is doing, and wrote."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from awslab.aws import executions
from awslab.aws.executions import Event, Execution, File
from awslab.cli import run as run_command
from tests.support.memory import applied

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:sales"
GROUPS = {
    "state-machine": "/aws/states/sales",
    "ValidateData": "/aws/lambda/validate",
    "start-run": "/aws/lambda/start",
}
STATUS = {
    "stateMachineArn": MACHINE,
    "bucketName": "files",
    "outputBucketName": "files",
    "logGroupNames": GROUPS,
}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def pipeline(cluster):
    """Put a DataPipeline there, as the operator would leave it."""

    def put(status=STATUS, **spec):
        steps = [{"name": "ValidateData", "builtin": "csv-validate"}]
        obj = applied("DataPipeline", "sales", {"region": "us-east-1", "steps": steps, **spec}).obj
        cluster.api.create("datapipelines", obj)
        cluster.api.objects["datapipelines", "lab", "sales"]["status"] = dict(status)

    return put


def execution(number, status="SUCCEEDED", **more):
    start = NOON + timedelta(minutes=number)
    stop = None if status == "RUNNING" else start + timedelta(seconds=4.25)
    name = f"{number}" * 40
    arn = f"{MACHINE.replace(':stateMachine:', ':execution:')}:{name}"
    return Execution(arn, name, status, start, stop, **{"file": File("files", "input/a b.csv", "v1"), **more})


FAILED = execution(2, "FAILED", error="InvalidFile", cause="row 7: no number\nmore", state="ValidateData")


class TestRuns:
    @pytest.fixture(autouse=True)
    def _runs(self, monkeypatch):
        self.asked = []
        found = [execution(3, "RUNNING"), FAILED, execution(1)]

        def latest(aws, machine, most):
            self.asked.append((machine, most))
            return found[:most]

        monkeypatch.setattr(executions, "latest", latest)
        monkeypatch.setattr(executions, "latest_logged", lambda aws, group, *_: [replace(found[1], name=group)])

    def test_shows_file_result_time_and_what_failed(self, pipeline, awslab):
        pipeline()

        lines = awslab("runs", "datapipeline/sales", "-n", "lab").stdout.splitlines()

        assert ["RUN", "FILE", "STATUS", "BEGAN", "TOOK", "WHAT", "FAILED"] == lines[0].split()
        assert ["333333333333", "input/a", "b.csv", "RUNNING", "2026-11-23", "12:03:00"] == lines[1].split()
        assert "FAILED" in lines[2]
        assert lines[2].split("4.2 s")[1].strip() == "ValidateData: InvalidFile: row 7: no number"
        assert 4 == len(lines)

    def test_asks_for_no_more_than_it_shows(self, pipeline, awslab):
        pipeline()

        awslab("runs", "dpl/sales", "-n", "lab", "-m", "1")

        assert [(MACHINE, 1)] == self.asked

    def test_prints_all_that_is_known_as_json(self, pipeline, awslab):
        pipeline()

        _, failed, _ = json.loads(awslab("runs", "datapipeline/sales", "-n", "lab", "-o", "json").stdout)

        assert ("FAILED", "input/a b.csv", "v1") == (failed["status"], failed["file"]["key"], failed["file"]["version"])

    def test_those_of_an_express_pipeline_come_from_its_log(self, pipeline, awslab):
        pipeline(type="EXPRESS")

        (found,) = json.loads(awslab("runs", "datapipeline/sales", "-n", "lab", "-o", "json").stdout)

        assert GROUPS["state-machine"] == found["name"]

    def test_where_there_are_none_it_says_how_to_begin_one(self, pipeline, awslab, monkeypatch):
        monkeypatch.setattr(executions, "latest", lambda *_: [])
        pipeline()

        shown = awslab("runs", "datapipeline/sales", "-n", "lab").stdout

        assert "DataPipeline lab/sales has no runs; begin one: awslab run datapipeline/sales\n" == shown


class TestWrong:
    def test_what_has_no_runs_says_what_has(self, cluster, awslab):
        cluster.worked_on(passes=0)

        result = awslab("runs", "labvpc/production", "-n", "lab")

        assert (1, "Error: LabVpc lab/production has no runs; a DataPipeline has\n") == (
            result.exit_code,
            result.stderr,
        )

    def test_a_pipeline_that_is_not_made_yet_says_where_to_look(self, pipeline, awslab):
        pipeline(status={})

        result = awslab("logs", "datapipeline/sales", "-n", "lab")

        assert 1 == result.exit_code
        assert "has no state machine yet; see: awslab trace datapipeline/sales" in result.stderr

    def test_what_aws_refuses_is_told_in_its_words(self, pipeline, awslab, local_aws):
        pipeline()
        local_aws.fault("deny", "ListExecutions")

        result = awslab("runs", "datapipeline/sales", "-n", "lab")

        assert 1 == result.exit_code
        assert result.stderr.startswith("Error: DataPipeline lab/sales: ListExecutions: ")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a b.csv"
    path.write_text("id\n1\n")
    return path


class TestRun:
    """What happens in the state machine is told by *seen*: one answer for each look."""

    @pytest.fixture(autouse=True)
    def _world(self, local_aws, monkeypatch):
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket="files")
        self.s3.put_bucket_versioning(Bucket="files", VersioningConfiguration={"Status": "Enabled"})
        self.seen, self.events, self.asked = [], [], []
        monkeypatch.setattr(run_command, "EVERY", 0.01)
        monkeypatch.setattr(executions, "described", self._described)
        monkeypatch.setattr(executions, "history", lambda aws, arn: self.events)

    def _described(self, aws, these, known):
        (asked,) = these
        self.asked.append(asked.name)
        seen = self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]
        return [seen or asked]

    def _happened(self, *events):
        moments = [NOON + timedelta(minutes=1, seconds=n) for n in range(len(events))]
        self.events = [Event(n, n - 1, kind, moments[n], **what) for n, (kind, what) in enumerate(events)]

    def test_uploads_the_file_and_follows_the_run_of_that_version(self, pipeline, awslab, file):
        pipeline(source={"prefix": "in/"})
        self.seen = [None, execution(1)]

        result = awslab("run", "datapipeline/sales", "-n", "lab", "--file", file)

        stored = self.s3.get_object(Bucket="files", Key="in/a b.csv")
        text = f"files|in/a b.csv|{stored['VersionId']}"
        assert (0, b"id\n1\n") == (result.exit_code, stored["Body"].read())
        assert {hashlib.sha256(text.encode()).hexdigest()[:40]} == set(self.asked)
        assert "uploaded s3://files/in/a b.csv" == result.stdout.splitlines()[0]

    def test_tells_each_step_once_and_then_the_results(self, pipeline, awslab, file):
        pipeline()
        self._happened(
            ("ExecutionStarted", {}),
            ("TaskStateEntered", {"state": "ValidateData"}),
            ("LambdaFunctionSucceeded", {}),
            ("TaskStateExited", {"state": "ValidateData"}),
        )
        started = datetime.now(UTC) - timedelta(seconds=2)
        ended = replace(execution(1), start=started, stop=started + timedelta(seconds=1.5))
        self.seen = [replace(ended, status="RUNNING", stop=None)] * 2 + [ended]
        self.s3.put_object(Bucket="files", Key="output/processed.json", Body=b"12345")

        lines = awslab("run", "datapipeline/sales", "-n", "lab", "-f", file).stdout.splitlines()

        assert ["→ ValidateData", "✓ ValidateData"] == [line.split(" s  ")[1] for line in lines[1:3]]
        assert ["SUCCEEDED after 1.5 s", "  s3://files/output/processed.json  5 bytes"] == lines[3:]

    def test_a_run_that_fails_names_the_step_the_error_and_its_log_and_ends_with_1(self, pipeline, awslab, file):
        pipeline()
        now = datetime.now(UTC)
        self._happened(
            ("TaskStateEntered", {"state": "ValidateData"}),
            ("LambdaFunctionFailed", {"error": "InvalidFile", "cause": "row 7: no number\nmore"}),
        )
        self.seen = [replace(FAILED, start=now - timedelta(seconds=5), stop=now)]
        write(GROUPS["ValidateData"], "looked at 7 rows")

        result = awslab("run", "datapipeline/sales", "-n", "lab", "-f", file)

        assert 1 == result.exit_code
        assert "✗ InvalidFile: row 7: no number" in result.stdout
        assert "ValidateData: InvalidFile: row 7: no number\n" in result.stdout
        assert "looked at 7 rows" in result.stdout.splitlines()[-1]

    def test_a_name_that_begins_no_run_is_not_uploaded(self, pipeline, awslab, file):
        pipeline(source={"suffix": ".json"})

        result = awslab("run", "datapipeline/sales", "-n", "lab", "-f", file)

        assert 2 == result.exit_code
        assert "does not end with .json, so that it begins no run" in result.stderr
        assert "Contents" not in self.s3.list_objects_v2(Bucket="files")

    def test_it_may_have_another_name(self, pipeline, awslab, file):
        pipeline()
        self.seen = [execution(1)]

        awslab("run", "datapipeline/sales", "-n", "lab", "-f", file, "--as", "b.csv")

        assert ["input/b.csv"] == [o["Key"] for o in self.s3.list_objects_v2(Bucket="files")["Contents"]]

    def test_a_bucket_without_versions_says_why_it_cannot_be_followed(self, pipeline, awslab, file):
        self.s3.create_bucket(Bucket="plain")
        pipeline(status={**STATUS, "bucketName": "plain"})

        result = awslab("run", "datapipeline/sales", "-n", "lab", "-f", file)

        assert 1 == result.exit_code
        assert "plain keeps no versions: the run cannot be told; see: awslab runs" in result.stderr

    def test_no_run_within_the_time_says_where_to_look(self, pipeline, awslab, file):
        pipeline()
        self.seen = [None]

        result = awslab("run", "datapipeline/sales", "-n", "lab", "-f", file, "--timeout", "0.05")

        assert (1, "Error: no run has begun within 0 s; see: awslab runs, awslab logs\n") == (
            result.exit_code,
            result.stderr,
        )


def write(group, *lines):
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + n, "message": f"{line}\n"} for n, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


class TestLogs:
    @pytest.fixture(autouse=True)
    def _lines(self, pipeline, local_aws):
        pipeline()
        write(GROUPS["ValidateData"], "one good row", "another row")
        write(GROUPS["start-run"], "started")
        write(GROUPS["state-machine"], "a line of the machine")

    def test_are_those_of_all_functions_with_their_steps(self, awslab):
        lines = awslab("logs", "datapipeline/sales", "-n", "lab").stdout.splitlines()

        told = sorted(line.split(maxsplit=2)[1:] for line in lines)
        assert [
            ["ValidateData", "another row"],
            ["ValidateData", "one good row"],
            ["start-run", "started"],
        ] == told

    def test_may_be_of_one_step_with_one_word(self, awslab):
        shown = awslab("logs", "datapipeline/sales", "-n", "lab", "-s", "ValidateData", "--grep", "good").stdout

        assert ["one good row"] == [line.split(maxsplit=2)[2] for line in shown.splitlines()]

    def test_of_the_state_machine_are_shown_when_asked_for(self, awslab):
        shown = awslab("logs", "datapipeline/sales", "-n", "lab", "-s", "state-machine").stdout

        assert "a line of the machine" in shown

    def test_of_a_group_that_is_gone_are_none(self, awslab):
        boto3.client("logs").delete_log_group(logGroupName=GROUPS["start-run"])

        result = awslab("logs", "datapipeline/sales", "-n", "lab", "-s", "start-run")

        assert (0, "") == (result.exit_code, result.stdout)

    def test_of_a_step_that_is_none_are_refused_with_those_that_are(self, awslab):
        result = awslab("logs", "datapipeline/sales", "-n", "lab", "-s", "Nobody")

        assert 2 == result.exit_code
        assert "there is no Nobody; there are state-machine, ValidateData, start-run" in result.stderr

    def test_a_duration_that_is_none_is_refused_with_one_that_is(self, awslab):
        result = awslab("logs", "datapipeline/sales", "-n", "lab", "--since", "yesterday")

        assert 2 == result.exit_code
        assert "yesterday is no duration; say for example 90s, 15m or 2h" in result.stderr
