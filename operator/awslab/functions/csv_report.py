"""csv-report: a report of a run's records for people, as Markdown, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import logs
from .clients import warm
from .exact import dumps, scalar
from .logs import logged
from .ndjson import records
from .state import Input, Run, Step
from .totals import SETTINGS, Totals, Wanted
from .upload import put

KNOWN = {*SETTINGS, "title", "format"}
_KINDS = {"md": "text/markdown; charset=utf-8", "json": "application/json"}
_NUMBERS = ("count", "sum", "min", "max", "mean")

warm("s3")


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return where the report is."""
    step, run = Step.here(KNOWN), Run.of(event)
    chosen = step.choice("format", ("both", "markdown", "json"))
    title = step.text("title", f"Report on {run.input.name}")
    with logs.saying(run=run.id, step=step.name):
        with records(run.work) as read:
            told = Totals(Wanted.of(step)).take(read).told()
        result = {"builtin": "csv-report", "step": step.name, "bucket": run.work.bucket, "rows": told["rows"]}
        if chosen != "json":
            result["key"] = _write(run, step, "md", markdown(title, run.input, told))
        if chosen != "markdown":
            result["json"] = _write(run, step, "json", dumps({"title": title, "source": run.input.lineage(), **told}))
        logs.info(f"Reported on {told['rows']} records", key=result.get("key") or result["json"])
        return result


def _write(run: Run, step: Step, suffix: str, text: str) -> str:
    key = run.work.key(f"{step.name}.{suffix}")
    put(run.work.bucket, key, _KINDS[suffix], text)
    return key


def markdown(title: str, source: Input, told: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    version = f", version {source.version}" if source.version else ""
    lines = [f"# {_cell(title)}", "", f"{told['rows']} records of {_cell(source.key)}{version}.", "", "## Fields", ""]
    lines += _table(["field", *_NUMBERS], ([name, *_numbers(said)] for name, said in told["fields"].items()))
    if by := told.get("groupBy"):
        lines += ["", f"## By {_cell(', '.join(by))}", ""]
        fields = [
            (name, number) for name, said in told["fields"].items() if "sum" in said for number in ("sum", "mean")
        ]
        head = [*by, "records", *(f"{name} ({number})" for name, number in fields)]
        lines += _table(head, (_group(group, fields) for group in told["groups"]))
    return "\n".join([*lines, ""])


def _group(group: dict[str, Any], fields: list[tuple[str, str]]) -> list[Any]:
    numbers = [group["fields"].get(name, {}).get(number) for name, number in fields]
    return [*group["key"].values(), group["rows"], *numbers]


def _numbers(said: dict[str, Any]) -> list[Any]:
    return [said.get(name) for name in _NUMBERS]


def _table(head: list[str], rows: Iterable[list[Any]]) -> list[str]:
    line = "|" + "---|" * len(head)
    return [_row(head), line, *map(_row, rows)]


def _row(cells: Iterable[Any]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(value: Any) -> str:
    """Return a value that breaks neither out of its cell nor out of its line."""
    text = "" if value is None else value if isinstance(value, str) else scalar(value)
    for sign in "\\|<>*_`[]#":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
