"""Where the record of an event goes: dead letters, and destinations for failure and success."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from awslab.local.aws import identity, inside
from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_ import reporting
from awslab.local.aws.lambda_.asked import DEVELOPERS
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.lambda_.invoke import Result
    from awslab.local.aws.lambda_.model import Target, Waiting
    from awslab.local.aws.world import World

log = logging.getLogger(__name__)
book = Book("lambda")
ERROR_LENGTH = 1000


@book.behaves(
    "event-destinations",
    "Invoke",
    does="In the function's role, an event that is given up goes to its dead letters and its destination for failures.",
    see=DEVELOPERS + "invocation-async-retain-records.html",
)
def deliver(world: World, target: Target, event: Waiting, condition: str, result: Result | None) -> None:
    """Send the record of an event to where the function has it; the world's lock is not held."""
    settings = target.version.settings
    wish = target.function.invoke_configs.get(target.qualifier, {}).get("DestinationConfig", {})
    ok = condition == "Success"
    arn = wish.get("OnSuccess" if ok else "OnFailure", {}).get("Destination")
    letters = None if ok else (settings.get("DeadLetterConfig") or {}).get("TargetArn")
    if arn:
        record = _record(target, event, condition, result)
        _send(world, target, arn, json.dumps(record), {}, "DestinationDeliveryFailures")
    if letters:
        message = json.loads(result.payload).get("errorMessage", "") if result else condition
        attributes = {"RequestID": event.id, "ErrorCode": "200", "ErrorMessage": str(message)[:ERROR_LENGTH] or "-"}
        _send(world, target, letters, event.payload.decode(), attributes, "DeadLetterErrors")


def _record(target: Target, event: Waiting, condition: str, result: Result | None) -> dict[str, Any]:
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": event.id,
            "functionArn": f"{target.function.arn}:{target.qualifier or '$LATEST'}",
            "condition": condition,
            "approximateInvokeCount": max(event.attempts, 1),
        },
        "requestPayload": json.loads(event.payload),
    }
    if result is not None:
        context = {"statusCode": 200, "executedVersion": result.version}
        record["responseContext"] = context | ({"functionError": result.error} if result.error else {})
        record["responsePayload"] = json.loads(result.payload)
    return record


def _send(world: World, target: Target, arn: str, body: str, attributes: dict[str, str], metric: str) -> None:
    """Send in the function's role, over the wire as the function itself would."""
    session = None
    try:
        with world.lock:
            role = target.version.settings["Role"]
            session = identity.assume(world, role, "lambda.amazonaws.com", session=target.function.name)
        service, region = arn.split(":")[2:4]
        client = inside.client(world, service, region, (session.access_key, session.secret_key, session.token))
        SENDERS[service](client, arn, body, attributes)
    except (AwsError, ClientError, BotoCoreError, KeyError) as error:
        log.warning("a record of %s did not reach %s: %s", target.arn, arn, error)
        with world.lock:
            reporting.count(world, target.function, target.qualifier, {metric: 1})
    finally:
        if session is not None:
            with world.lock:
                identity.end(world, session)


def _typed(attributes: dict[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}


def _to_queue(sqs: Any, arn: str, body: str, attributes: dict[str, str]) -> None:
    *_, account, name = arn.split(":")
    url = f"{sqs.meta.endpoint_url}/{account}/{name}"
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=_typed(attributes))


def _to_topic(sns: Any, arn: str, body: str, attributes: dict[str, str]) -> None:
    sns.publish(TopicArn=arn, Message=body, MessageAttributes=_typed(attributes))


def _to_function(functions: Any, arn: str, body: str, _: dict[str, str]) -> None:
    functions.invoke(FunctionName=arn, InvocationType="Event", Payload=body.encode())


def _to_bus(events: Any, arn: str, body: str, _: dict[str, str]) -> None:
    read = json.loads(body)
    ok = read["requestContext"]["condition"] == "Success"
    kind = f"Lambda Function Invocation Result - {'Success' if ok else 'Failure'}"
    entry = {"Source": "lambda", "DetailType": kind, "Detail": body, "EventBusName": arn}
    events.put_events(Entries=[entry])


SENDERS: dict[str, Callable[[Any, str, str, dict[str, str]], None]] = {
    "sqs": _to_queue,
    "sns": _to_topic,
    "lambda": _to_function,
    "events": _to_bus,
}
