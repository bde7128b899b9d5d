"""Whom a bucket tells of its changes: one document, in which everybody has entries.

S3 knows no conditional write of it and no change of a single entry.  So whoever changes it reads, and writes
everything back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from awslab.core.errors import Retryable

Configuration = Mapping[str, Any]
"""As boto3 tells it: lists of entries for topics, queues and functions, and EventBridge's switch."""

FUNCTIONS = "LambdaFunctionConfigurations"
EVENTBRIDGE = "EventBridgeConfiguration"

TRIES = 5
"""How often one call begins anew because of another writer."""


def read(s3: Any, where: Mapping[str, str]) -> Configuration:
    """The configuration as it is."""
    answer: dict[str, Any] = s3.get_bucket_notification_configuration(**where)
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def write(s3: Any, where: Mapping[str, str], changed: Callable[[Configuration], Configuration]) -> None:
    """Make it so that *changed* has nothing to change, with everything of others left as it is.

    It is read twice before the write, which does not happen if the two differ, and once after it, as others may
    have written what they had read before.  One gap is left, which S3 gives no means to close: what another
    writer writes between our second reading and our writing, some milliseconds, is lost.
    Raises Retryable where others write without end.
    """
    for _ in range(TRIES):
        before = read(s3, where)
        wanted = changed(before)
        if same(wanted, before):
            return
        if same(read(s3, where), before):
            # Whether the destinations of others still exist is their concern.
            s3.put_bucket_notification_configuration(
                **where, NotificationConfiguration=wanted, SkipDestinationValidation=True
            )
    now = read(s3, where)
    if not same(changed(now), now):
        raise Retryable(f"somebody else keeps changing the notifications of {where['Bucket']}")


def same(one: Configuration, other: Configuration) -> bool:
    """Whether both say the same, in whatever order."""
    return _canonical(one) == _canonical(other)


def _canonical(configuration: Configuration) -> dict[str, Any]:
    def text(entry: Any) -> str:
        return json.dumps(entry, sort_keys=True)

    lists = {key: sorted(map(text, value)) for key, value in configuration.items() if isinstance(value, list) and value}
    return lists | ({EVENTBRIDGE: True} if EVENTBRIDGE in configuration else {})


def with_eventbridge(configuration: Configuration) -> Configuration:
    """The same with EventBridge told of everything."""
    return {**configuration, EVENTBRIDGE: {}}


def without_eventbridge(configuration: Configuration) -> Configuration:
    """The same without EventBridge."""
    return {key: value for key, value in configuration.items() if key != EVENTBRIDGE}


def entry(configuration: Configuration, id_: str) -> Mapping[str, Any] | None:
    """The entry for a function that has this id."""
    return next((e for e in configuration.get(FUNCTIONS, ()) if e["Id"] == id_), None)


def with_entry(configuration: Configuration, id_: str, new: Mapping[str, Any] | None) -> Configuration:
    """The same with *new* in place of the entry with this id; None: without it."""
    others = [e for e in configuration.get(FUNCTIONS, ()) if e["Id"] != id_]
    mine = [{"Id": id_, **new}] if new else []
    return {**configuration, FUNCTIONS: [*others, *mine]}
