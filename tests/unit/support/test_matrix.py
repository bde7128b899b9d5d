"""The matrix of faults tells what the reports say."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support import matrix

KILL = "tests/faults/test_kills.py::test_after_a_kill"


@dataclass
class Report:
    nodeid: str
    outcome: str = "passed"
    when: str = "call"
    user_properties: list = field(default_factory=list)

    @property
    def passed(self):
        return self.outcome == "passed"

    @property
    def failed(self):
        return self.outcome == "failed"


def words(lines):
    return [line.split() for line in lines]


def test_kills_are_counted_by_kind_part_and_moment():
    reports = [
        Report(f"{KILL}[LabVpc-delete-0-after]"),
        Report(f"{KILL}[DataPipeline-delete-0-after]"),
        Report(f"{KILL}[LabVpc-create-0-before]"),
        Report(f"{KILL}[LabVpc-create-1-before]", "failed"),
        Report(f"{KILL}[LabVpc-create-99-before]", "skipped"),
    ]

    _, *rows = words(matrix.lines(reports))

    assert [
        ["delete", "DataPipeline", "after", "it", "1", "1", "0"],
        ["create", "LabVpc", "before", "it", "2", "1", "1"],
        ["delete", "LabVpc", "after", "it", "1", "1", "0"],
    ] == rows


def test_a_test_that_fails_twice_is_one_failure():
    reports = [Report(f"{KILL}[LabVpc-create-0-before]", "failed", when) for when in ("call", "teardown")]

    assert ["create", "LabVpc", "before", "it", "1", "0", "1"] == words(matrix.lines(reports))[1]


def test_set_up_and_end_of_a_test_are_no_result():
    reports = [Report(f"{KILL}[LabVpc-create-0-before]", when=when) for when in ("setup", "teardown")]

    assert [] == matrix.lines(reports)


def test_each_other_fault_is_a_line():
    test = "tests/faults/test_faults.py::test_a_life"

    shown = matrix.lines([Report(f"{test}[a reply - lost]"), Report(test, "failed")])

    assert ["a reply - lost  ended right", "a life          FAILED"] == shown


def test_how_long_a_hand_over_took_is_shown():
    report = Report("tests/e2e/test_ha.py::test_it", user_properties=[(matrix.PROPERTY, "after SIGTERM: 0.4 s")])

    assert ["the other replica leads after SIGTERM: 0.4 s"] == matrix.lines([report])


def test_tests_of_something_else_are_not_shown():
    assert [] == matrix.lines([Report("tests/unit/core/test_plan.py::test_it", "failed")])
