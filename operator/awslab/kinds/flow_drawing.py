"""The flow of a pipeline, drawn: as text, for Mermaid and for Graphviz. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from awslab.api.datapipeline import DataPipelineSpec
from awslab.api.datapipeline_functions import Builtin, ConfigMapCode, FunctionCode, InlineCode, S3Code
from awslab.api.datapipeline_rules import is_set
from awslab.api.datapipeline_steps import OPERATORS, ChoiceRule, Comparison, Condition, LeafStep, MapOver

from .flow import Scope, scopes


@dataclass(frozen=True)
class Way:
    """A way on, and when it is gone; None for the end."""

    target: str | None
    when: str = ""
    error: bool = False


@dataclass(frozen=True)
class Box:
    """A step as it is drawn."""

    name: str
    what: str
    ways: tuple[Way, ...]
    inner: tuple[tuple[Box, ...], ...] = ()
    shape: str = "task"  # task | choice | notice | end


def boxes(spec: DataPipelineSpec) -> tuple[Box, ...]:
    """The flow from the first step on."""
    if spec.asl is not None:
        return _of_states(json.loads(spec.asl))
    return _of_scope(scopes(spec)[0])


def _of_scope(scope: Scope) -> tuple[Box, ...]:
    return tuple(
        Box(step.name, _what(step), _ways(scope, step), tuple(map(_of_scope, scope.within(place, step))), _shape(step))
        for place, step in enumerate(scope.steps)
    )


def _ways(scope: Scope, step: LeafStep) -> tuple[Way, ...]:
    if step.fail or step.succeed:
        return ()
    caught = (Way(entry.next, ", ".join(entry.errors), error=True) for entry in step.catch)
    if step.choice:
        return (*(Way(rule.next, _test(rule)) for rule in step.choice), Way(step.default, "otherwise"))
    return (*(Way(target) for target in scope.ways(step)), *caught)


def _what(step: LeafStep) -> str:
    if step.code is not None:
        return _code(step)
    if step.notify:
        return f"notice of {step.notify.topic.value.lower()}"
    if step.wait:
        return f"wait {step.wait.seconds} s" if step.wait.seconds else f"wait until {step.wait.until}"
    if step.loop:
        return _over(step.loop)
    if step.fail:
        return f"fails: {step.fail.error}"
    if step.branches:
        return "at the same time"
    return "choice" if step.choice else "succeeds" if step.succeed else ""


def _code(function: FunctionCode) -> str:
    match function.code:
        case Builtin() as builtin:
            return builtin.value
        case InlineCode():
            return "inline code"
        case ConfigMapCode(name=name):
            return f"code of the ConfigMap {name}"
        case S3Code(bucket=bucket, key=key):
            return f"s3://{bucket}/{key}"
    return f"image {function.image}"


def _over(loop: MapOver) -> str:
    if loop.objects:
        place = f"{loop.objects.location.value.lower()}/{loop.objects.prefix}"
        return f"for each object of {place}"
    return f"for each of {loop.over}" if loop.over else "for each row of the file"


def _shape(step: LeafStep) -> str:
    if step.choice:
        return "choice"
    if step.notify:
        return "notice"
    return "end" if step.fail or step.succeed else "task"


def _test(rule: ChoiceRule) -> str:
    return _condition(rule.when) if rule.when else (rule.jsonata or "")


def _condition(condition: Condition) -> str:
    if condition.and_:
        return " and ".join(map(_comparison, condition.and_))
    if condition.or_:
        return " or ".join(map(_comparison, condition.or_))
    return f"not {_comparison(condition.not_)}" if condition.not_ else _comparison(condition)


_SIGNS = {
    "equals": "=", "greaterThan": ">", "greaterThanEquals": ">=", "lessThan": "<", "lessThanEquals": "<=",
    "isPresent": "is there:", "isNull": "is null:",
}  # fmt: skip


def _comparison(test: Comparison | Condition) -> str:
    (operator,) = (name for name in OPERATORS if is_set(test, name))
    value = test.wire()[operator]
    said = f"{value:g}" if isinstance(value, float) else json.dumps(value)
    return f"{test.path} {_SIGNS.get(operator, operator)} {said}"


def _of_states(machine: Mapping[str, Any]) -> tuple[Box, ...]:
    """Raw ASL, the first state first."""
    states = machine["States"]
    names = sorted(states, key=lambda name: name != machine["StartAt"])
    return tuple(_of_state(name, states[name]) for name in names)


def _of_state(name: str, state: Mapping[str, Any]) -> Box:
    kind = state["Type"]
    ways = [Way(rule["Next"], "a test holds") for rule in state.get("Choices", ())]
    ways += [Way(state["Default"], "otherwise")] if "Default" in state else []
    ways += [Way(state["Next"])] if "Next" in state else [Way(None)] if state.get("End") else []
    ways += [Way(caught["Next"], ", ".join(caught["ErrorEquals"]), error=True) for caught in state.get("Catch", ())]
    inner = [*state.get("Branches", ()), *(filter(None, (state.get("ItemProcessor", state.get("Iterator")),)))]
    shape = {"Choice": "choice", "Succeed": "end", "Fail": "end"}.get(kind, "task")
    return Box(name, kind.lower(), tuple(ways), tuple(map(_of_states, inner)), shape)


# --- as text


def text(spec: DataPipelineSpec, title: str) -> str:
    """The steps one below the other; an arrow tells where one leads that is not followed by its next."""
    source = f"{spec.source.prefix}*{spec.source.suffix} is uploaded"
    return "\n".join([title, "", f"  {source}", "  ↓", *(f"  {line}".rstrip() for line in _lines(boxes(spec)))])


def _lines(flow: Sequence[Box]) -> Iterator[str]:
    for place, box in enumerate(flow):
        following = flow[place + 1].name if place + 1 < len(flow) else None
        yield f"{box.name}  {box.what}".rstrip() + ("  ■" if Way(None) in box.ways or box.shape == "end" else "")
        for number, branch in enumerate(box.inner):
            yield from _framed(list(_lines(branch)), last=number == len(box.inner) - 1)
        plain = [way for way in box.ways if way.target and not way.when]
        labeled = [way for way in box.ways if way.when]
        yield from _labeled(labeled)
        yield from ("↓" if way.target == following else f"→ {way.target}" for way in plain)
        if following and not any(way.target == following for way in plain):
            yield ""


def _framed(lines: Sequence[str], *, last: bool) -> Iterator[str]:
    head, rest = ("└ ", "  ") if last else ("├ ", "│ ")
    yield from (f"{rest if place else head}{line}" for place, line in enumerate(lines))


def _labeled(ways: Sequence[Way]) -> Iterator[str]:
    for number, way in enumerate(ways):
        corner = "└" if number == len(ways) - 1 else "├"
        yield f"{corner}─ {'on ' if way.error else ''}{way.when} → {way.target}"


# --- for programs that draw


def mermaid(spec: DataPipelineSpec, title: str) -> str:
    """For Markdown: https://mermaid.js.org/syntax/flowchart.html ."""
    flow = boxes(spec)
    return "\n".join(["---", f"title: {title}", "---", "flowchart TD", *_nodes(flow), *_arrows(flow)])


_SHAPES = {"task": '["{}"]', "choice": '{{"{}"}}', "notice": '>"{}"]', "end": '(["{}"])'}


def _nodes(flow: Iterable[Box], indent: str = "  ") -> Iterator[str]:
    for box in flow:
        label = _quoted(f"{box.name}<br>{box.what}" if box.what else box.name)
        if not box.inner:
            yield f"{indent}{_id(box.name)}{_SHAPES[box.shape].format(label)}"
            continue
        yield f'{indent}subgraph {_id(box.name)}["{label}"]'
        for branch in box.inner:
            yield from _nodes(branch, indent + "  ")
        yield f"{indent}end"


def _arrows(flow: Iterable[Box]) -> Iterator[str]:
    for box, way in _edges(flow):
        label = f'|"{_quoted(way.when)}"|' if way.when else ""
        yield f"  {_id(box.name)} {'-.->' if way.error else '-->'}{label} {_id(way.target or '')}"


def _edges(flow: Iterable[Box]) -> Iterator[tuple[Box, Way]]:
    for box in flow:
        yield from ((box, way) for way in box.ways if way.target)
        for branch in box.inner:
            yield from _edges(branch)


def dot(spec: DataPipelineSpec, title: str) -> str:
    """For Graphviz: https://graphviz.org/doc/info/lang.html ."""
    flow = boxes(spec)
    edges = [
        f"  {_name(box.name)} -> {_name(way.target or '')}"
        f" [label={_name(way.when)}{', style=dashed' if way.error else ''}];"
        for box, way in _edges(flow)
    ]
    return "\n".join([f"digraph {_name(title)} {{", "  rankdir=TB; node [shape=box];", *_clusters(flow), *edges, "}"])


def _clusters(flow: Iterable[Box], indent: str = "  ") -> Iterator[str]:
    """Each step is a node; the steps within one stand in a frame beside it, with an edge to each first one."""
    for box in flow:
        shape = {"choice": "diamond", "end": "oval", "notice": "note"}.get(box.shape, "box")
        yield f"{indent}{_name(box.name)} [shape={shape}, tooltip={_name(box.what)}];"
        for number, branch in enumerate(box.inner):
            yield f"{indent}subgraph {_name(f'cluster_{box.name}_{number}')} {{"
            yield from _clusters(branch, indent + "  ")
            yield f"{indent}}}"
            yield f"{indent}{_name(box.name)} -> {_name(branch[0].name)} [style=dotted];"


def _id(name: str) -> str:
    """As Mermaid takes it: ``end`` alone is a word of its own."""
    return "s_" + "".join(c if c.isalnum() else "_" for c in name)


def _quoted(label: str) -> str:
    return label.replace('"', "#quot;")


def _name(label: str) -> str:
    return json.dumps(label, ensure_ascii=False)


DRAWINGS: Mapping[str, Callable[[DataPipelineSpec, str], str]] = {"text": text, "mermaid": mermaid, "dot": dot}
"""By the name of the format."""
