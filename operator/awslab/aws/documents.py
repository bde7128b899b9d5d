"""JSON documents that AWS keeps for us, such that two ways of writing one are equal."""

from __future__ import annotations

import json
from typing import Any


def canonical(document: Any) -> str:
    """The one text of a document, given as text or as what a text says."""
    told = json.loads(document) if isinstance(document, str) else document
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
