"""Any flow at all is refused with a sentence, or makes a state machine that is whole."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from pydantic import ValidationError

from awslab.api.base import sentences
from awslab.core.errors import SpecError
from awslab.kinds.asl import definition
from awslab.kinds.asl_text import formatted
from tests.unit.kinds.pipelines import NAMES, callable_text, machines, spec

OUTER, INNER = ("A", "B", "C", "D"), ("E", "F", "G")
ENDS = {"succeed": {}, "fail": {"error": "E"}}


def doing(kind: str, targets):
    """What a random step does; *kind* is its sort."""
    if kind == "choice":
        when = {"path": "$.input.size", "greaterThan": 5}
        return st.builds(lambda t, d: {"choice": [{"when": when, "next": t}], "default": d}, targets, targets)
    if kind == "wait":
        return st.just({"wait": {"seconds": 1}})
    if kind in ENDS:
        return st.just({kind: ENDS[kind]})
    catches = st.lists(st.builds(lambda t: {"errors": ["Mine"], "next": t}, targets), max_size=1)
    return st.builds(lambda catch: {"builtin": "csv-report", "catch": catch}, catches)


def a_step(targets, names, inner):
    kinds = st.sampled_from(["function", "function", "choice", "wait", *ENDS])
    plain = kinds.flatmap(lambda kind: doing(kind, targets))
    nothing, ending = st.just({}), st.just({"end": True})
    onward = st.one_of(nothing, nothing, ending, st.builds(lambda t: {"next": t}, targets))

    def build(name, does, way):
        return {"name": name, **does, **({} if {"choice", *ENDS} & does.keys() else way)}

    return st.builds(build, names, st.one_of(plain, plain, plain, inner) if inner is not None else plain, onward)


def a_list(names, inner=None):
    """A list of steps that lead mostly to each other, and now and then astray."""
    targets = st.sampled_from([*names, *names, "A"])
    step = a_step(targets, st.sampled_from(names), inner)
    return st.lists(step, min_size=1, max_size=4, unique_by=lambda step: step["name"])


BRANCHES = st.builds(lambda *lists: {"parallel": list(lists)}, a_list(INNER), a_list(("X", "Y")))
LOOP = st.builds(lambda steps: {"map": {"over": "$.input.list", "steps": steps}}, a_list(("Z", "W")))
FLOWS = a_list(OUTER, st.one_of(BRANCHES, LOOP))


def onward(state) -> list[str]:
    ways = [state.get("Next"), state.get("Default"), *(rule["Next"] for rule in state.get("Choices", ()))]
    return [way for way in ways if way]


def goes_on(found, start, leads) -> set[str]:
    seen: set[str] = set()
    left = [start]
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += leads(found[name])
    return seen


def is_whole(whole) -> None:
    """What AWS and people ask of a machine, looked at naively."""
    found = whole["States"]
    every_way = goes_on(found, whole["StartAt"], lambda s: [*onward(s), *(c["Next"] for c in s.get("Catch", ()))])
    assert every_way == found.keys()
    for name, state in found.items():
        terminal = state["Type"] in {"Succeed", "Fail"} or state.get("End") is True
        assert terminal == (onward(state) == [])
        ends = {n for n in goes_on(found, name, onward) if onward(found[n]) == []}
        assert ends, f"{name} never ends"


@settings(max_examples=150, deadline=None)
@given(FLOWS)
def test_any_flow_is_refused_with_a_sentence_or_makes_a_machine_that_ends(steps):
    refusal = refused(steps)
    if refusal:
        field, sentence = refusal
        assert re.match(r"spec\.steps", field)
        assert re.search(r"\b[A-Z]\b.*; |^must ", sentence)
        return
    found = definition(spec(*steps), NAMES)
    everything = list(machines(json.loads(found.text)))
    names = [name for each in everything for name in each["States"]]
    assert len(names) == len(set(names))
    for each in everything:
        is_whole(each)
    AmazonStateLanguageParser.parse(callable_text(found.text))


def refused(steps) -> tuple[str, str] | None:
    """The field and the sentence with which a flow is refused."""
    try:
        definition(spec(*steps), NAMES)
    except ValidationError as error:
        field, _, sentence = sentences(error)[0].partition(": ")
        return field, sentence
    except SpecError as error:
        return error.field, str(error).removeprefix(f"{error.field}: ")
    return None


@given(st.text(alphabet="ab'{}\\\n$", max_size=12).filter(lambda text: "${" not in text + "x"))
def test_any_text_comes_through_format_unharmed(text):
    """Read as the specification of States.Format says: a backslash before ' { } and itself, and nothing else."""
    call = formatted(text + "${input.key}")

    literal = call.removeprefix("States.Format('").removesuffix("', $.input.key)")
    assert re.fullmatch(r"(?s)(\\['{}\\]|[^'{}\\])*\{\}", literal)
    assert re.sub(r"(?s)\\(.)", r"\1", literal.removesuffix("{}")) == text
