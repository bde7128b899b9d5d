"""What all owners have in one account and region, found by a few paged listings instead of some for each owner."""

from __future__ import annotations

import math
import pickle
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from awslab.core.ownership import Owner
from awslab.core.packer import Packer
from awslab.core.resource import Observed, Phase, Resource

from .errors import translated
from .listed import Listed
from .session import Aws, Clients
from .slow_lane import SlowLane

DETAIL_RATE = 1.0
"""Calls a second for what no listing shows at all: up to 600 in a round of ten minutes, for all objects together."""

IDLE = 3600.0
"""Seconds after which a listing is asked for of which nobody who looks has or wants anything."""

BATCH = 1000
"""Descriptions that are taken in at a time: a page of AWS's."""


@dataclass(frozen=True)
class Seen:
    """What an owner has, as it was seen some time ago."""

    found: list[Observed]
    age: float
    """Seconds since the oldest of the sweeps that it stems from began."""


class _Shown:
    """What one listing showed, by owner; packed, as there may be a hundred thousand."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}
        self._packer: Packer | None = None

    def __contains__(self, owner: object) -> bool:
        return owner in self._packed

    def of(self, owner: str) -> list[Observed]:
        """What one owner has."""
        if self._packer is None or owner not in self._packed:
            return []
        found: list[Observed] = pickle.loads(self._packer.unpack(self._packed[owner]))  # noqa: S301 - packed by this process
        return found

    def add(self, owner: str, found: list[Observed]) -> None:
        """Take in more of what one owner has."""
        text = pickle.dumps(self.of(owner) + found)
        self._packer = self._packer or Packer(text)
        self._packed[sys.intern(owner)] = self._packer.pack(text)


@dataclass(eq=False)
class _Listing:
    """One listing of AWS, and what it showed last."""

    types: tuple[type[Listed], ...]
    lock: threading.Lock = field(default_factory=threading.Lock)
    swept: float = -math.inf
    shown: _Shown = field(default_factory=_Shown)


class Inventory:
    """Sweeps each type for all owners of one operator, and remembers what it saw.

    It serves routine looks only: who is about to change anything looks for itself
    first.  Types that EC2 does not list are listed for each owner, as ever.

    Where an owner neither wants nor has anything there is nothing to drift; what
    may be left over of its work there is looked for rarely.
    """

    def __init__(
        self,
        clients: Clients,
        instance: str,
        types: Iterable[type[Resource]],
        clock: Callable[[], float] = time.monotonic,
        speed: float = 1.0,
    ) -> None:
        """*speed*: how much faster than AWS a simulated one is, which takes as many more calls."""
        # As in every filter of AWS's, * stands for any text.
        self._aws = Aws(clients, Owner(instance, "*", "*", "*"))
        self._instance, self._clock = instance, clock
        self._listings = _listings(types)
        self._changed: dict[str, float] = {}
        self._started = clock()
        self._lanes = {False: SlowLane(clock), True: SlowLane(clock, DETAIL_RATE * speed)}
        """Of types of which listings show most, and of those of which they show nothing."""

    def look(
        self, aws: Aws, types: Sequence[type[Resource]], interval: float, wanted: Set[type[Resource]]
    ) -> Seen | None:
        """What the owner has, seen within half the *interval* of its looks; None where it changed since.

        *wanted* are those of *types* of which it should have something.
        Raises LabError where AWS cannot be looked at.
        """
        found: list[Observed] = []
        began = self._clock()
        with translated():
            for listing in dict.fromkeys(map(self._listings.get, types)):
                if listing is not None:
                    concerns = aws.owner.key in listing.shown or not wanted.isdisjoint(listing.types)
                    began = min(began, self._refresh(listing, interval / 2 if concerns else None))
                    found += (o for o in listing.shown.of(aws.owner.key) if o.type in types)
            if began <= self._changed.get(aws.owner.key, -math.inf):
                return None
            found += (o for kind in types if kind not in self._listings for o in kind.observe(aws))
            return Seen(self._examined(aws, found, interval), self._clock() - began)

    def looked(self, owner: str, *, changed: bool) -> None:
        """The owner's pass looked for itself, and perhaps *changed* what is here."""
        for lane in self._lanes.values():
            lane.looked(owner)
        if changed:
            self._changed[owner] = self._clock()

    def forget(self, owner: str) -> None:
        """The owner is gone."""
        for lane in self._lanes.values():
            lane.forget(owner)
        self._changed.pop(owner, None)

    def _refresh(self, listing: _Listing, max_age: float | None) -> float:
        """Sweep if the last sweep is too old; who comes meanwhile waits for this one.

        Returns the moment of which the listing is true; that is now for whom it does not concern (no *max_age*).
        """
        with listing.lock:
            began = self._clock()
            if max_age is None and began - max(listing.swept, self._started) <= IDLE:
                return began
            if began - listing.swept > (max_age or 0.0):
                listing.shown = self._sweep(listing.types)
                listing.swept = began
            return listing.swept

    def _sweep(self, types: tuple[type[Listed], ...]) -> _Shown:
        shown = _Shown()
        for batch in _batches(types[0].describe(self._aws, self._aws.owned)):
            for owner, found in self._by_owner(types, batch).items():
                shown.add(owner, found)
        return shown

    def _by_owner(self, types: Iterable[type[Listed]], items: Iterable[Any]) -> dict[str, list[Observed]]:
        """Read descriptions; what a filter should not have let through is left out."""
        owners: defaultdict[str, list[Observed]] = defaultdict(list)
        for item in items:
            for found in (o for kind in types for o in kind.all_in(item)):
                if found.phase is not Phase.GONE and found.owner.startswith(f"{self._instance}/"):
                    owners[found.owner].append(found)
        return owners

    def _examined(self, aws: Aws, found: list[Observed], interval: float) -> list[Observed]:
        """*found*, with what AWS tells only one by one if it is the owner's turn."""
        for hidden, lane in self._lanes.items():
            calls = sum(_calls(o.type) for o in found if _is_hidden(o.type) is hidden)
            if calls and lane.turn(aws.owner.key, calls, interval):
                found = [_examined(aws, o) if _is_hidden(o.type) is hidden else o for o in found]
        return [o for o in found if o.phase is not Phase.GONE]


def _examined(aws: Aws, found: Observed) -> Observed:
    return found.type.examined(aws, found) if issubclass(found.type, Listed) else found


def _calls(kind: type[Resource]) -> int:
    return kind.calls() if issubclass(kind, Listed) else 0


def _is_hidden(kind: type[Resource]) -> bool:
    return issubclass(kind, Listed) and kind.hidden


def _listings(types: Iterable[type[Resource]]) -> dict[type[Resource], _Listing]:
    """The listing of each type; types that AWS lists by the same call share one."""
    sharing: defaultdict[Any, list[type[Listed]]] = defaultdict(list)
    for kind in dict.fromkeys(types):
        if issubclass(kind, Listed):
            sharing[kind.describe.__func__].append(kind)  # type: ignore[attr-defined] # a class method's function
    return {kind: listing for kinds in sharing.values() for listing in [_Listing(tuple(kinds))] for kind in kinds}


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch
