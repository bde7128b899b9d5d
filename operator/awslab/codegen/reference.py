"""Write the reference of a kind: every field with its type, its default, what it means and its rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awslab.api.base import LIST_TYPE, PRESERVE_UNKNOWN, VALIDATIONS

from .schema import structural_schema
from .yamldoc import NOTICE

if TYPE_CHECKING:
    from awslab.api.kinds import ApiKind

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One field, as a line of the table."""

    path: str
    type: str
    default: str
    meaning: str
    rules: tuple[str, ...]

    def __str__(self) -> str:
        """As Markdown."""
        rules = "".join(f"<br>• {rule}" for rule in self.rules)
        cells = (f"`{self.path}`", self.type, self.default, f"{self.meaning}{rules}")
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def reference(kind: ApiKind) -> str:
    """The reference of *kind* in Markdown."""
    return "\n".join(
        (
            f"<!-- {NOTICE} -->",
            f"# {kind.kind}",
            "",
            kind.description,
            "",
            f"`apiVersion: {kind.api_version}`, `kind: {kind.kind}`. For kubectl: {_names(kind)}.",
            "",
            "## Spec",
            "",
            *_table(_rows(structural_schema(kind.spec), "spec", _policy_rules(kind))),
            "",
            "## Status",
            "",
            "Written by the operator; read it, never write it.",
            "",
            *_table(_rows(structural_schema(kind.status), "status", {})),
            "",
            "## Columns of kubectl get",
            "",
            *_columns(kind),
            "",
        )
    )


def _names(kind: ApiKind) -> str:
    names = (kind.plural, kind.singular, *kind.short_names)
    return ", ".join(f"`{name}`" for name in names) + ", or with its relatives " + f"`{kind.categories[0]}`"


def _policy_rules(kind: ApiKind) -> dict[str, list[str]]:
    rules: dict[str, list[str]] = {}
    for rule in kind.spec.rules:
        if rule.policy:
            rules.setdefault(f"spec.{'.'.join(rule.path)}", []).append(rule.message)
    return rules


def _table(rows: Iterator[Row]) -> Iterator[str]:
    yield "| field | type | default | meaning |"
    yield "|---|---|---|---|"
    yield from map(str, rows)


def _rows(
    schema: Schema, path: str, rules: Mapping[str, list[str]], above: tuple[frozenset[str], ...] = ()
) -> Iterator[Row]:
    """The fields below *path*, each before its own fields.

    What has no other fields than something above it, as the steps within a step, is told there only.
    """
    names = frozenset(schema.get("properties", {}))
    if names and any(names <= known for known in above):
        return
    rules = {**rules, **_rules_about_fields(schema, path)}
    for name, field in schema.get("properties", {}).items():
        below = f"{path}.{name}"
        yield Row(
            below,
            _type(field),
            "required" if name in schema.get("required", ()) else _default(field),
            field["description"],
            (*_own_rules(field), *rules.get(below, ())),
        )
        inner = field.get("items", field)
        yield from _rows(inner, f"{below}[]" if "items" in field else below, rules, (*above, names))


def _rules_about_fields(schema: Schema, path: str) -> dict[str, list[str]]:
    rules: dict[str, list[str]] = {}
    for validation in schema.get(VALIDATIONS, ()):
        rules.setdefault(path + validation.get("fieldPath", ""), []).append(validation["message"])
    return rules


def _own_rules(field: Schema) -> Iterator[str]:
    yield from (validation["message"] for validation in field.get(VALIDATIONS, ()) if "fieldPath" not in validation)
    for word, inner in (("item", field.get("items")), ("value", field.get("additionalProperties"))):
        yield from (f"each {word} {validation['message']}" for validation in (inner or {}).get(VALIDATIONS, ()))


def _type(field: Schema) -> str:
    if field.get(PRESERVE_UNKNOWN):
        return "object of any fields" if "type" in field else "several, see the rules"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "items" in field:
        distinct = "distinct " if field.get(LIST_TYPE) == "set" else ""
        return f"list of {_bounds(field, 'Items')}{distinct}{_type(field['items'])}"
    if "additionalProperties" in field:
        return f"map of {_bounds(field, 'Properties')}string to {_type(field['additionalProperties'])}"
    return _scalar(field)


def _scalar(field: Schema) -> str:
    name = {"date-time": "time"}.get(field.get("format", ""), field["type"])
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f"{name} {low} to {high}"
    return str(name)


def _bounds(field: Schema, what: str) -> str:
    low, high = field.get(f"min{what}"), field.get(f"max{what}")
    if high is None:
        return ""
    return f"{low} to {high} " if low else f"up to {high} "


def _default(field: Schema) -> str:
    if field.get("default") in (None, {}):
        return ""
    return f"`{json.dumps(field['default'])}`"


def _columns(kind: ApiKind) -> Iterator[str]:
    yield "| column | meaning |"
    yield "|---|---|"
    yield "| Name | The name of the object. |"
    for column in kind.columns:
        wide = " (with `-o wide`)" if column.wide else ""
        yield f"| {column.name} | {column.description}{wide} |"
