"""State machines that have run, run, and change; and what is told of it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from awslab.aws import executions
from awslab.aws.states import Definition
from awslab.core.errors import InUse
from awslab.core.graph import Graph
from tests.contract.examples.flow import LOG, MACHINE
from tests.support.lab import REGION, with_references

LONG_AGO = datetime.now(UTC) - timedelta(days=1)


def machine(states, **more):
    """The machine of the examples, with other states; the first one begins."""
    definition = Definition.of({"StartAt": next(iter(states)), "States": states})
    return replace(MACHINE, definition=definition, **more)


WAITING = machine({"Pause": {"Type": "Wait", "Seconds": 99999999, "End": True}})
NOWHERE = f"https://sqs.{REGION}.amazonaws.com/123456789012/nowhere"
INNER = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Parameters": {"QueueUrl": NOWHERE, "MessageBody": "x"},
    "End": True,
}
FAILING = machine(
    {
        "Work": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "Inner", "States": {"Inner": INNER}}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}],
            "End": True,
        },
        "Failed": {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"},
    }
)
"""A branch that may not send, which is caught and raised again."""


@pytest.fixture
def sfn(local_aws):
    return boto3.client("stepfunctions", region_name=REGION)


def start(sfn, *names, key="input/a.csv"):
    told = json.dumps({"input": {"bucket": "in", "key": key, "version": "v1"}})
    return [sfn.start_execution(stateMachineArn=MACHINE.arn, name=name, input=told)["executionArn"] for name in names]


def eventually(look, good, seconds=10):
    end = time.monotonic() + seconds
    while not good(seen := look()) and time.monotonic() < end:
        time.sleep(0.05)
    assert good(seen), seen
    return seen


class TestDeletion:
    def test_waits_for_what_runs_and_names_it(self, lab, sfn):
        lab.settle(with_references(WAITING))
        start(sfn, "a", "b", "c", "d")

        (outcome,) = [o for o in lab.once(Graph()).outcomes if o.step.address == WAITING.address]

        assert isinstance(outcome.error, InUse)
        assert "4 executions are running, the first since " in str(outcome.error)
        assert ": a, b, c, ...; they are waited for, unless deletion.runningExecutions says Stop" in str(outcome.error)
        assert [b.id.rpartition(":")[2] for b in outcome.blockers] == ["a", "b", "c"]
        assert lab.seen(WAITING.address).ready

    def test_goes_on_when_all_have_ended(self, lab, sfn):
        lab.settle(with_references(WAITING))
        (running,) = start(sfn, "a")
        lab.once(Graph())
        sfn.stop_execution(executionArn=running)

        lab.settle(Graph())

        assert lab.found() == {}

    def test_stops_what_runs_where_the_spec_says_so(self, lab, sfn):
        lab.settle(with_references(WAITING))
        start(sfn, "a", "b")
        lab.aws = replace(lab.aws, on_delete={"runningExecutions": "Stop"})

        lab.settle(Graph())

        assert lab.found() == {}
        assert [c["action"] for c in lab.control.calls() if c["action"] == "StopExecution"] == ["StopExecution"] * 2


def test_each_change_is_a_version_and_the_last_ten_are_kept(lab, sfn):
    for seconds in range(13):
        step = {"Pause": {"Type": "Wait", "Seconds": seconds, "End": True}}
        lab.settle(with_references(machine(step)))

    versions = sfn.list_state_machine_versions(stateMachineArn=MACHINE.arn)["stateMachineVersions"]

    assert [str(number) for number in range(13, 3, -1)] == [
        v["stateMachineVersionArn"].rpartition(":")[2] for v in versions
    ]


class TestExecutions:
    def test_are_told_the_newest_first_with_file_error_and_failing_state(self, lab, sfn):
        lab.settle(with_references(FAILING))
        start(sfn, "first")
        eventually(lambda: executions.latest(lab.aws, MACHINE.arn), lambda found: found and found[0].failed)
        start(sfn, "second", key="input/b.csv")

        found = eventually(
            lambda: executions.latest(lab.aws, MACHINE.arn, most=1),
            lambda found: found[0].name == "second" and found[0].failed,
        )

        (last,) = found
        assert last.file == executions.File("in", "input/b.csv", "v1")
        assert (last.status, last.state) == ("FAILED", "Inner")
        assert "not authorized" in last.cause
        assert last.stop >= last.start

    def test_that_are_known_to_have_ended_are_not_asked_for_again(self, lab, sfn):
        lab.settle(with_references(FAILING))
        start(sfn, "a", "b")
        found = eventually(
            lambda: executions.latest(lab.aws, MACHINE.arn), lambda found: [e.failed for e in found] == [True, True]
        )
        since = lab.control.last_call()

        again = executions.latest(lab.aws, MACHINE.arn, known={e.arn: e for e in found})

        assert found == again
        assert [c["action"] for c in lab.control.calls(since)] == ["ListExecutions"]

    def test_are_counted_by_what_became_of_them(self, lab, sfn):
        lab.settle(with_references(WAITING))
        (one, _) = start(sfn, "a", "b")
        sfn.stop_execution(executionArn=one)

        counts = executions.count(lab.aws, MACHINE.arn, LONG_AGO)

        assert counts.by_status == {"RUNNING": 1, "ABORTED": 1}
        assert counts.complete
        assert executions.count(lab.aws, MACHINE.arn, datetime.now(UTC) + timedelta(hours=1)).started == 0

    def test_show_the_state_they_are_in(self, lab, sfn):
        lab.settle(with_references(WAITING))
        (running,) = start(sfn, "a")

        (visit,) = eventually(lambda: executions.visits(executions.history(lab.aws, running)), bool)

        assert (visit.state, visit.left) == ("Pause", None)

    def test_of_no_machine_are_none(self, lab):
        assert executions.latest(lab.aws, MACHINE.arn) == []
        assert executions.history(lab.aws, f"{MACHINE.arn.replace('stateMachine', 'execution')}:x") == []


class TestExpressExecutions:
    @pytest.fixture
    def express(self, lab, sfn):
        lab.settle(with_references(replace(FAILING, type="EXPRESS")))
        start(sfn, "a")
        start(sfn, "b", key="input/b.csv")
        return lambda: executions.latest_logged(lab.aws, LOG.arn, MACHINE.arn)

    def test_are_told_by_their_log(self, lab, express):
        found = eventually(express, lambda found: [e.failed for e in found] == [True, True])

        assert {e.file.key for e in found} == {"input/a.csv", "input/b.csv"}
        assert {(e.status, e.state) for e in found} == {("FAILED", "Inner")}
        assert all("not authorized" in e.cause for e in found)

    def test_are_counted_by_their_log(self, lab, express):
        eventually(express, lambda found: [e.failed for e in found] == [True, True])

        assert executions.count_logged(lab.aws, LOG.arn, MACHINE.arn, LONG_AGO).by_status == {"FAILED": 2}

    def test_of_no_log_are_none(self, lab):
        assert executions.latest_logged(lab.aws, LOG.arn, MACHINE.arn) == []
