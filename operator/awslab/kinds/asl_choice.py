"""Choices: tests on the state, as states of Amazon States Language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awslab.api.datapipeline_steps import ChoiceRule, Comparison, Condition

Test = dict[str, Any]

NUMERIC = {
    "greater_than": "NumericGreaterThan",
    "greater_than_equals": "NumericGreaterThanEquals",
    "less_than": "NumericLessThan",
    "less_than_equals": "NumericLessThanEquals",
}


def choice(rules: Sequence[ChoiceRule], default: str | None) -> dict[str, Any]:
    """A Choice state."""
    if rules[0].jsonata is not None:
        ways = [{"Condition": rule.jsonata, "Next": rule.next} for rule in rules]
        return {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": ways, "Default": default}
    return {
        "Type": "Choice",
        "Choices": [{**_condition(rule.when), "Next": rule.next} for rule in rules if rule.when],
        "Default": default,
    }


def _condition(condition: Condition) -> Test:
    if condition.and_:
        return {"And": [_test(test) for test in condition.and_]}
    if condition.or_:
        return {"Or": [_test(test) for test in condition.or_]}
    return {"Not": _test(condition.not_)} if condition.not_ else _test(condition)


def _test(test: Comparison | Condition) -> Test:
    """One comparison; a run must not end because the value is not there, and so that is asked first."""
    present = {"Variable": test.path, "IsPresent": True}
    if test.is_present is not None:
        return present | {"IsPresent": test.is_present}
    return {"And": [present, {"Variable": test.path, **_operator(test)}]}


def _operator(test: Comparison | Condition) -> Test:
    if test.equals is not None:
        return _equals(test.equals)
    if test.matches is not None:
        return {"StringMatches": test.matches}
    if test.is_null is not None:
        return {"IsNull": test.is_null}
    ((name, value),) = [(name, v) for name in NUMERIC if (v := getattr(test, name)) is not None]
    return {NUMERIC[name]: _number(value)}


def _equals(value: str | float | bool) -> Test:  # noqa: FBT001 - a value of the state, no flag
    if isinstance(value, bool):
        return {"BooleanEquals": value}
    return {"StringEquals": value} if isinstance(value, str) else {"NumericEquals": _number(value)}


def _number(value: float) -> float:
    """Whole numbers as such."""
    return int(value) if value == int(value) else value
