"""Turn a pydantic model into a structural schema, the part of OpenAPI that Kubernetes accepts.

The rules: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from awslab.api.base import LIST_MAP_KEYS, LIST_TYPE, PRESERVE_UNKNOWN, VALIDATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import core_schema as cs

DROPPED = frozenset({"title"})
ALLOWED = frozenset(
    {
        "additionalProperties",
        "default",
        "description",
        "enum",
        "format",
        "items",
        "maximum",
        "maxItems",
        "maxLength",
        "maxProperties",
        "minimum",
        "minItems",
        "minLength",
        "minProperties",
        "pattern",
        "properties",
        "required",
        "type",
        LIST_MAP_KEYS,
        LIST_TYPE,
        PRESERVE_UNKNOWN,
        VALIDATIONS,
    }
)


class _Generator(GenerateJsonSchema):
    """JSON schema without what Kubernetes has no word for."""

    def nullable_schema(self, schema: cs.NullableSchema) -> JsonSchemaValue:
        """Leave an optional field out instead of storing null."""
        return self.generate_inner(schema["schema"])

    def literal_schema(self, schema: cs.LiteralSchema) -> JsonSchemaValue:
        """Say a single word as an enumeration of one."""
        json_schema = super().literal_schema(schema)
        if "const" in json_schema:
            json_schema["enum"] = [json_schema.pop("const")]
        return json_schema

    def default_schema(self, schema: cs.WithDefaultSchema) -> JsonSchemaValue:
        """Write the default that the API server shall fill in; an empty one says nothing."""
        json_schema = super().default_schema(schema)
        default = schema.get("default")
        if default is None or default in ((), {}):
            json_schema.pop("default", None)
        elif isinstance(default, BaseModel):
            json_schema["default"] = {}
        return json_schema


def structural_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The structural schema of *model*, self-contained and in the order of its fields.

    Raises ValueError, with the path, for what cannot be said in one.
    """
    schema = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    return _structural(schema, schema.pop("$defs", {}), model.__name__)


def _structural(
    schema: Mapping[str, Any], defs: Mapping[str, Any], path: str, within: tuple[str, ...] = ()
) -> dict[str, Any]:
    if schema.get("$ref") in within:
        raise ValueError(f"{path}: a model cannot stand within itself in a structural schema")
    within = (*within, *([schema["$ref"]] if "$ref" in schema else []))
    schema = {key: value for key, value in _inlined(schema, defs).items() if key not in DROPPED}
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]  # the API server prunes or refuses what is unknown
    if schema.get("properties") == {}:
        del schema["properties"]  # as the API server does: a GitOps tool would see a difference for ever
    if unknown := schema.keys() - ALLOWED:
        raise ValueError(f"{path}: {', '.join(sorted(unknown))} cannot stand in a structural schema")
    for key in ("items", "additionalProperties"):
        if key in schema:
            schema[key] = _structural(schema[key], defs, f"{path}[]", within)
    if "properties" in schema:
        schema["properties"] = {
            name: _structural(value, defs, f"{path}.{name}", within) for name, value in schema["properties"].items()
        }
    return _without_idle_default(schema)


def _inlined(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """Replace a reference by what it refers to; what stands beside the reference wins, and rules add up."""
    if "$ref" not in schema:
        return dict(schema)
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    target = _inlined(defs[schema["$ref"].removeprefix("#/$defs/")], defs)
    validations = [*target.get(VALIDATIONS, ()), *beside.get(VALIDATIONS, ())]
    return target | beside | ({VALIDATIONS: validations} if validations else {})


def _without_idle_default(schema: dict[str, Any]) -> dict[str, Any]:
    """Keep the default {} of an object only where the API server then finds defaults inside to fill in."""
    inner = schema.get("properties", {}).values()
    if schema.get("default") == {} and not any("default" in field for field in inner):
        del schema["default"]
    return schema
