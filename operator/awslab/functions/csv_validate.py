"""csv-validate: judge a CSV file against the column schema, without ever failing for what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import logs
from .clients import warm
from .columns import BadValue, Column, schema, shown
from .logs import logged
from .state import Input, Run, Step
from .table import SETTINGS, Format, Layout, Table, Unreadable, header_faults, opened

KNOWN = {*SETTINGS, "maxErrors", "minRows", "extraColumns"}
_NAMES = 100
"""So many names of columns go into the state, which has a limit."""

warm("s3")


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the verdict: valid, rows, columns, errors, errorCount and reason."""
    step, run = Step.here(KNOWN), Run.of(event)
    with logs.saying(run=run.id, step=step.name):
        logs.info(f"Validating {run.input.key}", version=run.input.version)
        verdict = _Verdict(step.whole("maxErrors", 20, 1, 100))
        _judge(run.input, step, verdict)
        result = verdict.told(run.input)
        logs.info(result["reason"] or f"Found {verdict.rows} records, all valid", errors=result["errors"])
        return result


class _Verdict:
    """What was found so far; of many errors only the first ones are kept."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows = self.blank = self.errors = 0
        self.header: list[str] = []
        self.kept: list[dict[str, Any]] = []

    def add(self, row: int, faults: list[tuple[str, str]]) -> None:
        """Take down what is wrong with a row."""
        self.errors += len(faults)
        for column, reason in faults[: self.most - len(self.kept)]:
            self.kept.append({"row": row, "column": shown(column) if column else "", "reason": reason})

    def told(self, source: Input) -> dict[str, Any]:
        """Return the result of the step."""
        return {
            "builtin": "csv-validate",
            "valid": not self.errors,
            "rows": self.rows,
            "blankLines": self.blank,
            "columns": [shown(name) for name in self.header[:_NAMES]],
            "size": source.size,
            "errorCount": self.errors,
            "errors": self.kept,
            "reason": self._reason(source),
        }

    def _reason(self, source: Input) -> str:
        if not self.errors:
            return ""
        more = f" (and {self.errors - 1} more)" if self.errors > 1 else ""
        return f"{source.key}: {self.kept[0]['reason']}{more}"


def _judge(source: Input, step: Step, verdict: _Verdict) -> None:
    form, columns = Format.of(step), schema(step.columns)
    least, extra = step.whole("minRows", 1, 0, 10**12), step.choice("extraColumns", ("allow", "refuse"))
    try:
        with opened(source, form) as table:
            verdict.header = table.header[:_NAMES]
            verdict.add(1, header_faults(table.header, columns))
            if extra == "refuse" and columns:
                verdict.add(1, list(_extra(table.header, columns)))
            if not verdict.errors:
                _judge_rows(table, Layout.of(table.header, columns, form.encoding), verdict)
                verdict.blank = table.blank
                _judge_count(least, verdict)
    except Unreadable as stop:
        verdict.add(stop.row, [("", str(stop))])


def _extra(header: list[str], columns: dict[str, Column]) -> Iterator[tuple[str, str]]:
    for name in header:
        if name not in columns:
            yield name, f"row 1: column {shown(name)} is not in the schema"


def _judge_rows(table: Table, layout: Layout, verdict: _Verdict) -> None:
    """Read each row; only for a wrong one look which cells are wrong."""
    width, readers = len(layout.names), layout.readers
    for number, cells in table:
        verdict.rows += 1
        try:
            if len(cells) == width:
                for read, cell in zip(readers, cells, strict=True):
                    read(cell)
                continue
        except BadValue:
            pass
        verdict.add(number, layout.faults(number, cells))


def _judge_count(least: int, verdict: _Verdict) -> None:
    if verdict.rows < least:
        found = f"{verdict.rows} records" if verdict.rows else "a header and no records"
        verdict.add(0, [("", f"the file has {found}; at least {least} {'is' if least == 1 else 'are'} needed")])
