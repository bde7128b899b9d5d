"""The Invoke call: its kinds, and its answers."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING

from awslab.local.aws.lambda_ import invoke
from awslab.local.aws.wire import Answer

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.asked import LambdaAsked
    from awslab.local.aws.world import World


def prepare(world: World) -> None:
    """Let functions run in a world."""
    world.resumers.append(invoke.runner_of(world).events.resume)


def answer(asked: LambdaAsked) -> Answer:
    """Invoke a function: wait for it, have it done later, or only see whether it could be."""
    call = asked.call
    kind = call.environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id, "Content-Type": "application/json"}
    if kind == "DryRun":
        with asked.world.lock:
            asked.target()
        return Answer(HTTPStatus.NO_CONTENT, headers)
    if kind == "Event":
        invoke.send(asked.world, asked.reference, call.body, call.account, call.region, request_id)
        return Answer(HTTPStatus.ACCEPTED, headers)
    payload = invoke.checked(call.body)
    result = invoke.runner_of(asked.world).invoke(asked.reference, payload, call.account, call.region, request_id)
    headers["X-Amz-Executed-Version"] = result.version
    if result.error:
        headers["X-Amz-Function-Error"] = result.error
    if call.environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail":
        headers["X-Amz-Log-Result"] = result.tail
    return Answer(HTTPStatus.OK, headers, result.payload)
