"""The outcome of the fault tests as a table, from the reports of pytest alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

CELL = re.compile(r"test_kills\.py::\w+\[(?P<kind>\w+)-(?P<life>\w+)-\d+-(?P<moment>\w+)\]$")
TEST = re.compile(r"::test_(?P<name>\w+)(?:\[(?P<case>.+)\])?$")
RIGHT, FAILED = "ended right", "FAILED"
PROPERTY = "hand-over"
"""What tests record to have it shown: how long a hand-over took."""


def lines(reports: Iterable[Any]) -> list[str]:
    """The matrix of kills, and one line for each other fault; nothing for tests that were skipped."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    others: dict[str, str] = {}
    times: list[str] = []
    for report, outcome in _outcomes(reports):
        times += [str(value) for name, value in getattr(report, "user_properties", ()) if name == PROPERTY]
        if cell := CELL.search(report.nodeid):
            counts.setdefault((cell["kind"], cell["life"], cell["moment"]), Counter())[outcome] += 1
        elif "tests/faults/" in report.nodeid and (test := TEST.search(report.nodeid)):
            others[test["case"] or test["name"].replace("_", " ")] = outcome
    return [*_kills(counts), *_faults(others), *(f"the other replica leads {time}" for time in times)]


def _outcomes(reports: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    """Each test that ran, once; where its set-up or its end failed, it failed."""
    failed = set()
    for report in reports:
        if report.failed and report.nodeid not in failed:
            failed.add(report.nodeid)
            yield report, FAILED
        elif report.passed and report.when == "call":
            yield report, RIGHT


def _kills(counts: dict[tuple[str, str, str], Counter[str]]) -> Iterator[str]:
    if counts:
        yield f"{'killed during':<15}{'of a':<16}{'a call, ...':<13}{'calls killed':>12}{RIGHT:>14}{FAILED.lower():>9}"
    for (kind, life, moment), outcomes in sorted(counts.items(), key=_order):
        row = f"{outcomes.total():>12}{outcomes[RIGHT]:>14}{outcomes[FAILED]:>9}"
        yield f"{life:<15}{kind:<16}{moment + ' it':<13}{row}"


def _order(entry: tuple[tuple[str, str, str], Counter[str]]) -> tuple[str, int, bool]:
    kind, life, moment = entry[0]
    return kind, ["create", "change", "delete"].index(life), moment == "after"


def _faults(others: dict[str, str]) -> Iterator[str]:
    width = max(map(len, others), default=0)
    for name, outcome in others.items():
        yield f"{name:<{width}}  {outcome}"
