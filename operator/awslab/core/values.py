"""Values that a resource's fields hold, and how they are taken apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V_co = TypeVar("V_co", covariant=True)

PRESENT = True
"""The value of a set's element, where a set is read as a mapping."""


class Untold(Enum):
    """Stands for a value that AWS does not tell for now: it is neither changed nor taken away."""

    UNTOLD = "untold"


UNTOLD = Untold.UNTOLD


class FrozenMap(Mapping[K, V_co], Generic[K, V_co]):
    """A mapping that does not change, so that a frozen dataclass may hold it."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V_co] | Iterable[tuple[K, V_co]] = ()) -> None:
        self._items = dict(items)

    def __getitem__(self, key: K) -> V_co:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"FrozenMap({self._items!r})"


def parts(value: Any) -> dict[Any, Any]:
    """A mapping's items, a set's elements, or the value itself under the key None."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (frozenset, set)):
        return dict.fromkeys(value, PRESENT)
    return {None: value}


def leaves(value: Any) -> Iterator[Any]:
    """Every plain value inside *value*, through mappings, sets, tuples and dataclasses."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(key)
            yield from leaves(item)
    elif isinstance(value, (tuple, frozenset, set, list)):
        for item in value:
            yield from leaves(item)
    elif _is_compound(value):
        for f in fields(value):
            yield from leaves(getattr(value, f.name))
    else:
        yield value


def mapped(value: Any, function: Any) -> Any:
    """*value* with *function* applied to each of its leaves."""
    if isinstance(value, Mapping):
        return FrozenMap({mapped(k, function): mapped(v, function) for k, v in value.items()})
    if isinstance(value, (tuple, frozenset)):
        return type(value)(mapped(item, function) for item in value)
    if _is_compound(value):
        return replace(value, **{f.name: mapped(getattr(value, f.name), function) for f in fields(value)})
    return function(value)


def with_part(value: Any, key: Any, part: Any) -> Any:
    """*value* after its part under *key* has become *part* (None: is gone)."""
    if key is None:
        return part
    rest = {k: v for k, v in parts(value).items() if k != key}
    if part is not None:
        rest[key] = part
    return frozenset(rest) if isinstance(value, (frozenset, set)) else FrozenMap(rest)


def _is_compound(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type) and not getattr(value, "is_leaf", False)
