"""What a path finds: one value where it can only lead to one place, else a list of all that it leads to."""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from typing import Any

from jsonpath_ng.ext import parser
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from awslab.local.aws.rules import Book

book = Book("states")
ASL = "moto.stepfunctions.parser.asl."
COMPARISONS = ASL + "component.state.choice.comparison.operator.implementations."
USERS = (
    ASL + "component.common.string.string_expression",
    ASL + "component.intrinsic.argument.argument",
    ASL + "eval.states",
    *(COMPARISONS + name for name in ("boolean_equals", "numeric", "string_operators", "timestamp_operators")),
)
ONE_PLACE = re.compile(r"\$(?:\.[A-Za-z_][\w-]*|\['[^']*'\]|\[\d+\])*")
"""Names and positions only: no wildcard, slice, filter or descent."""

_parsed = lru_cache(maxsize=1000)(parser.parse)


def apply() -> None:
    """Let everything in moto's interpreter that follows paths follow them so."""
    for name in USERS:
        vars(importlib.import_module(name))["extract_json"] = extracted


@book.behaves(
    "jsonpath-value",
    "StartExecution",
    does="A path of names and positions gives the value that is there, be it within a list;"
    " one with a wildcard, slice or filter gives a list of all matches.",
    see="https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html",
)
def extracted(path: str, data: Any) -> Any:
    """What *path* finds in *data*; raises NoSuchJsonPathError where a definite path finds nothing."""
    found = [match.value for match in _parsed(path).find(data)]
    if not ONE_PLACE.fullmatch(path):
        return found
    if not found:
        raise NoSuchJsonPathError(json_path=path, data=data)
    return found[0]
