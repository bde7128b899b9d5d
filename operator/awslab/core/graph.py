"""The resources of one owner, in the order they can be created."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TypeVar

from .resource import Resource
from .values import mapped, parts

R = TypeVar("R", bound=Resource)


class Graph:
    """Resources in creation order.

    A resource must be added after everything it holds, which Python's own
    evaluation order already makes natural; so the order of addition is a
    topological order, and there is nothing to sort.
    """

    def __init__(self) -> None:
        self._resources: dict[str, Resource] = {}

    def add(self, resource: R) -> R:
        """Add *resource* and return it; ValueError if it, or what it refers to, is out of place."""
        if resource.address in self._resources:
            raise ValueError(f"{resource.address} is already in the graph")
        for reference in resource.references:
            if reference.address not in self._resources:
                raise ValueError(f"{resource.address} refers to {reference.address}, which is not in the graph")
        self._resources[resource.address] = resource
        return resource

    def check(self) -> None:
        """Raise ValueError where a late field refers to what was never added."""
        for resource in self:
            for reference in resource.all_references:
                if reference.address not in self._resources:
                    raise ValueError(f"{resource.address} refers to {reference.address}, which is not in the graph")

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources.values())

    def __contains__(self, address: object) -> bool:
        return address in self._resources

    def __getitem__(self, address: str) -> Resource:
        return self._resources[address]

    def __len__(self) -> int:
        return len(self._resources)

    @property
    def digest(self) -> str:
        """A short hash of all that is wanted: the same as long as the wish is the same."""
        lines = sorted(line(r) for r in self)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def line(resource: Resource) -> str:
    """All that is wanted of one resource, in a stable form."""
    wishes = {field: _stable(value) for field, value in resource.wishes.items()}
    return f"{resource.address} {wishes} {sorted(resource.tags.items())}"


def _stable(value: object) -> str:
    plain = mapped(value, lambda leaf: leaf.address if hasattr(leaf, "address") else leaf)
    return str(sorted((str(k), str(v)) for k, v in parts(plain).items()))
