"""Write the reference of conditions and reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awslab.core.conditions import MEANINGS, REASONS, WHAT_TO_DO

from .yamldoc import NOTICE

if TYPE_CHECKING:
    from collections.abc import Iterator


def conditions_page() -> str:
    """Every condition and every reason, with what it means and who has to do what, in Markdown."""
    return "\n".join(
        (
            f"<!-- {NOTICE} -->",
            "# Conditions and reasons",
            "",
            "Every kind has the same conditions in `status.conditions`, each with a reason for programs and a sentence",
            "for people that stays the same while the situation does. `kubectl wait --for=condition=Ready` and",
            "everything that reads kstatus understands them.",
            "",
            "## Conditions",
            "",
            "| type | True means |",
            "|---|---|",
            *(f"| `{type_}` | {meaning} |" for type_, meaning in MEANINGS.items()),
            "",
            "## Reasons",
            "",
            "| reason | meaning | what to do |",
            "|---|---|---|",
            *_reasons(),
            "",
        )
    )


def _reasons() -> Iterator[str]:
    for reason, meaning in sorted(REASONS.items()):
        yield f"| `{reason}` | {meaning} | {WHAT_TO_DO.get(reason, 'Nothing.')} |"
