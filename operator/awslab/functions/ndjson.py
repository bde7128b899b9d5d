"""The records of a run between its steps: NDJSON under its work prefix, one JSON object a line."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from json.encoder import encode_basestring
from typing import Any, cast

from .clients import client
from .errors import InvalidSettings, doing
from .exact import TEXTS, Value, loads
from .state import Place

RECORDS = "records.ndjson"
"""The name of a run's records under its work prefix."""

_BUFFER = 1 << 20


class Writer:
    """Turns rows of the same fields into lines."""

    def __init__(self, fields: list[str]) -> None:
        self._names = [f"{encode_basestring(name)}: " for name in fields]

    def line(self, values: list[Value]) -> str:
        """Return the line of a record."""
        cells = [name + TEXTS[type(value)](value) for name, value in zip(self._names, values, strict=True)]
        return "{" + ", ".join(cells) + "}\n"


@contextmanager
def lines(work: Place) -> Iterator[Iterator[str]]:
    """Open the records of a run, as lines."""
    hint = "has a csv-transform step run before this one?"
    with doing(f"read {work.key(RECORDS)}", absent=InvalidSettings, hint=hint):
        body = client("s3").get_object(Bucket=work.bucket, Key=work.key(RECORDS))["Body"]
        try:
            buffer = io.BufferedReader(cast("io.RawIOBase", body), _BUFFER)
            yield io.TextIOWrapper(buffer, "utf-8", newline="\n")
        finally:
            body.close()


@contextmanager
def records(work: Place) -> Iterator[Iterator[dict[str, Any]]]:
    """Open the records of a run, as objects whose numbers are exact."""
    with lines(work) as read:
        yield map(loads, read)
