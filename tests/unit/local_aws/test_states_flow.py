"""What a definition says is done: states, errors, waits, maps, and tasks in the machine's role."""

import io
import json
import time
import zipfile

import pytest

rule = pytest.mark.rule
SEND = {"Action": "sqs:SendMessage"}


def send(queue, **more):
    parameters = {"QueueUrl": queue, "MessageBody.$": "$.text"}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": parameters,
        "End": True,
    } | more


def output(execution):
    assert "SUCCEEDED" == execution["status"], execution
    return json.loads(execution["output"])


def test_choice_parallel_pass_and_intrinsic_functions_give_their_output(flow):
    branch = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1, "End": True}}}
    other = {
        "StartAt": "B",
        "States": {"B": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "End": True}},
    }
    ran = flow.ran(
        {
            "Valid?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "Both"}],
                "Default": "No",
            },
            "Both": {"Type": "Parallel", "Branches": [branch, other], "ResultPath": "$.both", "End": True},
            "No": {"Type": "Fail", "Error": "TooSmall"},
        },
        {"n": 2},
    )

    assert {"n": 2, "both": [1, {"n": 3}]} == output(ran)


def test_a_fail_state_ends_with_its_error_and_cause(flow):
    ran = flow.ran({"No": {"Type": "Fail", "Error": "TooSmall", "Cause": "2 rows"}})

    assert ("FAILED", "TooSmall", "2 rows") == (ran["status"], ran["error"], ran["cause"])
    assert ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"] == flow.events(ran["executionArn"])


@rule("task-role")
def test_a_task_does_what_the_role_may(flow):
    url, arn = flow.queue()

    output(flow.ran({"Send": send(url)}, {"text": "hello"}, SEND | {"Resource": arn}))

    assert ["hello"] == flow.received(url)


@rule("task-role")
def test_a_task_is_refused_what_the_role_may_not(flow):
    url, _ = flow.queue()

    ran = flow.ran({"Send": send(url)}, {"text": "hello"})

    assert "FAILED" == ran["status"]
    assert "is not authorized to perform: sqs:SendMessage" in ran["cause"]


@rule("wait-scaled")
def test_a_wait_lasts_a_hundredth_of_what_it_says(flow):
    began = time.monotonic()

    ran = flow.ran({"Wait": {"Type": "Wait", "Seconds": 20, "End": True}})

    assert "SUCCEEDED" == ran["status"]
    assert 0.2 <= time.monotonic() - began < 5


@rule("wait-scaled")
def test_a_machine_whose_time_is_over_times_out(flow):
    states = {"Wait": {"Type": "Wait", "Seconds": 50, "End": True}}
    machine = flow.machine({"StartAt": "Wait", "TimeoutSeconds": 20, "States": states})

    ran = flow.run(machine)

    assert "TIMED_OUT" == ran["status"]
    assert "ExecutionTimedOut" == flow.events(ran["executionArn"])[-1]


def test_a_failing_task_is_retried_then_caught(flow):
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": "http://127.0.0.1/123456789012/nowhere", "MessageBody": "x"},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxAttempts": 2, "JitterStrategy": "FULL"}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Alert"}],
        "End": True,
    }

    ran = flow.ran({"Send": task, "Alert": {"Type": "Pass", "End": True}}, {"run": 7}, SEND)

    told = output(ran)
    assert 7 == told["run"]
    assert {"Error", "Cause"} == set(told["error"])
    assert 3 == flow.events(ran["executionArn"]).count("TaskFailed")


@rule("jsonata")
def test_jsonata_sees_states_and_variables_and_nulls(flow):
    first = {"Type": "Pass", "Assign": {"name": "{% $states.input.name %}"}, "Next": "Second"}
    second = {
        "Type": "Pass",
        "Output": {
            "sum": "{% $sum($states.input.rows.amount) %}",
            "text": "{% $name & '!' %}",
            "none": "{% $states.input.nothing %}",
            "parts": "{% $partition([1,2,3], 2) %}",
        },
        "End": True,
    }
    machine = flow.machine(
        {"QueryLanguage": "JSONata", "StartAt": "First", "States": {"First": first, "Second": second}}
    )

    ran = flow.run(machine, {"name": 'the "best"', "rows": [{"amount": 1.5}, {"amount": 2.5}], "nothing": None})

    assert {"sum": 4, "text": 'the "best"!', "none": None, "parts": [[1, 2], [3]]} == output(ran)


@rule("jsonata")
def test_a_jsonata_expression_that_gives_nothing_is_an_error_that_names_it(flow):
    state = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.missing %}", "End": True}

    ran = flow.ran({"Nothing": state})

    assert ("FAILED", "States.QueryEvaluationError") == (ran["status"], ran["error"])
    assert "$states.input.missing" in ran["cause"]


def test_a_map_does_its_items_in_order(flow):
    inner = {"StartAt": "One", "States": {"One": {"Type": "Pass", "Parameters": {"v.$": "$"}, "End": True}}}
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "MaxConcurrency": 3, "End": True}

    ran = flow.ran({"Each": state}, {"items": list(range(30))})

    assert [{"v": number} for number in range(30)] == output(ran)


def test_more_than_256_kib_between_states_is_refused(flow):
    double = {"Type": "Pass", "Parameters": {"a.$": "$.text", "b.$": "$.text"}, "End": True}

    ran = flow.ran({"Double": double}, {"text": "x" * 200_000})

    assert ("FAILED", "States.DataLimitExceeded") == (ran["status"], ran["error"])


def invoke(function, **more):
    parameters = {"FunctionName": function, "Payload.$": "$"}
    state = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters, "End": True}
    return state | {"OutputPath": "$.Payload"} | more


def function(flow, body, name="work"):
    """A published function, ready to be invoked; returns the ARN of its version."""
    role = flow.role(f"{name}-role", "lambda.amazonaws.com")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", f"def handle(event, context):\n    {body}\n")
    client = flow.aws.client("lambda")
    client.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="main.handle",
        Code={"ZipFile": packed.getvalue()},
        Timeout=20,
    )
    flow.aws.tick(60)
    return client.publish_version(FunctionName=name)["FunctionArn"]


@rule("task-role")
def test_a_function_is_called_by_its_version_and_gives_its_result(flow):
    arn = function(flow, "return {'sum': sum(event['values'])}")

    ran = flow.ran({"Add": invoke(arn)}, {"values": [1, 2, 3]}, {"Action": "lambda:InvokeFunction", "Resource": arn})

    assert {"sum": 6} == output(ran)


def test_an_error_of_a_function_is_named_after_its_class_and_caught(flow):
    arn = function(flow, "raise ValueError('row 7')")
    states = {
        "Check": invoke(arn, Catch=[{"ErrorEquals": ["ValueError"], "ResultPath": "$.error", "Next": "Alert"}]),
        "Alert": {"Type": "Pass", "End": True},
    }

    told = output(flow.ran(states, {"run": 1}, {"Action": "lambda:InvokeFunction"}))

    assert "ValueError" == told["error"]["Error"]
    assert "row 7" == json.loads(told["error"]["Cause"])["errorMessage"]


@rule("lambda-error-names")
@pytest.mark.parametrize(
    ("statements", "error"),
    [
        ((), "Lambda.AWSLambdaException"),
        (({"Action": "lambda:InvokeFunction"},), "Lambda.ResourceNotFoundException"),
    ],
)
def test_errors_of_the_lambda_service_have_its_names(flow, statements, error):
    gone = "arn:aws:lambda:eu-west-1:123456789012:function:gone"

    ran = flow.ran({"Call": invoke(gone)}, {}, *statements)

    assert ("FAILED", error) == (ran["status"], ran["error"])


@rule("errors-not-caught-by-all")
@pytest.mark.parametrize(("caught", "status"), [("States.ALL", "FAILED"), ("States.DataLimitExceeded", "SUCCEEDED")])
def test_a_result_that_is_too_large_is_caught_by_its_name_only(flow, caught, status):
    arn = function(flow, "return 'x' * 300_000")
    states = {
        "Much": invoke(arn, Catch=[{"ErrorEquals": [caught], "Next": "Alert"}]),
        "Alert": {"Type": "Pass", "End": True},
    }

    ran = flow.ran(states, {}, {"Action": "lambda:InvokeFunction"})

    assert status == ran["status"]


@rule("errors-not-caught-by-all")
@pytest.mark.parametrize(("caught", "status"), [("States.TaskFailed", "SUCCEEDED"), ("States.Timeout", "FAILED")])
def test_a_failed_task_is_caught_as_one_and_not_as_a_timeout(flow, caught, status):
    arn = function(flow, "raise ValueError('row 7')")
    states = {
        "Check": invoke(arn, Catch=[{"ErrorEquals": [caught], "Next": "Alert"}]),
        "Alert": {"Type": "Pass", "End": True},
    }

    assert status == flow.ran(states, {}, {"Action": "lambda:InvokeFunction"})["status"]


def test_a_task_that_takes_too_long_times_out(flow):
    arn = function(flow, "__import__('time').sleep(5)")
    states = {
        "Slow": invoke(arn, TimeoutSeconds=1, Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "Alert"}]),
        "Alert": {"Type": "Pass", "End": True},
    }

    ran = flow.ran(states, {}, {"Action": "lambda:InvokeFunction"})

    assert "States.Timeout" == output(ran)["Error"]
    assert "TaskTimedOut" in flow.events(ran["executionArn"])


@pytest.mark.parametrize("around", ["Parallel", "Map"])
def test_an_error_of_the_language_in_a_branch_or_item_is_that_of_the_state_around_it(flow, around):
    inner = {"StartAt": "In", "States": {"In": {"Type": "Pass", "InputPath": "$.missing", "End": True}}}
    work = {"Branches": [inner]} if around == "Parallel" else {"ItemsPath": "$.items", "ItemProcessor": inner}

    ran = flow.ran({"Around": {"Type": around, "End": True} | work}, {"items": [{}]})

    assert ("FAILED", "States.Runtime") == (ran["status"], ran["error"])
    assert "$.missing" in ran["cause"]


def test_a_fail_state_hands_on_an_error_that_was_caught(flow):
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "ResultPath": "$.error", "Next": "Failed"}]
    states = {
        "Empty": {
            "Type": "Map",
            "ItemsPath": "$.text",
            "ItemProcessor": {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}},
            "Catch": catch,
            "End": True,
        },
        "Failed": {
            "Type": "Fail",
            "ErrorPath": "$.error.Error",
            "CausePath": "States.Format('Empty: {}', $.error.Cause)",
        },
    }

    ran = flow.ran(states, {"text": "none"})

    assert ("FAILED", "States.QueryEvaluationError") == (ran["status"], ran["error"])
    assert "Empty: Map state input must be an array" in ran["cause"]


@rule("jsonpath-value")
@pytest.mark.parametrize(
    ("path", "found"),
    [("$[1].steps", {"b": 2}), ("$[0].steps.a", 1), ("$[*].steps.a", [1]), ("$[0:1].steps.a", [1])],
)
def test_a_path_to_one_place_gives_the_value_there_and_any_other_a_list(flow, path, found):
    given = [{"steps": {"a": 1}}, {"steps": {"b": 2}}]
    branches = {"Pick": {"Type": "Pass", "Parameters": {"found.$": path}, "End": True}}

    shown = flow.ran(branches, given)

    assert {"found": found} == json.loads(shown["output"])
