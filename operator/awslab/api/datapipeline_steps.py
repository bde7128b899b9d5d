"""The steps of a DataPipeline: what they do, and where they go on.

A schema of Kubernetes cannot stand within itself, so there are three classes of step: those of the
spec, those in their branches and maps, and those in the branches and maps of these.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from .base import AnyShape, Model, Rule, UniqueItems
from .datapipeline_functions import MAX_STEP_NAME, FunctionCode, Named, Settings, Topic
from .datapipeline_rules import CODE, CONTROL, NESTING, exactly_one_of, how_many, refused_unless, step_rules

PATH = r"\$(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])+"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
JSONATA = r"(?s)\{%.+%\}"
SUBJECT = r"[ -~]+"

OPERATORS = (
    "equals", "greaterThan", "greaterThanEquals", "lessThan", "lessThanEquals", "matches", "isPresent", "isNull",
)  # fmt: skip


def _fits(pattern: str, sentence: str) -> Any:
    return refused_unless(lambda text: re.fullmatch(pattern, text) is not None, sentence)


Path = Annotated[
    str,
    Field(max_length=256),
    _fits(PATH, "must be a path into the state, for example $.steps.ValidateData.valid"),
]
Target = Annotated[str, Field(max_length=MAX_STEP_NAME)]
Scalar = Annotated[
    str | int | float | bool,
    AnyShape(),
    refused_unless(lambda value: isinstance(value, str | int | float), "must be a string, a number or true or false"),
]
Number = Annotated[float, Field(strict=True)]
Text = Annotated[str, Field(min_length=1, max_length=2048)]


def _is_one_test(test: Any) -> bool:
    return test.path is None or how_many(test, OPERATORS) == 1


TESTS_ONCE = refused_unless(_is_one_test, f"must have beside path exactly one of {', '.join(OPERATORS)}")
"""In Python alone: CEL does not see equals, which has no one type."""


class Operators(Model):
    """How a value of the state is tested; a value that is not there fails every test but isPresent: false."""

    equals: Scalar | None = Field(default=None, description="It is this string, number, true or false.")
    greater_than: Number | None = Field(default=None, description="It is a number greater than this.")
    greater_than_equals: Number | None = Field(default=None, description="It is a number not less than this.")
    less_than: Number | None = Field(default=None, description="It is a number less than this.")
    less_than_equals: Number | None = Field(default=None, description="It is a number not greater than this.")
    matches: Annotated[str, Field(max_length=256)] | None = Field(
        default=None, description="It is text like this, where * stands for any characters."
    )
    is_present: Annotated[bool, Field(strict=True)] | None = Field(
        default=None, description="It is there, or with false it is not."
    )
    is_null: Annotated[bool, Field(strict=True)] | None = Field(
        default=None, description="It is null, or with false it is there and is not."
    )


class Comparison(Operators):
    """A test of one value."""

    path: Path = Field(description="The value, for example $.steps.ValidateData.valid.")


Comparisons = Annotated[tuple[Annotated[Comparison, TESTS_ONCE], ...], Field(min_length=1, max_length=10)]


class Condition(Operators):
    """A test of one value, or several of them."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("path", "and", "or", "not"),)

    path: Path | None = Field(default=None, description="The value, for example $.steps.ValidateData.valid.")
    and_: Comparisons = Field(default=(), alias="and", description="All of these hold.")
    or_: Comparisons = Field(default=(), alias="or", description="One of these holds.")
    not_: Annotated[Comparison, TESTS_ONCE] | None = Field(default=None, alias="not", description="This does not hold.")


class ChoiceRule(Model):
    """A way that is gone when a test holds."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("when", "jsonata"),)

    when: Annotated[Condition, TESTS_ONCE] | None = Field(
        default=None, description="The test; for any that is not so simple take jsonata."
    )
    jsonata: Annotated[str, Field(max_length=1024), _fits(JSONATA, "must be JSONata between {% and %}")] | None = Field(
        default=None,
        description="The test in JSONata, for example {% $states.input.steps.ValidateData.rows > 100 %}.",
    )
    next: Target = Field(description="The step to go on with when the test holds.")


def _is_in_one_language(rules: tuple[ChoiceRule, ...]) -> bool:
    return len({rule.jsonata is None for rule in rules}) < 2  # noqa: PLR2004 - no more than one of the two


Choices = Annotated[
    tuple[ChoiceRule, ...],
    Field(min_length=1, max_length=10),
    Rule(
        message="must have when in all tests or jsonata in all of them: AWS reads one language in a choice",
        cel="self.all(c, has(c.when)) || self.all(c, has(c.jsonata))",
        check=_is_in_one_language,
    ),
]


class Jitter(StrEnum):
    """Whether retries of many runs are spread."""

    FULL = "Full"
    NONE = "None"


ErrorName = Annotated[str, Field(min_length=1, max_length=128)]
Errors = Annotated[tuple[ErrorName, ...], Field(min_length=1, max_length=20), UniqueItems()]


class Retry(Model):
    """When and how a step is tried again."""

    errors: Errors = Field(description="The errors, for example TransientError or States.ALL.")
    max_attempts: Annotated[int, Field(strict=True, ge=0, le=99)] = Field(
        default=3, description="How often it is tried again; 0 for never."
    )
    interval_seconds: Annotated[int, Field(strict=True, ge=1, le=86400)] = Field(
        default=2, description="How long the first wait is."
    )
    backoff_rate: Annotated[float, Field(strict=True, ge=1, le=10)] = Field(
        default=2, description="By how much each wait is longer than the one before."
    )
    max_delay_seconds: Annotated[int, Field(strict=True, ge=1, le=86400)] = Field(
        default=60, description="How long a wait is at most."
    )
    jitter: Jitter = Field(default=Jitter.FULL, description="Full (each wait is of random length) or None.")


class Catch(Model):
    """Where an error leads that no retry has mended."""

    errors: Errors = Field(description="The errors, for example States.ALL.")
    next: Target = Field(description="The step to go on with; it finds the error in $.error.")


class Wait(Model):
    """A pause."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("seconds", "until"),)

    seconds: Annotated[int, Field(strict=True, ge=1, le=99999999)] | None = Field(default=None, description="How long.")
    until: (
        Annotated[
            str,
            Field(max_length=256),
            _fits(f"{PATH}|{TIME}", "must be a time such as 2030-01-01T00:00:00Z, or a path such as $.steps.Plan.at"),
        ]
        | None
    ) = Field(default=None, description="Until when: a time, or a path to one.")


class Notify(Model):
    """A notice on one of the pipeline's topics."""

    topic: Topic = Field(default=Topic.SUCCESS, description="Which topic: Success or Failure.")
    subject: (
        Annotated[str, Field(max_length=100), _fits(SUBJECT, "must be plain ASCII on one line: SNS takes nothing else")]
        | None
    ) = Field(default=None, description="The subject of the e-mail.")
    message: Text = Field(
        description="The text. ${input.key} stands for the value $.input.key of the state, a string or a number, and "
        "${json:steps.ValidateData.errors} for a list or an object."
    )


class Pass(Model):
    """A step that only says something."""

    result: Settings = Field(default_factory=dict, description="Its result, as if a function had returned it.")


class Succeed(Model):
    """The end of a run, or of a branch, that went well."""


class Fail(Model):
    """The end of a run that did not go well."""

    error: ErrorName = Field(description="The name of the error, for example InvalidFile.")
    cause: Text | None = Field(default=None, description="What happened; with ${input.key} as in a notice.")


class CsvRows(Model):
    """The rows of the CSV file that was uploaded, each with the columns of its first row."""

    max_items: Annotated[int, Field(strict=True, ge=1, le=100000000)] | None = Field(
        default=None, description="How many rows at most; the rest is left out."
    )


class Location(StrEnum):
    """Where objects of the pipeline lie."""

    INPUT = "Input"
    WORK = "Work"
    OUTPUT = "Output"


class S3Objects(Model):
    """Objects of the pipeline."""

    location: Location = Field(
        description="Input (below source.prefix), Work (what this run has written below work/) or Output."
    )
    prefix: Annotated[str, Field(max_length=256)] = Field(
        default="", description="Only those whose keys go on like this."
    )


def _tolerates_only_if_distributed(body: Any) -> bool:
    return body.over is None or body.tolerated_failure_percentage is None


class MapOver(Model):
    """Steps that are gone through once for each of many items; a step finds its item in $.item."""

    rules: ClassVar[tuple[Rule, ...]] = (
        exactly_one_of("over", "rows", "objects"),
        Rule(
            message="must have toleratedFailurePercentage only beside rows or objects",
            cel="!has(self.over) || !has(self.toleratedFailurePercentage)",
            check=_tolerates_only_if_distributed,
        ),
    )

    over: Path | None = Field(default=None, description="A list in the state, for example $.steps.Split.parts.")
    rows: CsvRows | None = Field(default=None, description="The rows of the uploaded file, each in a run of its own.")
    objects: S3Objects | None = Field(default=None, description="Objects in S3, each in a run of its own.")
    max_concurrency: Annotated[int, Field(strict=True, ge=1, le=10000)] = Field(
        default=10, description="How many items at once."
    )
    tolerated_failure_percentage: Annotated[float, Field(strict=True, ge=0, le=100)] | None = Field(
        default=None, description="How many of the items may fail before the step does."
    )
    steps: tuple[LeafStep, ...]


class LeafStep(FunctionCode, Named):
    """A step, which does one thing: call a function, choose, wait, notify or end."""

    rules: ClassVar[tuple[Rule, ...]] = step_rules((*CODE, *CONTROL))

    choice: Choices = Field(default=(), description="Ways to go on: the first whose test holds.")
    default: Target | None = Field(default=None, description="The step to go on with when no test of choice holds.")
    wait: Wait | None = Field(default=None, description="A pause.")
    notify: Notify | None = Field(default=None, description="A notice to whoever subscribed.")
    pass_: Pass | None = Field(default=None, alias="pass", description="A fixed result, or nothing at all.")
    succeed: Succeed | None = Field(default=None, description="A good end: succeed: {}.")
    fail: Fail | None = Field(default=None, description="A bad end.")
    next: Target | None = Field(default=None, description="The step to go on with; without it the following one.")
    end: Annotated[bool, Field(strict=True)] | None = Field(
        default=None, description="Whether the run, or the branch, ends after it; the last step of a list ends it."
    )
    retry: Annotated[tuple[Retry, ...], Field(max_length=5)] | None = Field(
        default=None,
        description="When it is tried again. Without it: six times after errors that pass by themselves, with longer "
        "and longer waits. An empty list: never.",
    )
    catch: Annotated[tuple[Catch, ...], Field(max_length=5)] = Field(
        default=(), description="Where errors lead. Any other one ends in a notice of failure and a failed run."
    )

    @property
    def branches(self) -> tuple[tuple[LeafStep, ...], ...]:
        """The steps of its branches."""
        return ()

    @property
    def loop(self) -> MapOver | None:
        """Over what its steps are gone through."""
        return None

    @property
    def body(self) -> tuple[LeafStep, ...]:
        """The steps that are gone through for each item."""
        return ()


Steps = tuple[LeafStep, ...]


class LeafMap(MapOver):
    """Steps for each item, within a branch or another map."""

    steps: Annotated[tuple[LeafStep, ...], Field(min_length=1, max_length=8)] = Field(
        description="The steps for each item: fields as of spec.steps, but no parallel and no map."
    )


class NestingStep(LeafStep):
    """A step that may have steps of its own."""

    rules: ClassVar[tuple[Rule, ...]] = step_rules((*CODE, *NESTING, *CONTROL))

    parallel: tuple[Steps, ...] = ()
    map: MapOver | None = None

    @property
    def branches(self) -> tuple[Steps, ...]:
        """The steps of its branches."""
        return self.parallel

    @property
    def loop(self) -> MapOver | None:
        """Over what its steps are gone through."""
        return self.map

    @property
    def body(self) -> Steps:
        """The steps that are gone through for each item."""
        return self.map.steps if self.map else ()


class InnerStep(NestingStep):
    """A step in a branch or in a map, which may have branches itself, but these no further ones."""

    parallel: Annotated[
        tuple[Annotated[tuple[LeafStep, ...], Field(min_length=1, max_length=8)], ...],
        Field(min_length=1, max_length=4),
    ] = Field(
        default=(),
        description="Branches that run at the same time, each a list of steps: fields as of spec.steps, but no "
        "parallel and no map.",
    )
    map: LeafMap | None = Field(
        default=None,
        description="Steps for each of many items: they find it in $.item, its number in $.index, and results of "
        "steps outside of the map in $.outer.<name>.",
    )


class InnerMap(MapOver):
    """Steps for each item."""

    steps: Annotated[tuple[InnerStep, ...], Field(min_length=1, max_length=10)] = Field(
        description="The steps for each item: fields as of spec.steps; parallel and map may stand in them once more."
    )


class Step(NestingStep):
    """A step of the spec."""

    parallel: Annotated[
        tuple[Annotated[tuple[InnerStep, ...], Field(min_length=1, max_length=10)], ...],
        Field(min_length=1, max_length=6),
    ] = Field(
        default=(),
        description="Branches that run at the same time, each a list of steps: fields as of spec.steps; parallel and "
        "map may stand in them once more.",
    )
    map: InnerMap | None = Field(
        default=None,
        description="Steps for each of many items: they find it in $.item, its number in $.index, and results of "
        "steps outside of the map in $.outer.<name>.",
    )
