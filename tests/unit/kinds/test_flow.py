"""A flow that cannot be is refused with a sentence that names the step and the way out."""

from __future__ import annotations

import pytest

from awslab.api.datapipeline_functions import Architecture, DataAccess
from awslab.core.errors import SpecError
from awslab.kinds.flow import check, functions
from tests.unit.kinds.pipelines import EXAMPLES, choice, example, function, raw, spec, wait


def said(*steps, **fields) -> tuple[str, str]:
    """The field and the sentence with which the steps are refused."""
    with pytest.raises(SpecError) as refused:
        check(spec(*steps, **fields))
    return refused.value.field, str(refused.value).removeprefix(f"{refused.value.field}: ")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_good_flow(path):
    check(example(path))


def test_a_step_that_nobody_reaches():
    assert said(function("A", next="C"), function("B"), function("C")) == (
        "spec.steps[1]",
        (
            "no step leads to B after A, which leads elsewhere; let a step lead to it by next, default or catch, "
            "or take it out"
        ),
    )


def test_a_step_that_only_an_error_reaches_is_reached():
    check(spec(function("A", catch=[{"errors": ["States.ALL"], "next": "B"}], end=True), function("B")))


def test_a_name_that_stands_twice_in_different_branches():
    branches = {"name": "P", "parallel": [[function("A")], [function("a")]]}

    field, sentence = said(branches)

    assert field == "spec.steps[0].parallel[1][0].name"
    assert sentence == "a is the name of spec.steps[0].parallel[0][0] already; give it one of its own"


def test_an_unknown_next_in_a_branch():
    field, sentence = said({"name": "P", "parallel": [[function("A", next="Nobody"), function("B")]]})

    assert field == "spec.steps[0].parallel[0][0].next"
    assert sentence == "A leads to Nobody, which is no step; there are A, B"


@pytest.mark.parametrize(
    "inner",
    [{"parallel": [[function("A", next="Out")]]}, {"map": {"over": "$.item", "steps": [function("A", next="Out")]}}],
    ids=["parallel", "map"],
)
def test_a_jump_out_of_a_branch(inner):
    _, sentence = said({"name": "P", **inner}, function("Out"))

    assert "and Out is not; no step leads into or out of a branch or a map, let it end there" in sentence


def test_a_circle_without_an_end():
    field, sentence = said(function("A"), wait("W"), function("B", next="A"))

    assert field == "spec.steps[0]"
    assert sentence == (
        "from A on the pipeline never ends; let a choice on the way lead to an end: end: true, succeed or fail"
    )


def test_an_error_is_no_end():
    """The way out would be to fail for ever."""
    caught = [{"errors": ["States.ALL"], "next": "End"}]

    field, _ = said(function("A", catch=caught), wait("W", next="A"), {"name": "End", "succeed": {}})

    assert field == "spec.steps[0]"


def test_a_circle_without_a_pause():
    field, sentence = said(function("Before"), function("A"), choice("C", "A", default="End"), function("End"))

    assert field == "spec.steps[1]"
    assert sentence == "A, C go in a circle without a pause; put a wait step into it"


def test_a_circle_with_a_pause_and_an_end():
    check(spec(function("A"), choice("C", "End", default="W"), wait("W", next="A"), function("End")))


def test_a_circle_in_a_branch():
    _, sentence = said({"name": "P", "parallel": [[function("B"), wait("W", next="B")]]})

    assert sentence.startswith("from B on branch 1 of P never ends")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${steps.Validate.rows}", "is the result of Validate, which is no step here; there are A, N"),
        ("${the key}", "${the key} is no path into the state; write for example ${input.key}"),
        ("${inputs.key}", "$.inputs.key is not in the state; that has pipeline, run, input"),
    ],
)
def test_a_notice_about_what_is_not_there(text, words):
    field, sentence = said(function("A"), {"name": "N", "notify": {"message": f"See {text}"}})

    assert field == "spec.steps[1].notify.message"
    assert words in sentence


def test_a_test_of_what_no_step_returns():
    test = {"when": {"and": [{"path": "$.steps.Nobody.valid", "equals": True}]}, "next": "B"}

    field, sentence = said({"name": "C", "choice": [test], "default": "B"}, function("B"))

    assert field == "spec.steps[0].choice[0].when"
    assert sentence == "$.steps.Nobody.valid is the result of Nobody, which is no step here; there are B, C"


def in_map(path):
    notice = {"name": "N", "notify": {"message": "${" + path + "}"}}
    return function("L"), {"name": "M", "map": {"over": "$.steps.L.list", "steps": [function("A"), notice]}}


@pytest.mark.parametrize("path", ["steps.A.rows", "outer.L.list", "item.x", "index"])
def test_what_a_step_in_a_map_can_tell(path):
    check(spec(*in_map(path)))


def test_a_step_in_a_map_finds_results_from_outside_in_another_place():
    _, sentence = said(*in_map("steps.L.list"))

    assert sentence == "$.steps.L.list is the result of a step outside of the map; write $.outer.L"


def test_outside_of_a_map_nothing_is_outer():
    _, sentence = said(function("A"), {"name": "N", "notify": {"message": "${outer.A}"}})

    assert sentence == "$.outer.A is the result of A, which is no step here; there are none"


def test_what_comes_after_every_error_is_never_caught():
    catches = [{"errors": ["States.ALL"], "next": "B"}, {"errors": ["Mine"], "next": "B"}]

    field, sentence = said(function("A", catch=catches), function("B"))

    assert field == "spec.steps[0].catch[0].errors"
    assert "let States.ALL stand alone, in the last entry" in sentence


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"name": "P", "parallel": [[{"name": "M", "map": {"rows": {}, "steps": [function("A")]}}]]}, ".map"),
        ({"name": "P", "parallel": [[{"name": "W", "wait": {"seconds": 301}}]]}, ".wait"),
    ],
    ids=["rows", "a long pause"],
)
def test_what_an_express_machine_cannot(step, field):
    assert said(step, type="EXPRESS")[0] == f"spec.steps[0].parallel[0][0]{field}"


class TestFunctions:
    def test_they_are_found_in_all_depths_in_the_order_of_the_spec(self):
        inner = {"name": "Q", "parallel": [[function("C")], [function("D")]]}
        body = {"over": "$.item", "steps": [function("E")]}

        found = functions(
            spec(
                function("A"),
                {"name": "P", "parallel": [[function("B"), inner]]},
                {"name": "M", "map": body},
                wait("W"),
            )
        )

        assert ["A", "B", "C", "D", "E"] == [f.name for f in found]
        assert found[2].field == "spec.steps[1].parallel[0][1].parallel[0][0]"

    def test_they_are_complete(self):
        own = {"name": "A", "inline": {"code": "x"}, "memory": 1024}

        (found,) = functions(spec(own, functionDefaults={"memory": 256, "architecture": "arm64"}))

        assert (1024, Architecture.ARM64, 300) == (
            found.settings.memory,
            found.settings.architecture,
            found.settings.timeout,
        )
        assert found.access == DataAccess()

    def test_a_shipped_one_has_its_own_access(self):
        (found,) = functions(spec(function("A")))

        assert found.access is None

    def test_those_of_raw_asl_stand_beside_it(self):
        found = functions(raw("{}", "F"))

        assert [("spec.functions[0]", "F")] == [(f.field, f.name) for f in found]
