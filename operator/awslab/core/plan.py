"""Compare what we want with what we found, and say what to do next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from .deletion import deletion, fixed_users
from .diff import Change, Changes, diff
from .graph import Graph
from .ownership import Owner
from .resource import Ids, Observed, Phase, Resource, Unknown, references_in
from .step import Action, Step
from .values import leaves

__all__ = ["Action", "Hints", "Step", "foreseen", "plan"]


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
    ignored: tuple[str, ...] = ()
    """Globs over ``<address>.<path of a change>``, of what is never compared: ``Subnet/public-*.tags.team``."""
    tripped: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By address and path, the changes that were made again and again without effect, and what is to be said."""


def plan(desired: Graph, found: Sequence[Observed], hints: Hints) -> list[Step]:
    """Decide one step for every resource that is wanted or found.

    Deleting an owner is planning for an empty graph.
    """
    ours, spare = _one_each(found, hints.known)
    steps = _Planning(ours, found, hints).steps(desired)
    orphans = [o for address, o in ours.items() if address not in desired]
    return steps + [deletion(o, found, {*map(id, orphans), *map(id, spare)}) for o in orphans + spare]


def foreseen(steps: Iterable[Step]) -> list[Step]:
    """The steps as they will be once everything they wait for is there: what people ask a plan for."""
    steps = list(steps)
    replaced = {s.id for s in steps if s.action is Action.REPLACE}
    staying = Ids({s.address: s.id for s in steps if s.found and s.id not in replaced})
    return [_following(_foreseen(step), replaced, staying) for step in steps]


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


def _following(step: Step, replaced: Set[str], staying: Ids) -> Step:
    """*step*, with what changes in it because something that it refers to is replaced."""
    if not replaced or step.action not in {Action.KEEP, Action.UPDATE} or not (step.desired and step.found):
        return step
    wishes = {f: v for f, v in step.desired.wishes.items() if f in step.desired.mutable}
    known = {c.path for c in step.changes}
    changes = [c for c in diff(wishes, step.found.fields, staying, staying.keys()) if _is_about(c, replaced)]
    changes = [c for c in changes if c.path not in known]
    return replace(step, action=Action.UPDATE, changes=Changes([*step.changes, *changes])) if changes else step


def _is_about(change: Change, replaced: Set[str]) -> bool:
    mentioned = leaves((change.key, change.desired, change.observed))
    return any(isinstance(leaf, Unknown) or leaf in replaced for leaf in mentioned)


def _one_each(found: Iterable[Observed], known: Mapping[str, str]) -> tuple[dict[str, Observed], list[Observed]]:
    """Split into one for each address, and the duplicates; of the living, the recorded or the oldest is ours."""
    candidates: dict[str, list[Observed]] = defaultdict(list)
    for o in found:
        candidates[o.address].append(o)
    ours, spare = {}, []
    for address, several in candidates.items():
        first, *rest = sorted(several, key=lambda o: (_dying(o), o.id != known.get(address), o.created, o.id))
        ours[address] = first
        spare += rest
    return ours, spare


def _dying(found: Observed) -> bool:
    return found.phase in {Phase.DELETING, Phase.FAILED}


class _Planning:
    """One plan while it is being made, in the order of creation."""

    def __init__(self, ours: Mapping[str, Observed], found: Sequence[Observed], hints: Hints) -> None:
        self._ours, self._found, self._hints = ours, found, hints
        self._ids = Ids({address: o.id for address, o in ours.items()})
        self._usable = {a for a, o in ours.items() if o.ready and o.owner in {"", hints.owner.key}}
        self._replaced: set[str] = set()

    def steps(self, desired: Graph) -> list[Step]:
        """One step for each that is wanted."""
        return [self._step(resource, self._ours.get(resource.address)) for resource in desired]

    def _step(self, resource: Resource, found: Observed | None) -> Step:
        if found is None:
            return _creation(resource, self._usable - self._replaced, self._hints)
        if found.owner not in {"", self._hints.owner.key}:
            reason = f"{found.id} belongs to {found.owner}; let that one go first"
            return Step(Action.CONFLICT, resource.address, resource, found, reason=reason, cause="OwnedByAnother")
        if found.phase is Phase.FAILED:
            reason = f"AWS could not make it: {found.message}"
            return Step(Action.DELETE, resource.address, resource, found, reason=reason)
        if found.phase is not Phase.READY:
            reason = "AWS is deleting it" if found.phase is Phase.DELETING else found.message or "AWS is making it"
            return Step(Action.WAIT, resource.address, resource, found, reason=reason)
        return self._change(resource, found)

    def _change(self, resource: Resource, found: Observed) -> Step:
        """What to do about a resource that is there."""

        def step(action: Action, changes: Iterable[Change] = (), reason: str = "", waits: Iterable[str] = ()) -> Step:
            return Step(action, resource.address, resource, found, Changes(changes), reason, tuple(waits))

        changes = self._differences(resource, found)
        tripped = [c for c in changes if (found.address, c.path) in self._hints.tripped]
        possible = [c for c in changes if not c.waits_for and c not in tripped]
        fixed = [c for c in possible if c.field not in resource.mutable | {"tags"}]
        if fixed or self._loses_ground(resource):
            self._replaced.add(resource.address)
            return step(Action.REPLACE, fixed, self._why(resource, fixed), fixed_users(found, self._found))
        if possible:
            return step(Action.UPDATE, possible)
        if tripped:
            said = "; ".join(self._hints.tripped[found.address, c.path] for c in tripped)
            return replace(step(Action.CONFLICT, tripped, said), cause="NonConverging")
        if changes:
            waits = dict.fromkeys(address for c in changes for address in c.waits_for)
            return step(Action.WAIT, changes, f"waits for {', '.join(waits)}", waits)
        if not found.usable and found.message:
            return step(Action.WAIT, reason=found.message)
        return step(Action.KEEP)

    def _loses_ground(self, resource: Resource) -> bool:
        """Whether something is replaced that it is bound to for life."""
        bound = [v for f, v in resource.wishes.items() if f not in resource.mutable | resource.unobserved]
        return any(r.address in self._replaced for r in references_in(bound))

    def _why(self, resource: Resource, fixed: Sequence[Change]) -> str:
        if fixed:
            return "AWS cannot change in place: " + "; ".join(map(str, fixed))
        return "it is bound to what is replaced: " + ", ".join(
            sorted({r.address for r in resource.references if r.address in self._replaced})
        )

    def _differences(self, resource: Resource, found: Observed) -> Changes:
        tags = self._hints.owner.tags(resource) if resource.taggable else {}
        ours = {k: v for k, v in found.tags.items() if k in tags or k in self._hints.applied_tags}
        wishes, have = {**resource.wishes, "tags": tags}, {**found.fields, "tags": ours}
        changes = diff(wishes, have, self._ids, self._usable)
        return Changes(c for c in changes if not self._ignored(f"{found.address}.{c.path}"))

    def _ignored(self, path: str) -> bool:
        return any(fnmatchcase(path, glob) for glob in self._hints.ignored)


def _creation(resource: Resource, usable: Set[str], hints: Hints) -> Step:
    missing = tuple(dict.fromkeys(r.address for r in resource.references if r.address not in usable))
    if resource.address in hints.unseen:
        reason = "its creation was begun; looking whether AWS shows it"
        return Step(Action.WAIT, resource.address, resource, reason=reason)
    if missing:
        reason = f"waits for {', '.join(missing)}"
        return Step(Action.WAIT, resource.address, resource, reason=reason, waits_for=missing)
    return Step(Action.CREATE, resource.address, resource)
