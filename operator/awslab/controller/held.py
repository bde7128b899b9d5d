"""Hold an object that is being deleted while others refer to it."""

from __future__ import annotations

from collections.abc import Iterable

from awslab.core.conditions import Condition, Type

from .handle import Handle

NAMED = 5
"""How many of those who refer are named."""

LOOKED_AGAIN = 30.0
"""Seconds until a held object is looked at again; it is also woken when the last one goes."""


def held_by(handle: Handle, kinds: Iterable[str]) -> Condition | None:
    """The condition that names who refers to the object; None where nobody does.

    *kinds* are those whose objects may refer to it. Before it is believed that nobody does, they are listed
    anew: shortly after a start not all of them may have been seen.
    """
    found = handle.dependents()
    if not found:
        handle.relist(kinds)
        found = handle.dependents()
    if not found:
        return None
    names = [f"{key.kind} {key.namespace}/{key.name}" for key in sorted(found)]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    way_out = "Delete these, or let them refer to something else; the deletion then goes on by itself."
    message = f"Still used by {', '.join(names[:NAMED])}{more}. {way_out}"
    return Condition(Type.DELETION_BLOCKED, True, "Referenced", message)  # noqa: FBT003 - a condition's status
