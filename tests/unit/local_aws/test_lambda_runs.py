"""Functions truly run: their code, environment, role, logs, limits and errors."""

import json
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from lambdas import ACCOUNT, Functions, allow, zipped

from awslab.local.aws.lambda_ import pool

rule = pytest.mark.rule


@pytest.fixture
def functions(aws):
    return Functions(aws)


def test_a_function_gets_its_event_and_tells_its_result(functions):
    functions.make("def handler(event, context):\n    return {'double': event['n'] * 2, 'ü': None}\n")

    assert ({"double": 42, "ü": None}, "") == functions.call({"n": 21})


def test_a_function_finds_what_lambda_gives_it_and_nothing_of_ours(functions):
    code = """
import os, sys, json
import boto3
def handler(event, context):
    try:
        import awslab
    except ImportError:
        awslab = None
    return {
        "ours": bool(awslab) or "moto" in sys.modules,
        "environment": dict(os.environ),
        "place": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"],
        "context": [context.function_name, context.function_version, context.invoked_function_arn,
                    context.memory_limit_in_mb, context.aws_request_id],
        "left": context.get_remaining_time_in_millis(),
    }
"""
    arn = functions.make(code, Environment={"Variables": {"COLOR": "green"}}, MemorySize=256, Timeout=30)

    answer, _ = functions.call()

    environment = answer["environment"]
    assert not answer["ours"]
    assert answer["place"]
    assert ["work", "$LATEST", arn, "256"] == answer["context"][:4]
    assert 25_000 < answer["left"] <= 30_000
    assert ("green", "eu-west-1", "work", "$LATEST", "256", "app.handler") == tuple(
        environment[name]
        for name in (
            "COLOR",
            "AWS_REGION",
            "AWS_LAMBDA_FUNCTION_NAME",
            "AWS_LAMBDA_FUNCTION_VERSION",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            "_HANDLER",
        )
    )
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert "PYTHONPATH" not in environment


def test_a_function_calls_aws_in_its_role_and_only_as_that_may(functions, aws):
    code = """
import boto3
def handler(event, context):
    return boto3.client("sts").get_caller_identity()["Arn"] if event else boto3.client("sns").list_topics()
"""
    functions.make(code, Role=functions.role(allow("sts:GetCallerIdentity")))

    identity, _ = functions.call(1)
    error, kind = functions.call(0)

    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/work" == identity
    assert ("Unhandled", "AuthorizationErrorException") == (kind, error["errorType"])
    assert "is not authorized to perform: sns:ListTopics" in error["errorMessage"]


@rule("invoke-errors")
@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        ("def handler(e, c):\n    raise ValueError('no good')\n", "ValueError", "no good"),
        ("import nothing_like_it\n", "Runtime.ImportModuleError", "Unable to import module 'app': No module named"),
        ("def other(e, c): ...\n", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("def handler(e, c) return\n", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("def handler(e, c): return {1}\n", "Runtime.MarshalError", "Unable to marshal response: Object of type set"),
        ("import os\ndef handler(e, c): os._exit(3)\n", "Runtime.ExitError", "exit status 3"),
        ("import sys\nsys.exit(0)\n", "Runtime.ExitError", "Runtime exited without providing a reason"),
        ("def handler(e, c): return 'x' * 7_000_000\n", "Function.ResponseSizeTooLarge", "6291556 bytes"),
    ],
)
def test_what_goes_wrong_is_told_as_lambda_tells_it(functions, code, kind, text):
    functions.make(code)

    error, unhandled = functions.call()

    assert ("Unhandled", kind) == (unhandled, error["errorType"])
    assert text in error["errorMessage"]


def test_an_error_has_the_stack_of_the_function_alone(functions):
    functions.make("def handler(e, c):\n    deeper()\ndef deeper():\n    raise KeyError('x')\n")

    error, _ = functions.call()

    assert 2 == len(error["stackTrace"])
    assert "in handler" in error["stackTrace"][0]
    assert "worker.py" not in json.dumps(error["stackTrace"])


@rule("invoke-limits")
def test_a_function_that_takes_too_long_is_ended(functions):
    functions.make("import time\ndef handler(e, c):\n    print('sleepy')\n    time.sleep(60)\n", Timeout=1)

    began = time.monotonic()
    error, _ = functions.call()

    assert 1 <= time.monotonic() - began < 30
    assert "Task timed out after 1.00 seconds" in error["errorMessage"]


@rule("invoke-limits")
def test_a_function_that_takes_too_much_memory_is_ended(functions):
    functions.make(
        "def handler(e, c):\n    much = b'x' * 400_000_000\n    return len(much)\n", MemorySize=256, Timeout=20
    )

    error, _ = functions.call()

    assert "Runtime.ExitError" == error["errorType"]
    assert error["errorMessage"].endswith("Runtime exited with error: signal: killed")


def test_an_environment_stays_warm_and_a_broken_one_does_not(functions):
    code = """
import os
seen = []
def handler(event, context):
    seen.append(event)
    return os._exit(1) if event == "die" else len(seen)
"""
    functions.make(code)

    answers = [functions.call(event)[0] for event in ("a", "b", "die", "c")]

    assert [1, 2, 1] == [answers[0], answers[1], answers[3]]


@rule("logs-need-permission")
def test_what_a_function_writes_is_in_its_log_group(functions, aws):
    functions.logs.create_log_group(logGroupName="/aws/lambda/work")
    code = """
import logging
print("loading")
def handler(event, context):
    print("hello")
    logging.getLogger().error("bad")
"""
    functions.make(code)

    answer = functions.client.invoke(FunctionName="work", LogType="Tail")
    lines = functions.log()

    assert ["loading\n", "hello\n"] == [line for line in lines if line in {"loading\n", "hello\n"}]
    assert lines[0].startswith("START RequestId: ")
    assert re.fullmatch(r"\[ERROR\]\t\S+Z\t[0-9a-f-]{36}\tbad\n", lines[3])
    assert lines[-2].startswith("END RequestId: ")
    assert re.search(r"REPORT RequestId: .*\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration", lines[-1])
    assert answer["LogResult"]


@rule("logs-need-permission")
def test_without_group_and_permission_nothing_is_logged(functions, aws):
    functions.make("def handler(e, c): print('hello')\n")

    functions.call()
    groups = functions.logs.describe_log_groups()["logGroups"]
    functions.allow(allow("logs:CreateLogGroup"))
    functions.call()

    assert [] == groups
    assert "hello\n" in functions.log()


def test_an_error_is_logged_with_its_traceback(functions):
    functions.logs.create_log_group(logGroupName="/aws/lambda/work")
    functions.make("def handler(e, c):\n    raise ValueError('no good')\n")

    functions.call()

    (line,) = [one for one in functions.log() if one.startswith("[ERROR]")]
    assert line.startswith("[ERROR] ValueError: no good\nTraceback (most recent call last):\n")


@rule("metrics-of-functions")
def test_each_invocation_counts(functions, aws):
    functions.make("def handler(e, c):\n    return 1 / e\n")

    functions.call(1)
    functions.call(0)

    cloudwatch = aws.client("cloudwatch")
    names = {one["MetricName"] for one in cloudwatch.list_metrics(Namespace="AWS/Lambda")["Metrics"]}
    now = aws.clock.now
    sums = {
        name: cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": "FunctionName", "Value": "work"}],
            StartTime=now - 600,
            EndTime=now + 600,
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"][0]["Sum"]
        for name in ("Invocations", "Errors")
    }
    assert {"Invocations", "Errors", "Duration"} <= names
    assert {"Invocations": 2, "Errors": 1} == sums


@rule("tracing-needs-permission")
def test_a_traced_invocation_uses_the_permissions_for_it(functions, aws):
    functions.make(Role=functions.role(allow(["xray:PutTraceSegments"])), TracingConfig={"Mode": "Active"})
    before = aws.control.last_authorization()

    functions.call()

    seen = {one["action"]: one["allowed"] for one in aws.control.authorizations(before) if "xray" in one["action"]}
    assert {"xray:PutTraceSegments": True, "xray:PutTelemetryRecords": False} == seen


def test_a_layer_is_on_the_path_behind_the_functions_own_code(functions):
    data = zipped(**{"python/shared.py": "WHO = 'layer'\n", "python/app.py": "raise SystemExit\n"})
    layer = functions.client.publish_layer_version(LayerName="tools", Content={"ZipFile": data})["LayerVersionArn"]
    functions.make("import shared\ndef handler(e, c): return shared.WHO\n", Layers=[layer])

    assert ("layer", "") == functions.call()


@rule("limit-function-concurrency")
def test_no_more_run_at_once_than_a_function_has_concurrency_for(functions, refused):
    functions.make()
    functions.client.put_function_concurrency(FunctionName="work", ReservedConcurrentExecutions=0)

    refused("TooManyRequestsException", functions.client.invoke, FunctionName="work")


@rule("limit-function-concurrency")
def test_no_more_run_at_once_than_the_account_has_concurrency_for(functions, refused, aws):
    functions.make()
    aws.control.configure({"quotas": {"function-concurrency": 0}})

    refused("TooManyRequestsException", functions.client.invoke, FunctionName="work")


@rule("invoke-payload")
def test_an_event_is_json_of_a_limited_size(functions, refused):
    functions.make()

    refused("InvalidRequestContentException", functions.client.invoke, FunctionName="work", Payload=b"{")
    refused("RequestTooLargeException", functions.client.invoke, FunctionName="work", Payload=b'"' + b"x" * 6_300_000)


@rule("invoke-states")
def test_a_function_is_invoked_once_it_is_active(functions, refused):
    role = functions.role()
    functions.client.create_function(
        FunctionName="work",
        Role=role,
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": zipped(app="def handler(e, c): ...\n")},
    )

    refused("ResourceConflictException", functions.client.invoke, FunctionName="work")


@rule("function-update")
def test_the_old_code_serves_until_an_update_is_done(functions, aws):
    functions.make("def handler(e, c): return 'old'\n")
    functions.client.update_function_code(FunctionName="work", ZipFile=zipped(app="def handler(e, c): return 'new'\n"))

    before = functions.call()
    aws.tick(3.1)

    assert (("old", ""), ("new", "")) == (before, functions.call())


def test_a_dry_run_runs_nothing(functions):
    functions.make("raise SystemExit\n")

    answer = functions.client.invoke(FunctionName="work", InvocationType="DryRun")

    assert 204 == answer["StatusCode"]


def test_what_cannot_run_here_says_why(functions, refused):
    functions.make(Runtime="java21", Handler="app.Main::run")

    error = refused("InvalidRuntimeException", functions.client.invoke, FunctionName="work")

    assert "does not run java21: it has no Docker" in error["Error"]["Message"]


def test_a_reset_ends_every_process(functions, aws):
    functions.make("import os\ndef handler(e, c): return os.getpid()\n")
    pid, _ = functions.call()

    aws.control.reset()

    assert not psutil.pid_exists(pid)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node on the PATH")
class TestNode:
    @pytest.fixture
    def make(self, functions):
        def make(code, name="index.mjs", **more):
            functions.logs.create_log_group(logGroupName="/aws/lambda/work")
            package = {"ZipFile": zipped(**{name: code})}
            wish = {"Runtime": "nodejs22.x", "Handler": "index.handler", "Code": package, "Timeout": 10}
            functions.make(**(wish | more))

        return make

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("index.mjs", "export const handler = async (event) => ({ double: event.n * 2 });"),
            ("index.js", "exports.handler = (event, context, done) => done(null, { double: event.n * 2 });"),
        ],
    )
    def test_a_function_gets_its_event_and_tells_its_result(self, functions, make, name, code):
        make(code, name)

        assert [({"double": 42}, ""), ({"double": 4}, "")] == [functions.call({"n": 21}), functions.call({"n": 2})]

    def test_it_finds_its_environment_and_writes_its_log(self, functions, make):
        make(
            "export const handler = async (e, context) => {\n"
            "  console.warn('careful', { a: 1 });\n"
            "  const { COLOR, AWS_REGION, HOME } = process.env;\n"
            "  return [COLOR, AWS_REGION, context.functionName, HOME !== '/root'];\n"
            "};",
            Environment={"Variables": {"COLOR": "green"}},
        )

        assert (["green", "eu-west-1", "work", True], "") == functions.call()
        assert [line for line in functions.log() if line.endswith("\tWARN\tcareful { a: 1 }\n")]

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("export const handler = async () => { throw new TypeError('no good'); };", "TypeError"),
            ("export const other = 1;", "Runtime.HandlerNotFound"),
            ("export const handler = async () => { process.exit(3); };", "Runtime.ExitError"),
            ("export const handler = async () => new Promise(() => {});", "Sandbox.Timedout"),
        ],
    )
    def test_what_goes_wrong_is_told(self, functions, make, code, kind):
        make(code, Timeout=1)

        error, unhandled = functions.call()

        assert ("Unhandled", kind) == (unhandled, error["errorType"])


def test_a_log_in_json_is_one_entry_a_line(functions):
    functions.logs.create_log_group(logGroupName="/lab/work")
    code = "import logging\ndef handler(e, c): logging.getLogger('sales').info('row %s', 3)\n"
    wanted = {"LogFormat": "JSON", "LogGroup": "/lab/work", "ApplicationLogLevel": "INFO"}
    functions.make(
        code, LoggingConfig=wanted, Role=functions.role(allow("logs:*", "arn:aws:logs:*:*:log-group:/lab/*"))
    )

    functions.call()

    found = functions.logs.filter_log_events(logGroupName="/lab/work")["events"]
    start, ours, report = (json.loads(one["message"]) for one in found)
    assert ("platform.start", "platform.report") == (start["type"], report["type"])
    assert ("INFO", "row 3", "sales") == (ours["level"], ours["message"], ours["logger"])
    assert start["record"]["requestId"] == ours["requestId"] == report["record"]["requestId"]


def test_an_idle_environment_is_ended_after_a_while(functions, monkeypatch):
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.4)
    functions.make("import os\ndef handler(e, c): return os.getpid()\n")

    pid, _ = functions.call()
    end = time.monotonic() + 10
    while psutil.pid_exists(pid) and time.monotonic() < end:
        time.sleep(0.05)

    assert not psutil.pid_exists(pid)


def test_many_run_at_once_and_each_alone(functions):
    code = """
import time
busy = []
def handler(event, context):
    busy.append(event)
    time.sleep(0.05)
    return busy.pop()
"""
    functions.make(code)

    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(lambda n: functions.call(n)[0], range(60)))

    assert list(range(60)) == answers


def test_functions_run_again_after_their_makers_process_was_killed(functions, aws):
    functions.make("import os\ndef handler(e, c): return os.getppid()\n")
    maker, _ = functions.call()
    psutil.Process(maker).kill()
    time.sleep(0.3)

    functions.call()
    again, _ = functions.call()

    assert maker != again
