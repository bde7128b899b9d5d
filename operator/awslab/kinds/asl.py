"""From the flow of a pipeline to Amazon States Language: https://states-language.net/spec.html . Pure.

The state is one JSON object that grows: a step gets all of it, and its result goes to ``$.steps.<name>``. Branches
get a copy each, and what their steps returned is merged. Within a map ``$.steps`` begins empty, and what was there
before is ``$.outer``; of each step the results of all items are collected. Branches and items hand back ``$.steps``
and no more, since AWS allows 256 KB for all of them together.

An error that no step catches is told on the topic of failure, with the name of the step, and fails the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from awslab.api.datapipeline import DataPipelineSpec, MachineType
from awslab.api.datapipeline_functions import Topic
from awslab.api.datapipeline_steps import Catch, Jitter, LeafStep, Location, MapOver, Notify, Retry

from . import asl_choice, asl_raw
from .asl_needs import Definition, Names, Needs
from .asl_text import formatted, said
from .flow import Scope, check, scopes

State = dict[str, Any]

SUCCESS_NOTICE = "Notice of success"
FAILURE_NOTICE = "Notice of failure"
RUN_FAILED = "Run failed"
FAILED_IN = "Failed in "
RESULTS_OF = "Results of "
"""The states that are added; no step can have such a name."""

TRANSIENT = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "States.Timeout",
    "TransientError",
)
"""Errors that pass by themselves; a function raises TransientError to be tried again.

https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
"""
FUNCTION_RETRY = Retry.model_validate({"errors": TRANSIENT, "maxAttempts": 6})
NOTICE_RETRY = Retry.model_validate({"errors": ["States.TaskFailed"], "maxAttempts": 4})

RUN_SECONDS = {MachineType.STANDARD: 86400, MachineType.EXPRESS: 300}
CARRIED = ("pipeline", "run", "input", "output", "work")
MAX_SUBJECT = 100

FAILED_TEXT = """The pipeline ${pipeline} failed in the step ${step}.

File: s3://${input.bucket}/${input.key}
Error: ${error.Error}
Cause: ${error.Cause}
Run: ${run}
Execution: ${execution}"""

DONE_TEXT = """The pipeline ${pipeline} is done.

File: s3://${input.bucket}/${input.key}
Results: s3://${output.bucket}/${output.prefix}
Run: ${run}
Execution: ${execution}"""

CONTEXT = {"step": "$failedStep", "execution": "$$.Execution.Id"}
"""Words of these texts that are not in the state."""


def definition(spec: DataPipelineSpec, names: Names) -> Definition:
    """The state machine of *spec*; raises SpecError, naming the step and the field, where there can be none."""
    if spec.asl is not None:
        return asl_raw.definition(spec, names)
    check(spec)
    return _Generator(spec, names).definition()


@dataclass
class _Generator:
    """A definition while it is written."""

    spec: DataPipelineSpec
    names: Names
    called: list[str] = field(default_factory=list)
    topics: set[Topic] = field(default_factory=set)
    lists: set[Location] = field(default_factory=set)
    reads: bool = False

    def definition(self) -> Definition:
        """All of it, and what it needs."""
        top = scopes(self.spec)[0]
        machine = self._machine(top, depth=0)
        machine["States"] |= self._added(machine["States"])
        whole = {
            "Comment": f"The steps of the DataPipeline {self.names.pipeline}, written by awslab-operator",
            **machine,
            "TimeoutSeconds": self.spec.timeout or RUN_SECONDS[self.spec.type],
        }
        needs = Needs(
            functions=frozenset(self.called),
            topics=frozenset(self.topics),
            reads_input=self.reads,
            lists=frozenset(self.lists),
            distributed=self.reads or bool(self.lists),
            writes_results=self.reads or bool(self.lists),
        )
        return Definition(text(whole), tuple(self.called), tuple(machine["States"]), needs)

    def _added(self, states: Mapping[str, State]) -> dict[str, State]:
        """The notices, where a state leads to them."""
        targets = {way for state in states.values() for way in _named(state)}
        added: dict[str, State] = {}
        if SUCCESS_NOTICE in targets:
            added[SUCCESS_NOTICE] = self._success_notice()
            targets |= set(_named(added[SUCCESS_NOTICE]))
        if FAILURE_NOTICE in targets:
            added |= {FAILURE_NOTICE: self._failure_notice(), RUN_FAILED: _failed()}
        return added

    def _success_notice(self) -> State:
        notice = self._publish(Topic.SUCCESS, self._subject("is done"), DONE_TEXT)
        return {**notice, **_retry((NOTICE_RETRY,)), **self._catch(SUCCESS_NOTICE, (), None), "End": True}

    def _failure_notice(self) -> State:
        notice = self._publish(Topic.FAILURE, self._subject("failed"), FAILED_TEXT)
        untold = {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.untold", "Next": RUN_FAILED}]}
        return {**notice, **_retry((NOTICE_RETRY,)), **untold, "Next": RUN_FAILED}

    def _subject(self, what: str) -> str:
        """In ASCII, as SNS asks for it, and not too long for it: names of objects are ASCII."""
        return f"Pipeline {self.names.pipeline[: MAX_SUBJECT - len(f'Pipeline  {what}')]} {what}"

    def _machine(self, scope: Scope, depth: int) -> State:
        """The states of a list of steps; *depth* is 0 for those of the spec."""
        states: dict[str, State] = {}
        for place, step in enumerate(scope.steps):
            state = self._state(scope, place, step, depth)
            if _may_fail(step):
                state |= self._catch(step.name, step.catch, scope if depth else None)
            onward = self._onward(scope, step, depth)
            if step.branches:
                merged = RESULTS_OF + step.name
                states |= {step.name: state | {"Next": merged}, merged: _lifted() | onward}
            else:
                states[step.name] = state | onward
        if depth and any(FAILED_IN + scope.about in _named(state) for state in states.values()):
            states[FAILED_IN + scope.about] = _failed()
        return {"StartAt": scope.steps[0].name, "States": states}

    def _state(self, scope: Scope, place: int, step: LeafStep, depth: int) -> State:
        """What the step does, without where it leads."""
        inner = tuple(scope.within(place, step))
        if step.code is not None:
            return self._function(step)
        if step.notify:
            return self._notify(step, step.notify)
        if step.loop:
            return self._map(step, step.loop, inner[0], depth)
        if inner:
            return self._parallel(step, inner, depth)
        return self._control(step, depth)

    def _function(self, step: LeafStep) -> State:
        self.called.append(step.name)
        task = {"Type": "Task", "Resource": f"${{{step.name}}}", "ResultPath": f"$.steps.{step.name}"}
        return {**task, **_retry((FUNCTION_RETRY,) if step.retry is None else step.retry)}

    def _notify(self, step: LeafStep, notify: Notify) -> State:
        subject = notify.subject or self._subject("is done" if notify.topic is Topic.SUCCESS else "failed")
        notice = self._publish(notify.topic, subject, notify.message)
        return {**notice, **_retry((NOTICE_RETRY,) if step.retry is None else step.retry)}

    def _publish(self, topic: Topic, subject: str, message: str) -> State:
        self.topics.add(topic)
        return {
            "Type": "Task",
            "Resource": self._service("sns:publish"),
            "Parameters": {
                "TopicArn": self.names.topic(topic),
                "Subject": subject,
                **said("Message", "Message.$", message, CONTEXT),
            },
            "ResultPath": None,
        }

    def _control(self, step: LeafStep, depth: int) -> State:
        if step.choice:
            return asl_choice.choice(step.choice, step.default)
        if step.wait:
            return {"Type": "Wait", **_pause(step.wait.seconds, step.wait.until)}
        if step.fail:
            cause = step.fail.cause or f"The step {step.name} ended the run"
            return {"Type": "Fail", "Error": step.fail.error, **said("Cause", "CausePath", cause, CONTEXT)}
        if step.succeed:
            return {"Type": "Pass" if depth == 0 and self.spec.notifications.success.automatic else "Succeed"}
        result = step.pass_.result if step.pass_ else None
        return {"Type": "Pass", **({"Result": result, "ResultPath": f"$.steps.{step.name}"} if result else {})}

    def _parallel(self, step: LeafStep, branches: Sequence[Scope], depth: int) -> State:
        """All branches; the state that follows lifts what they returned, merged, into its place."""
        return {
            "Type": "Parallel",
            "Branches": [self._machine(branch, depth + 1) for branch in branches],
            "ResultSelector": {"steps.$": _merged([f"$[{number}]" for number in range(len(branches))])},
            "ResultPath": "$.steps",
            **_retry(step.retry or ()),
        }

    def _map(self, step: LeafStep, loop: MapOver, body: Scope, depth: int) -> State:
        outer = _merged(["$.outer", "$.steps"]) if len(body.maps) > 1 else "$.steps"
        state = {
            "Type": "Map",
            **({"ItemsPath": loop.over} if loop.over else self._distributed(step, loop)),
            "ItemSelector": {
                **{f"{key}.$": f"$.{key}" for key in CARRIED},
                "steps": {},
                "outer.$": outer,
                "item.$": "$$.Map.Item.Value",
                "index.$": "$$.Map.Item.Index",
            },
            "MaxConcurrency": loop.max_concurrency,
            "ItemProcessor": {**_processor(loop), **self._machine(body, depth + 1)},
            **_retry(step.retry or ()),
        }
        return state | (_collected(step, body) if loop.over else {"ResultPath": f"$.steps.{step.name}"})

    def _distributed(self, step: LeafStep, loop: MapOver) -> State:
        """Each item in a run of its own; their results are written below work/, in a folder that AWS names."""
        tolerated = loop.tolerated_failure_percentage
        return {
            "Label": step.name,
            "ItemReader": self._reader(loop),
            **({} if tolerated is None else {"ToleratedFailurePercentage": float(tolerated)}),
            "ResultWriter": {
                "Resource": self._service("s3:putObject"),
                "Parameters": {"Bucket": self.names.work_bucket, "Prefix": f"work/maps/{step.name}"},
            },
        }

    def _reader(self, loop: MapOver) -> State:
        if loop.objects:
            self.lists.add(loop.objects.location)
            where = _place(loop.objects.location, loop.objects.prefix, self.spec.source.prefix)
            return {"Resource": self._service("s3:listObjectsV2"), "Parameters": where}
        self.reads = True
        most = loop.rows.max_items if loop.rows else None
        return {
            "Resource": self._service("s3:getObject"),
            "ReaderConfig": {
                "InputType": "CSV",
                "CSVHeaderLocation": "FIRST_ROW",
                **({"MaxItems": most} if most else {}),
            },
            "Parameters": {"Bucket.$": "$.input.bucket", "Key.$": "$.input.key", **self._version()},
        }

    def _version(self) -> State:
        """Exactly the version that was uploaded; somebody else's bucket may have none."""
        return {} if self.spec.source.existing_bucket else {"VersionId.$": "$.input.version"}

    def _service(self, call: str) -> str:
        return f"arn:{self.names.partition}:states:::{call}"

    def _catch(self, name: str, own: Iterable[Catch], scope: Scope | None) -> State:
        """The step's own ways out of an error, and then ours, which keeps the name of the step."""
        catches: list[State] = [{"ErrorEquals": list(c.errors), "ResultPath": "$.error", "Next": c.next} for c in own]
        if not any("States.ALL" in caught["ErrorEquals"] for caught in catches):
            target = FAILED_IN + scope.about if scope else FAILURE_NOTICE
            rest = {
                "ErrorEquals": ["States.ALL"],
                "Assign": {"failedStep": name},
                "ResultPath": "$.error",
                "Next": target,
            }
            catches += [rest] if scope or self.spec.notifications.failure.automatic else []
        return {"Catch": catches} if catches else {}

    def _onward(self, scope: Scope, step: LeafStep, depth: int) -> State:
        if step.choice or step.fail:
            return {}
        (way,) = scope.ways(step)
        if way is not None:
            return {"Next": way}
        if depth == 0 and self.spec.notifications.success.automatic:
            return {"Next": SUCCESS_NOTICE}
        handed = {"OutputPath": "$.steps"} if depth else {}
        return handed if step.succeed else {"End": True, **handed}


def _may_fail(step: LeafStep) -> bool:
    return step.code is not None or step.notify is not None or step.loop is not None or bool(step.branches)


def _lifted() -> State:
    """The merged results of branches: a ResultSelector can make a field of them, but not put them in its place."""
    return {"Type": "Pass", "InputPath": "$.steps.steps", "ResultPath": "$.steps"}


def _failed() -> State:
    cause = formatted("${step}: ${error.Cause}", CONTEXT)
    return {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": cause}


def _retry(retries: Iterable[Retry]) -> State:
    entries = [
        {
            "ErrorEquals": list(retry.errors),
            "IntervalSeconds": retry.interval_seconds,
            "MaxAttempts": retry.max_attempts,
            "BackoffRate": float(retry.backoff_rate),
            "MaxDelaySeconds": retry.max_delay_seconds,
            "JitterStrategy": "FULL" if retry.jitter is Jitter.FULL else "NONE",
        }
        for retry in retries
    ]
    return {"Retry": entries} if entries else {}


def _pause(seconds: int | None, until: str | None) -> State:
    if seconds:
        return {"Seconds": seconds}
    return {"TimestampPath" if until and until.startswith("$") else "Timestamp": until}


def _merged(places: Sequence[str]) -> str:
    """Merge objects two by two, so that calls nest as little as can be: AWS allows ten levels."""
    if len(places) == 1:
        return places[0]
    half = len(places) // 2
    return f"States.JsonMerge({_merged(places[:half])}, {_merged(places[half:])}, false)"


def _processor(loop: MapOver) -> State:
    config = {"Mode": "INLINE"} if loop.over else {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return {"ProcessorConfig": config}


def _collected(step: LeafStep, body: Scope) -> State:
    """The results of each step in the map as a list, one for each item."""
    results = list(_results(body))
    if not results:
        return {"ResultPath": None}
    return {
        "ResultSelector": {f"{name}.$": f"$[*].{name}" for name in results},
        "ResultPath": f"$.steps.{step.name}",
    }


def _results(scope: Scope) -> Iterable[str]:
    """The steps whose results are in the state when a list of steps is done."""
    for place, step in enumerate(scope.steps):
        if step.code is not None or step.loop or (step.pass_ and step.pass_.result):
            yield step.name
        for branch in scope.within(place, step) if step.branches else ():
            yield from _results(branch)


def _place(location: Location, prefix: str, source: str) -> State:
    if location is Location.INPUT:
        return {"Bucket.$": "$.input.bucket", "Prefix": source + prefix}
    where = location.value.lower()
    return {"Bucket.$": f"$.{where}.bucket", "Prefix.$": formatted(f"${{{where}.prefix}}{prefix}")}


def _named(state: State) -> list[str]:
    """The states that a state names."""
    ways = [state.get("Next"), *(caught["Next"] for caught in state.get("Catch", ()))]
    return [way for way in ways if way]


def text(machine: Mapping[str, Any]) -> str:
    """As JSON, the same for the same machine, in the order of the flow, as people read it."""
    return json.dumps(machine, indent=2, ensure_ascii=False)
