"""The registry of rules: everything in which the local AWS is stricter, or truer, than plain moto.

A rule is one entry: its id, what AWS does in one sentence, the actions it is about, the error code,
and AWS's own document. `docs/local-aws.md` is rendered from it, and every id has a test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, TypeVar

from awslab.local.aws.errors import AwsError

Check = Callable[[Any], str | None]
After = Callable[[Any, Any], None]
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rule:
    """One rule, and the function that holds it where there is one."""

    id: str
    service: str
    actions: tuple[str, ...]  # globs
    does: str
    see: str
    code: str = ""
    status: int = 400
    check: Check | None = None
    after: After | None = None

    def covers(self, service: str, action: str) -> bool:
        """Tell whether the rule is about this action."""
        return service == self.service and any(fnmatchcase(action, glob) for glob in self.actions)


REGISTRY: dict[str, Rule] = {}


def _enter(rule: Rule) -> None:
    if rule.id in REGISTRY:
        raise ValueError(f"two rules are called {rule.id}")
    REGISTRY[rule.id] = rule
    rules_for.cache_clear()


@lru_cache(maxsize=4096)
def rules_for(service: str, action: str) -> tuple[Rule, ...]:
    """Return the rules about an action, in the order in which they were written."""
    return tuple(rule for rule in REGISTRY.values() if rule.covers(service, action))


class Book:
    """Enters the rules of one service, as decorators of the functions that hold them."""

    def __init__(self, service: str) -> None:
        self.service = service

    def refuses(
        self, id_: str, *actions: str, code: str, does: str, see: str, status: int = 400
    ) -> Callable[[Check], Check]:
        """Enter a check made before a call is carried out: the sentence it returns refuses the call."""

        def enter(check: Check) -> Check:
            _enter(Rule(id_, self.service, actions, does, see, code, status, check=check))
            return check

        return enter

    def follows(self, id_: str, *actions: str, does: str, see: str, code: str = "") -> Callable[[After], After]:
        """Enter what happens after a call was carried out, before its result is written."""

        def enter(after: After) -> After:
            _enter(Rule(id_, self.service, actions, does, see, code, after=after))
            return after

        return enter

    def behaves(
        self, id_: str, *actions: str, does: str, see: str, code: str = ""
    ) -> Callable[[AnyFunction], AnyFunction]:
        """Enter a rule that is held by the decorated code itself, wherever that is called."""

        def enter(function: AnyFunction) -> AnyFunction:
            _enter(Rule(id_, self.service, actions, does, see, code))
            return function

        return enter


def check_all(service: str, action: str, context: object) -> None:
    """Ask every rule about an action; raises AwsError with the first refusal."""
    for rule in rules_for(service, action):
        if rule.check and (sentence := rule.check(context)):
            raise AwsError(rule.code, sentence, rule.status)


def follow_all(service: str, action: str, context: object, result: object) -> None:
    """Let every rule about an action do what follows from it."""
    for rule in rules_for(service, action):
        if rule.after:
            rule.after(context, result)
