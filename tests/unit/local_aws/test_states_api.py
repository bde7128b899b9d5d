"""State machines and executions as the API keeps them: names, versions, aliases, deletion, history."""

import json
import time

import pytest

from awslab.local.aws import state
from awslab.local.aws.app import LocalAws

rule = pytest.mark.rule
PASS = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
OTHER = {"StartAt": "Other", "States": {"Other": {"Type": "Pass", "End": True}}}
WAIT = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 9000, "Next": "End"}, "End": PASS["States"]["Only"]},
}


def begun(flow, machine, **more):
    return flow.sfn.start_execution(stateMachineArn=machine, **more)["executionArn"]


@rule("definition-valid")
@pytest.mark.parametrize(
    ("definition", "named"),
    [
        (
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}},
            "Missing 'Next' target: B at /States/A/Next",
        ),
        ({"StartAt": "X", "States": {"A": {"Type": "Pass", "End": True}}}, "Missing 'StartAt' target: X at /StartAt"),
        ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "[Next, End] at /States/A"),
        ({"StartAt": "A", "States": {"A": {"Type": "Task", "End": True}}}, "at /States/A"),
        ({"StartAt": "A", "States": {"A": {"Type": "Pass", "Sense": 1, "End": True}}}, "at /States/A"),
        (
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}, "B": {"Type": "Succeed"}}},
            'State "B" is not reachable. at /States/B',
        ),
        ("no JSON", "INVALID_JSON_DESCRIPTION"),
    ],
)
def test_a_definition_that_cannot_run_is_refused_and_the_state_named(flow, refused, definition, named):
    role = flow.role("flow-role", "states.amazonaws.com")
    text = definition if isinstance(definition, str) else json.dumps(definition)

    error = refused("InvalidDefinition", flow.sfn.create_state_machine, name="flow", definition=text, roleArn=role)
    told = flow.sfn.validate_state_machine_definition(definition=text)

    assert named in error["Error"]["Message"]
    assert "FAIL" == told["result"]


def test_a_definition_within_a_branch_is_looked_at_too(flow):
    inner = {"StartAt": "In", "States": {"In": {"Type": "Pass", "Next": "Nowhere"}}}
    flow_ = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [inner], "End": True}}}

    told = flow.sfn.validate_state_machine_definition(definition=json.dumps(flow_))

    assert "/States/P/Branches[0]/States/In/Next" in [one["location"] for one in told["diagnostics"]]


@rule("machine-same-name")
def test_making_a_machine_again_gives_the_same_and_another_of_its_name_is_refused(flow, refused):
    machine = flow.machine(PASS)
    role = flow.sfn.describe_state_machine(stateMachineArn=machine)["roleArn"]

    again = flow.machine(PASS, roleArn=role)

    assert machine == again
    refused(
        "StateMachineAlreadyExists",
        flow.sfn.create_state_machine,
        name="flow",
        definition=json.dumps(OTHER),
        roleArn=role,
    )


@rule("machine-role")
def test_a_role_that_does_not_trust_step_functions_is_refused(flow, refused):
    role = flow.role("other", "lambda.amazonaws.com")

    refused("AccessDeniedException", flow.sfn.create_state_machine, name="m", definition=json.dumps(PASS), roleArn=role)


@rule("machine-names")
def test_a_name_with_a_space_is_refused(flow, refused):
    refused("InvalidName", flow.sfn.create_state_machine, name="a b", definition=json.dumps(PASS), roleArn="x")


@rule("execution-names")
def test_a_named_execution_is_one_while_it_runs_and_none_after(flow, refused):
    machine = flow.machine(WAIT)
    first = begun(flow, machine, name="run-1", input='{"a":1}')

    again = begun(flow, machine, name="run-1", input='{"a":1}')
    taken = {"stateMachineArn": machine, "name": "run-1"}

    assert first == again
    refused("ExecutionAlreadyExists", flow.sfn.start_execution, input='{"a":2}', **taken)
    flow.sfn.stop_execution(executionArn=first)
    refused("ExecutionAlreadyExists", flow.sfn.start_execution, input='{"a":1}', **taken)


@rule("execution-names")
def test_executions_without_a_name_are_told_apart(flow):
    machine = flow.machine(PASS)

    assert 3 == len({begun(flow, machine) for _ in range(3)})


@rule("execution-input")
def test_an_input_that_is_no_json_or_too_long_is_refused(flow, refused):
    machine = flow.machine(PASS)

    refused("InvalidExecutionInput", flow.sfn.start_execution, stateMachineArn=machine, input="{")
    long = json.dumps("x" * 262_144)
    refused("ValidationException", flow.sfn.start_execution, stateMachineArn=machine, input=long)


@rule("execution-stop")
def test_a_stopped_execution_is_aborted_with_what_it_is_told(flow):
    execution = begun(flow, flow.machine(WAIT))

    flow.sfn.stop_execution(executionArn=execution, error="Enough", cause="by hand")

    shown = flow.sfn.describe_execution(executionArn=execution)
    assert ("ABORTED", "Enough", "by hand") == (shown["status"], shown["error"], shown["cause"])
    assert "ExecutionAborted" == flow.events(execution)[-1]


@rule("machine-update-something")
def test_an_update_of_nothing_is_refused(flow, refused):
    refused("MissingRequiredParameter", flow.sfn.update_state_machine, stateMachineArn=flow.machine(PASS))


def test_running_executions_keep_what_they_began_with(flow):
    machine = flow.machine(WAIT)
    execution = begun(flow, machine)

    flow.sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(PASS))

    kept = flow.sfn.describe_state_machine_for_execution(executionArn=execution)["definition"]
    assert (WAIT, PASS) == (
        json.loads(kept),
        json.loads(flow.sfn.describe_state_machine(stateMachineArn=machine)["definition"]),
    )


@rule("machine-deleting", "machine-deleting-starts-nothing")
def test_a_deleted_machine_is_deleting_until_its_executions_have_ended(flow, refused):
    machine = flow.machine(json.loads(json.dumps(WAIT).replace("9000", "50")))
    execution = begun(flow, machine)

    flow.sfn.delete_state_machine(stateMachineArn=machine)
    shown = flow.sfn.describe_state_machine(stateMachineArn=machine)["status"]
    refused("StateMachineDeleting", flow.sfn.start_execution, stateMachineArn=machine)
    ended = flow.ended(execution)["status"]
    flow.aws.tick(60)

    assert ("DELETING", "ABORTED") == (shown, ended)
    refused("StateMachineDoesNotExist", flow.sfn.describe_state_machine, stateMachineArn=machine)


@rule("machine-version-unchanged", "machine-version-revision", "machine-version-description")
def test_versions_are_numbered_and_published_once(flow, refused):
    machine = flow.machine(PASS, publish=True)
    again = flow.sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    changed = flow.sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(OTHER), publish=True)

    listed = flow.sfn.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]

    assert f"{machine}:1" == again
    assert [f"{machine}:2", f"{machine}:1"] == [one["stateMachineVersionArn"] for one in listed]
    assert f"{machine}:2" == changed["stateMachineVersionArn"]
    refused("ConflictException", flow.sfn.publish_state_machine_version, stateMachineArn=machine, revisionId="old")
    refused("ValidationException", flow.sfn.update_state_machine, stateMachineArn=machine, versionDescription="x")


@rule("machine-alias-routes", "machine-alias-same-name", "machine-version-in-alias")
def test_an_alias_routes_to_versions_and_holds_them(flow, refused):
    machine = flow.machine(PASS, publish=True)
    route = [{"stateMachineVersionArn": f"{machine}:1", "weight": 100}]
    alias = flow.sfn.create_state_machine_alias(name="live", routingConfiguration=route)["stateMachineAliasArn"]

    ran = flow.run(alias, {})

    assert (f"{machine}:1", alias) == (ran["stateMachineVersionArn"], ran["stateMachineAliasArn"])
    refused("ConflictException", flow.sfn.delete_state_machine_version, stateMachineVersionArn=f"{machine}:1")
    half = [{"stateMachineVersionArn": f"{machine}:1", "weight": 50}]
    refused("ValidationException", flow.sfn.create_state_machine_alias, name="x", routingConfiguration=half)
    flow.sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(OTHER), publish=True)
    other = [{"stateMachineVersionArn": f"{machine}:2", "weight": 100}]
    refused("ConflictException", flow.sfn.create_state_machine_alias, name="live", routingConfiguration=other)
    flow.sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=other)
    flow.sfn.delete_state_machine_version(stateMachineVersionArn=f"{machine}:1")
    assert other == flow.sfn.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"]


@rule("express-sync", "express-no-history")
def test_an_express_machine_runs_while_the_caller_waits_and_is_not_listed(flow, refused):
    machine = flow.machine(PASS, type="EXPRESS")

    told = flow.sfn.start_sync_execution(stateMachineArn=machine, input='{"a": 1}')

    assert ("SUCCEEDED", {"a": 1}) == (told["status"], json.loads(told["output"]))
    refused("StateMachineTypeNotSupported", flow.sfn.list_executions, stateMachineArn=machine)
    standard = flow.machine(PASS, name="standard")
    refused("StateMachineTypeNotSupported", flow.sfn.start_sync_execution, stateMachineArn=standard)


def test_executions_are_listed_newest_first_by_status_and_in_pages(flow):
    machine = flow.machine(PASS)
    for number in range(3):
        flow.aws.tick(1)
        flow.run(machine, name=f"run-{number}")

    pages = flow.sfn.get_paginator("list_executions").paginate(
        stateMachineArn=machine, statusFilter="SUCCEEDED", PaginationConfig={"PageSize": 2}
    )
    names = [[one["name"] for one in page["executions"]] for page in pages]

    assert [["run-2", "run-1"], ["run-0"]] == names
    assert [] == flow.sfn.list_executions(stateMachineArn=machine, statusFilter="FAILED")["executions"]


@rule("machine-tags")
def test_tags_come_and_go(flow, refused):
    machine = flow.machine(PASS, tags=[{"key": "a", "value": "1"}])

    flow.sfn.tag_resource(resourceArn=machine, tags=[{"key": "b", "value": "2"}])
    flow.sfn.untag_resource(resourceArn=machine, tagKeys=["a"])

    assert [{"key": "b", "value": "2"}] == flow.sfn.list_tags_for_resource(resourceArn=machine)["tags"]
    refused("ResourceNotFound", flow.sfn.tag_resource, resourceArn=machine + "x", tags=[])


def logging(group, level="ALL", **more):
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": group}}
    return {"loggingConfiguration": {"level": level, "destinations": [destination]} | more}


def group_of(flow):
    flow.logs.create_log_group(logGroupName="/aws/vendedlogs/states/flow")
    return flow.logs.describe_log_groups()["logGroups"][0]["arn"]


DELIVERY = {"Action": ["logs:*LogDelivery", "logs:ListLogDeliveries", "logs:*ResourcePolic*", "logs:DescribeLogGroups"]}


@rule("machine-logs")
@pytest.mark.parametrize(("level", "with_data"), [("ALL", True), ("ALL", False), ("FATAL", True)])
def test_events_of_the_wished_level_are_logged(flow, level, with_data):
    wish = logging(group_of(flow), level, includeExecutionData=with_data)

    flow.run(flow.machine(PASS, DELIVERY, **wish), {"secret": "x"})

    lines = [
        one["message"] for one in flow.logs.filter_log_events(logGroupName="/aws/vendedlogs/states/flow")["events"]
    ]
    kinds = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    assert (kinds if level == "ALL" else []) == [json.loads(line)["type"] for line in lines]
    assert (level == "ALL" and with_data) == any("secret" in line for line in lines)


@rule("logging-configuration", "logging-role")
def test_logging_that_leads_nowhere_is_refused(flow, refused):
    group = group_of(flow)
    role = flow.role("flow-role", "states.amazonaws.com")
    wish = {"name": "m", "definition": json.dumps(PASS), "roleArn": role}
    gone = group.replace("flow", "gone")

    refused("InvalidLoggingConfiguration", flow.sfn.create_state_machine, **wish, **logging(gone))
    refused("AccessDeniedException", flow.sfn.create_state_machine, **wish, **logging(group))


@rule("execution-metrics")
def test_executions_are_counted(flow):
    machine = flow.machine(PASS)
    flow.run(machine)

    told = {(one["MetricName"], one["Dimensions"][0]["Value"]) for one in flow.cloudwatch.list_metrics()["Metrics"]}

    assert {("ExecutionsStarted", machine), ("ExecutionsSucceeded", machine), ("ExecutionTime", machine)} <= told


@rule("execution-events")
def test_the_end_of_an_execution_is_an_event(flow):
    url, arn = flow.queue("inbox", "events.amazonaws.com")
    pattern = {"source": ["aws.states"], "detail": {"status": ["SUCCEEDED"]}}
    flow.events_client.put_rule(Name="ended", EventPattern=json.dumps(pattern))
    flow.events_client.put_targets(Rule="ended", Targets=[{"Id": "q", "Arn": arn}])

    ran = flow.run(flow.machine(PASS))

    assert ran["executionArn"] == json.loads(flow.received(url)[0])["detail"]["executionArn"]


def test_what_ran_when_the_local_aws_stopped_is_aborted_when_it_is_back(flow, tmp_path):
    machine = flow.machine(WAIT)
    execution = begun(flow, machine, name="run-1")
    world = flow.aws.world
    world.quiet()
    state.save(world, tmp_path)
    state.reset(world)
    state.load(world, tmp_path)

    flow.aws.server._http.app = LocalAws(world)

    shown = flow.sfn.describe_execution(executionArn=execution)
    assert ("ABORTED", "The local AWS was stopped.") == (shown["status"], shown["cause"])


def test_a_reset_ends_what_runs(flow):
    begun(flow, flow.machine(WAIT))
    began = time.monotonic()

    flow.aws.control.reset()

    assert time.monotonic() - began < 3
    assert [] == flow.sfn.list_state_machines()["stateMachines"]


@rule("parameters-required")
def test_a_call_without_a_needed_parameter_is_refused(flow, refused):
    refused("ValidationException", flow.sfn.start_execution)


@rule("definition-valid")
@pytest.mark.parametrize(
    "state",
    [
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {},
            "End": True,
        },
        {
            "Type": "Map",
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}} | PASS,
            "End": True,
        },
    ],
    ids=["token", "map"],
)
def test_what_an_express_machine_cannot_do_is_refused(flow, state):
    definition = json.dumps({"StartAt": "A", "States": {"A": state}})

    told = [
        flow.sfn.validate_state_machine_definition(definition=definition, type=kind)["result"]
        for kind in ("STANDARD", "EXPRESS")
    ]

    assert ["OK", "FAIL"] == told


@rule("execution-forgotten")
def test_an_execution_is_forgotten_ninety_days_after_its_end(flow, refused):
    machine = flow.machine(PASS)
    ran = flow.run(machine, name="once")
    flow.aws.tick(90 * 864)

    flow.sfn.list_executions(stateMachineArn=machine)

    refused("ExecutionDoesNotExist", flow.sfn.describe_execution, executionArn=ran["executionArn"])
    assert "SUCCEEDED" == flow.run(machine, name="once")["status"]


@rule("task-token")
@pytest.mark.parametrize(
    ("action", "told", "expected"),
    [
        ("send_task_success", {"output": '{"said": "yes"}'}, {"status": "SUCCEEDED", "output": '{"said":"yes"}'}),
        ("send_task_failure", {"error": "No", "cause": "by hand"}, {"status": "FAILED", "error": "No"}),
    ],
)
def test_a_task_waits_until_its_token_comes_back(flow, refused, action, told, expected):
    url, _ = flow.queue()
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody.$": "$$.Task.Token"},
        "End": True,
    }
    machine = flow.machine({"StartAt": "Ask", "States": {"Ask": task}}, {"Action": "sqs:SendMessage"})
    execution = begun(flow, machine)
    token = flow.received(url)[0]

    refused("InvalidToken", flow.sfn.send_task_heartbeat, taskToken="other")
    getattr(flow.sfn, action)(taskToken=token, **told)

    ended = flow.ended(execution)
    assert expected == {name: ended.get(name) for name in expected}
