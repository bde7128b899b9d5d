"""Show what the faults came to, after the tests."""

from __future__ import annotations

from tests.support import matrix


def pytest_terminal_summary(terminalreporter):
    """Print the matrix, where any of its tests ran."""
    stats = terminalreporter.stats
    reports = [*stats.get("failed", ()), *stats.get("error", ()), *stats.get("passed", ())]
    if shown := matrix.lines(reports):
        terminalreporter.section("faults")
        for line in shown:
            terminalreporter.write_line(line)
