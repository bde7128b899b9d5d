"""Is a definition one that AWS would take? Found problems name the state and the field.

What the grammar says is asked of moto's interpreter, state by state so that the state can be named; what ties
states together (targets, ends, states that nobody reaches) it does not look at, and is looked at here.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

if TYPE_CHECKING:
    from collections.abc import Iterator

TERMINAL = frozenset({"Succeed", "Fail"})
BRANCHING = frozenset({"Choice", "Succeed", "Fail"})  # types that have neither Next nor End
CANNOT_CATCH = frozenset({"Pass", "Choice", "Wait", "Succeed", "Fail"})
LONGEST_NAME = 80
LONGEST_DEFINITION = 1_048_576
SCHEMA = "SCHEMA_VALIDATION_FAILED"
TARGET = "MISSING_TRANSITION_TARGET"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a definition, and where."""

    code: str
    message: str
    location: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location}"


@lru_cache(maxsize=64)
def problems(definition: str, kind: str = "STANDARD") -> tuple[Problem, ...]:
    """Return what is wrong with a definition for a type of state machine; nothing where it can run."""
    try:
        flow = json.loads(definition)
    except ValueError as error:
        return (Problem("INVALID_JSON_DESCRIPTION", f"The definition is not JSON: {error}", "/"),)
    if not isinstance(flow, dict):
        return (Problem("INVALID_JSON_DESCRIPTION", "The definition is not a JSON object", "/"),)
    names = Counter(name for name, _ in _all_states(flow))
    twice = [
        Problem("DUPLICATE_STATE_NAME", f"Duplicate State name: {name}", "/States") for name in names if names[name] > 1
    ]
    found = [*twice, *_of_flow(flow, "", flow.get("QueryLanguage"))]
    if kind == "EXPRESS":
        found += _not_express(flow)
    return tuple(found) or tuple(_of_grammar(definition, "/"))


def _not_express(flow: Any) -> list[Problem]:
    """Find what only a standard state machine can do: wait for jobs, tokens and activities, and distribute a map."""
    found = []
    for name, state in _all_states(flow):
        resource = str(state.get("Resource", ""))
        pattern = next((one for one in (".sync", ".waitForTaskToken", ":activity:") if one in resource), "")
        if pattern:
            sentence = f"Express state machine does not support '{pattern}' service integration"
            found.append(Problem(SCHEMA, sentence, f"/States/{name}/Resource"))
        config = (state.get("ItemProcessor") or {}).get("ProcessorConfig") or {}
        if config.get("Mode") == "DISTRIBUTED":
            sentence = "Express state machine does not support a distributed map"
            found.append(Problem(SCHEMA, sentence, f"/States/{name}/ItemProcessor"))
    return found


def _all_states(flow: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    states = flow.get("States") if isinstance(flow, dict) else None
    for name, state in (states if isinstance(states, dict) else {}).items():
        if isinstance(state, dict):
            yield name, state
            for inner in (flow for flow, _ in _inner_flows(state, "")):
                yield from _all_states(inner)


def _inner_flows(state: dict[str, Any], place: str) -> Iterator[tuple[Any, str]]:
    branches = state.get("Branches")
    for number, branch in enumerate(branches if isinstance(branches, list) else []):
        yield branch, f"{place}/Branches[{number}]"
    for key in ("ItemProcessor", "Iterator"):
        if key in state:
            yield state[key], f"{place}/{key}"


def _of_flow(flow: Any, place: str, language: str | None) -> Iterator[Problem]:
    """Look at one flow: the definition itself, a branch, or what a map does for each item."""
    if not isinstance(flow, dict):
        yield Problem(SCHEMA, "The value is not an object", place or "/")
        return
    states = flow.get("States")
    if not isinstance(states, dict) or not states:
        yield Problem(SCHEMA, "These required fields are missing: [States]", place or "/")
        return
    start = flow.get("StartAt")
    if not isinstance(start, str):
        yield Problem(SCHEMA, "These required fields are missing: [StartAt]", place or "/")
    elif start not in states:
        yield Problem(TARGET, f"Missing 'StartAt' target: {start}", f"{place}/StartAt")
    for name, state in states.items():
        yield from _of_state(name, state, states, f"{place}/States/{name}", language)
    if isinstance(start, str) and start in states:
        for name in sorted(set(states) - _reached(start, states)):
            yield Problem(TARGET, f'State "{name}" is not reachable.', f"{place}/States/{name}")


def _of_state(name: str, state: Any, states: dict[str, Any], place: str, language: str | None) -> Iterator[Problem]:
    if len(name) > LONGEST_NAME:
        yield Problem(SCHEMA, f"The name of a state has at most {LONGEST_NAME} characters", place)
    if not isinstance(state, dict):
        yield Problem(SCHEMA, "The value is not an object", place)
        return
    yield from _of_end(state, place)
    for field, target in _targets(state):
        if target not in states:
            yield Problem(TARGET, f"Missing '{field.rpartition('/')[2]}' target: {target}", f"{place}/{field}")
    inner = state.get("QueryLanguage") or language
    for flow, where in _inner_flows(state, place):
        yield from _of_flow(flow, where, inner)
    header = {"QueryLanguage": language} if language else {}
    alone = {key: value for key, value in state.items() if key not in {"Next", "Catch", "Default"}}
    alone |= {} if state.get("Type") in BRANCHING else {"End": True}
    alone |= {"Catch": state["Catch"]} if "Catch" in state and state.get("Type") not in CANNOT_CATCH else {}
    yield from _of_grammar(json.dumps({"StartAt": name, "States": {name: alone}} | header), place)


def _of_end(state: dict[str, Any], place: str) -> Iterator[Problem]:
    """A state has one of Next and End; one that chooses or ends has neither."""
    kind = state.get("Type")
    has = [field for field in ("Next", "End") if state.get(field)]
    if kind in BRANCHING and has:
        yield Problem(SCHEMA, f"Field is not supported in a {kind} state: {has[0]}", f"{place}/{has[0]}")
    elif kind not in BRANCHING and len(has) != 1:
        said = "Only one" if has else "One"
        yield Problem(SCHEMA, f"{said} of the following fields is required: [Next, End]", place)


def _targets(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, str(state[field])
    for field in ("Choices", "Catch"):
        entries = state.get(field)
        for number, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict) and "Next" in entry:
                yield f"{field}[{number}]/Next", str(entry["Next"])


def _reached(start: str, states: dict[str, Any]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in states:
            continue
        reached.add(name)
        state = states[name]
        waiting += [target for _, target in _targets(state)] if isinstance(state, dict) else []
    return reached


def parsed(definition: str) -> Any:
    """Return a definition as moto's interpreter runs it; raises whatever comes to moto."""
    return AmazonStateLanguageParser.parse(json.dumps(_for_moto(json.loads(definition)), ensure_ascii=False))[0]


def _for_moto(value: Any) -> Any:
    """Return a definition in which a percentage has a point, as moto's grammar wants it."""
    if isinstance(value, list):
        return [_for_moto(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: float(one) if key == "ToleratedFailurePercentage" and isinstance(one, int) else _for_moto(one)
        for key, one in value.items()
    }


def _of_grammar(definition: str, place: str) -> Iterator[Problem]:
    try:
        parsed(definition)
    except Exception as error:  # noqa: BLE001 - moto raises whatever comes to it
        yield Problem(SCHEMA, str(error).replace("\n", " ")[:500], place)
