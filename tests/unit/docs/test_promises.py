"""The page of promises names only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from awslab.cli.main import main

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/promises.md").read_text()
CODE = re.findall(r"`([^`]+)`", PAGE)
ROW = re.compile(r"^\| (?!-|Promise)(?P<promise>.+?) \| (?P<how>.+) \| (?P<see>.+) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)
HEADINGS = (
    "The plan comes first",
    "Drift as data",
    "Ownership",
    "Deletion",
    "Accounts, references, outputs",
    "Looking cheaply, asking politely",
    "High availability",
    "Faults",
    "What people see",
    "Benchmarks",
)


def named_tests():
    """Path and names of each test; one that begins with :: is of the path before it in the same cell."""
    for *_, cell in ROWS:
        path = ""
        for name in re.findall(r"`(?:[^`]* )?(tests/[^` ]+|::[^` ]+)`", cell):
            path = path if name.startswith("::") else name.split("::")[0]
            yield path, name.split("::")[1:]


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_heading_has_something_to_see(heading):
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]

    assert re.search(r"`(tests/|make )", section)


@pytest.mark.parametrize(("path", "names"), list(named_tests()), ids=str)
def test_every_test_that_is_named_exists(path, names):
    text = (ROOT / path).read_text()

    assert [name for name in names if not re.search(rf"^ *(def|class) {name}\b", text, re.MULTILINE)] == []


def test_every_module_that_is_named_exists():
    modules = [code for code in CODE if re.fullmatch(r"[a-z]+(/[a-z_]+)*(\.py|/)", code)]
    roots = (ROOT / "operator/awslab", ROOT)

    assert len(modules) > 20
    assert [m for m in modules if not any((root / m).exists() for root in roots)] == []


def test_every_command_that_is_named_exists():
    commands = {code.split()[1] for code in CODE if code.startswith("awslab ")}

    assert {"plan", "approve", "sweep", "trace"} <= commands
    assert commands - set(main.list_commands(None)) == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_promise_has_a_test_or_a_command(row):
    assert re.search(r"`[^`]*(tests/|make |awslab )", row[2])
