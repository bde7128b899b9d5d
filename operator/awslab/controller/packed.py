"""Objects kept small: as compressed JSON, of which thousands fit where hundreds of dicts do."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, MutableMapping

from .objects import Key, Object


class PackedObjects(MutableMapping[Key, Object]):
    """Objects by key; each look unpacks a copy of its own (some 0.1 ms for a LabVpc, 1.5 KB instead of 23 KB)."""

    def __init__(self) -> None:
        self._packed: dict[Key, bytes] = {}

    def __getitem__(self, key: Key) -> Object:
        obj: Object = json.loads(zlib.decompress(self._packed[key]))
        return obj

    def __setitem__(self, key: Key, obj: Object) -> None:
        self._packed[key] = zlib.compress(json.dumps(obj, separators=(",", ":")).encode())

    def __delitem__(self, key: Key) -> None:
        del self._packed[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
