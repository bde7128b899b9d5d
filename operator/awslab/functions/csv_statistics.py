"""csv-statistics: count, sum, min, max and mean of each field, and for each group, of a run's records."""

from __future__ import annotations

from typing import Any

from . import logs
from .clients import warm
from .exact import dumps, plain
from .logs import logged
from .ndjson import records
from .state import Run, Step
from .totals import SETTINGS, Totals, Wanted
from .upload import put

KNOWN = {*SETTINGS}
_FIELDS = 50
"""So many fields' numbers go into the state; all are in the file."""

warm("s3")


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return rows, the numbers of the first fields, how many groups there are, and where all of it is."""
    step, run = Step.here(KNOWN), Run.of(event)
    with logs.saying(run=run.id, step=step.name):
        with records(run.work) as read:
            told = Totals(Wanted.of(step)).take(read).told()
        key = run.work.key(f"{step.name}.json")
        put(run.work.bucket, key, "application/json", dumps({"source": run.input.lineage(), **told}))
        logs.info(f"Computed statistics of {told['rows']} records", key=key)
        return _result(run, step, key, told)


def _result(run: Run, step: Step, key: str, told: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: said for name, said in told["fields"].items() if "sum" in said}
    return {
        "builtin": "csv-statistics",
        "step": step.name,
        "bucket": run.work.bucket,
        "key": key,
        "rows": told["rows"],
        "groups": len(told.get("groups", [])),
        "fields": plain(dict(list(numbers.items())[:_FIELDS])),
    }
