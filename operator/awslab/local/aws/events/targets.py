"""Delivery to a target: as the rule's role or as the service, tried again, and to a dead-letter queue at last."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from awslab.local.aws import identity, inside
from awslab.local.aws.cloudwatch import metrics
from awslab.local.aws.errors import AwsError
from awslab.local.aws.events.inputs import input_of
from awslab.local.aws.resource_policies import policy_of
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.events.bus import Match
    from awslab.local.aws.world import World

book = Book("events")
GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/"
SERVICE = "events.amazonaws.com"
USUAL_ATTEMPTS, USUAL_AGE = 185, 86_400
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0  # seconds at AWS
HOPELESS = frozenset(  # what trying again does not mend
    {
        "NO_PERMISSIONS",
        "NO_RESOURCE",
        "INVALID_PARAMETER",
    }
)
CODES = {
    "AccessDenied": "NO_PERMISSIONS",
    "AccessDeniedException": "NO_PERMISSIONS",
    "AuthorizationError": "NO_PERMISSIONS",
    "ResourceNotFoundException": "NO_RESOURCE",
    "StateMachineDoesNotExist": "NO_RESOURCE",
    "AWS.SimpleQueueService.NonExistentQueue": "NO_RESOURCE",
    "QueueDoesNotExist": "NO_RESOURCE",
    "NotFound": "NO_RESOURCE",
    "InvalidExecutionInput": "INVALID_PARAMETER",
    "ValidationException": "INVALID_PARAMETER",
}


@book.behaves(
    "target-retries",
    "PutEvents",
    does="A delivery that fails is tried again until the attempts or the age of the retry policy are over, or at once"
    " no more where only a change of the target can help; then it goes to the dead-letter queue, with the reason.",
    see=GUIDE + "eb-rule-retry-policy.html",
)
def send(world: World, match: Match, target: dict[str, Any], event: dict[str, Any]) -> None:
    """Deliver an event to a target, in a thread that may wait."""
    text = input_of(target, event, match.name, match.arn)
    policy = target.get("RetryPolicy") or {}
    attempts = int(policy.get("MaximumRetryAttempts", USUAL_ATTEMPTS))
    age = float(policy.get("MaximumEventAgeInSeconds", USUAL_AGE))
    waited, number = 0.0, 0
    while True:
        failure = _attempt(world, match, target, text, event)
        if failure is None:
            _count(world, match, Invocations=1)
            return
        code, exhausted = CODES.get(failure.code, "SDK_CLIENT_ERROR"), ""
        if number >= attempts:
            exhausted = "MaximumRetryAttempts"
        elif waited >= age:
            exhausted = "MaximumEventAgeInSeconds"
        if exhausted or code in HOPELESS:
            _count(world, match, Invocations=1, FailedInvocations=1)
            _bury(world, match, target, text, {"ERROR_CODE": code, "ERROR_MESSAGE": failure.message}, number, exhausted)
            return
        pause = min(LONGEST_WAIT, FIRST_WAIT * 2**number) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        waited, number = waited + pause, number + 1
        if not world.background.sleep(world.scaled(pause)):
            return


def _count(world: World, match: Match, **values: float) -> None:
    metrics.count(world, match.account, match.region, "AWS/Events", {"RuleName": match.name}, **values)


def _attempt(world: World, match: Match, target: dict[str, Any], text: str, event: dict[str, Any]) -> AwsError | None:
    service = target["Arn"].split(":")[2]
    try:
        SENDERS.get(service, _unknown)(world, match, target, text, event)
    except ClientError as error:
        return AwsError(error.response["Error"]["Code"], error.response["Error"]["Message"])
    except AwsError as error:
        return error
    return None


@book.behaves(
    "target-policy",
    "PutEvents",
    does="A function, topic or queue gets events only where its own policy lets the rule in.",
    see=GUIDE + "eb-use-resource-based.html",
)
def _as_service(world: World, match: Match, target: dict[str, Any], action: str, service: str) -> Any:
    """Return a client that acts as EventBridge, if the target's policy allows it; raises AwsError."""
    arn = target["Arn"]
    if target.get("RoleArn"):
        return _as_role(world, match, target, service)
    with world.lock:
        policy = policy_of(arn, match.account)
        if not identity.service_may(world, SERVICE, action, arn, policy, match.arn, match.account):
            raise AwsError("AccessDenied", f"{SERVICE} is not allowed to perform {action} on {arn} for {match.arn}")
    return inside.client(world, service, arn.split(":")[3] or match.region, inside.service_key(SERVICE))


@book.behaves(
    "target-role",
    "PutEvents",
    does="A state machine is started in the target's role, which EventBridge must be able to assume and which must be"
    " allowed to.",
    see=GUIDE + "eb-use-identity-based.html",
)
def _as_role(world: World, match: Match, target: dict[str, Any], service: str) -> Any:
    with world.lock:
        session = identity.assume(world, target.get("RoleArn", ""), SERVICE, source_arn=match.arn)
    region = target["Arn"].split(":")[3] or match.region
    return inside.client(world, service, region, (session.access_key, session.secret_key, session.token))


def _to_function(world: World, match: Match, target: dict[str, Any], text: str, _: dict[str, Any]) -> None:
    client = _as_service(world, match, target, "lambda:InvokeFunction", "lambda")
    client.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=text.encode())


def _to_machine(world: World, match: Match, target: dict[str, Any], text: str, _: dict[str, Any]) -> None:
    _as_role(world, match, target, "stepfunctions").start_execution(stateMachineArn=target["Arn"], input=text)


def _to_queue(world: World, match: Match, target: dict[str, Any], text: str, event: dict[str, Any]) -> None:
    client = _as_service(world, match, target, "sqs:SendMessage", "sqs")
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    more = {"MessageGroupId": group, "MessageDeduplicationId": event["id"]} if group else {}
    client.send_message(QueueUrl=inside.queue_url(world, target["Arn"]), MessageBody=text, **more)


def _to_topic(world: World, match: Match, target: dict[str, Any], text: str, _: dict[str, Any]) -> None:
    _as_service(world, match, target, "sns:Publish", "sns").publish(TopicArn=target["Arn"], Message=text)


def _to_bus(world: World, match: Match, target: dict[str, Any], _: str, event: dict[str, Any]) -> None:
    client = _as_role(world, match, target, "events")
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event["resources"],
        "EventBusName": target["Arn"],
    }
    client.put_events(Entries=[entry])


def _to_logs(world: World, match: Match, target: dict[str, Any], text: str, event: dict[str, Any]) -> None:
    client = inside.client(world, "logs", match.region, inside.service_key(SERVICE))
    group, stream = target["Arn"].partition(":log-group:")[2].removesuffix(":*"), event["id"]
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    line = {"timestamp": int(world.clock() * 1000), "message": text}
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[line])


def _unknown(_: World, __: Match, target: dict[str, Any], ___: str, ____: dict[str, Any]) -> None:
    raise AwsError("ValidationException", f"The local AWS does not deliver to {target['Arn']}")


SENDERS: dict[str, Callable[[World, Match, dict[str, Any], str, dict[str, Any]], None]] = {
    "lambda": _to_function,
    "states": _to_machine,
    "sqs": _to_queue,
    "sns": _to_topic,
    "events": _to_bus,
    "logs": _to_logs,
}


def _bury(
    world: World, match: Match, target: dict[str, Any], text: str, why: dict[str, str], attempts: int, exhausted: str
) -> None:
    """Send what could not be delivered to the dead-letter queue, if there is one that lets the rule in."""
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return
    told = why | {"RULE_ARN": match.arn, "TARGET_ARN": target["Arn"], "RETRY_ATTEMPTS": str(attempts)}
    told |= {"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {}
    attributes = {name: {"DataType": "String", "StringValue": value or "-"} for name, value in told.items()}
    try:
        client = _as_service(world, match, {"Arn": queue}, "sqs:SendMessage", "sqs")
        url = inside.queue_url(world, queue)
        client.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=attributes)
    except (AwsError, ClientError):
        _count(world, match, InvocationsFailedToBeSentToDlq=1)
    else:
        _count(world, match, InvocationsSentToDlq=1)
