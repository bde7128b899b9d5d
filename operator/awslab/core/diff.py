"""What differs between a resource as it is wanted and as it was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from .resource import Ids, references_in, resolved
from .values import PRESENT, UNTOLD, parts


@dataclass(frozen=True)
class Change:
    """One value that is not as we want it: a field, or one part of a mapping or a set."""

    field: str
    desired: Any
    """None: it should not be there."""
    observed: Any
    """None: it is not there."""
    key: Any = None
    waits_for: tuple[str, ...] = ()
    """The addresses that must be usable before this can be changed."""

    @property
    def path(self) -> str:
        """As in ``status.drift[].field``: ``routes.0.0.0.0/0``."""
        return self.field if self.key is None else f"{self.field}.{self.key}"

    @property
    def adds(self) -> bool:
        """Whether something is missing in AWS."""
        return self.observed is None

    @property
    def removes(self) -> bool:
        """Whether something is in AWS that nobody wants."""
        return self.desired is None

    @property
    def desired_words(self) -> str:
        """What is wanted, as people read it."""
        return words(self.desired, part=self.key is not None)

    @property
    def observed_words(self) -> str:
        """What was found, as people read it."""
        return words(self.observed, part=self.key is not None)

    def __str__(self) -> str:
        return f"{self.path}: {self.observed_words} -> {self.desired_words}"


class Changes(tuple[Change, ...]):
    """The changes of one resource."""

    __slots__ = ()

    def of(self, field: str) -> Changes:
        """Those of one field."""
        return Changes(c for c in self if c.field == field)

    def without(self, field: str) -> Changes:
        """Those of every other field."""
        return Changes(c for c in self if c.field != field)

    def desired(self, field: str) -> Any:
        """The wanted value of a plain field, or None where it does not change."""
        return next((c.desired for c in self.of(field)), None)

    @property
    def additions(self) -> Iterator[Change]:
        """What is to be added, or set to another value."""
        return (c for c in self if not c.removes)

    @property
    def removals(self) -> Iterator[Change]:
        """What is to be taken away."""
        return (c for c in self if c.removes)


def diff(wishes: Mapping[str, Any], found: Mapping[str, Any], ids: Ids, usable: Set[str]) -> Changes:
    """Compare field by field, and part by part; what was not reported is not compared."""
    return Changes(
        change
        for field, wish in wishes.items()
        if field in found
        for change in _parts_that_differ(field, wish, found[field], ids, usable)
    )


def _parts_that_differ(field: str, wish: Any, found: Any, ids: Ids, usable: Set[str]) -> Iterable[Change]:
    have = {key: value for key, value in parts(found).items() if value is not UNTOLD}
    untold = parts(found).keys() - have.keys()
    want = {resolved(k, ids): (resolved(v, ids), _waits((k, v), usable)) for k, v in parts(wish).items()}
    for key, (value, waits) in want.items():
        if key not in untold and have.get(key) != value:
            yield Change(field, value, have.get(key), key, waits)
    for key, value in have.items():
        if key not in want:
            yield Change(field, None, value, key)


def _waits(value: Any, usable: Set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r.address for r in references_in(value) if r.address not in usable))


def words(value: Any, *, part: bool) -> str:
    """A value as people read it; of a *part* without a text of its own, only whether it is there."""
    if value is None:
        return "none"
    if part and value in (PRESENT, ""):
        return "present"
    return str(value) or "empty"
