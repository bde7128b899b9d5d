"""Good and bad specs of a DataPipeline: pydantic and the API server must judge every one of them alike.

What only pydantic or only the flow can judge stands in the tables of their own at the end.
"""

from __future__ import annotations

from typing import Any

from tests.support.labvpc_cases import Bad

STEP: dict[str, Any] = {"name": "A", "builtin": "csv-validate"}
MINIMAL: dict[str, Any] = {"region": "us-east-1", "steps": [STEP]}
ASL = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'

ONE_ACTION = (
    "must have exactly one of builtin, inline, configMapRef, s3, image, parallel, map, choice, wait, notify, pass, "
    "succeed, fail"
)
LEAF_ACTION = ONE_ACTION.replace("parallel, map, ", "")
NO_FUNCTION = "must not have settings of a function: it is none"
SHIPPED = "must not have runtime, handler, layers, access beside builtin: a shipped function has its own"
IN_IMAGE = "must not have runtime, layers beside image: they are in the image"
DEFAULT = "must have default beside choice: where to go when no test holds"
ONLY_CHOICE = "must have default only beside choice"
NO_NEXT = "must not have next or end: a choice has its own, succeed and fail are ends"
NEXT_OR_END = "must have next or end, not both"
RETRIED = "must have retry and catch only beside builtin, inline, configMapRef, s3, image, parallel, map, notify"
STEP_NAME = "must consist of letters, digits and _, beginning with a letter, for example ValidateData"
DIFFERENT = "must have names that differ, and by more than capital letters"
KNOWN_TARGETS = "must name in next, default and catch only steps of the same list"
STEPS_OR_ASL = "must have exactly one of steps and asl"
NO_FUNCTIONS = "must stand beside asl only: the functions of steps are in the steps"
STANDARD_MAP = "must be STANDARD where a map goes over rows or objects: an EXPRESS machine cannot"
EXPRESS_TIMEOUT = "must be at most 300 where type is EXPRESS: such a run lasts five minutes at most"
APART = "must lie apart from source.prefix: what is written would start the pipeline again"
A_PREFIX = "must end with / and not begin with one, for example input/"
NOT_WORK = "must not begin with work/, where steps hand on to each other"
A_BUCKET = "must be the name of a bucket"
ONE_BUCKET = "must have existingBucket or separateBucket: true, not both"
ONE_LANGUAGE = "must have when in all tests or jsonata in all of them: AWS reads one language in a choice"
ONE_TEST = "must have exactly one of when, jsonata"
ONE_CONDITION = "must have exactly one of path, and, or, not"
ONE_PAUSE = "must have exactly one of seconds, until"
ONE_LOOP = "must have exactly one of over, rows, objects"
TOLERANCE = "must have toleratedFailurePercentage only beside rows or objects"
ONE_SUBSCRIBER = "must have exactly one of email, sqs, https"
COLUMNS = "must have columns of different names"
RETENTION = "must be a number of days that CloudWatch Logs knows: 1, 3, 5, 7,"
HTTPS = "must be an address that begins with https://"


def but(**changes: Any) -> dict[str, Any]:
    """The minimal spec with other or further fields."""
    return MINIMAL | changes


def steps(*given: dict[str, Any]) -> dict[str, Any]:
    """The minimal spec with these steps."""
    return but(steps=list(given))


def named(name: str, **fields: Any) -> dict[str, Any]:
    """A step."""
    return {"name": name, **fields}


def called(name: str, **fields: Any) -> dict[str, Any]:
    """A step that calls a function."""
    return named(name, builtin="csv-validate", **fields)


def chosen(*rules: dict[str, Any], default: str | None = "A") -> dict[str, Any]:
    """A spec that begins with a choice between A and its like."""
    return steps(named("C", choice=list(rules), **({"default": default} if default else {})), STEP)


def tested(**when: Any) -> dict[str, Any]:
    """A spec with a choice by one test."""
    return chosen({"when": when, "next": "A"})


def subscribed(**subscription: Any) -> dict[str, Any]:
    """The minimal spec with a subscription to failures."""
    return but(notifications={"failure": {"subscriptions": [subscription]}})


VALID = {"path": "$.steps.A.valid", "equals": True}

GOOD: dict[str, dict[str, Any]] = {
    "minimal": MINIMAL,
    "raw ASL": {"region": "us-east-1", "asl": ASL},
    "raw ASL with a function": {
        "region": "us-east-1",
        "asl": ASL,
        "functions": [{"name": "F", "inline": {"code": "x"}, "memory": 256}],
    },
    "every sort of code": steps(
        called("A"),
        named("B", inline={"code": "x"}, runtime="nodejs22.x", handler="index.handler"),
        named("C", configMapRef={"name": "code"}, access={"output": "Write", "topic": "Success"}),
        named("D", s3={"bucket": "code", "key": "d.zip"}, layers=["arn:aws:lambda:us-east-1:1:layer:a:1"]),
        named("E", image="registry/x@sha256:1", handler="x.y", environment={"KEY": "value"}),
    ),
    "a choice by a truth": chosen({"when": VALID, "next": "A"}),
    "a choice by a number": tested(path="$.steps.A.rows", equals=0),
    "a choice by a half": tested(path="$.steps.A.rows", greaterThan=0.5),
    "a choice by a text": tested(path="$.input.key", equals="input/a.csv"),
    "a choice by two tests": tested(**{"and": [VALID, {"path": "$.steps.A.rows", "lessThan": 10}]}),
    "a choice by JSONata": chosen({"jsonata": "{% $states.input.steps.A.rows > 1 %}", "next": "A"}),
    "branches in branches": steps(
        named("P", parallel=[[called("A"), named("Q", parallel=[[called("B")], [called("C")]])], [called("D")]])
    ),
    "a map in a branch": steps(
        named("P", parallel=[[named("M", map={"over": "$.steps.X.list", "steps": [called("A")]})], [called("X")]])
    ),
    "maps over rows and objects": steps(
        named("R", map={"rows": {}, "toleratedFailurePercentage": 5, "steps": [called("A")]}),
        named("O", map={"objects": {"location": "Work"}, "steps": [called("B")]}),
    ),
    "every other sort of step": steps(
        named("W", wait={"seconds": 5}),
        named("U", wait={"until": "2030-01-01T00:00:00Z"}),
        named("N", notify={"message": "done"}),
        named("P", **{"pass": {"result": {"list": [1, {"two": None}]}}}),
        named("S", succeed={}),
    ),
    "retry and catch": steps(
        called("A", retry=[], catch=[{"errors": ["States.ALL"], "next": "B"}], end=True),
        named("B", notify={"topic": "Failure", "message": "x"}, retry=[{"errors": ["States.ALL"], "maxAttempts": 0}]),
        named("F", fail={"error": "Bad"}),
    ),
    "settings of any shape": steps(called("A", **{"with": {"list": [1, "two", {"three": [None]}], "flag": False}})),
    "EXPRESS": but(type="EXPRESS", timeout=300),
    "buckets that are there": but(source={"existingBucket": "my.bucket"}, output={"existingBucket": "other-bucket"}),
    "all of a column": but(columns=[{"name": "a b", "type": "integer", "required": True, "min": 1, "max": 5}]),
    "a column with bounds in text": but(columns=[{"name": "d", "type": "date", "min": "2024-01-01"}]),
    "everybody subscribes": but(
        notifications={
            "success": {"automatic": True, "subscriptions": [{"https": "https://example.com/x"}]},
            "failure": {
                "subscriptions": [{"email": "a@example.com"}, {"sqs": "arn:aws:sqs:us-east-1:123456789012:q.fifo"}]
            },
        }
    ),
    "in a VPC": but(vpc={"vpcRef": {"name": "production"}}),
}

_PARALLEL = "spec.steps[0].parallel[0][0]"

BAD: tuple[Bad, ...] = (
    Bad("no region", {"steps": [STEP]}, "spec.region"),
    Bad("neither steps nor asl", {"region": "us-east-1"}, "spec", STEPS_OR_ASL),
    Bad("steps and asl", but(asl=ASL), "spec", STEPS_OR_ASL),
    Bad(
        "functions beside steps",
        but(functions=[{"name": "F", "inline": {"code": "x"}}]),
        "spec.functions",
        NO_FUNCTIONS,
    ),
    Bad("no step", but(steps=[]), "spec.steps"),
    Bad("fifty-one steps", steps(*(called(f"S{n}") for n in range(51))), "spec.steps"),
    Bad("a step without a name", steps({"builtin": "csv-validate"}), "spec.steps[0].name"),
    Bad("a name with a hyphen", steps(called("validate-data")), "spec.steps[0].name", STEP_NAME),
    Bad("a name with a space", steps(called("choose valid")), "spec.steps[0].name", STEP_NAME),
    Bad("a name that begins with a digit", steps(called("1st")), "spec.steps[0].name", STEP_NAME),
    Bad("an empty name", steps(called("")), "spec.steps[0].name", STEP_NAME),
    Bad("a name of 41 letters", steps(called("a" * 41)), "spec.steps[0].name"),
    Bad("a step that does nothing", steps(named("A")), "spec.steps[0]", ONE_ACTION),
    Bad("a step that does two things", steps(called("A", wait={"seconds": 1})), "spec.steps[0]", ONE_ACTION),
    Bad("code twice", steps(called("A", image="x")), "spec.steps[0]", ONE_ACTION),
    Bad("a function that is not shipped", steps(named("A", builtin="csv-magic")), "spec.steps[0].builtin"),
    Bad("a name twice", steps(called("A"), called("A")), "spec.steps", DIFFERENT),
    Bad("a name twice but for a capital", steps(called("Ab"), called("aB")), "spec.steps", DIFFERENT),
    Bad("an unknown next", steps(called("A", next="B")), "spec.steps", KNOWN_TARGETS),
    Bad("an unknown default", chosen({"when": VALID, "next": "A"}, default="X"), "spec.steps", KNOWN_TARGETS),
    Bad("an unknown choice", chosen({"when": VALID, "next": "X"}), "spec.steps", KNOWN_TARGETS),
    Bad(
        "an unknown catch",
        steps(called("A", catch=[{"errors": ["States.ALL"], "next": "X"}])),
        "spec.steps",
        KNOWN_TARGETS,
    ),
    Bad("next and end", steps(called("A", next="B", end=True), called("B")), "spec.steps[0]", NEXT_OR_END),
    Bad("a choice without a default", chosen({"when": VALID, "next": "A"}, default=None), "spec.steps[0]", DEFAULT),
    Bad("a default without a choice", steps(called("A", default="A")), "spec.steps[0]", ONLY_CHOICE),
    Bad(
        "a choice with next",
        steps(named("C", choice=[{"when": VALID, "next": "A"}], default="A", next="A"), STEP),
        "spec.steps[0]",
        NO_NEXT,
    ),
    Bad("an end with next", steps(named("S", succeed={}, next="A"), STEP), "spec.steps[0]", NO_NEXT),
    Bad("a failure with end", steps(named("F", fail={"error": "x"}, end=True)), "spec.steps[0]", NO_NEXT),
    Bad("a choice without a way", chosen(), "spec.steps[0].choice"),
    Bad("a way to nowhere", chosen({"when": VALID}), "spec.steps[0].choice[0].next"),
    Bad("a way without a test", chosen({"next": "A"}), "spec.steps[0].choice[0]", ONE_TEST),
    Bad(
        "two languages in a choice",
        chosen({"when": VALID, "next": "A"}, {"jsonata": "{% true %}", "next": "A"}),
        "spec.steps[0].choice",
        ONE_LANGUAGE,
    ),
    Bad("a test of nothing", tested(equals=1), "spec.steps[0].choice[0].when", ONE_CONDITION),
    Bad(
        "a test and two more",
        tested(path="$.a", equals=1, **{"or": [VALID, VALID]}),
        "spec.steps[0].choice[0].when",
        ONE_CONDITION,
    ),
    Bad("a text to be greater than", tested(path="$.a", greaterThan="1"), "spec.steps[0].choice[0].when.greaterThan"),
    Bad("yes for true", tested(path="$.a", isPresent="yes"), "spec.steps[0].choice[0].when.isPresent"),
    Bad("memory for a pause", steps(named("W", wait={"seconds": 1}, memory=512)), "spec.steps[0]", NO_FUNCTION),
    Bad("access for a choice", steps(named("S", succeed={}, access={})), "spec.steps[0]", NO_FUNCTION),
    Bad("a runtime for a shipped function", steps(called("A", runtime="python3.12")), "spec.steps[0]", SHIPPED),
    Bad("access for a shipped function", steps(called("A", access={})), "spec.steps[0]", SHIPPED),
    Bad("a runtime for an image", steps(named("A", image="x", runtime="python3.12")), "spec.steps[0]", IN_IMAGE),
    Bad("an old runtime", steps(named("A", inline={"code": "x"}, runtime="python3.8")), "spec.steps[0].runtime"),
    Bad("too little memory", steps(called("A", memory=64)), "spec.steps[0].memory"),
    Bad("memory in words", steps(called("A", memory="512")), "spec.steps[0].memory"),
    Bad("a timeout of an hour", steps(called("A", timeout=3600)), "spec.steps[0].timeout"),
    Bad("no code", steps(named("A", inline={"code": ""})), "spec.steps[0].inline.code"),
    Bad("no key", steps(named("A", s3={"bucket": "code"})), "spec.steps[0].s3.key"),
    Bad(
        "a retry of a pause",
        steps(named("W", wait={"seconds": 1}, retry=[{"errors": ["States.ALL"]}])),
        "spec.steps[0]",
        RETRIED,
    ),
    Bad(
        "a retry of no error",
        steps(called("A", retry=[{"errors": []}])),
        "spec.steps[0].retry[0].errors",
    ),
    Bad(
        "waits that grow shorter",
        steps(called("A", retry=[{"errors": ["States.ALL"], "backoffRate": 0.5}])),
        "spec.steps[0].retry[0].backoffRate",
    ),
    Bad(
        "a pause of two lengths",
        steps(named("W", wait={"seconds": 1, "until": "$.a"})),
        "spec.steps[0].wait",
        ONE_PAUSE,
    ),
    Bad("a pause of no length", steps(named("W", wait={})), "spec.steps[0].wait", ONE_PAUSE),
    Bad("a pause of nothing", steps(named("W", wait={"seconds": 0})), "spec.steps[0].wait.seconds"),
    Bad("a notice without a word", steps(named("N", notify={})), "spec.steps[0].notify.message"),
    Bad("another topic", steps(named("N", notify={"topic": "News", "message": "x"})), "spec.steps[0].notify.topic"),
    Bad("a failure without a name", steps(named("F", fail={})), "spec.steps[0].fail.error"),
    Bad("no branch", steps(named("P", parallel=[])), "spec.steps[0].parallel"),
    Bad("an empty branch", steps(named("P", parallel=[[]])), "spec.steps[0].parallel[0]"),
    Bad("a bad name in a branch", steps(named("P", parallel=[[called("a b")]])), f"{_PARALLEL}.name", STEP_NAME),
    Bad("nothing to do in a branch", steps(named("P", parallel=[[named("B")]])), _PARALLEL, ONE_ACTION),
    Bad(
        "a choice without a default in a branch",
        steps(named("P", parallel=[[named("C", choice=[{"when": VALID, "next": "B"}]), called("B")]])),
        _PARALLEL,
        DEFAULT,
    ),
    Bad(
        "nothing to do in a branch of a branch",
        steps(named("P", parallel=[[named("Q", parallel=[[named("B")]])]])),
        f"{_PARALLEL}.parallel[0][0]",
        LEAF_ACTION,
    ),
    Bad(
        "nothing to do in a map of a map",
        steps(named("M", map={"rows": {}, "steps": [named("N", map={"over": "$.item.x", "steps": [named("B")]})]})),
        "spec.steps[0].map.steps[0].map.steps[0]",
        LEAF_ACTION,
    ),
    Bad("a map over nothing", steps(named("M", map={"steps": [STEP]})), "spec.steps[0].map", ONE_LOOP),
    Bad(
        "a map over two",
        steps(named("M", map={"over": "$.a", "rows": {}, "steps": [STEP]})),
        "spec.steps[0].map",
        ONE_LOOP,
    ),
    Bad("a map without steps", steps(named("M", map={"rows": {}})), "spec.steps[0].map.steps"),
    Bad(
        "tolerance of a list in the state",
        steps(named("M", map={"over": "$.a", "toleratedFailurePercentage": 5, "steps": [STEP]})),
        "spec.steps[0].map",
        TOLERANCE,
    ),
    Bad(
        "more than all may fail",
        steps(named("M", map={"rows": {}, "toleratedFailurePercentage": 101, "steps": [STEP]})),
        "spec.steps[0].map.toleratedFailurePercentage",
    ),
    Bad(
        "rows in an EXPRESS machine",
        steps(named("M", map={"rows": {}, "steps": [STEP]})) | {"type": "EXPRESS"},
        "spec.type",
        STANDARD_MAP,
    ),
    Bad("ten minutes in an EXPRESS machine", but(type="EXPRESS", timeout=600), "spec.timeout", EXPRESS_TIMEOUT),
    Bad("another type", but(type="Standard"), "spec.type"),
    Bad("a prefix without an end", but(source={"prefix": "input"}), "spec.source.prefix", A_PREFIX),
    Bad("a prefix with a slash before", but(output={"prefix": "/output/"}), "spec.output.prefix", A_PREFIX),
    Bad("results among what is handed on", but(output={"prefix": "work/"}), "spec.output.prefix", NOT_WORK),
    Bad("results that start the pipeline", but(output={"prefix": "input/results/"}), "spec.output.prefix", APART),
    Bad("uploads among results", but(source={"prefix": "output/new/"}), "spec.output.prefix", APART),
    Bad("a bucket in capitals", but(source={"existingBucket": "My-Bucket"}), "spec.source.existingBucket", A_BUCKET),
    Bad(
        "a bucket that is there and one of its own",
        but(output={"existingBucket": "abc", "separateBucket": True}),
        "spec.output",
        ONE_BUCKET,
    ),
    Bad("another trigger", but(source={"trigger": "Cron"}), "spec.source.trigger"),
    Bad("a column twice", but(columns=[{"name": "a"}, {"name": "a"}]), "spec.columns", COLUMNS),
    Bad("a column of another type", but(columns=[{"name": "a", "type": "number"}]), "spec.columns[0].type"),
    Bad("a column without a name", but(columns=[{"type": "string"}]), "spec.columns[0].name"),
    Bad("a value twice", but(columns=[{"name": "a", "values": ["x", "x"]}]), "spec.columns[0].values"),
    Bad(
        "nobody subscribes",
        subscribed(),
        "spec.notifications.failure.subscriptions[0]",
        ONE_SUBSCRIBER,
    ),
    Bad(
        "two subscribe as one",
        subscribed(email="a@example.com", https="https://example.com"),
        "spec.notifications.failure.subscriptions[0]",
        ONE_SUBSCRIBER,
    ),
    Bad(
        "no e-mail address",
        subscribed(email="nobody"),
        "spec.notifications.failure.subscriptions[0].email",
        "must be an e-mail address",
    ),
    Bad(
        "a queue by its URL",
        subscribed(sqs="https://sqs.us-east-1.amazonaws.com/1/q"),
        "spec.notifications.failure.subscriptions[0].sqs",
        "must be the ARN of a queue, for example arn:aws:sqs:us-east-1:123456789012:alerts",
    ),
    Bad(
        "notices in the clear",
        subscribed(https="http://example.com"),
        "spec.notifications.failure.subscriptions[0].https",
        HTTPS,
    ),
    Bad("two days of logs", but(logs={"retentionDays": 2}), "spec.logs.retentionDays", RETENTION),
    Bad("all of a history", but(history=51), "spec.history"),
    Bad("dead letters for a month", but(deadLetters={"retentionDays": 30}), "spec.deadLetters.retentionDays"),
    Bad("another end of runs", but(deletion={"runningExecutions": "Kill"}), "spec.deletion.runningExecutions"),
    Bad("a VPC by its id", but(vpc={"vpcRef": {"name": "VPC_1"}}), "spec.vpc.vpcRef.name"),
    Bad(
        "functions of no code",
        {"region": "us-east-1", "asl": ASL, "functions": [{"name": "F"}]},
        "spec.functions[0]",
        "must have exactly one of builtin, inline, configMapRef, s3, image",
    ),
)

UNKNOWN: tuple[Bad, ...] = (
    Bad("a field that is not there", but(step=[]), "spec.step"),
    Bad("ASL in a step", steps(called("A", Next="B")), "spec.steps[0].Next"),
    Bad(
        "branches in a branch of a branch",
        steps(named("P", parallel=[[named("Q", parallel=[[called("B", parallel=[[STEP]])]])]])),
        f"{_PARALLEL}.parallel[0][0].parallel",
    ),
)
"""Refused by pydantic, and by the API server with kubectl's ``--validate=strict``, its default."""

IMMUTABLE: tuple[Bad, ...] = (
    Bad("another region", but(region="eu-west-1"), "spec.region", "cannot be changed: make a new object"),
    Bad("another type", but(type="EXPRESS"), "spec.type", "cannot be changed: a state machine is of one type for life"),
)
"""Refused only as a change of the minimal spec."""

A_PATH = "must be a path into the state, for example $.steps.ValidateData.valid"
ONE_OPERATOR = (
    "must have beside path exactly one of equals, greaterThan, greaterThanEquals, lessThan, lessThanEquals, matches, "
    "isPresent, isNull"
)
_WHEN = "spec.steps[0].choice[0].when"

PYTHON_ONLY: tuple[Bad, ...] = (
    Bad("a test of nothing but a path", tested(path="$.a"), _WHEN, ONE_OPERATOR),
    Bad("a test of two", tested(path="$.a", equals=1, lessThan=5), _WHEN, ONE_OPERATOR),
    Bad("a test of two within others", tested(**{"and": [VALID | {"isNull": True}]}), f"{_WHEN}.and[0]", ONE_OPERATOR),
    Bad(
        "a list to be equal to",
        tested(path="$.a", equals=[1]),
        f"{_WHEN}.equals",
        "must be a string, a number or true or false",
    ),
    Bad("a path without a dollar", tested(path="steps.A.valid", equals=1), f"{_WHEN}.path", A_PATH),
    Bad("a path to many", tested(path="$..valid", equals=1), f"{_WHEN}.path", A_PATH),
    Bad(
        "JSONata in the open",
        chosen({"jsonata": "1 = 1", "next": "A"}),
        "spec.steps[0].choice[0].jsonata",
        "must be JSONata between {% and %}",
    ),
    Bad(
        "a time in words",
        steps(named("W", wait={"until": "tomorrow"})),
        "spec.steps[0].wait.until",
        "must be a time such as 2030-01-01T00:00:00Z, or a path such as $.steps.Plan.at",
    ),
    Bad(
        "a subject in Greek",
        steps(named("N", notify={"subject": "Ω", "message": "x"})),
        "spec.steps[0].notify.subject",
        "must be plain ASCII on one line: SNS takes nothing else",
    ),
    Bad(
        "a variable that AWS keeps",
        steps(called("A", environment={"AWS_REGION": "x"})),
        "spec.steps[0].environment",
        "must not have keys that begin with AWS_ or LAMBDA_ (kept by AWS) or AWSLAB_ (kept by the operator)",
    ),
    Bad(
        "a variable with a hyphen",
        steps(called("A", environment={"MY-KEY": "x"})),
        "spec.steps[0].environment",
        "must have keys of letters, digits and _, beginning with a letter",
    ),
    Bad(
        "a ConfigMap in capitals",
        steps(named("A", configMapRef={"name": "Code"})),
        "spec.steps[0].configMapRef.name",
        "must be the name of a ConfigMap",
    ),
    Bad(
        "code in a bucket in capitals",
        steps(named("A", s3={"bucket": "Code", "key": "x"})),
        "spec.steps[0].s3.bucket",
        A_BUCKET,
    ),
)
"""Refused by pydantic alone: CEL has no budget for it in nested steps, or cannot see the field."""
