"""What is told of a pipeline's runs: each once, the last ones in full."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from awslab.aws import executions
from awslab.aws.executions import Execution, File
from awslab.core.ownership import Owner
from awslab.kinds.datapipeline import DATA_PIPELINE, history
from awslab.kinds.kind import Look
from tests.unit.kinds.pipelines import function, spec

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MACHINE = "arn:aws:states:us-east-1:123456789012:execution:sales"
FILE = File("in", "input/a b.csv", "v1")


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def run(number, status="SUCCEEDED", start=None, stop=None, **more):
    """A run that begins every ten seconds and takes four."""
    begin = 10.0 * number if start is None else start
    ended = None if status == "RUNNING" else at(begin + 4 if stop is None else stop)
    name = f"{number:012d}abcdef"
    return Execution(f"{MACHINE}:{name}", name, status, at(begin), ended, **{"file": FILE, **more})


class Aws:
    """A state machine with runs, the newest first; described are those that were looked at by themselves."""

    def __init__(self, monkeypatch):
        self.runs, self.described = [], []
        monkeypatch.setattr(executions, "listed", self._listed)
        monkeypatch.setattr(executions, "described", self._described)
        monkeypatch.setattr(executions, "latest_logged", lambda aws, group, machine, most: self.runs[:most])

    def _listed(self, aws, machine, most):
        return [replace(run, file=None, error="", cause="", state="") for run in self.runs[:most]]

    def _described(self, aws, these, known):
        by_arn = {run.arn: run for run in self.runs}
        self.described = [run.arn for run in these if run.arn not in known or known[run.arn].stop is None]
        return [by_arn[run.arn] for run in these]

    def report(self, before=None, **fields):
        asked = spec(function("A"), **fields)
        facts = DATA_PIPELINE.guess(asked, Owner("test", "DataPipeline", "lab", "sales"))
        return history.report(asked, facts, None, Look(before or {}))


@pytest.fixture
def aws(monkeypatch):
    return Aws(monkeypatch)


def words(report):
    return [(r.result, r.about, r.seconds) for r in report.runs]


def test_a_pipeline_that_never_ran_says_so(aws):
    report = aws.report()

    assert {"lastRun": "None", "succeeded": "0", "failed": "0"} == report.outputs["summary"]
    assert ([], (), 60.0) == (report.outputs["executions"], report.runs, report.again)


def test_the_last_runs_are_told_in_full_and_the_summary_counts_them(aws):
    failed = run(2, "FAILED", error="InvalidFile", cause="row 7\nTraceback", state="ValidateData")
    aws.runs = [failed, run(1)]

    outputs = aws.report().outputs

    assert {
        "name": failed.name,
        "arn": failed.arn,
        "status": "FAILED",
        "input": "input/a b.csv",
        "version": "v1",
        "start": "2026-11-23T12:00:20Z",
        "stop": "2026-11-23T12:00:24Z",
        "failedStep": "ValidateData",
        "error": "InvalidFile",
        "cause": "row 7",
    } == outputs["executions"][0]
    assert {"lastRun": "FAILED 2026-11-23T12:00:24Z", "succeeded": "1", "failed": "1"} == outputs["summary"]


def test_each_beginning_and_each_end_is_told_once_and_in_order(aws):
    aws.runs = [run(2, "RUNNING"), run(1)]
    first = aws.report()
    aws.runs = [run(3, "RUNNING"), run(2, "FAILED", error="Boom", cause="no reason", state="A"), run(1)]

    second = aws.report(first.outputs)
    third = aws.report(second.outputs)

    assert [("Started", 1), ("Succeeded", 1), ("Started", 2)] == [
        (r.result, int(r.about.split()[1])) for r in first.runs
    ]
    assert [
        ("Failed", "Run 000000000002 of input/a b.csv failed in A: Boom: no reason", 4.0),
        ("Started", "Run 000000000003 of input/a b.csv began", None),
    ] == words(second)
    assert () == third.runs


def test_a_long_run_is_told_when_it_ends_though_later_ones_ended_before(aws):
    aws.runs = [run(2, stop=25), run(1, "RUNNING")]
    before = aws.report().outputs
    aws.runs = [run(2, stop=25), run(1, start=10, stop=90)]

    assert [("Succeeded", "Run 000000000001 of input/a b.csv succeeded", 80.0)] == words(aws.report(before))


def test_runs_beyond_the_history_are_told_too(aws):
    aws.runs = [run(number) for number in (3, 2, 1)]

    report = aws.report(history=1)

    assert [aws.runs[0].name] == [e["name"] for e in report.outputs["executions"]]
    assert 6 == len(report.runs)
    assert "Run 000000000001abcdef succeeded" in [r.about for r in report.runs]


def test_no_run_is_shown_where_none_is_wanted_and_all_are_told(aws):
    aws.runs = [run(1)]

    report = aws.report(history=0)

    assert [] == report.outputs["executions"]
    assert ["Started", "Succeeded"] == [r.result for r in report.runs]


def test_what_is_known_to_have_ended_is_not_asked_for_again(aws):
    aws.runs = [run(2, "RUNNING"), run(1)]
    before = aws.report().outputs

    aws.report(before)

    assert [aws.runs[0].arn] == aws.described


def test_while_something_runs_the_next_look_is_soon(aws):
    aws.runs = [run(1, "RUNNING")]

    assert 10.0 == aws.report().again


@pytest.mark.parametrize("status", ["TIMED_OUT", "ABORTED"])
def test_what_neither_succeeds_nor_says_why_has_failed_by_its_status(aws, status):
    aws.runs = [run(1, status)]

    assert ("Failed", f"Run 000000000001 of input/a b.csv failed: {status}", 4.0) == words(aws.report())[1]


def test_a_long_cause_is_shortened_to_its_first_line(aws):
    aws.runs = [run(1, "FAILED", cause="x" * 501 + "\nand more")]

    (told,) = aws.report().outputs["executions"]

    assert "x" * 499 + "…" == told["cause"]


class TestExpress:
    def test_runs_are_read_from_the_log(self, aws):
        aws.runs = [run(1)]

        report = aws.report(type="EXPRESS")

        assert [aws.runs[0].name] == [e["name"] for e in report.outputs["executions"]]

    def test_without_the_whole_log_nothing_is_known(self, aws):
        aws.runs = [run(1)]

        report = aws.report(type="EXPRESS", logs={"level": "ERROR"})

        assert ([], ()) == (report.outputs["executions"], report.runs)
