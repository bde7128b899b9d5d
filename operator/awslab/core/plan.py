"""Compare what we want with what we found, and say what to do next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .diff import Change, Changes, diff
from .graph import Graph
from .ownership import Owner
from .resource import Ids, Observed, Phase, Resource
from .values import leaves, parts


class Action(StrEnum):
    """What a step does."""

    KEEP = "Keep"
    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"
    WAIT = "Wait"
    CONFLICT = "Conflict"


ACTING = frozenset({Action.CREATE, Action.UPDATE, Action.DELETE})
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
        """Whether it calls AWS."""
        return self.action in ACTING

    def __str__(self) -> str:
        detail = "; ".join(map(str, self.changes)) or self.reason
        return f"{self.action} {self.address}" + (f": {detail}" if detail else "")


@dataclass(frozen=True)
class Hints:
    """What a plan takes into account besides the wish and the finding."""

    owner: Owner
    unseen: frozenset[str] = frozenset()
    """Addresses whose creation was begun so lately that AWS may not show them yet."""
    known: Mapping[str, str] = field(default_factory=dict)
    """The ids by address that were recorded last: they win where two are found for one address."""
    applied_tags: frozenset[str] = frozenset()
    """The keys of user's tags that were set once: one that is no longer wanted goes; foreign tags are left alone."""


def plan(desired: Graph, found: Sequence[Observed], hints: Hints) -> list[Step]:
    """Decide one step for every resource that is wanted or found.

    Deleting an owner is planning for an empty graph.
    """
    ours, spare = _one_each(found, hints.known)
    ids = Ids({address: o.id for address, o in ours.items()})
    usable = {address for address, o in ours.items() if o.ready}
    steps = [_step(resource, ours.get(resource.address), ids, usable, hints) for resource in desired]
    orphans = [o for address, o in ours.items() if address not in desired]
    return steps + [_deletion(o, found, {*map(id, orphans), *map(id, spare)}) for o in orphans + spare]


def foreseen(steps: Iterable[Step]) -> list[Step]:
    """The steps as they will be once everything they wait for is there: what people ask a plan for."""
    return [_foreseen(step) for step in steps]


def _foreseen(step: Step) -> Step:
    if step.action is not Action.WAIT:
        return step
    if step.desired and step.found is None:
        return replace(step, action=Action.CREATE, reason="")
    if step.desired and step.changes:
        return replace(step, action=Action.UPDATE, reason="")
    if step.desired is None and step.found and step.found.phase is not Phase.DELETING:
        return replace(step, action=Action.DELETE, reason="")
    return step


def _one_each(found: Iterable[Observed], known: Mapping[str, str]) -> tuple[dict[str, Observed], list[Observed]]:
    """Split into one for each address, and the duplicates; the recorded or the oldest one is ours."""
    candidates: dict[str, list[Observed]] = defaultdict(list)
    for o in found:
        candidates[o.address].append(o)
    ours, spare = {}, []
    for address, several in candidates.items():
        first, *rest = sorted(several, key=lambda o: (o.id != known.get(address), _dying(o), o.created, o.id))
        ours[address] = first
        spare += rest
    return ours, spare


def _dying(found: Observed) -> bool:
    return found.phase in {Phase.DELETING, Phase.FAILED}


def _step(resource: Resource, found: Observed | None, ids: Ids, usable: Set[str], hints: Hints) -> Step:
    def step(action: Action, reason: str = "", changes: Iterable[Change] = (), waits: Iterable[str] = ()) -> Step:
        return Step(action, resource.address, resource, found, Changes(changes), reason, tuple(waits))

    if found is None:
        return _creation(resource, usable, hints)
    if found.phase is Phase.FAILED:
        return step(Action.DELETE, f"AWS could not make it: {found.message}")
    if found.phase is not Phase.READY:
        return step(Action.WAIT, _what_aws_does(found.phase))

    changes = _differences(resource, found, ids, usable, hints)
    possible = [c for c in changes if not c.waits_for]
    fixed = [c for c in possible if c.field not in resource.mutable | {"tags"}]
    if fixed:
        return step(Action.CONFLICT, "AWS cannot change in place: " + "; ".join(map(str, fixed)), fixed)
    if possible:
        return step(Action.UPDATE, changes=possible)
    if changes:
        waits = dict.fromkeys(address for c in changes for address in c.waits_for)
        return step(Action.WAIT, f"waits for {', '.join(waits)}", changes, waits)
    return step(Action.KEEP)


def _creation(resource: Resource, usable: Set[str], hints: Hints) -> Step:
    missing = tuple(dict.fromkeys(r.address for r in resource.references if r.address not in usable))
    if resource.address in hints.unseen:
        reason = "its creation was begun; looking whether AWS shows it"
        return Step(Action.WAIT, resource.address, resource, reason=reason)
    if missing:
        return Step(
            Action.WAIT,
            resource.address,
            resource,
            reason=f"waits for {', '.join(missing)}",
            waits_for=missing,
        )
    return Step(Action.CREATE, resource.address, resource)


def _what_aws_does(phase: Phase) -> str:
    return "AWS is deleting it" if phase is Phase.DELETING else "AWS is making it"


def _differences(resource: Resource, found: Observed, ids: Ids, usable: Set[str], hints: Hints) -> Changes:
    tags = hints.owner.tags(resource)
    ours = {k: v for k, v in found.tags.items() if k in tags or k in hints.applied_tags}
    return diff({**resource.wishes, "tags": tags}, {**found.fields, "tags": ours}, ids, usable)


def _deletion(orphan: Observed, found: Sequence[Observed], going: Set[int]) -> Step:
    """Delete what nothing else uses; the rest waits its turn."""

    def step(action: Action, reason: str = "", changes: Changes | None = None, waits: Iterable[str] = ()) -> Step:
        return Step(action, orphan.address, None, orphan, changes or Changes(), reason, tuple(waits))

    if orphan.phase is Phase.DELETING:
        return step(Action.WAIT, _what_aws_does(orphan.phase))
    if orphan.type.part_of:
        parent = _parent(orphan, found)
        goes = parent is not None and id(parent) in going
        return step(Action.WAIT, f"goes with its {orphan.type.part_of}") if goes else step(Action.DELETE)
    users = list(dict.fromkeys(o.address for o in found if o is not orphan and _holds(o, orphan, going)))
    if not users:
        return step(Action.DELETE)
    if ties := _ties(orphan, found):
        return step(Action.UPDATE, changes=ties)
    return step(Action.WAIT, f"still used by {', '.join(users)}", waits=users)


def _parent(part: Observed, found: Iterable[Observed]) -> Observed | None:
    """What *part* lives and dies with."""
    id_ = part.fields.get(part.type.part_of)
    return next((o for o in found if o.id == id_), None)


def _holds(user: Observed, used: Observed, going: Set[int]) -> bool:
    """Whether *used* cannot go before *user*.

    What stays is another one's: a spare VPC does not wait for the NAT gateways of the one that is kept.
    """
    if user.type.part_of and user.fields.get(user.type.part_of) == used.id:
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
