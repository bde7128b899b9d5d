"""What is read of executions, their histories and their logs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from awslab.aws.executions import (
    Event,
    Execution,
    File,
    Visit,
    executions_in,
    failing_state,
    file_in,
    read_event,
    read_line,
    said,
    visits,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MACHINE = "arn:aws:states:us-east-1:123456789012:express:sales"
STATE = {"pipeline": "sales", "input": {"bucket": "in", "key": "input/a b.csv", "version": "v1", "size": 3}}


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def chain(*events):
    """A history in which each event follows from the one before; a pair is a type, and a state or an error."""
    return [
        Event(
            number,
            number - 1,
            kind,
            at(number),
            state=word if "State" in kind else "",
            error="" if "State" in kind else word,
        )
        for number, (kind, word) in enumerate(events, 1)
    ]


def line(arn, kind, seconds=0, **details):
    told = {
        "id": str(seconds + 1),
        "previous_event_id": str(seconds),
        "type": kind,
        "event_timestamp": str(int(at(seconds).timestamp() * 1000)),
        "execution_arn": arn,
        "details": details,
    }
    return read_line(json.dumps(told))


class TestTheFailingState:
    def test_is_the_one_whose_task_failed(self):
        events = chain(
            ("ExecutionStarted", ""),
            ("TaskStateEntered", "Validate"),
            ("TaskStateExited", "Validate"),
            ("TaskStateEntered", "Transform"),
            ("TaskFailed", "ValueError"),
            ("ExecutionFailed", "ValueError"),
        )

        assert failing_state(events, "ValueError") == "Transform"

    def test_is_the_one_that_raised_first_what_was_caught_told_and_raised_again(self):
        events = chain(
            ("TaskStateEntered", "Transform"),
            ("TaskFailed", "ValueError"),
            ("TaskStateExited", "Transform"),
            ("TaskStateEntered", "SendAlert"),
            ("TaskFailed", "SNS.Throttled"),
            ("TaskStateExited", "SendAlert"),
            ("FailStateEntered", "Failed"),
            ("ExecutionFailed", "ValueError"),
        )

        assert failing_state(events, "ValueError") == "Transform"

    def test_is_the_fail_state_that_has_an_error_of_its_own(self):
        events = chain(
            ("TaskStateEntered", "SendAlert"),
            ("TaskFailed", "SNS.Throttled"),
            ("TaskStateExited", "SendAlert"),
            ("FailStateEntered", "Invalid"),
            ("ExecutionFailed", "InvalidFile"),
        )

        assert failing_state(events, "InvalidFile") == "Invalid"

    def test_is_in_the_branch_that_failed(self):
        events = [
            Event(1, 0, "ParallelStateEntered", NOON, state="Both"),
            Event(2, 1, "ParallelStateStarted", NOON),
            Event(3, 2, "TaskStateEntered", NOON, state="Count"),
            Event(4, 2, "TaskStateEntered", NOON, state="Report"),
            Event(5, 3, "TaskFailed", NOON, error="Boom"),
            Event(6, 5, "ParallelStateFailed", NOON),
            Event(7, 6, "ExecutionFailed", NOON, error="Boom"),
        ]

        assert failing_state(events, "Boom") == "Count"

    def test_is_the_last_one_where_time_ran_out_or_somebody_stopped_it(self):
        events = chain(("WaitStateEntered", "Pause"), ("ExecutionAborted", "mine"))

        assert failing_state(events, "mine") == "Pause"

    @pytest.mark.parametrize("events", [[], chain(("ExecutionStarted", ""), ("ExecutionFailed", "Boom"))])
    def test_is_none_where_none_was_entered(self, events):
        assert failing_state(events, "Boom") == ""


class TestALog:
    def test_tells_executions_by_their_first_and_last_events_the_newest_first(self):
        one, two, three = f"{MACHINE}:one:u1", f"{MACHINE}:two:u2", f"{MACHINE}:three:u3"
        lines = [
            line(one, "ExecutionStarted", 0, input=json.dumps(STATE)),
            line(one, "ExecutionSucceeded", 2),
            line(two, "ExecutionStarted", 5),
            line(two, "ExecutionFailed", 6, error="Boom", cause="no luck"),
            line(three, "ExecutionStarted", 9),
        ]

        assert executions_in(lines) == [
            Execution(three, "three", "RUNNING", at(9)),
            Execution(two, "two", "FAILED", at(5), at(6), error="Boom", cause="no luck"),
            Execution(one, "one", "SUCCEEDED", at(0), at(2), file=File("in", "input/a b.csv", "v1")),
        ]

    def test_of_which_the_beginning_is_missing_tells_nothing_of_that_execution(self):
        assert executions_in([line(f"{MACHINE}:one:u1", "ExecutionSucceeded")]) == []

    def test_tells_the_same_of_an_event_as_a_history(self):
        _, logged = line("arn", "TaskStateEntered", 1, name="Validate")
        item = {"id": 2, "previousEventId": 1, "type": "TaskStateEntered", "timestamp": at(1)}

        assert logged == read_event({**item, "stateEnteredEventDetails": {"name": "Validate"}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps(STATE), File("in", "input/a b.csv", "v1")),
        (json.dumps({"input": {"bucket": "in", "key": "k"}}), File("in", "k")),
        (json.dumps({"input": {"bucket": "in"}}), None),
        (json.dumps({"input": "in/k"}), None),
        ("[]", None),
        ("7", None),
        ("", None),
    ],
)
def test_the_file_is_what_the_input_says_if_it_is_of_our_form(text, expected):
    assert file_in(text) == expected


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (json.dumps({"errorMessage": "row 7: no number", "stackTrace": []}), "row 7: no number"),
        ("plain words", "plain words"),
        ('{"other": 1}', '{"other": 1}'),
        ("", ""),
    ],
)
def test_of_what_a_function_raised_people_see_the_message(cause, expected):
    assert said(cause) == expected


def test_states_are_visited_from_their_entry_to_their_exit_each_time():
    events = chain(
        ("TaskStateEntered", "A"),
        ("TaskStateExited", "A"),
        ("TaskStateEntered", "A"),
        ("MapStateEntered", "B"),
    )

    assert visits(events) == [Visit("A", at(1), at(2)), Visit("A", at(3)), Visit("B", at(4))]


def test_an_execution_has_lasted_as_soon_as_it_has_ended():
    assert Execution("arn", "x", "RUNNING", NOON).seconds is None
    assert Execution("arn", "x", "SUCCEEDED", NOON, at(3)).seconds == 3
