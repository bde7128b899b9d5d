"""Objects of moto as the dicts of AWS's answers, and those as EC2's XML.

moto serializes by asking, for every member of every object, a chain of alias providers. Here the
names that may be asked for are found once for a class and a shape, and the XML is written straight.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from botocore import xform_name
from botocore.utils import parse_to_aware_datetime
from moto.core.utils import get_service_model

MISSING = object()
MODEL = get_service_model("ec2")
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<{0}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'


@lru_cache(maxsize=4096)
def _plan(kind: type, shape_name: str) -> tuple[tuple[str, tuple[str, ...], Any], ...]:
    """List the members of a shape, each with the names under which an object may have it."""
    shape = MODEL.shape_for(shape_name)
    aliases = getattr(getattr(kind, "Meta", None), "serialization_aliases", {})
    return tuple((key, _names(kind, shape, key, member, aliases), member) for key, member in shape.members.items())


def _names(kind: type, parent: Any, key: str, member: Any, aliases: dict[str, str]) -> tuple[str, ...]:
    """Follow moto's order of aliases: explicit, shape's name, own name, without prefix, on the wire."""
    names = [aliases[key]] if key in aliases else []
    composite = member.type_name in {"list", "structure"}
    if composite and member.name != key and member.name not in parent.members:
        names.append(member.name)
    names.append(key)
    short = key[len(parent.name) :]
    if key.lower().startswith(parent.name.lower()) and short not in parent.members:
        names.append(short)
    if key.lower().startswith(kind.__name__.lower()):
        names.append(key[len(kind.__name__) :])
    names.append(member.serialization.get("name", key))
    return tuple(dict.fromkeys(name for plain in names if plain for name in (plain, xform_name(plain))))


def _value(thing: Any, names: tuple[str, ...]) -> Any:
    if isinstance(thing, dict):
        return next((thing[name] for name in names if name in thing), None)
    for name in names:
        value = getattr(thing, name, MISSING)
        if value is not MISSING:
            return value
    return None


def picked(thing: Any, shape: Any) -> Any:
    """Turn an object into what the shape shows of it; what is None is left out."""
    if shape.type_name == "structure":
        if isinstance(thing, str | int):
            return {}
        plan = _plan(type(thing), shape.name)  # type: ignore[arg-type] # a class can be hashed
        members = ((key, _value(thing, names), member) for key, names, member in plan)
        return {key: picked(value, member) for key, value, member in members if value is not None}
    if shape.type_name == "list":
        return [picked(one, shape.member) for one in thing]
    return thing


def element(action: str, result: str) -> Any:
    """Return the shape of one element of a list in an action's output."""
    return MODEL.operation_model(action).output_shape.members[result].member


def written(action: str, result: dict[str, Any], request_id: str) -> bytes:
    """Write an answer in EC2's XML."""
    parts = [HEAD.format(action), f"<requestId>{request_id}</requestId>"]
    shape = MODEL.operation_model(action).output_shape
    if shape is not None:
        _members(parts, result, shape)
    parts.append(f"</{action}Response>")
    return "".join(parts).encode()


def _members(parts: list[str], value: dict[str, Any], shape: Any) -> None:
    tags = _tags(shape.name)
    for key, one in value.items():
        if one is not None and key in tags:
            tag, member = tags[key]
            parts.append(f"<{tag}>")
            _write(parts, one, member)
            parts.append(f"</{tag}>")


@lru_cache(maxsize=1024)
def _tags(shape_name: str) -> dict[str, tuple[str, Any]]:
    members = MODEL.shape_for(shape_name).members
    return {key: (member.serialization.get("name", key), member) for key, member in members.items()}


def _write(parts: list[str], value: Any, shape: Any) -> None:
    if shape.type_name == "structure":
        _members(parts, value, shape)
    elif shape.type_name == "list":
        tag = shape.member.serialization.get("name", "item")
        for one in value:
            parts.append(f"<{tag}>")
            _write(parts, one, shape.member)
            parts.append(f"</{tag}>")
    else:
        parts.append(scalar(value, shape.type_name))


def scalar(value: Any, kind: str) -> str:
    """Write a plain value as EC2 does."""
    if kind == "boolean":
        return "true" if value in {True, "true", "True"} else "false"
    if kind == "timestamp":
        moment = value if isinstance(value, datetime) else parse_to_aware_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return str(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    return escape(str(value))
