"""What a target is given of an event: all of it, a part, a constant, or a text made from its values."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from jsonpath_ng.ext.parser import parse

from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Mapping

book = Book("events")
PLACE = re.compile(r"<([A-Za-z0-9_.\-]+)>")


@book.behaves(
    "target-input",
    "PutTargets",
    "PutEvents",
    does="A target gets the event, the part that InputPath names, the constant Input, or what InputTransformer makes"
    " of it.",
    see="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html",
)
def input_of(target: Mapping[str, Any], event: dict[str, Any], rule_name: str, rule_arn: str) -> str:
    """Return the text that a target is given."""
    if "Input" in target:
        return str(target["Input"])
    if transformer := target.get("InputTransformer"):
        return _transformed(transformer, event, rule_name, rule_arn)
    if path := target.get("InputPath"):
        return json.dumps(_found(path, event), ensure_ascii=False)
    return json.dumps(event, ensure_ascii=False)


def _found(path: str, event: dict[str, Any]) -> Any:
    found = [match.value for match in parse(path).find(event)]
    return found[0] if len(found) == 1 else (found or None)


def _transformed(transformer: Mapping[str, Any], event: dict[str, Any], rule_name: str, rule_arn: str) -> str:
    values = {name: _found(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }
    template: str = transformer["InputTemplate"]
    is_object = template.lstrip().startswith("{")

    def fill(found: re.Match[str]) -> str:
        if found[1] not in values:
            return found[0]
        value = values[found[1]]
        inside = template.count('"', 0, found.start()) % 2 == 1
        if isinstance(value, str):
            quoted = json.dumps(value, ensure_ascii=False)
            return quoted[1:-1] if inside else (quoted if is_object else value)
        text = "" if value is None and inside else json.dumps(value, ensure_ascii=False)
        return json.dumps(text, ensure_ascii=False)[1:-1] if inside and not isinstance(value, int | float) else text

    return PLACE.sub(fill, template)
