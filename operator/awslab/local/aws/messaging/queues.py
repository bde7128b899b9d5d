"""SQS: moto keeps queues and messages; waiting holds nobody up, and names come free as at AWS."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from moto.sqs.models import sqs_backends
from moto.sqs.responses import SQSResponse

from awslab.local.aws.messaging import patches
from awslab.local.aws.modelled import Modelled
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import Due, World

book = Book("sqs")
API = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"
LOOK_SECONDS = 0.2


def _backend(asked: Asked) -> Any:
    return sqs_backends[asked.account][asked.region]


def _name(asked: Asked) -> str:
    return str(asked.params.get("QueueUrl", "")).rpartition("/")[2]


def _deleted(world: World, account: str, region: str) -> set[str]:
    names: set[str] = world.store("sqs-deleted", account, region, set)
    return names


@book.refuses(
    "queue-deleted-recently",
    "CreateQueue",
    code="AWS.SimpleQueueService.QueueDeletedRecently",
    does="The name of a deleted queue comes free a minute later.",
    see=API + "API_CreateQueue.html",
)
def deleted_recently(asked: Asked) -> str | None:
    """Refuse a name that was just given up."""
    gone = asked.params.get("QueueName") in _deleted(asked.world, asked.account, asked.region)
    sentence = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    return sentence if gone else None


@book.follows(
    "queue-deleted",
    "DeleteQueue",
    does="A deleted queue's name is not free for a minute.",
    see=API + "API_DeleteQueue.html",
)
def note_deleted(asked: Asked, _result: Any) -> None:
    """Keep the name of a deleted queue for a minute."""
    name = _name(asked)
    _deleted(asked.world, asked.account, asked.region).add(name)
    asked.later("queue-name-free", name)


def _free(world: World, due: Due) -> None:
    _deleted(world, due.account, due.region).discard(due.id)


@book.refuses(
    "queue-same-name",
    "CreateQueue",
    code="QueueAlreadyExists",
    does="Making a queue again gives the one there is, whatever the tags; with other attributes it is refused.",
    see=API + "API_CreateQueue.html",
)
def same_name(asked: Asked) -> str | None:
    """Refuse other attributes for a queue that is there."""
    queue = _backend(asked).queues.get(asked.params.get("QueueName"))
    wished = asked.params.get("Attributes") or {}
    differs = [name for name, value in wished.items() if queue and str(queue.attributes.get(name)) != str(value)]
    if differs:
        sentence = "A queue already exists with the same name and a different value for attribute(s)"
        return f"{sentence} {', '.join(differs)}"
    return None


@book.behaves(
    "queue-long-poll",
    "ReceiveMessage",
    does="A call that waits for messages gets them as soon as they are there, and holds nobody else up.",
    see=API + "API_ReceiveMessage.html",
)
def receive(asked: Asked) -> dict[str, Any]:
    """Answer ReceiveMessage: look again until there is something or the time is over."""
    queue = _backend(asked).get_queue(_name(asked))
    wait = asked.params.get("WaitTimeSeconds")
    seconds = float(wait if wait is not None else queue.receive_message_wait_time_seconds or 0)
    asked.params["WaitTimeSeconds"] = 0
    end = time.monotonic() + seconds

    def finish() -> dict[str, Any]:
        while True:
            with asked.world.lock:
                found: dict[str, Any] = asked.motos() or {}
            left = end - time.monotonic()
            if found.get("Messages") or left <= 0 or not asked.world.background.sleep(min(LOOK_SECONDS, left)):
                return found

    asked.finish = finish
    return {}


class Sqs(Modelled):
    """Answers the calls of SQS."""

    def __init__(self, world: World) -> None:
        actions = {"ReceiveMessage": receive}
        super().__init__(world, "sqs", "sqs", actions, SQSResponse, unlocked=frozenset(actions))
        patches.apply()
        world.changes["queue-name-free"] = _free


def tagged_resources(account: str, region: str) -> dict[str, dict[str, str]]:
    """Return the tags of every queue by its ARN, for the tagging API."""
    return {queue.queue_arn: dict(queue.tags) for queue in sqs_backends[account][region].queues.values()}
