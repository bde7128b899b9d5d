"""What a kind reports of its object beside its resources: work done, and whether promises are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from awslab.aws.errors import translated
from awslab.core.conditions import Type, checks_passed
from awslab.core.errors import LabError
from awslab.kinds.kind import Look, Report

from .happenings import Happenings
from .status import Telling


@dataclass
class Reporting:
    """The reports of one pass: AWS is asked again only where it may have changed since."""

    ask: Callable[[Look], Report] | None
    """None of a kind that has nothing to report."""
    telling: Telling
    happenings: Happenings
    report: Report = field(default_factory=Report)
    """The last one; an empty one where AWS does not tell: what was known stays known."""
    _asked: bool = False

    def __post_init__(self) -> None:
        self._checks = list(self.telling.before.get("checks", ()))

    def before_mending(self) -> None:
        """Look at what somebody broke while it is broken."""
        self._take(Look(self.telling.before, settled=False, drifting=True))

    def after(self, look: Look, *, changed: bool) -> None:
        """Look at the end of a pass that *changed* AWS, or did not."""
        if changed or not self._asked:
            self._take(look)

    def _take(self, look: Look) -> None:
        if self.ask is None:
            return
        try:
            with translated():
                self.report = self.ask(look)
        except LabError as error:
            self.happenings.failed(error)
            return
        self._asked = True
        if self.report.checks is not None:
            self.happenings.checked(self.report.checks, self._checks)
            self._checks = [dict(check.told) for check in self.report.checks]

    @property
    def status(self) -> dict[str, Any]:
        """What it comes to in the status."""
        return {**self.report.outputs, **({"checks": self._checks} if self._checks else {})}

    @property
    def conditions(self) -> list[Mapping[str, Any]]:
        """Whether promises are kept, as in the status; none of a kind that promises nothing."""
        if self.report.checks:
            broken = [check.about for check in self.report.checks if not check.passed]
            return [self.telling.condition(checks_passed(broken, len(self.report.checks)))]
        known = self.telling.before.get("conditions", ())
        return [c for c in known if c["type"] == Type.CHECKS_PASSED and self._checks]

    @property
    def broken(self) -> str:
        """The promise that is not kept, as a sentence; empty where all are."""
        return next((str(c["message"]) for c in self.conditions if c["status"] == "False"), "")
