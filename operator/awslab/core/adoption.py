"""Which of the resources that exist is which of ours: for taking over by tags.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .graph import Graph
from .resource import Ids, Observed, Ref, Resource, Unknown, resolved
from .values import leaves, parts


def matched(desired: Graph, candidates: Sequence[Observed], known: Mapping[str, str]) -> dict[str, str]:
    """The ids by address of what is surely meant; *known* ones are given.

    A candidate is meant if all that AWS cannot change in place is as wanted,
    and nothing else of its type agrees with the wish as far.  What a match
    refers to is matched with it: the address of a NAT gateway, for one.
    """
    ids = Ids(known)
    for resource in desired:
        if resource.address not in ids and (found := _best(resource, candidates, ids)):
            ids[resource.address] = found.id
            ids |= _referred(resource, found, ids)
    return {address: id_ for address, id_ in ids.items() if address not in known}


def _best(resource: Resource, candidates: Iterable[Observed], ids: Ids) -> Observed | None:
    free = [c for c in candidates if c.type is type(resource) and c.id not in ids.values() and _fits(resource, c, ids)]
    scores = sorted(((_score(resource, c, ids), c) for c in free), key=lambda pair: -pair[0])
    if not scores or (len(scores) > 1 and scores[0][0] == scores[1][0]):
        return None
    return scores[0][1] if scores[0][0] else None


def _fits(resource: Resource, found: Observed, ids: Ids) -> bool:
    """Whether all that cannot be changed is as wanted; what is not known yet is no objection."""
    fixed = set(found.fields) - resource.mutable
    return all(
        _agrees(value, found.fields[name]) for name, value in resolved_wishes(resource, ids).items() if name in fixed
    )


def _agrees(wish: object, have: object) -> bool:
    return wish == have or any(isinstance(leaf, Unknown) for leaf in leaves(wish))


def _score(resource: Resource, found: Observed, ids: Ids) -> int:
    """In how many parts the wish and the finding are the same."""
    wishes = resolved_wishes(resource, ids)
    pairs = [(parts(wish), parts(found.fields.get(name))) for name, wish in wishes.items()]
    return sum(have.get(key) == value for wish, have in pairs for key, value in wish.items() if value not in (None, ""))


def resolved_wishes(resource: Resource, ids: Ids) -> dict[str, object]:
    """The wishes with the ids that are known so far."""
    return {name: resolved(value, ids) for name, value in resource.wishes.items()}


def _referred(resource: Resource, found: Observed, ids: Ids) -> dict[str, str]:
    """What a match says of the resources that it refers to by a field of their own."""
    references = {n: v for n, v in resource.wishes.items() if isinstance(v, (Resource, Ref)) and found.fields.get(n)}
    return {v.address: found.fields[n] for n, v in references.items() if v.address not in ids}
