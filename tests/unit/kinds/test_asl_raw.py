"""Raw ASL: names are filled in, and what is wrong is named with its state."""

from __future__ import annotations

import json

import pytest

from awslab.api.datapipeline_functions import Topic
from awslab.core.errors import SpecError
from awslab.kinds.asl import definition
from awslab.kinds.asl_needs import Needs
from tests.unit.kinds.pipelines import NAMES, raw

MACHINE = {
    "StartAt": "F",
    "States": {
        "F": {"Type": "Task", "Resource": "${F}", "ResultPath": None, "Next": "Tell"},
        "Tell": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish",
                 "Parameters": {"TopicArn": "${SuccessTopic}", "Message": "${InputBucket}"}, "End": True},
    },
}  # fmt: skip


def test_names_are_filled_in_but_those_of_functions():
    found = definition(raw(MACHINE, "F"), NAMES)

    flow = json.loads(found.text)["States"]
    assert flow["F"]["Resource"] == "${F}"
    assert flow["F"]["ResultPath"] is None
    assert flow["Tell"]["Parameters"] == {"TopicArn": NAMES.success_topic, "Message": "the-input"}
    assert (found.functions, found.states) == (("F",), ("F", "Tell"))
    assert found.needs == Needs(functions=frozenset({"F"}), topics=frozenset({Topic.SUCCESS}))


def test_a_distributed_map_is_seen():
    body = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **one(Type="Succeed")}

    assert definition(raw(one(Type="Map", ItemProcessor=body, End=True, name="M")), NAMES).needs.distributed


def one(name="A", **state):
    return {"StartAt": name, "States": {name: state}}


def two(first, second):
    return {"StartAt": "A", "States": {"A": first, "B": second}}


END = {"Type": "Succeed"}
WRONG = {
    "no JSON": ("{}}", "is no JSON: Extra data in line 1, column 3"),
    "a list": ("[]", "is JSON, but no object with StartAt and States"),
    "no states": ('{"StartAt": "A"}', "the state machine has no States"),
    "no start": (
        {"StartAt": "B", "States": {"A": END}},
        "the state machine starts at B, which is no state of it",
    ),
    "another type": (one(Type="Sleep"), "the state A needs a Type, one of Task, Pass"),
    "no way on": (one(Type="Pass"), 'the state A needs either Next or "End": true'),
    "two ways on": (two({"Type": "Pass", "Next": "B", "End": True}, END), "the state A needs either Next or"),
    "a way to nowhere": (
        one(Type="Pass", Next="B"),
        "the state A leads to B, which is no state of the state machine",
    ),
    "a circle": (one(Type="Pass", Next="A"), "from A on the state machine never ends"),
    "a lost state": (two(END, END), "no state leads to B in the state machine; let one lead to it, or take it out"),
    "a choice without a default": (
        two({"Type": "Choice", "Choices": [{"Next": "B"}]}, END),
        "the choice A has no Default: a run would fail where no test holds",
    ),
    "an unknown name": (
        one(Type="Task", Resource="${Nobody}", End=True),
        "${Nobody} stands for nothing: spec.functions has none; besides there are SuccessTopic",
    ),
    "an unknown error": (
        one(Type="Task", Resource="x", End=True, Retry=[{"ErrorEquals": ["States.Timeouts"]}]),
        "the state A names the error States.Timeouts, which Step Functions has not",
    ),
    "a name twice": (
        one(Type="Parallel", End=True, Branches=[one(**END)]),
        "two states are called A; a name is one state's in the whole machine",
    ),
    "an empty branch": (
        one(Type="Parallel", End=True, Branches=[{"StartAt": "X"}]),
        "branch 1 of A has no States",
    ),
    "a map without steps": (one(Type="Map", End=True), "the map A has no States"),
}


@pytest.mark.parametrize(("given", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_named_with_its_state(given, says):
    with pytest.raises(SpecError) as refused:
        definition(raw(given), NAMES)

    assert refused.value.field == "spec.asl"
    assert says in str(refused.value)


def test_a_distributed_map_is_none_for_an_express_machine():
    body = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **one("B", **END)}

    with pytest.raises(SpecError, match=r"the map A is DISTRIBUTED; set spec\.type to STANDARD"):
        definition(raw(one(Type="Map", ItemProcessor=body, End=True), type="EXPRESS"), NAMES)


def test_a_function_that_nobody_calls():
    with pytest.raises(SpecError) as refused:
        definition(raw(MACHINE, "F", "G"), NAMES)

    assert str(refused.value) == ("spec.functions[1]: no state calls G; name it as ${G} in spec.asl, or take it out")
