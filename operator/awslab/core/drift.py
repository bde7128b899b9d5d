"""Drift as data: which field of which resource is not as it was left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .plan import Action, Step


@dataclass(frozen=True)
class Drift:
    """One difference that came about without a change of the spec."""

    resource: str
    field: str
    desired: str
    observed: str

    def __str__(self) -> str:
        return f"{self.resource} {self.field}: want {self.desired}, have {self.observed}"


EXISTENCE = "existence"
"""The field of a resource that is gone, or going."""


def drift_in(steps: Iterable[Step]) -> list[Drift]:
    """Every difference between what was settled once and what is found now."""
    return [drift for step in steps if step.desired for drift in _of(step)]


def _of(step: Step) -> Iterator[Drift]:
    if step.action is Action.KEEP:
        return
    if step.found is None:
        yield Drift(step.address, EXISTENCE, "present", "missing")
    elif not step.changes:
        yield Drift(step.address, EXISTENCE, "present", str(step.found.phase).lower())
    for change in step.changes:
        yield Drift(step.address, change.path, change.desired_words, change.observed_words)
