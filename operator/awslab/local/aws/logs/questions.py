"""Queries of Logs Insights while they run: asked, running for a while, answered."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.logs.models import logs_backends

from awslab.local.aws.errors import AwsError
from awslab.local.aws.logs import insights
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awslab.local.aws.services import Asked
    from awslab.local.aws.world import Due, World

book = Book("logs")
API = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
MOST = 10_000


def _kept(asked: Asked) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = asked.world.store("logs-questions", asked.call.account, asked.call.region, dict)
    return kept


@book.behaves(
    "query-started",
    "StartQuery",
    code="ResourceNotFoundException",
    does="A query is asked of log groups that are there, of a time with a beginning before its end.",
    see=API + "API_StartQuery.html",
)
def start(asked: Asked) -> dict[str, Any]:
    """Read a query, and answer it of what the groups hold now."""
    params = asked.params
    query = insights.read(str(params.get("queryString", "")))
    begin, end = params.get("startTime"), params.get("endTime")
    if begin is None or end is None or begin > end:
        raise AwsError("InvalidParameterException", "The start time must be before the end time.")
    rows = [row for name in _groups(params) for row in _rows(asked, name, int(begin), int(end))]
    found = query.answer(rows)[: int(params.get("limit") or MOST)]
    id_ = str(uuid.uuid4())
    _kept(asked)[id_] = {
        "status": "Running",
        "results": [[{"field": name, "value": value} for name, value in row.items()] for row in found],
        "statistics": {"recordsMatched": float(len(found)), "recordsScanned": float(len(rows)), "bytesScanned": 0.0},
    }
    asked.later("query-answered", id_)
    return {"queryId": id_}


def _answered(world: World, due: Due) -> None:
    kept = world.store("logs-questions", due.account, due.region, dict)[due.id]
    if kept["status"] == "Running":
        kept["status"] = "Complete"


CHANGES = {"query-answered": _answered}


def _groups(params: dict[str, Any]) -> list[str]:
    one = params.get("logGroupName")
    named = [*([one] if one else ()), *(params.get("logGroupNames") or ()), *(params.get("logGroupIdentifiers") or ())]
    if not named:
        raise AwsError("InvalidParameterException", "A log group must be specified.")
    return [str(name).rpartition(":log-group:")[2].removesuffix(":*") for name in named]


def _rows(asked: Asked, name: str, begin: int, end: int) -> Iterator[dict[str, Any]]:
    """The events of a group between two moments in seconds, with the fields that are discovered in them."""
    group = logs_backends[asked.call.account][asked.call.region].groups.get(name)
    if group is None:
        raise AwsError("ResourceNotFoundException", f"Log group '{name}' does not exist.")
    for stream in group.streams.values():
        for event in stream.events:
            if begin <= event.timestamp / 1000 <= end:
                moment = datetime.fromtimestamp(event.timestamp / 1000, UTC)
                yield {
                    **insights.fields_of(event.message),
                    "@timestamp": f"{moment:%Y-%m-%d %H:%M:%S}.{event.timestamp % 1000:03d}",
                    "@message": event.message,
                    "@logStream": stream.log_stream_name,
                    "@log": f"{asked.call.account}:{name}",
                }


@book.behaves(
    "query-running",
    "GetQueryResults",
    code="ResourceNotFoundException",
    does="A query is `Running` for a while before it is `Complete` and has its results.",
    see=API + "API_GetQueryResults.html",
)
def results(asked: Asked) -> dict[str, Any]:
    """Tell how far a query is, and what it found."""
    kept = _named(asked)
    done = kept["status"] == "Complete"
    return {"status": kept["status"], "results": kept["results"] if done else [], "statistics": kept["statistics"]}


@book.behaves(
    "query-stopped",
    "StopQuery",
    code="InvalidParameterException",
    does="A query that runs can be stopped; one that has ended cannot.",
    see=API + "API_StopQuery.html",
)
def stop(asked: Asked) -> dict[str, Any]:
    """End a query that runs."""
    if results(asked)["status"] != "Running":
        raise AwsError("InvalidParameterException", "Query is not in running or scheduled status.")
    _named(asked)["status"] = "Cancelled"
    return {"success": True}


def _named(asked: Asked) -> dict[str, Any]:
    id_ = str(asked.params.get("queryId"))
    if id_ not in _kept(asked):
        raise AwsError("ResourceNotFoundException", f"Query id {id_} does not exist.")
    return _kept(asked)[id_]
