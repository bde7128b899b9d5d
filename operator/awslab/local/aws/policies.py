"""Policy documents: which statement of which document speaks of a request, and what it says.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Values = list[str]


@dataclass(frozen=True)
class Request:
    """What a policy is asked about; `context` has the condition keys, in lower case."""

    action: str
    resource: str
    context: dict[str, Values] = field(default_factory=dict)
    principals: frozenset[str] = frozenset()  # ARNs, account ids or service names that the caller is


def context_of(**keys: str) -> dict[str, Values]:
    """Return a context of global condition keys, as `SourceArn="arn:..."`; empty ones are left out."""
    return {f"aws:{name.lower()}": [value] for name, value in keys.items() if value}


def statements(document: str | dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the statements of a document; one statement may stand without a list."""
    if not document:
        return []
    read = json.loads(document) if isinstance(document, str) else document
    return [one for one in _list(read.get("Statement", [])) if isinstance(one, dict)]


def speaking(document: str | dict[str, Any] | None, request: Request, effect: str) -> Iterator[int]:
    """Yield the places of the statements with this effect that match the request."""
    for place, one in enumerate(statements(document)):
        if one.get("Effect") == effect and matches(one, request):
            yield place


def says(document: str | dict[str, Any] | None, request: Request) -> bool:
    """Tell whether a document allows a request and nothing in it denies it."""
    denied = next(speaking(document, request, "Deny"), None)
    return denied is None and next(speaking(document, request, "Allow"), None) is not None


def matches(statement: dict[str, Any], request: Request) -> bool:
    """Tell whether a statement is about this request: principal, action, resource and every condition."""
    return (
        _principal_matches(statement, request.principals)
        and _element(statement, "Action", request.action, ignore_case=True)
        and _element(statement, "Resource", request.resource)
        and all(
            _condition(operator, key, _list(values), request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def is_like(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Match `*` and `?`, and nothing else, as IAM does."""
    return bool(_pattern(pattern, ignore_case).fullmatch(value))


@lru_cache(maxsize=4096)
def _pattern(pattern: str, ignore_case: bool) -> re.Pattern[str]:  # noqa: FBT001 - positional for the cache
    text = "".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _element(statement: dict[str, Any], name: str, value: str, *, ignore_case: bool = False) -> bool:
    """Match Action or NotAction, Resource or NotResource; trust policies have no resource."""
    if f"Not{name}" in statement:
        return not any(is_like(one, value, ignore_case=ignore_case) for one in _list(statement[f"Not{name}"]))
    if name not in statement:
        return name == "Resource"
    return any(is_like(one, value, ignore_case=ignore_case) for one in _list(statement[name]))


def _principal_matches(statement: dict[str, Any], principals: frozenset[str]) -> bool:
    if "NotPrincipal" in statement:
        return not principals & _named(statement["NotPrincipal"])
    if "Principal" not in statement:  # an identity's policy: the principal is whose it is
        return True
    named = _named(statement["Principal"])
    return "*" in named or bool(principals & named)


def _named(principal: Any) -> set[str]:
    """Return who is named; `arn:aws:iam::ID:root` and the bare account id are the same."""
    groups = principal.values() if isinstance(principal, dict) else [principal]
    found = {str(one) for group in groups for one in _list(group)}
    return found | {one.split(":")[4] for one in found if one.endswith(":root") and one.count(":") > 4}  # noqa: PLR2004 - of an ARN


def _condition(operator: str, key: str, wanted: Values, context: dict[str, Values]) -> bool:
    """Evaluate one condition; an operator that is not known matches nothing."""
    quantifier, _, name = operator.rpartition(":")
    actual = context.get(key.lower())
    if name == "Null":
        return (actual is None) == (str(wanted[0]).lower() == "true")
    name, optional = name.removesuffix("IfExists"), name.endswith("IfExists")
    compare = OPERATORS.get(name)
    if compare is None:
        return False
    if actual is None:
        return optional or "Not" in name or quantifier == "ForAllValues"
    told = [str(one).lower() if isinstance(one, bool) else str(one) for one in wanted]
    if quantifier == "ForAllValues":
        return all(compare(one, told) for one in actual)
    return any(compare(one, told) for one in actual)


def _any(equal: Callable[[str, str], bool], *, negated: bool = False) -> Callable[[str, Values], bool]:
    return lambda actual, wanted: any(equal(actual, one) for one in wanted) != negated


def _arn_like(actual: str, wanted: str) -> bool:
    """Match part by part: `*` in one part of an ARN does not reach over a colon."""
    there, asked = actual.split(":", 5), wanted.split(":", 5)
    return len(there) == len(asked) and all(is_like(one, value) for one, value in zip(asked, there, strict=True))


_equal = _any(lambda actual, one: actual == one)
_like = _any(lambda actual, one: is_like(one, actual))
_arn = _any(_arn_like)
OPERATORS: dict[str, Callable[[str, Values], bool]] = {
    "StringEquals": _equal,
    "StringNotEquals": _any(lambda actual, one: actual == one, negated=True),
    "StringEqualsIgnoreCase": _any(lambda actual, one: actual.lower() == one.lower()),
    "StringLike": _like,
    "StringNotLike": _any(lambda actual, one: is_like(one, actual), negated=True),
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "ArnNotEquals": _any(_arn_like, negated=True),
    "ArnNotLike": _any(_arn_like, negated=True),
    "Bool": _any(lambda actual, one: actual.lower() == one.lower()),
    "NumericLessThanEquals": _any(lambda actual, one: float(actual) <= float(one)),
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
