"""Filters of describe calls: which there are, and when a resource passes.

The names come from AWS's own documents, as botocore's model carries them, so that a filter that AWS
does not know is refused for every describe call. Where a value lies in the answer is in `paths.py`.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2.paths import PATHS
from awslab.local.aws.ec2.shapes import MODEL
from awslab.local.aws.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NAMED = re.compile(r"<li>\s*<p>\s*<code>(.*?)</code>")
ALSO = {  # AWS takes these too, says so only in passing
    "DescribeSubnets": {"availabilityZone", "availabilityZoneId", "cidr", "cidrBlock", "defaultForAz"},
    "DescribeVpcs": {"isDefault", "dhcpOptionsId"},
}
WILD = re.compile(r"(\\.)|(\*)|(\?)")


@lru_cache(maxsize=1024)
def documented(action: str) -> frozenset[str]:
    """Return the names of the filters that AWS documents for an action; none where it lists none."""
    members = MODEL.operation_model(action).input_shape.members
    member = members.get("Filters") or members.get("Filter")
    names = NAMED.findall(member.documentation) if member is not None else []
    return frozenset(html.unescape(name).split(":")[0] for name in names) | ALSO.get(action, set())


def asked(params: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the filters of a call, as name and values."""
    wishes = params.get("Filters") or params.get("Filter") or []
    return [(wish.get("Name") or "null", [str(value) for value in wish.get("Values") or []]) for wish in wishes]


def refuse_unknown(action: str, wishes: list[tuple[str, list[str]]]) -> None:
    """Refuse a filter that AWS does not know for this action, or one without a value."""
    known = documented(action)
    for name, values in wishes:
        base = "tag" if name.startswith("tag:") else name
        if base not in known and known:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
        if not values:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' needs a value")


@lru_cache(maxsize=4096)
def matcher(wish: str) -> Callable[[str], bool]:
    """Return a test for one wished value: `*` is any text, `?` one character, a backslash takes that away."""
    if not WILD.search(wish):
        return wish.__eq__
    pattern = "".join(_piece(part) for part in re.split(r"(\\.|\*|\?)", wish) if part)
    compiled = re.compile(pattern, re.DOTALL)
    return lambda value: compiled.fullmatch(value) is not None


def _piece(part: str) -> str:
    wild = {"*": ".*", "?": "."}.get(part)
    return wild or re.escape(part.removeprefix("\\"))


def any_matches(values: Iterable[str], wishes: list[str]) -> bool:
    """Tell whether some value is what one of the wishes asks for."""
    tests = [matcher(wish) for wish in wishes]
    return any(test(value) for value in values for test in tests)


def text(value: Any) -> str:
    """Write a value as filters compare it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def found(value: Any, path: tuple[str, ...]) -> list[str]:
    """Collect what lies at a path, through all lists on the way."""
    if value is None:
        return []
    if isinstance(value, list):
        return [one for item in value for one in found(item, path)]
    if path:
        return found(value.get(path[0]), path[1:]) if isinstance(value, dict) else []
    return [text(value)]


def path_of(action: str, name: str) -> tuple[str, ...]:
    """Return where a filter's value lies in the answer; refuses what the local AWS cannot tell."""
    path = PATHS.get(action, {}).get(name)
    if path is None:
        raise AwsError("UnsupportedOperation", f"The local AWS cannot filter {action} by {name}.")
    return tuple(path.split("."))


def passes(item: dict[str, Any], tests: list[tuple[tuple[str, ...], list[str]]]) -> bool:
    """Tell whether one item of an answer passes all filters."""
    return all(any_matches(found(item, path), wishes) for path, wishes in tests)


def tags_pass(tags: dict[str, str], wishes: list[tuple[str, list[str]]]) -> bool:
    """Tell whether a resource's tags pass the filters on tags."""
    return all(_tag_passes(tags, name, values) for name, values in wishes)


def _tag_passes(tags: dict[str, str], name: str, wishes: list[str]) -> bool:
    if name == "tag-key":
        return any_matches(tags, wishes)
    if name == "tag-value":
        return any_matches(tags.values(), wishes)
    value = tags.get(name.removeprefix("tag:"))
    return value is not None and any_matches([value], wishes)


def is_about_tags(name: str) -> bool:
    """Tell whether a filter looks at tags alone."""
    return name.startswith("tag:") or name in {"tag-key", "tag-value"}
