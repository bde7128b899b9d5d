"""Write the reference of the operator's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic.alias_generators import to_camel

from awslab.settings import Settings, flag, variable

from .yamldoc import NOTICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


def settings_page() -> str:
    """Every setting with its three names, its default and its meaning, in Markdown."""
    return "\n".join(
        (
            f"<!-- {NOTICE} -->",
            "# Settings of the operator",
            "",
            "A setting is given as a flag, as an environment variable, or in a YAML file; the first of these that has",
            "it counts. In the Helm chart, `settings` takes the names of the file.",
            "",
            *_table(),
            "",
        )
    )


def _table() -> Iterator[str]:
    yield "| flag | variable | file | default | meaning |"
    yield "|---|---|---|---|---|"
    for name, field in Settings.model_fields.items():
        cells = (f"`{flag(name)}`", f"`{variable(name)}`", f"`{to_camel(name)}`", _default(field), field.description)
        yield f"| {' | '.join(str(cell) for cell in cells)} |"


def _default(field: FieldInfo) -> str:
    if field.default in ("", ()):
        return ""
    return f"`{str(field.default).lower()}`" if isinstance(field.default, bool) else f"`{field.default}`"
