"""The flow of a pipeline, drawn for people and for programs that draw."""

from __future__ import annotations

import re

import pytest

from awslab.kinds.flow import scopes
from awslab.kinds.flow_drawing import DRAWINGS, dot, mermaid, text
from tests.unit.kinds.pipelines import EXAMPLES, choice, example, function, raw, spec, wait

ONE = {"path": "$.run", "equals": 1}
SALES = next(path for path in EXAMPLES if path.stem == "datapipeline")


def drawn(*steps) -> list[str]:
    """The lines below the title and the source."""
    return [line.removeprefix("  ") for line in text(spec(*steps), "title").splitlines()[4:]]


def test_the_example_of_the_course_is_its_picture():
    assert text(example(SALES), "DataPipeline lab/sales").splitlines() == [
        "DataPipeline lab/sales",
        "",
        "  input/*.csv is uploaded",
        "  ↓",
        "  ValidateData  csv-validate",
        "  ↓",
        "  IsValid  choice",
        "  ├─ $.steps.ValidateData.valid = true → TransformData",
        "  └─ otherwise → SendAlert",
        "",
        "  TransformData  csv-transform",
        "  ↓",
        "  Analyze  at the same time",
        "  ├ CalculateStatistics  csv-statistics  ■",
        "  └ GenerateReport  csv-report  ■",
        "  ↓",
        "  WriteOutput  write-output",
        "  ↓",
        "  SendSuccessNotification  notice of success  ■",
        "",
        "  SendAlert  notice of failure",
        "  ↓",
        "  RejectFile  fails: InvalidFile  ■",
    ]


def test_a_way_that_is_not_to_the_next_step_is_told():
    lines = drawn(function("A"), choice("C", "End", default="W"), wait("W", next="A"), function("End"))

    assert lines[lines.index("W  wait 5 s") + 1 :] == ["→ A", "", "End  csv-validate  ■"]


def test_errors_are_told_with_where_they_lead():
    lines = drawn(function("A", catch=[{"errors": ["Mine"], "next": "B"}], end=True), function("B"))

    assert lines[:2] == ["A  csv-validate  ■", "└─ on Mine → B"]


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ({"path": "$.run", "equals": "x"}, '$.run = "x"'),
        ({"path": "$.run", "lessThan": 2.5}, "$.run < 2.5"),
        ({"path": "$.run", "isPresent": True}, "$.run is there: true"),
        ({"and": [ONE, {"path": "$.run", "matches": "a*"}]}, '$.run = 1 and $.run matches "a*"'),
        ({"not": {"path": "$.run", "isNull": True}}, "not $.run is null: true"),
    ],
)  # fmt: skip
def test_a_test_reads_as_a_sentence(test, said):
    lines = drawn({"name": "C", "choice": [{"when": test, "next": "A"}], "default": "A"}, function("A"))

    assert lines[1] == f"├─ {said} → A"


def test_raw_asl_is_drawn_from_its_start():
    machine = {"StartAt": "B", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Pass", "Next": "A"}}}

    assert text(raw(machine), "title").splitlines()[4:] == ["  B  pass", "  ↓", "  A  succeed  ■"]


def test_as_mermaid_every_step_is_a_node_and_every_arrow_leads_to_one():
    lines = mermaid(example(SALES), "title").splitlines()

    nodes = {match[1] for line in lines if (match := re.match(r" +(?:subgraph )?(s_\w+)\W", line)) and "--" not in line}
    ends = {end for line in lines if "-->" in line for end in re.findall(r"\bs_\w+", line)}
    assert {f"s_{step.name}" for scope in scopes(example(SALES)) for step in scope.steps} == nodes
    assert ends <= nodes
    assert '  s_IsValid -->|"otherwise"| s_SendAlert' in lines


def test_as_dot_it_is_one_digraph_with_a_frame_for_each_branch():
    lines = dot(example(SALES), "title").splitlines()

    assert (lines[0], lines[-1]) == ('digraph "title" {', "}")
    assert '  "IsValid" -> "SendAlert" [label="otherwise"];' in lines
    assert sum("subgraph" in line for line in lines) == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("output", DRAWINGS)
def test_every_example_can_be_drawn(path, output):
    drawing = DRAWINGS[output](example(path), "title")

    assert [name for scope in scopes(example(path)) for name in scope.places if name not in drawing] == []
