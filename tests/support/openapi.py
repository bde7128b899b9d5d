"""Make the schemas that kubeconform reads from what an API server says of its types."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Get = Callable[[str], str]
"""GET a path of the API server."""


def write_schemas(get: Get, group_versions: tuple[str, ...], folder: Path) -> str:
    """Write one schema for each kind of the groups; returns kubeconform's ``-schema-location``."""
    for group_version in group_versions:
        path = f"apis/{group_version}" if "/" in group_version else f"api/{group_version}"
        _write_group(json.loads(get(f"/openapi/v3/{path}"))["components"]["schemas"], folder)
    return str(folder / "{{.ResourceKind}}{{.KindSuffix}}.json")


def _write_group(schemas: dict[str, Any], folder: Path) -> None:
    definitions = {name: _strict(schema) for name, schema in schemas.items()}
    for name, schema in schemas.items():
        for kind in schema.get("x-kubernetes-group-version-kind", ()):
            short_group = f"-{kind['group'].split('.')[0]}" if kind["group"] else ""
            file = folder / f"{kind['kind'].lower()}{short_group}-{kind['version']}.json"
            file.write_text(json.dumps({"$ref": f"#/definitions/{name}", "definitions": definitions}))


def _strict(schema: Any) -> Any:
    """The schema with local references, and with every field refused that it does not name."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    if isinstance(schema.get("$ref"), str):  # the schema of schemas has a property of that name
        strict["$ref"] = schema["$ref"].replace("#/components/schemas/", "#/definitions/")
    if isinstance(schema.get("properties"), dict) and "x-kubernetes-preserve-unknown-fields" not in schema:
        strict.setdefault("additionalProperties", False)
    return strict
