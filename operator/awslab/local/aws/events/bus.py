"""An event bus: every event goes to the rules that match it, and on to their targets in threads of their own."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends
from moto.utilities.utils import get_partition

from awslab.local.aws.cloudwatch import metrics
from awslab.local.aws.events import patterns, targets
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.world import World

book = Book("events")
DEFAULT = "default"


@dataclass(frozen=True)
class Match:
    """A rule that matched an event: what a delivery needs to know of it."""

    account: str
    region: str
    name: str
    arn: str


def deliver(world: World, account: str, region: str, event: dict[str, Any], bus: str = DEFAULT) -> str:
    """Give an event to a bus and return its id; whoever is a target gets it a little later, from a thread.

    `event` has `source`, `detail-type` and `detail`, and may have `resources`, `time` (text) and `id`;
    the rest of the envelope is added. May be called with and without the world's lock.
    """
    whole = envelope(world, account, region, event)
    with world.lock:
        for rule in _matching(account, region, bus, whole):
            match = Match(account, region, rule.name, rule.arn)
            metrics.count(world, account, region, "AWS/Events", {"RuleName": rule.name}, MatchedEvents=1)
            if rule.targets:
                metrics.count(world, account, region, "AWS/Events", {"RuleName": rule.name}, TriggeredRules=1)
            for target in list(rule.targets):
                world.background.start(f"event-{rule.name}", targets.send, world, match, dict(target), whole)
    return str(whole["id"])


@book.behaves(
    "rule-disabled",
    "PutEvents",
    does="A disabled rule, and one without targets, delivers nothing.",
    see="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html",
)
def _matching(account: str, region: str, bus: str, event: dict[str, Any]) -> list[Any]:
    found = events_backends[account][region].event_buses.get(bus)
    return [
        rule
        for rule in (found.rules.values() if found else ())
        if rule.state != "DISABLED" and (pattern := rule.event_pattern.dump()) and patterns.matches(pattern, event)
    ]


def envelope(world: World, account: str, region: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with everything that EventBridge adds."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(world.clock()))
    return {
        "version": "0",
        "id": event.get("id") or str(uuid.uuid4()),
        "detail-type": event["detail-type"],
        "source": event["source"],
        "account": event.get("account") or account,
        "time": event.get("time") or moment,
        "region": event.get("region") or region,
        "resources": event.get("resources") or [],
        "detail": event.get("detail") or {},
    }


def bus_arn(account: str, region: str, bus: str) -> str:
    """Return the ARN of a bus."""
    return f"arn:{get_partition(region)}:events:{region}:{account}:event-bus/{bus}"
