"""What must hold in the steps of a DataPipeline, in CEL and in Python side by side.

The API server reckons beforehand what each rule may cost, by how many steps there may be at most in
all branches of all branches. So what is checked in every step is cheap, and what costs more, such as a
pattern of a long text, is checked in nested steps by Python alone: the object is then accepted, and its
condition Ready says what the API server could not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from .base import Model, Rule

if TYPE_CHECKING:
    from .datapipeline import DataPipelineSpec
    from .datapipeline_steps import LeafStep

CODE = ("builtin", "inline", "configMapRef", "s3", "image")
CONTROL = ("choice", "wait", "notify", "pass", "succeed", "fail")
NESTING = ("parallel", "map")
SETTINGS = (
    "runtime", "handler", "memory", "timeout", "ephemeralStorage", "architecture", "reservedConcurrency",
    "environment", "layers", "permissions", "inVpc", "deadLetters", "with", "access",
)  # fmt: skip
RETRIED = (*CODE, "notify", *NESTING)
LAST = ("choice", "succeed", "fail")
SHIPPED = ("runtime", "handler", "layers", "access")
IMAGE = ("runtime", "layers")
EXPRESS_SECONDS = 300


def refused_unless(check: Callable[[Any], bool], sentence: str) -> AfterValidator:
    """Check in Python alone what CEL could not check in every nested step within its budget."""

    def require(value: Any) -> Any:
        if not check(value):
            raise PydanticCustomError("rule", "{sentence}", {"sentence": sentence})
        return value

    return AfterValidator(require)


def is_set(model: Model, name: str) -> bool:
    """Whether the field that is called *name* on the wire says anything."""
    fields = type(model).model_fields
    return any(
        getattr(model, attribute) not in (None, (), {}) for attribute, field in fields.items() if field.alias == name
    )


def how_many(model: Model, names: Iterable[str]) -> int:
    """How many of the fields say anything."""
    return sum(is_set(model, name) for name in names)


def _any_cel(names: Iterable[str]) -> str:
    return "(" + " || ".join(f"has(self.{name})" for name in names) + ")"


def _count_cel(names: Iterable[str]) -> str:
    return "(" + " + ".join(f"(has(self.{name}) ? 1 : 0)" for name in names) + ")"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def exactly_one_of(*names: str) -> Rule:
    """Of several fields one must be there."""
    return Rule(
        message=f"must have exactly one of {_listed(names)}",
        cel=f"{_count_cel(names)} == 1",
        check=lambda model: how_many(model, names) == 1,
    )


def only_with(owners: Iterable[str], names: Iterable[str], message: str) -> Rule:
    """Fields that say something only beside one of others."""
    owners, names = tuple(owners), tuple(names)
    return Rule(
        message=message,
        cel=f"{_any_cel(owners)} || !{_any_cel(names)}",
        check=lambda model: how_many(model, owners) > 0 or how_many(model, names) == 0,
    )


def never_with(owners: Iterable[str], names: Iterable[str], message: str) -> Rule:
    """Fields that cannot stand beside others."""
    owners, names = tuple(owners), tuple(names)
    return Rule(
        message=message,
        cel=f"!{_any_cel(owners)} || !{_any_cel(names)}",
        check=lambda model: how_many(model, owners) == 0 or how_many(model, names) == 0,
    )


CODE_RULES = (
    never_with(
        ("builtin",),
        SHIPPED,
        f"must not have {_listed(SHIPPED)} beside builtin: a shipped function has its own",
    ),
    never_with(("image",), IMAGE, f"must not have {_listed(IMAGE)} beside image: they are in the image"),
)


def step_rules(actions: tuple[str, ...]) -> tuple[Rule, ...]:
    """What must hold within a step that may be one of *actions*."""
    retried = tuple(action for action in actions if action in RETRIED)
    return (
        exactly_one_of(*actions),
        only_with(CODE, SETTINGS, "must not have settings of a function: it is none"),
        *CODE_RULES,
        only_with(("choice",), ("default",), "must have default only beside choice"),
        only_with(("default",), ("choice",), "must have default beside choice: where to go when no test holds"),
        never_with(LAST, ("next", "end"), "must not have next or end: a choice has its own, succeed and fail are ends"),
        never_with(("next",), ("end",), "must have next or end, not both"),
        only_with(retried, ("retry", "catch"), f"must have retry and catch only beside {_listed(retried)}"),
    )


def _targets_of(step: LeafStep) -> Iterator[str]:
    yield from (name for name in (step.next, step.default) if name)
    yield from (rule.next for rule in step.choice)
    yield from (rule.next for rule in step.catch)


def _astray(spec: DataPipelineSpec) -> list[str]:
    """The steps that name one that is not there."""
    names = {step.name for step in spec.steps}
    return [step.name for step in spec.steps if not names.issuperset(_targets_of(step))]


def _named_alike(spec: DataPipelineSpec) -> list[str]:
    """The steps whose names differ by no more than capital letters; AWS's names of roles do not differ then."""
    names = [step.name.lower() for step in spec.steps]
    return [step.name for step in spec.steps if names.count(step.name.lower()) > 1]


def _there_is(name: str) -> str:
    return f"self.steps.exists(other, other.name == {name})"


GOES_RIGHT = (
    f"((!has(s.next) || {_there_is('s.next')}) && "
    f"(!has(s.default) || {_there_is('s.default')}) && "
    f"(!has(s.choice) || s.choice.all(c, {_there_is('c.next')})) && "
    f"(!has(s.catch) || s.catch.all(c, {_there_is('c.next')})))"
)
IS_NAMED_ALONE = "self.steps.exists_one(other, other.name.lowerAscii() == s.name.lowerAscii())"


def _of_every_step(message: str, holds: str, broken: Callable[[DataPipelineSpec], list[str]]) -> Rule:
    """What must hold of each step ``s`` beside the others; those that break it are named."""
    return Rule(
        path=("steps",),
        message=message,
        cel=f"!has(self.steps) || self.steps.all(s, {holds})",
        check=lambda spec: not broken(spec),
        culprits=broken,
    )


def _output_is_apart(spec: DataPipelineSpec) -> bool:
    source, output = spec.source.prefix, spec.output.prefix
    return not output.startswith(source) and not source.startswith(output)


def _maps_are_of_a_standard_machine(spec: DataPipelineSpec) -> bool:
    return spec.type == "STANDARD" or all(step.map is None or step.map.over for step in spec.steps)


FLOW_RULES = (
    Rule(
        message="must have exactly one of steps and asl",
        cel="has(self.steps) != has(self.asl)",
        check=lambda spec: bool(spec.steps) != bool(spec.asl),
    ),
    Rule(
        path=("functions",),
        message="must stand beside asl only: the functions of steps are in the steps",
        cel="!has(self.functions) || has(self.asl)",
        check=lambda spec: not spec.functions or bool(spec.asl),
    ),
    _of_every_step("must have names that differ, and by more than capital letters", IS_NAMED_ALONE, _named_alike),
    _of_every_step("must name in next, default and catch only steps of the same list", GOES_RIGHT, _astray),
    Rule(
        path=("type",),
        message="must be STANDARD where a map goes over rows or objects: an EXPRESS machine cannot",
        cel="self.type == 'STANDARD' || !has(self.steps) || self.steps.all(s, !has(s.map) || has(s.map.over))",
        check=_maps_are_of_a_standard_machine,
    ),
    Rule(
        path=("timeout",),
        message="must be at most 300 where type is EXPRESS: such a run lasts five minutes at most",
        cel="self.type == 'STANDARD' || !has(self.timeout) || self.timeout <= 300",
        check=lambda spec: spec.type == "STANDARD" or spec.timeout is None or spec.timeout <= EXPRESS_SECONDS,
    ),
    Rule(
        path=("output", "prefix"),
        message="must lie apart from source.prefix: what is written would start the pipeline again",
        cel="!has(self.source) || !has(self.source.prefix) || !has(self.output) || !has(self.output.prefix) || "
        "!(self.output.prefix.startsWith(self.source.prefix) || self.source.prefix.startsWith(self.output.prefix))",
        check=_output_is_apart,
    ),
)
