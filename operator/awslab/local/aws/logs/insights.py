"""The language of Logs Insights, as far as people write it: fields, filter, stats, sort, limit, display, dedup.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.logs.insights_terms import Reader, number, text_of
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Row = Mapping[str, Any]
    Command = Callable[[list[Row]], list[Row]]

book = Book("logs")
SYNTAX = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html"
MOST = 10_000
FLOW_LOG = (
    *("version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort"),
    *("protocol", "packets", "bytes", "startTime", "endTime", "action", "logStatus"),
)
_FLOW_LOG_LINE = re.compile(r"\d+ (\d{12}|unknown) eni-\w+( \S+){11}")


@dataclass
class Query:
    """A query that was read."""

    commands: list[Command] = field(default_factory=list)
    shown: list[str] = field(default_factory=lambda: ["@timestamp", "@message"])

    def answer(self, rows: Iterable[Row]) -> list[Row]:
        """Return what is found among *rows*, the newest first unless the query says otherwise."""
        found = sorted(rows, key=lambda row: row["@timestamp"], reverse=True)
        for command in self.commands:
            found = command(found)
        return [{name: row[name] for name in self.shown if row.get(name) is not None} for row in found[:MOST]]


@book.behaves(
    "insights-fields",
    "StartQuery",
    does="Queries know the fields of VPC flow logs, and those of messages that are JSON.",
    see="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html",
)
def fields_of(message: str) -> dict[str, Any]:
    """Return the fields that are discovered in a message."""
    if _FLOW_LOG_LINE.fullmatch(message):
        told = zip(FLOW_LOG, message.split(), strict=True)
        return {name: None if value == "-" else value for name, value in told}
    if message.startswith("{"):
        try:
            return dict(_flat("", json.loads(message)))
        except ValueError:
            return {}
    return {}


def _flat(before: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{before}.{name}" if before else name, inner)
    else:
        yield before, text_of(value)


@book.behaves(
    "insights-syntax",
    "StartQuery",
    code="MalformedQueryException",
    does="A query that cannot be read is refused when it is started.",
    see=SYNTAX,
)
def read(text: str) -> Query:
    """Read a query; raises AwsError with the place where that is not possible."""
    query = Query()
    for command in _commands(text):
        reader = Reader(command)
        name = reader.word()
        if name not in COMMANDS:
            raise AwsError("MalformedQueryException", f"unexpected symbol found {name} in: {command}")
        COMMANDS[name](query, reader)
        reader.end()
    return query


def _commands(text: str) -> list[str]:
    """Cut at the bars that stand outside of texts and expressions."""
    parts = re.findall(r"""(?:"[^"]*"|'[^']*'|/(?:\\.|[^/|])+/|[^|])+""", text)
    return [part.strip() for part in parts if part.strip() and not part.strip().startswith("#")]


def _fields(query: Query, reader: Reader) -> None:
    query.shown = reader.names()


def _filter(query: Query, reader: Reader) -> None:
    test = reader.condition()
    query.commands.append(lambda rows: [row for row in rows if test(row)])


def _limit(query: Query, reader: Reader) -> None:
    count = int(reader.word())
    query.commands.append(lambda rows: rows[:count])


def _sort(query: Query, reader: Reader) -> None:
    keys = [(reader.word(), reader.take("desc") or (reader.take("asc") and False)) for _ in reader.items()]

    def command(rows: list[Row]) -> list[Row]:
        for name, down in reversed(keys):
            rows = sorted(rows, key=lambda row: _order(row.get(name)), reverse=bool(down))
        return rows

    query.commands.append(command)


def _order(value: Any) -> tuple[int, float, str]:
    """Numbers come in their own order, before texts; what is missing comes first."""
    as_number = number(value)
    return (0 if value is None else 1 if as_number is not None else 2, as_number or 0.0, str(value))


def _dedup(query: Query, reader: Reader) -> None:
    names = reader.names()
    query.commands.append(lambda rows: list({tuple(r.get(n) for n in names): r for r in reversed(rows)}.values())[::-1])


def _stats(query: Query, reader: Reader) -> None:
    wanted = [reader.aggregate() for _ in reader.items()]
    groups = reader.names() if reader.take("by") else []
    query.shown = [*groups, *(name for name, _ in wanted)]

    def command(rows: list[Row]) -> list[Row]:
        by: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            by.setdefault(tuple(row.get(name) for name in groups), []).append(row)
        told = [(key, {name: text_of(of(each)) for name, of in wanted}) for key, each in by.items()]
        return [dict(zip(groups, key, strict=True)) | values for key, values in told]

    query.commands.append(command)


COMMANDS: dict[str, Callable[[Query, Reader], None]] = {
    "fields": _fields,
    "display": _fields,
    "filter": _filter,
    "limit": _limit,
    "sort": _sort,
    "dedup": _dedup,
    "stats": _stats,
}
