"""What one pass came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import LabError, Working
from .plan import Action, Step
from .resource import Observed


@dataclass(frozen=True)
class Blocker:
    """Something that is not ours and uses what is to be deleted."""

    id: str
    what: str
    """Its type, and who made it as far as AWS tells: ``network interface of instance i-123``."""
    owner: str = ""
    """Its owner tag, where it has one."""

    def __str__(self) -> str:
        owner = f" of {self.owner}" if self.owner else ""
        return f"{self.id} ({self.what}{owner})"


@dataclass(frozen=True)
class Outcome:
    """What came of one step that called AWS."""

    step: Step
    found: Observed | None = None
    """The resource after the call, as far as AWS's answer tells."""
    error: LabError | None = None
    """Why it failed; Working where it only did not come to its end."""
    blockers: tuple[Blocker, ...] = ()
    """What keeps AWS from deleting it, where that is why it failed."""


@dataclass(frozen=True)
class Pass:
    """One pass over one owner: the plan before, what was done, and the plan after the last look."""

    first: Sequence[Step]
    outcomes: Sequence[Outcome]
    steps: Sequence[Step]
    found: Sequence[Observed]

    @property
    def settled(self) -> bool:
        """Whether AWS is as wanted, as far as it was last looked at."""
        return all(s.action is Action.KEEP for s in self.steps)

    @property
    def errors(self) -> list[Outcome]:
        """The steps that failed."""
        return [o for o in self.outcomes if o.error and not isinstance(o.error, Working)]

    @property
    def begun(self) -> list[Outcome]:
        """The steps that have to be gone on with in a later pass, though nothing failed."""
        return [o for o in self.outcomes if isinstance(o.error, Working)]

    @property
    def unfinished(self) -> bool:
        """Whether there is more to do at once."""
        tried = {o.step.key for o in self.outcomes if o.error}
        return any(s.acts and s.key not in tried for s in self.steps)
