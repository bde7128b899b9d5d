"""Write which fields of which AWS types no listing shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awslab.aws.listed import Listed
from awslab.kinds import KINDS

from .yamldoc import NOTICE

if TYPE_CHECKING:
    from collections.abc import Iterator


def slow_lane_page() -> str:
    """The fields that go through the slow lane, in Markdown."""
    return "\n".join(
        (
            f"<!-- {NOTICE} -->",
            "# Fields that AWS tells only one by one",
            "",
            "A routine look goes by listings that serve all objects of an account and region together. No listing of",
            "AWS shows the fields below: each costs a call for each resource. They are asked for whenever an object is",
            "looked at for itself (it is new, its spec changed, something else drifted), and otherwise once a day,",
            "within a budget of calls for each round that grows with the number of resources. Drift of these fields is",
            "therefore found within a day, all other drift within the drift interval.",
            "",
            "Of some types the listings show nothing but tags (`calls` below). All of these are looked at in every",
            "round, as long as that takes no more than one call a second for all objects together; beyond that they",
            "take turns, and each has its turn within a day.",
            "",
            "| type | fields | within |",
            "|---|---|---|",
            *_rows(),
            "",
        )
    )


def _rows() -> Iterator[str]:
    types = dict.fromkeys(t for kind in KINDS for t in kind.types)
    for kind in sorted(types, key=lambda kind: kind.__name__):
        if issubclass(kind, Listed) and kind.slow_fields():
            often = "calls" if kind.hidden else "day"
            yield f"| {kind.__name__} | {', '.join(f'`{field}`' for field in sorted(kind.slow_fields()))} | {often} |"
