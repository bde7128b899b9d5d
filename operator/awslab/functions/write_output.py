"""write-output: write a run's records and their summary to the output, once and in the right order."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from . import logs, once
from .clients import client, warm
from .errors import InvalidSettings, doing
from .exact import dumps, loads
from .logs import logged
from .ndjson import lines
from .outputs import SUPERSEDED, UNCHANGED, WRITTEN, Mark, settle
from .state import Run, Step
from .upload import Upload

KNOWN = {"files"}
FILES = {"records": "processed_{stem}.json", "summary": "processing_summary.json", "report": ""}
"""The names of the outputs, in the folder of the input; the one that is empty is not written."""

_JSON = "application/json"
_MARKDOWN = "text/markdown; charset=utf-8"
_FIELD = re.compile(r"\{(\w*)\}")

warm("s3", "dynamodb")


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Write the outputs and mark the run as done; returns the outcome and where the outputs are."""
    step, run = Step.here(KNOWN), Run.of(event)
    with logs.saying(run=run.id, step=step.name):
        keys = _keys(step, run)
        outcomes, rows = _write_all(run, keys)
        outcome = SUPERSEDED if outcomes["records"] == SUPERSEDED else _of_all(outcomes)
        first = once.finished(run.id, run.pipeline, outcome)
        logs.info(f"Output of {run.input.key}: {outcome}", outcomes=outcomes, first=first)
        return {"builtin": "write-output", "outcome": outcome, "bucket": run.output.bucket, "rows": rows, **keys}


def _of_all(outcomes: Mapping[str, str]) -> str:
    return WRITTEN if WRITTEN in outcomes.values() else UNCHANGED


def _keys(step: Step, run: Run) -> dict[str, str]:
    """Return the key of each output that is wanted; sub folders below the source prefix are kept."""
    files = {**FILES, **step.texts("files")}
    if unknown := sorted(set(files) - set(FILES)):
        raise InvalidSettings(f"files: unknown {', '.join(unknown)}; there are {', '.join(FILES)}")
    if not files["records"] or not files["summary"]:
        raise InvalidSettings("files: records and summary need a name")
    names = {purpose: _named(template, run) for purpose, template in files.items() if template}
    if len(set(names.values())) < len(names):
        raise InvalidSettings("files: two outputs have one name")
    return {purpose: run.output.key(_folder(run) + name) for purpose, name in names.items()}


def _folder(run: Run) -> str:
    folder = run.input.key.removesuffix(run.input.name)
    base = (folder if run.input.prefix is None else run.input.prefix).rpartition("/")
    return folder.removeprefix(base[0] + base[1])


def _named(template: str, run: Run) -> str:
    stem, dot, suffix = run.input.name.rpartition(".")
    known = {
        "name": run.input.name,
        "stem": stem if dot and stem else run.input.name,
        "suffix": suffix if dot and stem else "",
        "run": run.id,
        "version": run.input.version,
        "pipeline": run.pipeline,
    }

    def fill(found: re.Match[str]) -> str:
        if found[1] not in known:
            raise InvalidSettings(f"files: {template!r}: there is no {{{found[1]}}}; there are {', '.join(known)}")
        return known[found[1]]

    return _FIELD.sub(fill, template)


def _write_all(run: Run, keys: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """Write records first and the summary last, so that what the summary speaks of is there."""
    mark, outcomes = Mark.of(run), {}
    with Upload(run.output.bucket, keys["records"], _JSON, mark.metadata()) as upload:
        rows = _copy_records(run, upload)
        outcomes["records"] = settle(upload, mark)
    if outcomes["records"] == SUPERSEDED:
        return outcomes, rows
    if "report" in keys:
        outcomes["report"] = _put(run, keys["report"], _MARKDOWN, _report(run), mark, shared=False)
    summary = dumps(_summary(run, keys, rows)) + "\n"
    outcomes["summary"] = _put(run, keys["summary"], _JSON, summary, mark, shared=True)
    return outcomes, rows


def _copy_records(run: Run, upload: Upload) -> int:
    rows, separator = 0, "\n"
    upload.write(f'{{"source": {dumps(run.input.lineage(), " ").replace(chr(10), "")},\n"records": [')
    with lines(run.work) as read:
        for line in read:
            upload.write(separator + line.rstrip("\n"))
            separator = ",\n"
            rows += 1
    upload.write("\n]}\n")
    return rows


def _put(run: Run, key: str, kind: str, text: str, mark: Mark, *, shared: bool) -> str:
    with Upload(run.output.bucket, key, kind, mark.metadata()) as upload:
        upload.write(text)
        return settle(upload, mark, shared=shared)


def _report(run: Run) -> str:
    for result in _results(run.steps):
        if result["builtin"] == "csv-report" and "key" in result:
            return _text(run, result["key"])
    raise InvalidSettings("files: report is named, and no csv-report step before this one wrote Markdown")


def _summary(run: Run, keys: Mapping[str, str], rows: int) -> dict[str, Any]:
    """Return what was processed, when, by what, and the numbers."""
    results = list(_results(run.steps))
    verdicts = [result for result in results if result["builtin"] == "csv-validate"]
    return {
        "pipeline": run.pipeline,
        "run": run.id,
        "source": run.input.lineage(),
        "output": {"bucket": run.output.bucket, **{name: key for name, key in keys.items() if name != "summary"}},
        "finished": f"{datetime.now(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z",
        "code": {
            "function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
            "version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", ""),
        },
        "records": rows,
        **({"validation": {"rows": verdicts[0]["rows"], "errors": verdicts[0]["errorCount"]}} if verdicts else {}),
        "statistics": {
            result["step"]: _numbers(run, result) for result in results if result["builtin"] == "csv-statistics"
        },
    }


def _numbers(run: Run, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the statistics from their file: the state has them rounded to doubles, and not all."""
    said = loads(_text(run, result["key"]))
    return {name: value for name, value in said.items() if name != "source"}


def _text(run: Run, key: str) -> str:
    with doing(f"read {key}", absent=InvalidSettings):
        body: bytes = client("s3").get_object(Bucket=run.work.bucket, Key=key)["Body"].read()
        return body.decode()


def _results(steps: Any) -> Iterator[dict[str, Any]]:
    """Find the results of shipped functions, also within those of a parallel step."""
    if isinstance(steps, dict) and "builtin" in steps:
        yield steps
    elif isinstance(steps, dict | list):
        for inner in steps.values() if isinstance(steps, dict) else steps:
            yield from _results(inner)
