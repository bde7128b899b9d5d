"""A state machine that somebody wrote as Amazon States Language: checked, and its names filled in. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from awslab.api.datapipeline import DataPipelineSpec, MachineType
from awslab.api.datapipeline_functions import Topic
from awslab.core.errors import SpecError

from .asl_needs import Definition, Names, Needs

PLACE = "spec.asl"
PLACEHOLDER = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_]*)\}")
TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
ERRORS = frozenset(
    f"States.{name}"
    for name in (
        "ALL", "BranchFailed", "DataLimitExceeded", "ExceedToleratedFailureThreshold", "HeartbeatTimeout",
        "Http.Socket", "IntrinsicFailure", "ItemReaderFailed", "NoChoiceMatched", "ParameterPathFailure", "Permissions",
        "QueryEvaluationError", "ResultPathMatchFailure", "ResultWriterFailed", "Runtime", "TaskFailed", "Timeout",
    )
)  # fmt: skip
"""https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""


def definition(spec: DataPipelineSpec, names: Names) -> Definition:
    """The state machine of spec.asl; raises SpecError naming the state that is wrong."""
    given = spec.asl or ""
    machine = _read(given)
    called = _called(spec, given)
    found = _Machine("the state machine", machine)
    everything = [found, *found.inner()]
    _check_unique(everything)
    for each in everything:
        each.check(spec)
    filled = _filled(given, names)
    needs = Needs(
        functions=frozenset(called),
        topics=frozenset(topic for topic in Topic if f"${{{topic.value}Topic}}" in given),
        distributed=any(each.distributed for each in everything),
    )
    text = json.dumps(json.loads(filled), indent=2, ensure_ascii=False)
    return Definition(text, called, tuple(machine["States"]), needs)


def _read(text: str) -> dict[str, Any]:
    try:
        machine = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise SpecError(PLACE, f"is no JSON: {error.msg} in {where}") from error
    if not isinstance(machine, dict):
        raise SpecError(PLACE, "is JSON, but no object with StartAt and States")
    return machine


def _fillings(names: Names) -> Mapping[str, str]:
    return {
        "SuccessTopic": names.success_topic,
        "FailureTopic": names.failure_topic,
        "InputBucket": names.input_bucket,
        "OutputBucket": names.output_bucket,
        "WorkBucket": names.work_bucket,
    }


FILLED_IN = ("SuccessTopic", "FailureTopic", "InputBucket", "OutputBucket", "WorkBucket")


def _filled(text: str, names: Names) -> str:
    fillings = _fillings(names)
    return PLACEHOLDER.sub(lambda found: fillings.get(found[1], found[0]), text)


def _called(spec: DataPipelineSpec, text: str) -> tuple[str, ...]:
    """The functions that are called, each once, in the order of the text."""
    known = {function.name for function in spec.functions}
    named = dict.fromkeys(found[1] for found in PLACEHOLDER.finditer(text))
    for name in named:
        if name not in known and name not in FILLED_IN:
            there = ", ".join(sorted(known)) or "none"
            todo = f"spec.functions has {there}; besides there are {', '.join(FILLED_IN)}"
            raise SpecError(PLACE, f"${{{name}}} stands for nothing: {todo}")
    for place, function in enumerate(spec.functions):
        if function.name in FILLED_IN:
            raise SpecError(f"spec.functions[{place}].name", f"${{{function.name}}} is kept; take another name")
        if function.name not in named:
            todo = f"name it as ${{{function.name}}} in spec.asl, or take it out"
            raise SpecError(f"spec.functions[{place}]", f"no state calls {function.name}; {todo}")
    return tuple(name for name in named if name in known)


class _Machine:
    """States that lead to each other: of the whole, of a branch, or of a map."""

    def __init__(self, about: str, given: Any, *, distributed: bool = False) -> None:
        if not isinstance(given, dict) or not isinstance(given.get("States"), dict) or not given["States"]:
            raise SpecError(PLACE, f"{about} has no States")
        self.about, self.states, self.start = about, given["States"], given.get("StartAt")
        self.distributed = distributed
        for name, state in self.states.items():
            if not isinstance(state, dict) or state.get("Type") not in TYPES:
                raise SpecError(PLACE, f"the state {name} needs a Type, one of {', '.join(TYPES)}")

    def inner(self) -> Iterator[_Machine]:
        """The machines within its states."""
        for name, state in self.states.items():
            for number, branch in enumerate(state.get("Branches", ())):
                yield from _with_inner(_Machine(f"branch {number + 1} of {name}", branch))
            if state["Type"] == "Map":
                body = state.get("ItemProcessor", state.get("Iterator"))
                mode = body.get("ProcessorConfig", {}).get("Mode") if isinstance(body, dict) else None
                yield from _with_inner(_Machine(f"the map {name}", body, distributed=mode == "DISTRIBUTED"))

    def check(self, spec: DataPipelineSpec) -> None:
        """Raise SpecError where it cannot be."""
        if self.start not in self.states:
            raise SpecError(PLACE, f"{self.about} starts at {self.start}, which is no state of it")
        if self.distributed and spec.type is MachineType.EXPRESS:
            raise SpecError(PLACE, f"{self.about} is DISTRIBUTED; set spec.type to STANDARD")
        for name, state in self.states.items():
            self._check_state(name, state)
        self._check_reached()
        self._check_ends()

    def _check_state(self, name: str, state: Mapping[str, Any]) -> None:
        for target in _leads(state):
            if target not in self.states:
                raise SpecError(PLACE, f"the state {name} leads to {target}, which is no state of {self.about}")
        if state["Type"] == "Choice":
            if "Default" not in state:
                raise SpecError(PLACE, f"the choice {name} has no Default: a run would fail where no test holds")
        elif state["Type"] not in {"Succeed", "Fail"} and ("Next" in state) == (state.get("End") is True):
            raise SpecError(PLACE, f'the state {name} needs either Next or "End": true')
        for entry in (*state.get("Retry", ()), *state.get("Catch", ())):
            for error in entry.get("ErrorEquals", ()):
                if error.startswith("States.") and error not in ERRORS:
                    raise SpecError(PLACE, f"the state {name} names the error {error}, which Step Functions has not")

    def _check_reached(self) -> None:
        reached, new = {self.start}, [self.start]
        while new:
            leads = set(_leads(self.states[new.pop()])) - reached
            reached |= leads
            new += leads
        if lost := [name for name in self.states if name not in reached]:
            raise SpecError(PLACE, f"no state leads to {lost[0]} in {self.about}; let one lead to it, or take it out")

    def _check_ends(self) -> None:
        ending = {name for name, state in self.states.items() if not _onward(state)}
        while grown := {n for n, s in self.states.items() if n not in ending and ending & set(_onward(s))}:
            ending |= grown
        if endless := [name for name in self.states if name not in ending]:
            raise SpecError(PLACE, f"from {endless[0]} on {self.about} never ends; let a choice lead to an end")


def _with_inner(machine: _Machine) -> Iterator[_Machine]:
    yield machine
    yield from machine.inner()


def _check_unique(machines: Iterable[_Machine]) -> None:
    known: set[str] = set()
    for machine in machines:
        for name in machine.states:
            if name in known:
                raise SpecError(PLACE, f"two states are called {name}; a name is one state's in the whole machine")
            known.add(name)


def _onward(state: Mapping[str, Any]) -> list[str]:
    """Where a state leads without an error."""
    ways = [state.get("Next"), state.get("Default"), *(rule.get("Next") for rule in state.get("Choices", ()))]
    return [way for way in ways if way is not None]


def _leads(state: Mapping[str, Any]) -> list[str]:
    return [*_onward(state), *(caught["Next"] for caught in state.get("Catch", ()) if "Next" in caught)]
