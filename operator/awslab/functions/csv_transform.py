"""csv-transform: turn the CSV file into typed records, computing further fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import logs
from .clients import warm
from .columns import BadValue, Column, schema, shown
from .errors import InvalidData, InvalidSettings, doing
from .exact import Value
from .expressions import FAILURES, Formula, compiled
from .logs import logged
from .ndjson import RECORDS, Writer
from .state import Run, Step
from .table import SETTINGS, Format, Layout, Table, Unreadable, header_faults, opened
from .upload import Upload

KNOWN = {*SETTINGS, "compute", "select", "rename"}
_NAMES = 100

warm("s3")


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return where the records are: bucket, key, rows, fields; raises InvalidData for a row that cannot be one."""
    step, run = Step.here(KNOWN), Run.of(event)
    with logs.saying(run=run.id, step=step.name):
        logs.info(f"Transforming {run.input.key}", version=run.input.version)
        try:
            result = _transform(run, step)
        except Unreadable as stop:
            raise InvalidData(f"{run.input.key}: {stop}") from stop
        logs.info(f"Wrote {result['rows']} records", key=result["key"])
        return result


def _transform(run: Run, step: Step) -> dict[str, Any]:
    form, columns = Format.of(step), schema(step.columns)
    key, rows = run.work.key(RECORDS), 0
    with (
        opened(run.input, form) as table,
        Upload(run.work.bucket, key, "application/x-ndjson") as upload,
    ):
        shape = _Shape.of(step, table.header, columns, form.encoding)
        writer = Writer([step.texts("rename").get(name, name) for name in shape.fields])
        for values in _rows(table, shape):
            upload.write(writer.line(values))
            rows += 1
        with doing(f"write {key}"):
            upload.finish()
    fields = [shown(name) for name in shape.fields[:_NAMES]]
    place = {"bucket": run.work.bucket, "key": key}
    return {"builtin": "csv-transform", **place, "rows": rows, "fields": fields, "bytes": upload.size}


@dataclass(frozen=True)
class _Shape:
    """What a record of the file is made of."""

    layout: Layout
    formulas: dict[str, Formula]
    fields: list[str]

    @classmethod
    def of(cls, step: Step, header: list[str], columns: dict[str, Column], encoding: str) -> _Shape:
        """Hold the settings against the header; raises InvalidData and InvalidSettings."""
        if faults := header_faults(header, columns):
            raise InvalidData(faults[0][1])
        names, formulas = list(header), {}
        for name, text in step.texts("compute").items():
            formulas[name] = compiled(text, names)
            names = [*(other for other in names if other != name), name]
        fields = step.names("select") or names
        if unknown := [name for name in [*fields, *step.texts("rename")] if name not in names]:
            raise InvalidSettings(f"there is no field {unknown[0]!r}; there are {', '.join(names)}")
        renamed = [step.texts("rename").get(name, name) for name in fields]
        if len(set(renamed)) < len(renamed):
            raise InvalidSettings("select and rename give two fields one name")
        return cls(Layout.of(header, columns, encoding), formulas, fields)

    def values(self, number: int, cells: list[str]) -> list[Value]:
        """Return a record's values in the order of its fields; raises InvalidData."""
        try:
            row = dict(zip(self.layout.names, self.layout.values(cells), strict=True))
        except (BadValue, ValueError):
            raise InvalidData(self.layout.faults(number, cells)[0][1]) from None
        for name, formula in self.formulas.items():
            try:
                row[name] = formula(row)
            except FAILURES as error:
                raise InvalidData(f"row {number}: cannot compute {shown(name)}: {error}") from error
        return [row[name] for name in self.fields]


def _rows(table: Table, shape: _Shape) -> Iterator[list[Value]]:
    for number, cells in table:
        yield shape.values(number, cells)
