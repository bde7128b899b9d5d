"""EventBridge: moto keeps buses, rules and targets; events are matched and delivered by us."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends
from moto.events.responses import EventsHandler

from awslab.local.aws.errors import AwsError
from awslab.local.aws.events import bus, patterns
from awslab.local.aws.modelled import Modelled
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import World

book = Book("events")
API = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/"
MOST_TARGETS = 5
MOST_ENTRIES = 10
ENTRY_LIMIT = 262_144  # bytes of all entries of a call
NEEDED = ("Source", "DetailType", "Detail")
RULE_TAGS = 50


def _bus_name(asked: Asked) -> str:
    return str(asked.params.get("EventBusName") or bus.DEFAULT).rpartition("/")[2]


def _backend(asked: Asked) -> Any:
    return events_backends[asked.account][asked.region]


def _rules(asked: Asked, name: str) -> dict[str, Any]:
    found = _backend(asked).event_buses.get(name)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")
    rules: dict[str, Any] = found.rules
    return rules


@book.behaves(
    "rule-tags-once",
    "PutRule",
    does="Tags that come with a change of a rule are ignored.",
    see=API + "API_PutRule.html",
)
def put_rule(asked: Asked) -> dict[str, Any]:
    """Answer PutRule."""
    params, name = asked.params, asked.params.get("Name", "")
    if params.get("EventPattern"):
        patterns.checked(params["EventPattern"])
    known = name in _rules(asked, _bus_name(asked))
    rule = _backend(asked).put_rule(
        name,
        description=params.get("Description"),
        event_bus_arn=params.get("EventBusName"),
        event_pattern=params.get("EventPattern"),
        role_arn=params.get("RoleArn"),
        scheduled_expression=params.get("ScheduleExpression"),
        state=params.get("State"),
        tags=None if known else params.get("Tags"),
    )
    return {"RuleArn": rule.arn}


@book.behaves(
    "rule-tags-gone",
    "DeleteRule",
    code="ValidationException",
    does="A rule that has targets is not deleted; its tags go with it, and deleting one that is not there succeeds.",
    see=API + "API_DeleteRule.html",
)
def delete_rule(asked: Asked) -> dict[str, Any]:
    """Answer DeleteRule."""
    backend, name = _backend(asked), asked.params.get("Name", "")
    rule = _rules(asked, _bus_name(asked)).get(name)
    if rule is not None:
        if rule.targets:
            raise AwsError("ValidationException", "Rule can't be deleted since it has targets.")
        backend.tagger.delete_all_tags_for_resource(rule.arn)
        backend.delete_rule(name, asked.params.get("EventBusName"))
    return {}


@book.refuses(
    "target-needs-role",
    "PutTargets",
    code="ValidationException",
    does="A target that is a state machine or another bus comes with a role.",
    see=API + "API_PutTargets.html",
)
def needs_role(asked: Asked) -> str | None:
    """Refuse a target that nobody could start."""
    for target in asked.params.get("Targets") or []:
        if target["Arn"].split(":")[2:3] == ["states"] and not target.get("RoleArn"):
            return f"RoleArn is required for target {target['Arn']}."
    return None


@book.refuses(
    "target-limit",
    "PutTargets",
    code="LimitExceededException",
    does="A rule has five targets at most.",
    see="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
)
def too_many_targets(asked: Asked) -> str | None:
    """Refuse a sixth target."""
    rule = _rules(asked, _bus_name(asked)).get(asked.params.get("Rule", ""))
    had = {target["Id"] for target in rule.targets} if rule else set()
    ids = had | {target["Id"] for target in asked.params.get("Targets") or []}
    return "The requested resource exceeds the maximum number allowed." if len(ids) > MOST_TARGETS else None


def test_pattern(asked: Asked) -> dict[str, Any]:
    """Answer TestEventPattern."""
    pattern = patterns.checked(asked.params.get("EventPattern", ""))
    return {"Result": patterns.matches(pattern, json.loads(asked.params.get("Event") or "{}"))}


@book.behaves(
    "events-entries",
    "PutEvents",
    code="ValidationException",
    does="A call brings at most 10 events of 256 KiB together; one without source, type or JSON detail, or for a bus"
    " that is not there, is told of in its place.",
    see=API + "API_PutEvents.html",
)
def put_events(asked: Asked) -> dict[str, Any]:
    """Answer PutEvents."""
    entries = asked.params.get("Entries") or []
    if not 1 <= len(entries) <= MOST_ENTRIES:
        sentence = "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have"
        raise AwsError("ValidationException", f"{sentence} length between 1 and {MOST_ENTRIES}")
    if len(json.dumps(entries, default=str).encode()) > ENTRY_LIMIT:
        raise AwsError("ValidationException", "Total size of the entries in the request is over the limit.")
    told = [_put(asked, entry) for entry in entries]
    return {"FailedEntryCount": sum("ErrorCode" in one for one in told), "Entries": told}


def _put(asked: Asked, entry: dict[str, Any]) -> dict[str, Any]:
    if missing := next((name for name in NEEDED if not entry.get(name)), None):
        sentence = f"Parameter {missing} is not valid. Reason: {missing} is a required argument."
        return {"ErrorCode": "InvalidArgument", "ErrorMessage": sentence}
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    if str(entry["Source"]).startswith("aws."):
        return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
    event = {
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "detail": detail,
        "resources": entry.get("Resources"),
    }
    name = str(entry.get("EventBusName") or bus.DEFAULT).rpartition("/")[2]
    return {"EventId": bus.deliver(asked.world, asked.account, asked.region, event, name)}


ACTIONS = {
    "PutRule": put_rule,
    "DeleteRule": delete_rule,
    "PutEvents": put_events,
    "TestEventPattern": test_pattern,
}


class EventBridge(Modelled):
    """Answers the calls of EventBridge."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "events", "events", ACTIONS, EventsHandler)


def tagged_resources(account: str, region: str) -> dict[str, dict[str, str]]:
    """Return the tags of every rule by its ARN, for the tagging API."""
    backend = events_backends[account][region]
    rules = [rule for one in backend.event_buses.values() for rule in one.rules.values()]
    return {rule.arn: backend.tagger.get_tag_dict_for_resource(rule.arn) for rule in rules}
