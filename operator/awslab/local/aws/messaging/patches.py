"""What moto's SNS and SQS get from us: deliveries in threads, one signing key, and queues that can be saved."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from moto.sns.models import Subscription
from moto.sqs.models import Queue

from awslab.local.aws import world as worlds
from awslab.local.aws.messaging import delivery

NOT_SAVED = "_messages_lock"


@cache
def apply() -> None:
    """Put everything in its place, once in a process."""
    Subscription.publish = _publish
    Subscription.private_key = _key
    Queue.__getstate__ = _saved
    Queue.__setstate__ = _loaded


@cache
def _key_of_all() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _key(_self: Any) -> rsa.RSAPrivateKey:
    """Return the one key: moto makes one for each subscription, which takes longer than all the rest."""
    return _key_of_all()


def _publish(self: Any, message: str, message_id: str, **more: Any) -> None:
    world = worlds.current()
    if delivery.wants(self, message, more.get("message_attributes")):
        note = delivery.Note(message, message_id, more.get("subject"), more.get("message_attributes") or {})
        if more.get("message_structure") == "json":
            note.message = self._parse_message_structure(message, self.protocol)
        note.group, note.deduplication = more.get("group_id"), more.get("deduplication_id")
        world.background.start(f"notification-{self.topic.name}", delivery.send, world, self, note)


def _saved(self: Any) -> dict[str, Any]:
    return {name: value for name, value in self.__dict__.items() if name != NOT_SAVED}


def _loaded(self: Any, state: dict[str, Any]) -> None:
    self.__dict__.update(state | {NOT_SAVED: threading.Condition()})
