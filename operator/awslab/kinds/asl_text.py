"""Texts with values of the state in them, as Amazon States Language has them: calls of States.Format."""

from __future__ import annotations

from collections.abc import Mapping

from .flow import REFERENCE

_ESCAPED = str.maketrans({"\\": "\\\\", "'": "\\'", "{": "\\{", "}": "\\}"})


def said(field: str, dynamic: str, text: str, words: Mapping[str, str] | None = None) -> dict[str, str]:
    """The text under *field*; under *dynamic*, as a call of States.Format, where there are values in it."""
    if not REFERENCE.search(text):
        return {field: text}
    if (found := REFERENCE.fullmatch(text)) and not found[1]:
        return {dynamic: _path(found[2], words or {})}
    return {dynamic: formatted(text, words or {})}


def formatted(text: str, words: Mapping[str, str] | None = None) -> str:
    """A call of States.Format; *words* are references that are not paths into the state."""
    values, last, literal = [], 0, ""
    for found in REFERENCE.finditer(text):
        literal += text[last : found.start()].translate(_ESCAPED) + "{}"
        path = _path(found[2], words or {})
        values.append(f"States.JsonToString({path})" if found[1] else path)
        last = found.end()
    literal += text[last:].translate(_ESCAPED)
    arguments = ", ".join([f"'{literal}'", *values])
    return f"States.Format({arguments})"


def _path(reference: str, words: Mapping[str, str]) -> str:
    return words.get(reference, f"$.{reference}")
