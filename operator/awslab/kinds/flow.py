"""The flow of a pipeline as a graph: which functions it has, where its steps lead, and whether that can be. Pure.

A list of steps is a *scope*: the steps of the spec, of a branch, or of a map. A step leads only to steps of its own
scope, as in Step Functions, and a name stands for one step of the whole pipeline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from awslab.api.datapipeline import DataPipelineSpec, MachineType
from awslab.api.datapipeline_functions import STANDARD, Code, DataAccess, FunctionCode, FunctionSettings
from awslab.api.datapipeline_rules import EXPRESS_SECONDS
from awslab.api.datapipeline_steps import Comparison, Condition, LeafStep
from awslab.core.errors import SpecError

REFERENCE = re.compile(r"\$\{(json:)?([^}]*)\}")
"""A value of the state in a text: ``${input.key}``, ``${json:steps.ValidateData.errors}``."""

_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])*")
_STATE = ("pipeline", "run", "input", "output", "work", "steps", "error", "item", "index", "outer")


@dataclass(frozen=True)
class Function:
    """A function that the pipeline has, complete with all that the spec leaves out."""

    name: str
    """The name of its step, which is the placeholder ``${name}`` in the definition."""
    field: str
    """Where it stands: ``spec.steps[2].parallel[0][0]``."""
    code: Code
    settings: FunctionSettings
    with_: Mapping[str, Any]
    access: DataAccess | None
    """None for a shipped function: it has what it needs."""


@dataclass(frozen=True)
class Scope:
    """A list of steps that lead to each other and nowhere else."""

    field: str
    """``spec.steps``, ``spec.steps[2].parallel[0]``."""
    about: str
    """For people: ``the pipeline``, ``branch 1 of Analyze``."""
    steps: tuple[LeafStep, ...]
    maps: tuple[str, ...] = ()
    """The maps around it, the outermost first: what is outside of the last one is in $.outer."""

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each step in the list by its name."""
        return {step.name: place for place, step in reversed(list(enumerate(self.steps)))}

    def ways(self, step: LeafStep) -> tuple[str | None, ...]:
        """The names of the steps that may come after it without an error; None for the end."""
        if step.choice:
            return (*(rule.next for rule in step.choice), step.default)
        if step.succeed or step.fail or step.end:
            return (None,)
        following = self.places[step.name] + 1
        return (step.next or (self.steps[following].name if following < len(self.steps) else None),)

    def targets(self, step: LeafStep) -> Iterator[tuple[str, str]]:
        """Every step that it names, after the field that does."""
        yield from ((field, name) for field, name in (("next", step.next), ("default", step.default)) if name)
        yield from ((f"choice[{place}].next", rule.next) for place, rule in enumerate(step.choice))
        yield from ((f"catch[{place}].next", rule.next) for place, rule in enumerate(step.catch))

    def within(self, place: int, step: LeafStep) -> Iterator[Scope]:
        """The lists of steps within the step at *place*."""
        field = f"{self.field}[{place}]"
        for number, branch in enumerate(step.branches):
            yield Scope(f"{field}.parallel[{number}]", f"branch {number + 1} of {step.name}", branch, self.maps)
        if step.body:
            yield Scope(f"{field}.map.steps", f"the map {step.name}", step.body, (*self.maps, step.name))

    def leads(self, step: LeafStep) -> set[str]:
        """The steps that may come after it, also after an error."""
        return {name for name in self.ways(step) if name} | {rule.next for rule in step.catch}


def scopes(spec: DataPipelineSpec) -> tuple[Scope, ...]:
    """Every list of steps, each before those in its own steps."""
    return tuple(_scopes(Scope("spec.steps", "the pipeline", spec.steps))) if spec.steps else ()


def _scopes(scope: Scope) -> Iterator[Scope]:
    yield scope
    for place, step in enumerate(scope.steps):
        for inner in scope.within(place, step):
            yield from _scopes(inner)


def functions(spec: DataPipelineSpec) -> tuple[Function, ...]:
    """Every function of the pipeline, in the order of the spec."""
    named = [(f"spec.functions[{place}]", function.name, function) for place, function in enumerate(spec.functions)]
    steps = [
        (f"{scope.field}[{place}]", step.name, step) for scope in scopes(spec) for place, step in enumerate(scope.steps)
    ]
    return tuple(
        _function(spec, field, name, given) for field, name, given in [*named, *steps] if given.code is not None
    )


def _function(spec: DataPipelineSpec, field: str, name: str, given: FunctionCode) -> Function:
    code = given.code
    assert code is not None  # noqa: S101 - who calls has looked
    access = None if given.builtin else given.access or DataAccess()
    settings = given.over(spec.function_defaults).over(STANDARD)
    return Function(name, field, code, settings, given.with_, access)


def check(spec: DataPipelineSpec) -> None:
    """Raise SpecError, naming the step and the way out, where the flow cannot be."""
    everything = scopes(spec)
    _check_names(everything)
    names = {step.name for scope in everything for step in scope.steps}
    for scope in everything:
        _check_targets(scope, names)
        _check_reached(scope)
        _check_ends(scope)
        _check_circles(scope)
        known = _Known.within(scope, everything)
        for place, step in enumerate(scope.steps):
            _check_step(spec, f"{scope.field}[{place}]", step, known)


@dataclass(frozen=True)
class _Known:
    """The steps whose results a step can find: in $.steps, and from within a map in $.outer."""

    steps: frozenset[str]
    outer: frozenset[str]

    @classmethod
    def within(cls, scope: Scope, everything: Iterable[Scope]) -> _Known:
        """Those of the same map, and those around it."""
        around = [scope.maps[:depth] for depth in range(len(scope.maps))]
        found = [(other.maps, step.name) for other in everything for step in other.steps]
        return cls(
            frozenset(name for maps, name in found if maps == scope.maps),
            frozenset(name for maps, name in found if maps in around),
        )


def _check_names(everything: Iterable[Scope]) -> None:
    known: dict[str, str] = {}
    for scope in everything:
        for place, step in enumerate(scope.steps):
            field, key = f"{scope.field}[{place}].name", step.name.lower()
            if key in known:
                raise SpecError(field, f"{step.name} is the name of {known[key]} already; give it one of its own")
            known[key] = f"{scope.field}[{place}]"


def _check_targets(scope: Scope, names: set[str]) -> None:
    for place, step in enumerate(scope.steps):
        for field, target in scope.targets(step):
            if target in scope.places:
                continue
            where = f"{scope.field}[{place}].{field}"
            if target in names:
                within = f"{step.name} is in {scope.about} and {target} is not"
                raise SpecError(where, f"{within}; no step leads into or out of a branch or a map, let it end there")
            raise SpecError(where, f"{step.name} leads to {target}, which is no step; there are {_some(scope.places)}")


def _check_reached(scope: Scope) -> None:
    reached, new = {scope.steps[0].name}, [scope.steps[0]]
    while new:
        leads = scope.leads(new.pop()) - reached
        reached |= leads
        new += [scope.steps[scope.places[name]] for name in leads]
    for place, step in enumerate(scope.steps):
        if step.name not in reached:
            before = f" after {scope.steps[place - 1].name}, which leads elsewhere" if place else ""
            todo = "let a step lead to it by next, default or catch, or take it out"
            raise SpecError(f"{scope.field}[{place}]", f"no step leads to {step.name}{before}; {todo}")


def _check_ends(scope: Scope) -> None:
    """Let each step have a way to an end that needs no error; grown from the ends backward."""
    ending: set[str | None] = {None}
    while grown := {s.name for s in scope.steps if s.name not in ending and ending & set(scope.ways(s))}:
        ending |= grown
    for place, step in enumerate(scope.steps):
        if step.name not in ending:
            circle = f"from {step.name} on {scope.about} never ends"
            todo = "let a choice on the way lead to an end: end: true, succeed or fail"
            raise SpecError(f"{scope.field}[{place}]", f"{circle}; {todo}")


def _check_circles(scope: Scope) -> None:
    """Let every way back lead through a wait; what is left after taking ends and waits away goes in circles."""
    left = {step.name: scope.leads(step) for step in scope.steps if step.wait is None}
    while done := [n for n, leads in left.items() if not leads & left.keys() or n not in set().union(*left.values())]:
        left = {name: leads for name, leads in left.items() if name not in done}
    if left:
        place = min(scope.places[name] for name in left)
        circle = f"{', '.join(sorted(left, key=lambda name: scope.places[name]))} go in a circle without a pause"
        raise SpecError(f"{scope.field}[{place}]", f"{circle}; put a wait step into it")


def _check_step(spec: DataPipelineSpec, field: str, step: LeafStep, known: _Known) -> None:
    if step.loop and not step.loop.over and spec.type is MachineType.EXPRESS:
        raise SpecError(f"{field}.map", f"{step.name} goes over rows or objects; set spec.type to STANDARD")
    if step.wait and (step.wait.seconds or 0) > EXPRESS_SECONDS and spec.type is MachineType.EXPRESS:
        raise SpecError(f"{field}.wait", f"{step.name} waits longer than an EXPRESS run can last; take STANDARD")
    for number, caught in enumerate(step.catch):
        last = number == len(step.catch) - 1
        if "States.ALL" in caught.errors and not (last and len(caught.errors) == 1):
            todo = "let States.ALL stand alone, in the last entry"
            raise SpecError(f"{field}.catch[{number}].errors", f"{step.name} catches more after States.ALL; {todo}")
    for where, text in _texts(step):
        _check_references(f"{field}.{where}", text, known)
    for where, path in _paths(step):
        _check_result(f"{field}.{where}", path, known)


def _texts(step: LeafStep) -> Iterator[tuple[str, str]]:
    if step.notify:
        yield "notify.message", step.notify.message
    if step.fail and step.fail.cause:
        yield "fail.cause", step.fail.cause


def _paths(step: LeafStep) -> Iterator[tuple[str, str]]:
    for number, rule in enumerate(step.choice):
        if rule.when:
            yield from ((f"choice[{number}].when", path) for path in _tested(rule.when))
    if step.wait and step.wait.until and step.wait.until.startswith("$"):
        yield "wait.until", step.wait.until
    if step.loop and step.loop.over:
        yield "map.over", step.loop.over


def _tested(condition: Condition) -> Iterator[str]:
    tests: tuple[Condition | Comparison | None, ...] = (condition, *condition.and_, *condition.or_, condition.not_)
    yield from (test.path for test in tests if test and test.path)


def _check_references(field: str, text: str, known: _Known) -> None:
    for found in REFERENCE.finditer(text):
        path = found[2]
        if path == "execution":
            continue
        if not _PATH.fullmatch(path):
            raise SpecError(field, f"{found[0]} is no path into the state; write for example ${{input.key}}")
        _check_result(field, f"$.{path}", known)


def _check_result(field: str, path: str, known: _Known) -> None:
    """Look whether a path can be there: its first part is of the state, and the step is one that there is."""
    first, _, rest = path.removeprefix("$.").partition(".")
    first, name = first.partition("[")[0], re.split(r"[.\[]", rest)[0]
    if first not in _STATE:
        raise SpecError(field, f"{path} is not in the state; that has {', '.join(_STATE)}")
    if first not in {"steps", "outer"} or not name:
        return
    there = known.steps if first == "steps" else known.outer
    if name in there:
        return
    if name in known.outer:
        raise SpecError(field, f"{path} is the result of a step outside of the map; write $.outer.{name}")
    raise SpecError(field, f"{path} is the result of {name}, which is no step here; there are {_some(there)}")


def _some(names: Iterable[str]) -> str:
    shown = sorted(names) or ["none"]
    return ", ".join(shown[:8]) + (" and others" if len(shown) > 8 else "")  # noqa: PLR2004 - as many as one reads
