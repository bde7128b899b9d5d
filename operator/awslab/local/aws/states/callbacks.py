"""Tasks that wait for a token to come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book
from awslab.local.aws.states.store import store_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.asked import Asked

book = Book("states")


@book.behaves(
    "task-token",
    "SendTaskSuccess",
    "SendTaskFailure",
    "SendTaskHeartbeat",
    code="InvalidToken",
    does="A task that waits for a callback ends with the result or error that comes with its token; a token of nobody's"
    " is refused.",
    see="https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html",
)
def _tell(asked: Asked, tell: Callable[[Any], bool]) -> dict[str, Any]:
    """Give something to the execution that waits with the call's token."""
    store = store_of(asked.world, asked.account, asked.region)
    for machine in store.machines:
        for execution in store.running(machine):
            run = asked.world.background.find(execution.arn)
            if run is not None and _told(tell, run.env.callback_pool_manager):
                return {}
    raise AwsError("InvalidToken", "Invalid Token: 'Invalid token'")


def _told(tell: Callable[[Any], bool], waiting: Any) -> bool:
    from moto.stepfunctions.parser.asl.eval.callback.callback import (  # noqa: PLC0415 - the interpreter is slow to import
        CallbackConsumerTimeout,
        CallbackNotifyConsumerError,
    )

    try:
        return bool(tell(waiting))
    except CallbackConsumerTimeout as error:
        raise AwsError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'") from error
    except CallbackNotifyConsumerError as error:
        raise AwsError("TaskDoesNotExist", "Task does not exist") from error


def success(asked: Asked) -> dict[str, Any]:
    """Answer SendTaskSuccess."""
    from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeSuccess  # noqa: PLC0415 - as above

    token = asked.params["taskToken"]
    outcome = CallbackOutcomeSuccess(callback_id=token, output=asked.params["output"])
    return _tell(asked, lambda waiting: waiting.notify(callback_id=token, outcome=outcome))


def failure(asked: Asked) -> dict[str, Any]:
    """Answer SendTaskFailure."""
    from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeFailure  # noqa: PLC0415 - as above

    token = asked.params["taskToken"]
    outcome = CallbackOutcomeFailure(
        callback_id=token, error=asked.params.get("error"), cause=asked.params.get("cause")
    )
    return _tell(asked, lambda waiting: waiting.notify(callback_id=token, outcome=outcome))


def heartbeat(asked: Asked) -> dict[str, Any]:
    """Answer SendTaskHeartbeat."""
    token = asked.params["taskToken"]
    return _tell(asked, lambda waiting: waiting.heartbeat(callback_id=token))
