"""Notice the fields that do not become what they are set to.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from awslab.core.outcome import Pass
from awslab.core.step import Action, Step

LIMIT = 3
"""Writes without effect after which a field is left alone."""


def counted(result: Pass, before: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every change that was written and is still to be made, and how often that happened."""
    writes = {(e["resource"], e["field"]): e["writes"] for e in before}
    left = {(s.address, c.path): c for s in result.steps for c in s.changes}
    written = {
        (o.step.address, c.path): c for o in result.outcomes if _wrote(o.step) and not o.error for c in o.step.changes
    }
    entries = [dict(e) for e in before if e["writes"] >= LIMIT and _is_hidden(e, result)]
    for (address, path), change in left.items():
        again = written.get((address, path))
        same = again is not None and (again.desired, again.observed) == (change.desired, change.observed)
        if count := writes.get((address, path), 0) + same:
            wanted, seen = change.desired_words, change.observed_words
            entries.append({"resource": address, "field": path, "wanted": wanted, "seen": seen, "writes": count})
    return entries


def _is_hidden(entry: Mapping[str, Any], result: Pass) -> bool:
    """Whether nothing can be said of a field, as other work on its resource comes first."""
    steps = [s for s in result.steps if s.address == entry["resource"] and s.action is not Action.KEEP]
    return bool(steps) and all(c.path != entry["field"] for s in steps for c in s.changes)


def tripped(entries: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """The fields to be left alone, and what is to be said of each."""
    return {
        (
            e["resource"],
            e["field"],
        ): f"{e['field']} was set to {e['wanted']} {e['writes']} times and stays {e['seen']}; "
        "somebody else may set it, or AWS does not take it: change the spec, or ignore the field"
        for e in entries
        if e["writes"] >= LIMIT
    }


def _wrote(step: Step) -> bool:
    return step.action is Action.UPDATE
