"""Events that are dealt with later: retries, dead letters, destinations, restarts."""

import json
import time

import pytest
from lambdas import Functions, allow

from awslab.local.aws import state
from awslab.local.aws.server import Server
from awslab.local.aws.world import Settings, World, make_current

rule = pytest.mark.rule
FAILS = "def handler(e, c):\n    print('try')\n    raise ValueError('no good')\n"


@pytest.fixture
def functions(aws):
    made = Functions(aws)
    made.logs.create_log_group(logGroupName="/aws/lambda/work")
    return made


@pytest.fixture
def queue(aws):
    """A queue; returns its ARN and what takes its messages."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="letters")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def take():
        wish = {"MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10}
        return sqs.receive_message(QueueUrl=url, **wish).get("Messages", [])

    return arn, take


def send(functions, event):
    answer = functions.client.invoke(FunctionName="work", InvocationType="Event", Payload=json.dumps(event).encode())
    assert 202 == answer["StatusCode"]
    return answer["ResponseMetadata"]["RequestId"]


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)
    return found


def tries(functions):
    return functions.log().count("try\n")


def test_an_event_is_dealt_with_after_the_call(functions):
    functions.make("def handler(e, c): print('got', e['n'])\n")

    for n in range(5):
        send(functions, {"n": n})

    until(lambda: {f"got {n}\n" for n in range(5)} <= set(functions.log()))


@rule("event-retries")
def test_an_event_is_tried_again_twice_and_then_dropped(functions, aws):
    functions.make(FAILS)
    id_ = send(functions, {})

    for seconds, expected in ((0, 1), (59, 1), (2, 2), (118, 2), (3, 3), (1000, 3)):
        aws.tick(seconds)
        until(lambda expected=expected: tries(functions) >= expected)
        time.sleep(0.3)
        assert expected == tries(functions)
    assert 3 == sum(one.startswith(f"START RequestId: {id_}") for one in functions.log())


@rule("event-destinations")
def test_an_event_that_is_given_up_goes_to_the_dead_letters(functions, queue):
    arn, take = queue
    functions.make(FAILS, Role=functions.role(allow("sqs:SendMessage", arn)), DeadLetterConfig={"TargetArn": arn})
    functions.client.put_function_event_invoke_config(FunctionName="work", MaximumRetryAttempts=0)

    id_ = send(functions, {"a": 1})

    (letter,) = until(take)
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert {"a": 1} == json.loads(letter["Body"])
    assert {"RequestID": id_, "ErrorCode": "200", "ErrorMessage": "no good"} == attributes


@rule("event-destinations")
@pytest.mark.parametrize(("event", "kind"), [(0, "OnFailure"), (1, "OnSuccess")])
def test_a_destination_gets_the_record_of_an_event(functions, queue, event, kind):
    arn, take = queue
    functions.make("def handler(e, c): return 1 / e\n", Role=functions.role(allow("sqs:SendMessage", arn)))
    functions.client.put_function_event_invoke_config(
        FunctionName="work", MaximumRetryAttempts=0, DestinationConfig={kind: {"Destination": arn}}
    )

    id_ = send(functions, event)

    (letter,) = until(take)
    record = json.loads(letter["Body"])
    assert id_ == record["requestContext"]["requestId"]
    assert ("Success" if event else "RetriesExhausted") == record["requestContext"]["condition"]
    assert event == record["requestPayload"]
    assert (1.0 if event else "ZeroDivisionError") == (
        record["responsePayload"] if event else record["responsePayload"]["errorType"]
    )


@rule("event-destinations")
def test_dead_letters_need_the_permission_of_the_role(functions, queue, aws):
    arn, take = queue
    functions.make(FAILS, Role=functions.role(allow("sqs:SendMessage", arn)), DeadLetterConfig={"TargetArn": arn})
    functions.client.put_function_event_invoke_config(FunctionName="work", MaximumRetryAttempts=0)
    functions.allow()

    send(functions, {})

    cloudwatch = aws.client("cloudwatch")
    until(lambda: cloudwatch.list_metrics(Namespace="AWS/Lambda", MetricName="DeadLetterErrors")["Metrics"])
    assert [] == take()


def test_a_throttled_event_waits_and_is_not_lost(functions, aws):
    functions.make("def handler(e, c): print('try')\n")
    functions.client.put_function_concurrency(FunctionName="work", ReservedConcurrentExecutions=0)
    send(functions, {})
    time.sleep(0.5)

    functions.client.delete_function_concurrency(FunctionName="work")
    aws.tick(6)

    until(lambda: tries(functions))


def test_an_event_survives_a_restart(tmp_path, aws):
    code = """
import time, pathlib
def handler(event, context):
    mark = pathlib.Path(event)
    if mark.exists():
        mark.with_suffix(".done").write_text("second")
    else:
        mark.touch()
        time.sleep(25)
"""
    first, second = World(Settings(time_scale=1)), World(Settings(time_scale=1))
    server = Server(first)
    server.start()
    here = type(aws)(server, aws.clock, {})
    functions = Functions(here)
    first.clock = second.clock = aws.clock
    functions.make(code, Timeout=30)
    mark = tmp_path / "begun"
    send(functions, str(mark))
    until(mark.exists)

    server.stop()
    state.save(first, tmp_path)
    state.reset(first)
    again = Server(second)
    state.load(second, tmp_path)
    again.start()
    until(mark.with_suffix(".done").exists)
    until(lambda: not second.overlay.waiting)
    again.stop()
    make_current(aws.world)

    assert "second" == mark.with_suffix(".done").read_text()


def test_the_events_of_a_deleted_function_are_forgotten(functions, aws):
    functions.make(FAILS)
    send(functions, {})
    until(lambda: tries(functions))

    functions.client.delete_function(FunctionName="work")
    aws.tick(61)

    until(lambda: not aws.world.overlay.waiting)
