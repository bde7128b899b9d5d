"""Filter patterns of CloudWatch Logs: words, phrases, choices, and selectors of fields in JSON.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json
import operator
import re
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.policies import is_like

if TYPE_CHECKING:
    from collections.abc import Callable

TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|(%[^%]+%)|(\S+))')
CLAUSE = re.compile(r'\s*\$\.([\w.\[\]-]+)\s*(?:(=|!=|<=|>=|<|>)\s*("[^"]*"|[^\s&|]+)|(IS NULL|NOT EXISTS|EXISTS))\s*')
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a message matches; raises AwsError for a pattern that cannot be read."""
    text = pattern.strip()
    if text.startswith("{"):
        return _selector(text)
    terms = [(sign, phrase or regex or word) for sign, phrase, regex, word in TERM.findall(text)]
    must = [_contains(term) for sign, term in terms if not sign]
    never = [_contains(term) for sign, term in terms if sign == "-"]
    some = [_contains(term) for sign, term in terms if sign == "?"] if not must else []

    def matches(message: str) -> bool:
        return (
            all(has(message) for has in must)
            and not any(has(message) for has in never)
            and (not some or any(has(message) for has in some))
        )

    return matches


def _contains(term: str) -> Callable[[str], bool]:
    if len(term) > 2 and term.startswith("%") and term.endswith("%"):  # noqa: PLR2004 - the signs themselves
        found = re.compile(term[1:-1])
        return lambda message: found.search(message) is not None
    return lambda message: term in message


def _selector(text: str) -> Callable[[str], bool]:
    """Read `{ $.a = "b" && $.n > 3 }`, with one kind of connection and no brackets inside."""
    inner = text.removeprefix("{").removesuffix("}")
    any_of = "||" in inner
    clauses = [CLAUSE.fullmatch(one) for one in re.split(r"&&|\|\|", inner)]
    if not text.endswith("}") or not all(clauses) or ("&&" in inner and any_of):
        raise AwsError("InvalidParameterException", f"Invalid filter pattern, or one not known here: {text}")
    tests = [_clause(*clause.groups()) for clause in clauses if clause]

    def matches(message: str) -> bool:
        try:
            value = json.loads(message)
        except ValueError:
            return False
        return (any if any_of else all)(test(value) for test in tests)

    return matches


def _clause(path: str, sign: str | None, wanted: str | None, state: str | None) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        there, found = _field(value, path)
        if state:
            return {"EXISTS": there, "NOT EXISTS": not there, "IS NULL": there and found is None}[state]
        return there and _compare(found, sign or "=", (wanted or "").strip('"'))

    return test


def _compare(found: Any, sign: str, wanted: str) -> bool:
    if sign in COMPARE:
        try:
            return COMPARE[sign](float(found), float(wanted))
        except (TypeError, ValueError):
            return False
    text = found if isinstance(found, str) else json.dumps(found)
    return is_like(wanted, text) == (sign == "=")


def _field(value: Any, path: str) -> tuple[bool, Any]:
    """Return whether a field is there, and what it holds."""
    for name in re.findall(r"[\w-]+", path):
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return False, None
    return True, value
