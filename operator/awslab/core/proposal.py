"""A plan as people read and approve it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .graph import line
from .plan import foreseen
from .step import ACTING, Action, Step

PLANNED = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)


@dataclass(frozen=True)
class Proposal:
    """All that would be done, once nothing has to be waited for."""

    steps: tuple[Step, ...]

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Proposal:
        """What *steps* come to in the end."""
        return cls(tuple(s for s in foreseen(steps) if s.action in ACTING))

    def __bool__(self) -> bool:
        return bool(self.steps)

    @property
    def hash(self) -> str:
        """The same as long as the same would be done to the same resources."""
        content = [_told(step) | {"wish": _wish(step)} for step in self.steps]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def summary(self) -> str:
        """How many of each: ``3 to create, 1 to replace``."""
        counts = Counter(step.action for step in self.steps)
        return ", ".join(f"{counts[a]} to {a.lower()}" for a in PLANNED if counts[a]) or "nothing to do"

    @property
    def addresses(self) -> list[str]:
        """The resources that it is about."""
        return sorted({step.address for step in self.steps})

    def on_wire(self) -> dict[str, Any]:
        """As in ``status.plan``."""
        return {"hash": self.hash, "summary": self.summary, "steps": [_told(step) for step in self.steps]}


def _told(step: Step) -> dict[str, Any]:
    told: dict[str, Any] = {"action": str(step.action), "resource": step.address}
    changes = [{"field": c.path, "from": c.observed_words, "to": c.desired_words} for c in step.changes]
    more = {
        "id": step.id,
        "reason": step.reason if step.action is Action.REPLACE else "",
        "changes": changes,
        "losesData": step.loses_data,
        "interrupts": step.interrupts,
    }
    return told | {key: value for key, value in more.items() if value}


def _wish(step: Step) -> str:
    """What is to be made, so that another wish makes another plan."""
    if step.desired is None or step.action not in {Action.CREATE, Action.REPLACE}:
        return ""
    return line(step.desired)
