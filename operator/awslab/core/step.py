"""What to do about one resource."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .diff import Changes
from .resource import Observed, Resource


class Action(StrEnum):
    """What a step does."""

    KEEP = "Keep"
    CREATE = "Create"
    UPDATE = "Update"
    REPLACE = "Replace"
    DELETE = "Delete"
    WAIT = "Wait"
    CONFLICT = "Conflict"


ACTING = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE})
"""The actions that call AWS."""


@dataclass(frozen=True)
class Step:
    """What to do about one resource, and why."""

    action: Action
    address: str
    desired: Resource | None = None
    found: Observed | None = None
    changes: Changes = field(default_factory=Changes)
    reason: str = ""
    waits_for: tuple[str, ...] = ()
    cause: str = ""
    """Of a conflict: a reason of the conditions' table."""

    @property
    def key(self) -> str:
        """Tells two resources under one address apart."""
        return f"{self.address}#{self.found.id if self.found else ''}"

    @property
    def id(self) -> str:
        """The AWS id, or nothing where there is none yet."""
        return self.found.id if self.found else ""

    @property
    def acts(self) -> bool:
        """Whether it calls AWS now."""
        return self.action in ACTING and not self.waits_for

    @property
    def loses_data(self) -> bool:
        """Whether what people stored is gone afterwards."""
        return self._destroys and self.found is not None and self.found.type.keeps_data

    @property
    def interrupts(self) -> bool:
        """Whether something that is in use stops working for a while."""
        return self.action is Action.REPLACE

    @property
    def needs_approval(self) -> bool:
        """Whether somebody has to approve it, whatever the mode."""
        return self.action is Action.REPLACE or (self.loses_data and self.desired is None)

    @property
    def _destroys(self) -> bool:
        return self.action in {Action.REPLACE, Action.DELETE}

    def __str__(self) -> str:
        detail = "; ".join(map(str, self.changes)) or self.reason
        return f"{self.action} {self.address}" + (f": {detail}" if detail else "")
