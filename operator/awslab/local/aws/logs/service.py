"""CloudWatch Logs: moto keeps groups and events; names, retention, tags and searches are as AWS has them."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.logs.models import logs_backends

from awslab.local.aws.errors import AwsError
from awslab.local.aws.logs import queries, questions
from awslab.local.aws.logs.patterns import matcher
from awslab.local.aws.rules import Book
from awslab.local.aws.services import Asked, Ruled
from awslab.local.aws.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.call import Call

book = Book("logs")
API = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
GROUP_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}", re.ASCII)
DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
YEARS = (1096, 1827, 2192, 2557, 2922, 3288, 3653)
GROUPS_PAGE = 50
EVENTS_PAGE = 10_000


class Logs(Ruled):
    """Answers the calls of CloudWatch Logs."""

    name = "logs"

    def answer(self, call: Call) -> Answer:
        """Search by ourselves; everything else goes by the rules to moto."""
        if call.action not in HANDLERS:
            return super().answer(call)
        body = json.dumps(HANDLERS[call.action](Asked(call, self.world))).encode()
        return Answer(HTTPStatus.OK, {"Content-Type": "application/x-amz-json-1.1"}, body)

    def made(self, call: Call, _: Answer) -> list[str]:
        """A new group is known by its name."""
        return [call.params["logGroupName"]] if call.action == "CreateLogGroup" else []


def _logs(asked: Asked) -> Any:
    return logs_backends[asked.call.account][asked.call.region]


def _arn(asked: Asked, name: str) -> str:
    return f"arn:aws:logs:{asked.call.region}:{asked.call.account}:log-group:{name}"


@book.refuses(
    "log-group-name",
    "CreateLogGroup",
    code="InvalidParameterException",
    does="A group's name has at most 512 letters, digits and `.-_/#`.",
    see=API + "API_CreateLogGroup.html",
)
def _name(asked: Asked) -> str | None:
    name = str(asked.params.get("logGroupName", ""))
    if GROUP_NAME.fullmatch(name):
        return None
    return f"1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint"


@book.refuses(
    "log-group-retention",
    "PutRetentionPolicy",
    code="InvalidParameterException",
    does="Events are kept for one of the numbers of days that AWS offers, from 1 to 3653.",
    see=API + "API_PutRetentionPolicy.html",
)
def _retention(asked: Asked) -> str | None:
    days = asked.params.get("retentionInDays")
    if days in DAYS + YEARS:
        return None
    return f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint"


@book.refuses(
    "log-group-tags",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    code="ResourceNotFoundException",
    does="Tags are asked for by the ARN of a group that is there, without `:*` at its end.",
    see=API + "API_TagResource.html",
)
def _tags(asked: Asked) -> str | None:
    arn = str(asked.params.get("resourceArn", ""))
    if ":log-group:" not in arn:
        return None
    there = any(group.arn == arn for group in _logs(asked).groups.values())
    return None if there else "The specified resource does not exist."


@book.follows(
    "log-group-tags-go",
    "DeleteLogGroup",
    does="With a group go its tags: one made anew under its name has none.",
    see=API + "API_DeleteLogGroup.html",
)
def _forget_tags(asked: Asked, _: object) -> None:
    _logs(asked).tagger.delete_all_tags_for_resource(_arn(asked, str(asked.params.get("logGroupName"))))


@book.behaves(
    "log-groups-found",
    "DescribeLogGroups",
    code="InvalidParameterException",
    does="Groups are found by a prefix or a part of their names, not by both, in pages of at most 50.",
    see=API + "API_DescribeLogGroups.html",
)
def describe_groups(asked: Asked) -> dict[str, Any]:
    """Return a page of the groups."""
    params = asked.params
    prefix, part = params.get("logGroupNamePrefix") or "", (params.get("logGroupNamePattern") or "").lower()
    if prefix and part:
        sentence = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        raise AwsError("InvalidParameterException", sentence)
    size = int(params.get("limit") or GROUPS_PAGE)
    if not 1 <= size <= GROUPS_PAGE:
        sentence = f"1 validation error detected: Value '{size}' at 'limit' must be between 1 and {GROUPS_PAGE}"
        raise AwsError("InvalidParameterException", sentence)
    names = sorted(name for name in _logs(asked).groups if name.startswith(prefix) and part in name.lower())
    page, token = _page(names, size, params.get("nextToken"))
    shown = [_logs(asked).groups[name].to_describe_dict() for name in page]
    return {"logGroups": shown} | token


@book.behaves(
    "log-events-searched",
    "FilterLogEvents",
    does="Events of all streams come in the order of time, in pages, filtered by words, choices, exclusions or fields.",
    see=API + "API_FilterLogEvents.html",
)
def filter_events(asked: Asked) -> dict[str, Any]:
    """Return a page of the events that match."""
    params = asked.params
    name = str(params.get("logGroupName") or params.get("logGroupIdentifier") or "").rpartition("log-group:")[2]
    group = _logs(asked).groups.get(name)
    if group is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    wanted, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix") or ""
    begin, end = params.get("startTime") or 0, params.get("endTime") or float("inf")
    matches = matcher(params.get("filterPattern") or "")
    found = [
        event.to_filter_dict() | {"logStreamName": stream.log_stream_name, "eventId": f"{event.event_id:056d}"}
        for stream in group.streams.values()
        if (not wanted or stream.log_stream_name in wanted) and stream.log_stream_name.startswith(prefix)
        for event in stream.events
        if begin <= event.timestamp <= end and matches(event.message)
    ]
    found.sort(key=lambda one: (one["timestamp"], one["eventId"]))
    page, token = _page(found, min(int(params.get("limit") or EVENTS_PAGE), EVENTS_PAGE), params.get("nextToken"))
    return {"events": page, "searchedLogStreams": []} | token


def _page(items: list[Any], size: int, token: str | None) -> tuple[list[Any], dict[str, str]]:
    try:
        first = int(token or 0)
    except ValueError as error:
        raise AwsError("InvalidParameterException", "The specified nextToken is invalid.") from error
    last = first + size
    return items[first:last], {"nextToken": str(last)} if last < len(items) else {}


HANDLERS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "DescribeLogGroups": describe_groups,
    "FilterLogEvents": filter_events,
    "DeleteQueryDefinition": queries.delete,
    "DescribeQueryDefinitions": queries.describe,
    "PutQueryDefinition": queries.put,
    "StartQuery": questions.start,
    "GetQueryResults": questions.results,
    "StopQuery": questions.stop,
}
