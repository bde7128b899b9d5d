"""Concurrency that is kept for a function, and the account's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_.asked import API
from awslab.local.aws.lambda_.model import Region
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.asked import LambdaAsked
    from awslab.local.aws.world import World

book = Book("lambda")
UNRESERVED_LEAST = 100


def unreserved(world: World, region: Region, but: str = "") -> int:
    """Return what is left of the account's concurrency for functions that have none of their own."""
    kept = sum(one.concurrency or 0 for one in region.functions.values() if one.name != but)
    return int(world.limit("function-concurrency")) - kept


@book.behaves(
    "concurrency-unreserved",
    "PutFunctionConcurrency",
    code="InvalidParameterValueException",
    does="At least 100 of an account's concurrent executions stay unreserved.",
    see=API + "API_PutFunctionConcurrency.html",
)
def put(asked: LambdaAsked) -> dict[str, Any]:
    """Keep concurrency for one function."""
    function, wanted = asked.function(), int(asked.params["ReservedConcurrentExecutions"])
    if unreserved(asked.world, asked.region, function.name) - wanted < UNRESERVED_LEAST:
        sentence = (
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{UNRESERVED_LEAST}]."
        )
        raise AwsError("InvalidParameterValueException", sentence)
    function.concurrency = wanted
    return {"ReservedConcurrentExecutions": wanted}


def get(asked: LambdaAsked) -> dict[str, Any]:
    """Return what is kept for a function; nothing where nothing is."""
    kept = asked.function().concurrency
    return {} if kept is None else {"ReservedConcurrentExecutions": kept}


def delete(asked: LambdaAsked) -> None:
    """Give a function's concurrency back."""
    asked.function().concurrency = None


def account_settings(asked: LambdaAsked) -> dict[str, Any]:
    """Return the limits of the account and what is used of them."""
    functions = asked.region.functions.values()
    size = sum(len(version.code.data) for one in functions for version in one.all_versions())
    limit = {
        "TotalCodeSize": 80_530_636_800,
        "CodeSizeUnzipped": 262_144_000,
        "CodeSizeZipped": 52_428_800,
        "ConcurrentExecutions": int(asked.world.limit("function-concurrency")),
        "UnreservedConcurrentExecutions": unreserved(asked.world, asked.region),
    }
    return {"AccountLimit": limit, "AccountUsage": {"TotalCodeSize": size, "FunctionCount": len(functions)}}
