"""Policies of IAM and of resources, in a form in which equal means equal.

AWS gives a policy back in another order, with one string in place of a list, with an account's number in place of
its root's ARN: none of that is a difference here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, ClassVar

from awslab.core.values import FrozenMap

VERSION = "2012-10-17"
ANYBODY = "*"
_ROOT = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root")
_NEGATED = {"Action": "NotAction", "Resource": "NotResource", "Principal": "NotPrincipal"}


@dataclass(frozen=True, order=True)
class Condition:
    """One test: any of the values will do."""

    operator: str
    folded: str
    """The key in small letters: AWS tells none apart."""
    values: tuple[str, ...]
    """Sorted."""
    key: str = field(compare=False)

    @classmethod
    def of(cls, operator: str, key: str, *values: str) -> Condition:
        """A test of *key* against *values*, in any order."""
        return cls(operator, key.lower(), tuple(sorted(values)), key)

    def __str__(self) -> str:
        return f"{self.key} {self.operator} {_list(self.values)}"


@dataclass(frozen=True)
class Statement:
    """One statement of a policy, without its name.

    It holds ARNs as text, not as references: that a policy speaks of something keeps nobody from deleting it.
    """

    is_leaf: ClassVar[bool] = True

    effect: str
    actions: frozenset[str]
    resources: frozenset[str] = frozenset()
    """Empty in a trust policy."""
    principals: frozenset[str] = frozenset()
    """``Service:lambda.amazonaws.com``, ``AWS:123456789012``, ``*``; empty in a policy of a role."""
    conditions: frozenset[Condition] = frozenset()
    negated: frozenset[str] = frozenset()
    """Which of Action, Resource and Principal are meant as "all but these"."""

    @classmethod
    def allow(
        cls,
        actions: Iterable[str],
        resources: Iterable[str] = (),
        principals: Iterable[str] = (),
        conditions: Iterable[Condition] = (),
    ) -> Statement:
        """What is allowed."""
        return cls("Allow", frozenset(actions), frozenset(resources), frozenset(principals), frozenset(conditions))

    @classmethod
    def deny(
        cls,
        actions: Iterable[str],
        resources: Iterable[str] = (),
        principals: Iterable[str] = (),
        conditions: Iterable[Condition] = (),
    ) -> Statement:
        """What is refused, whatever allows it."""
        return cls("Deny", frozenset(actions), frozenset(resources), frozenset(principals), frozenset(conditions))

    def __str__(self) -> str:
        def but(element: str, values: Set[str]) -> str:
            return ("all but " if element in self.negated else "") + _list(sorted(values))

        words = [self.effect.lower(), but("Action", self.actions)]
        words += ["on", but("Resource", self.resources)] if self.resources else []
        words += ["to", but("Principal", self.principals)] if self.principals else []
        words += ["if", " and ".join(map(str, sorted(self.conditions)))] if self.conditions else []
        return " ".join(words)


Policy = FrozenMap[str, Statement]
"""Statements by their Sid; one without is found under its own text."""

NOTHING: Policy = FrozenMap()


def trust(service: str, *conditions: Condition) -> Policy:
    """The trust policy that lets *service* (``lambda.amazonaws.com``) assume a role."""
    return FrozenMap({"Assume": Statement.allow({"sts:AssumeRole"}, (), {f"Service:{service}"}, conditions)})


def document(policy: Mapping[str, Statement]) -> str:
    """*policy* as AWS takes it, the same text for the same policy."""
    statements = [{"Sid": sid, **_written(policy[sid])} for sid in sorted(policy)]
    return json.dumps({"Version": VERSION, "Statement": statements}, separators=(",", ":"))


def read(document: str | Mapping[str, Any] | None) -> Policy:
    """The statements of a policy as AWS gives it back: text, or what boto3 has made of it; nothing for none."""
    if not document:
        return NOTHING
    content = json.loads(document) if isinstance(document, str) else document
    statements = _listed(content.get("Statement", ()))
    return FrozenMap({_name(item, statement): statement for item in statements for statement in [_statement(item)]})


def _name(item: Mapping[str, Any], statement: Statement) -> str:
    return item.get("Sid") or str(statement)


def _statement(item: Mapping[str, Any]) -> Statement:
    return Statement(
        effect=item["Effect"],
        actions=frozenset(_element(item, "Action")),
        resources=frozenset(_element(item, "Resource")),
        principals=frozenset(_principals(item.get("Principal") or item.get("NotPrincipal") or ())),
        conditions=frozenset(_conditions(item.get("Condition") or {})),
        negated=frozenset(element for element, no in _NEGATED.items() if no in item),
    )


def _element(item: Mapping[str, Any], name: str) -> list[Any]:
    return _listed(item.get(name) or item.get(_NEGATED[name]) or ())


def _principals(value: Any) -> Iterable[str]:
    """Everybody is one text, an account its number."""
    if not isinstance(value, Mapping):
        return _listed(value)
    named = [(kind, _ROOT.sub(r"\1", one)) for kind, names in value.items() for one in _listed(names)]
    return (ANYBODY if (kind, name) == ("AWS", ANYBODY) else f"{kind}:{name}" for kind, name in named)


def _conditions(value: Mapping[str, Mapping[str, Any]]) -> Iterable[Condition]:
    for operator, tests in value.items():
        for key, values in tests.items():
            yield Condition.of(operator, key, *map(_text, _listed(values)))


def _text(value: Any) -> str:
    """``true`` and ``"true"`` mean the same to AWS."""
    return json.dumps(value) if isinstance(value, (bool, int, float)) else str(value)


def _written(statement: Statement) -> dict[str, Any]:
    def name(element: str) -> str:
        return _NEGATED[element] if element in statement.negated else element

    result: dict[str, Any] = {"Effect": statement.effect}
    if statement.principals:
        result[name("Principal")] = _written_principals(statement.principals)
    result[name("Action")] = sorted(statement.actions)
    if statement.resources:
        result[name("Resource")] = sorted(statement.resources)
    if statement.conditions:
        result["Condition"] = _written_conditions(statement.conditions)
    return result


def _written_principals(principals: Iterable[str]) -> str | dict[str, list[str]]:
    by_kind: dict[str, list[str]] = {}
    for principal in sorted(principals):
        kind, _, name = principal.partition(":") if principal != ANYBODY else ("AWS", "", ANYBODY)
        by_kind.setdefault(kind, []).append(name)
    return ANYBODY if by_kind == {"AWS": [ANYBODY]} else by_kind


def _written_conditions(conditions: Iterable[Condition]) -> dict[str, dict[str, list[str]]]:
    result: dict[str, dict[str, list[str]]] = {}
    for condition in sorted(conditions):
        result.setdefault(condition.operator, {})[condition.key] = list(condition.values)
    return result


def _listed(value: Any) -> list[Any]:
    """AWS writes one of something without its list."""
    return [value] if isinstance(value, (str, Mapping, bool, int, float)) else list(value)


def _list(values: Iterable[str]) -> str:
    return ", ".join(values)
