"""The latest known state of every watched object, and what follows from a change of it.

The cache decides *whether* a change needs a pass and how soon; it tells its listener and does nothing else.
Threads: the watch, the sweep and the workers write into it.
"""

from __future__ import annotations

import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Protocol

from awslab.controller.objects import Key, Object, concerns_us, deleting, healthy, newer, stripped, uid
from awslab.controller.packed import PackedObjects
from awslab.controller.schedule import Priority

_GRAVES = 10_000


class Listener(Protocol):
    """Who wants to know which keys are due; the work queue is one."""

    def add(self, key: Key, priority: Priority = ...) -> None:
        """The key is due now."""

    def add_after(self, key: Key, delay: float, priority: Priority = ...) -> None:
        """The key is due in *delay* seconds."""

    def discard(self, key: Key) -> None:
        """The object of the key is gone."""


class References:
    """Who refers to whom, looked up from the end that is referred to. Not thread-safe by itself."""

    def __init__(self) -> None:
        self._targets: dict[Key, frozenset[Key]] = {}
        self._dependents: dict[Key, set[Key]] = {}

    def put(self, dependent: Key, targets: Iterable[Key]) -> None:
        """From now on *dependent* refers to exactly these."""
        self.drop(dependent)
        self._targets[dependent] = frozenset(targets)
        for target in self._targets[dependent]:
            self._dependents.setdefault(target, set()).add(dependent)

    def drop(self, dependent: Key) -> None:
        """From now on *dependent* refers to nothing."""
        for target in self._targets.pop(dependent, ()):
            found = self._dependents[target]
            found.discard(dependent)
            if not found:
                del self._dependents[target]

    def targets(self, dependent: Key) -> frozenset[Key]:
        """Everything that *dependent* refers to."""
        return self._targets.get(dependent, frozenset())

    def dependents(self, target: Key) -> Collection[Key]:
        """Everyone who refers to *target*."""
        return frozenset(self._dependents.get(target, ()))


class Cache:
    """Objects by key. While it is not *active* (a standby replica) it only remembers."""

    def __init__(
        self,
        listener: Listener,
        *,
        resync: float,
        chance: Callable[[float, float], float] = random.uniform,
        targets: Callable[[Object], Iterable[Key]] = lambda _: (),
    ) -> None:
        """*resync* is the usual time between two looks at a healthy object, in seconds.

        *targets* tells from an object alone to whom it refers, so that this is known before its first pass.
        """
        self._listener = listener
        self._resync = resync
        self._chance = chance
        self._objects = PackedObjects()
        self._targets = targets
        self._declared = References()
        self._references = References()
        self._buried: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.RLock()
        self._active = False

    def activate(self) -> None:
        """Begin to tell the listener: first of everything there is, as after a listing."""
        with self._lock:
            self._active = True
            for key, obj in self._objects.items():
                self._admit(key, obj)

    def seen(self, key: Key, obj: Object, *, listed: bool = False) -> None:
        """The API server showed this state, by watch or (*listed*) in a listing."""
        with self._lock:
            before = self._objects.get(key)
            if uid(obj) in self._buried or (before is not None and not newer(obj, before)):
                return
            after = self._objects[key] = stripped(obj)
            self._declare(key, after)
            if not self._active:
                return
            if before is None and listed:
                self._admit(key, after)
            elif before is None or concerns_us(before, after):
                self._listener.add(key, Priority.URGENT)
            self._wake_dependents(key, before, after)

    def wrote(self, key: Key, obj: Object) -> Object:
        """We wrote this state ourselves: remember it, and wake only those who refer to the object."""
        with self._lock:
            before = self._objects.get(key)
            after = stripped(obj)
            if before is not None and newer(after, before):
                self._objects[key] = after
                self._declare(key, after)
                if self._active:
                    self._wake_dependents(key, before, after)
            return after

    def gone(self, key: Key, buried: str | None = None) -> None:
        """The object (of that uid) is no more; whoever referred to it has a look.

        A listing that began before its end may still bring it: what was buried does not come back.
        """
        with self._lock:
            before = self._objects.get(key)
            self._bury(buried or (uid(before) if before else ""))
            if before is not None and buried not in {None, uid(before)}:
                return  # the end of an earlier object of that name
            self._objects.pop(key, None)
            self._let_go(key)
            self._listener.discard(key)
            if before is not None and self._active:
                self._wake_dependents(key, before, None)

    def get(self, key: Key) -> Object | None:
        """The latest known state; never to be changed in place."""
        with self._lock:
            return self._objects.get(key)

    def keys(self) -> list[Key]:
        """Every key there is."""
        with self._lock:
            return list(self._objects)

    def refers(self, dependent: Key, targets: Iterable[Key]) -> None:
        """Wake *dependent* from now on when one of these changes its Ready, its spec, or goes."""
        with self._lock:
            self._references.put(dependent, targets)

    def dependents(self, target: Key) -> Collection[Key]:
        """Everyone who refers to *target*."""
        with self._lock:
            return self._dependents(target)

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._objects)

    def _bury(self, which: str) -> None:
        if which:
            self._buried[which] = None
        if len(self._buried) > _GRAVES:
            self._buried.popitem(last=False)

    def _admit(self, key: Key, obj: Object) -> None:
        """A healthy object can wait: after a restart its first look falls anywhere within one resync."""
        if healthy(obj):
            self._listener.add_after(key, self._chance(0.0, self._resync), Priority.RESYNC)
        else:
            self._listener.add(key, Priority.URGENT if deleting(obj) else Priority.PROGRESS)

    def _wake_dependents(self, key: Key, before: Object | None, after: Object | None) -> None:
        if after is not None and before is not None and not _matters_to_others(before, after):
            return
        for dependent in self._dependents(key):
            self._listener.add(dependent, Priority.PROGRESS)

    def _dependents(self, target: Key) -> frozenset[Key]:
        return frozenset({*self._declared.dependents(target), *self._references.dependents(target)})

    def _declare(self, key: Key, obj: Object) -> None:
        """Take down to whom the object refers now, and wake whom it lets go."""
        before = self._declared.targets(key)
        after = frozenset(self._targets(obj))
        if before != after:
            self._declared.put(key, after)
            self._wake_held(before - after)

    def _let_go(self, key: Key) -> None:
        """The object refers to nobody any more."""
        held = self._declared.targets(key) | self._references.targets(key)
        self._declared.drop(key)
        self._references.drop(key)
        self._wake_held(held)

    def _wake_held(self, targets: Iterable[Key]) -> None:
        """Whoever waits for its dependents to go before it goes itself has a look."""
        for target in targets:
            obj = self._objects.get(target)
            if self._active and obj is not None and deleting(obj):
                self._listener.add(target, Priority.URGENT)


def _matters_to_others(before: Object, after: Object) -> bool:
    return healthy(before) != healthy(after) or concerns_us(before, after)
