"""When a resource may go: what uses it goes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from .diff import Change, Changes
from .resource import Observed, Phase
from .step import Action, Step
from .values import leaves, parts


def deletion(orphan: Observed, found: Sequence[Observed], going: Set[int]) -> Step:
    """Delete what nothing else uses; the rest waits its turn."""

    def step(action: Action, reason: str = "", changes: Changes | None = None, waits: Iterable[str] = ()) -> Step:
        return Step(action, orphan.address, None, orphan, changes or Changes(), reason, tuple(waits))

    if orphan.phase is Phase.DELETING:
        return step(Action.WAIT, "AWS is deleting it")
    if orphan.type.part_of:
        parent = _parent(orphan, found)
        goes = parent is not None and id(parent) in going
        return step(Action.WAIT, f"goes with its {orphan.type.part_of}") if goes else step(Action.DELETE)
    whole = [orphan, *(o for o in found if _is_part(o, orphan))]
    users = list(dict.fromkeys(o.address for o in found if o not in whole and _holds_any(o, whole, going)))
    if not users:
        return step(Action.DELETE)
    if ties := _ties(orphan, found):
        return step(Action.UPDATE, changes=ties)
    return step(Action.WAIT, f"still used by {', '.join(users)}", waits=users)


def _parent(part: Observed, found: Iterable[Observed]) -> Observed | None:
    """What *part* lives and dies with."""
    id_ = part.fields.get(part.type.part_of)
    return next((o for o in found if o.id == id_), None)


def fixed_users(found: Observed, all_found: Iterable[Observed]) -> tuple[str, ...]:
    """What refers to *found* in a way that AWS cannot change: gone first when it is replaced."""
    return tuple(
        o.address
        for o in all_found
        if o is not found
        and _holds(o, found)
        and any(_mentions(o, f, found.id) for f in set(o.fields) - o.type.mutable)
    )


def _mentions(user: Observed, field: str, id_: str) -> bool:
    return id_ in set(leaves(user.fields[field]))


def _is_part(part: Observed, whole: Observed) -> bool:
    return bool(part.type.part_of) and part.fields.get(part.type.part_of) == whole.id


def _holds_any(user: Observed, whole: Iterable[Observed], going: Set[int]) -> bool:
    """Whether *user* needs something, or a part that goes with it: a function goes after who names a version of it."""
    return any(_holds(user, used, going) for used in whole)


def _holds(user: Observed, used: Observed, going: Set[int] = frozenset()) -> bool:
    """Whether *used* cannot go before *user*.

    What stays is another one's: a spare VPC does not wait for the NAT gateways of the one that is kept.
    """
    if _is_part(user, used):
        return False
    return user.mentions(used.id) or (user.type.__name__ in used.type.outlives and id(user) in going)


def _ties(orphan: Observed, found: Iterable[Observed]) -> Changes:
    """What *orphan* says of others in its late fields: undone first, so that no two wait for each other."""
    others = {o.id for o in found if o is not orphan}
    return Changes(
        Change(field_, None, value, key)
        for field_ in sorted(orphan.type.late & orphan.type.mutable)
        for key, value in parts(orphan.fields.get(field_)).items()
        if key is not None and others & set(leaves((key, value)))
    )
