"""Saved queries of Logs Insights: moto has none."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.services import Asked

book = Book("logs")
API = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"


def _kept(asked: Asked) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = asked.world.store("logs-queries", asked.call.account, asked.call.region, dict)
    return kept


@book.behaves(
    "query-definition",
    "PutQueryDefinition",
    code="ResourceNotFoundException",
    does="A saved query is changed under its id; with a client token the same one is not made twice.",
    see=API + "API_PutQueryDefinition.html",
)
def put(asked: Asked) -> dict[str, Any]:
    """Keep a query."""
    params, kept = asked.params, _kept(asked)
    id_, token = params.get("queryDefinitionId"), params.get("clientToken")
    if id_ and id_ not in kept:
        raise AwsError("ResourceNotFoundException", f"The query definition {id_} does not exist.")
    same = next((one for one, query in kept.items() if token and query["token"] == token), None)
    id_ = id_ or same or str(uuid.uuid4())
    before = kept.get(id_, {"token": token})
    kept[id_] = before | {
        "queryDefinitionId": id_,
        "name": params["name"],
        "queryString": params["queryString"],
        "lastModified": int(time.time() * 1000),
        "logGroupNames": params.get("logGroupNames") or [],
    }
    return {"queryDefinitionId": id_}


def describe(asked: Asked) -> dict[str, Any]:
    """List the queries whose names begin so."""
    prefix = asked.params.get("queryDefinitionNamePrefix") or ""
    found = [query for query in _kept(asked).values() if query["name"].startswith(prefix)]
    shown = [{key: value for key, value in query.items() if key != "token"} for query in found]
    return {"queryDefinitions": sorted(shown, key=lambda query: str(query["name"]))}


@book.behaves(
    "query-definition-missing",
    "DeleteQueryDefinition",
    code="ResourceNotFoundException",
    does="Only a saved query that is there can be deleted.",
    see=API + "API_DeleteQueryDefinition.html",
)
def delete(asked: Asked) -> dict[str, Any]:
    """Forget a query."""
    id_ = str(asked.params.get("queryDefinitionId"))
    if _kept(asked).pop(id_, None) is None:
        raise AwsError("ResourceNotFoundException", f"The query definition {id_} does not exist.")
    return {"success": True}
