"""The DataPipeline API: what a person may ask for, and what the operator tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from .base import Immutable, Model, Rule, StatusModel, Timestamp, UniqueItems
from .common import KindSpec, KindStatus, Summary
from .datapipeline_functions import BucketName, FunctionSettings, NamedFunction, Permissions, VpcPlacement
from .datapipeline_notices import Notifications
from .datapipeline_rules import FLOW_RULES
from .datapipeline_steps import Scalar, Step

PREFIX = r"^([^/].*/)?$"
COLUMN_TYPES = "string, integer, decimal, boolean, date (2024-12-31) or timestamp (2024-12-31T23:59:00Z)"
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""The days that CloudWatch Logs knows: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


class Trigger(StrEnum):
    """How S3 tells of an upload."""

    EVENT_BRIDGE = "EventBridge"
    LAMBDA = "Lambda"


class MachineType(StrEnum):
    """The two sorts of state machine."""

    STANDARD = "STANDARD"
    EXPRESS = "EXPRESS"


class ColumnType(StrEnum):
    """What the values of a column are."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


class LogLevel(StrEnum):
    """Which events of a run are logged."""

    ALL = "ALL"
    ERROR = "ERROR"
    FATAL = "FATAL"
    OFF = "OFF"


class RunningExecutions(StrEnum):
    """What becomes of runs when the object is deleted."""

    WAIT = "Wait"
    STOP = "Stop"


Prefix = Annotated[
    str,
    Field(max_length=256),
    Rule(
        message="must end with / and not begin with one, for example input/",
        cel=f"self.matches('{PREFIX}')",
        check=lambda text: re.fullmatch(PREFIX, text) is not None,
    ),
    Rule(
        message="must not begin with work/, where steps hand on to each other",
        cel="!self.startsWith('work/')",
        check=lambda text: not text.startswith("work/"),
    ),
]


class Source(Model):
    """The files that start the pipeline."""

    existing_bucket: BucketName | None = Field(
        default=None,
        description="A bucket that exists already, in the same region and account: only an entry for our notification "
        "is added to it. Without it a bucket is made.",
    )
    prefix: Prefix = Field(default="input/", description="Only files whose keys begin like this, for example input/.")
    suffix: Annotated[str, Field(max_length=64)] = Field(
        default="", description="Only files whose keys end like this, for example .csv."
    )
    trigger: Trigger = Field(
        default=Trigger.EVENT_BRIDGE,
        description="How S3 tells of an upload: EventBridge (others may listen too) or Lambda (a notification of the "
        "bucket calls the function that starts the run).",
    )


class Output(Model):
    """Where results are written."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            message="must have existingBucket or separateBucket: true, not both",
            cel="!has(self.existingBucket) || !self.separateBucket",
            check=lambda output: output.existing_bucket is None or not output.separate_bucket,
        ),
    )

    existing_bucket: BucketName | None = Field(
        default=None, description="A bucket that exists already, in the same region and account."
    )
    separate_bucket: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether results have a bucket of their own. Else they lie in the one that is made."
    )
    prefix: Prefix = Field(default="output/", description="How the keys of all results begin.")


class ColumnSpec(Model):
    """A column of the CSV files."""

    name: Annotated[str, Field(min_length=1, max_length=128)] = Field(description="Its name in the first row.")
    type: ColumnType = Field(default=ColumnType.STRING, description=f"What its values are: {COLUMN_TYPES}.")
    required: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether each row must have a value."
    )
    min: Scalar | None = Field(
        default=None, description="The smallest value, for example 0 or 2024-01-01; of a string the fewest characters."
    )
    max: Scalar | None = Field(default=None, description="The greatest value; of a string the most characters.")
    pattern: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        default=None, description="A regular expression for the whole text."
    )
    values: Annotated[
        tuple[Annotated[str, Field(max_length=128)], ...], Field(min_length=1, max_length=100), UniqueItems()
    ] = Field(default=(), description="The only values that there may be.")


def _are_named_differently(columns: tuple[ColumnSpec, ...]) -> bool:
    return len({column.name for column in columns}) == len(columns)


Columns = Annotated[
    tuple[ColumnSpec, ...],
    Field(max_length=100),
    Rule(
        message="must have columns of different names",
        cel="self.all(c, self.exists_one(other, other.name == c.name))",
        check=_are_named_differently,
    ),
]

Days = Annotated[int, Field(strict=True, ge=1, le=36500)]


class BucketSettings(Model):
    """What becomes of old objects in the buckets that are made; these are versioned and encrypted always."""

    noncurrent_days: Days = Field(default=30, description="After how many days an old version is deleted.")
    work_days: Days = Field(default=7, description="After how many days what steps left below work/ is deleted.")
    input_days: Days | None = Field(default=None, description="After how many days an upload is deleted: never.")
    output_days: Days | None = Field(default=None, description="After how many days a result is deleted: never.")


class Logs(Model):
    """What is logged, and for how long."""

    retention_days: Annotated[
        int,
        Field(strict=True, ge=1, le=3653),
        Rule(
            message=f"must be a number of days that CloudWatch Logs knows: {', '.join(map(str, RETENTION))}",
            cel=f"self in {list(RETENTION)}",
            check=lambda days: days in RETENTION,
        ),
    ] = Field(default=14, description="How many days logs are kept.")
    level: LogLevel = Field(default=LogLevel.ALL, description="Which events of runs are logged.")
    include_data: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether the state of a run is logged with them: it holds what steps return."
    )


class Alarms(Model):
    """What calls for people; each alarm goes to the topic of failure."""

    enabled: Annotated[bool, Field(strict=True)] = Field(default=True, description="Whether there are alarms.")
    failed_executions: Annotated[int, Field(strict=True, ge=1, le=100000)] = Field(
        default=1, description="So many runs that failed, were throttled or timed out within five minutes."
    )
    function_errors: Annotated[int, Field(strict=True, ge=1, le=100000)] = Field(
        default=1, description="So many errors of one function within five minutes."
    )
    duration_percent: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(
        default=80, description="A call that took so much of its timeout."
    )
    dead_letters: Annotated[int, Field(strict=True, ge=1, le=100000)] = Field(
        default=1, description="So many messages among the dead letters."
    )


class DeadLetters(Model):
    """The queue for events that could not be handed on."""

    retention_days: Annotated[int, Field(strict=True, ge=1, le=14)] = Field(
        default=14, description="How many days they are kept."
    )


class Expect(Model):
    """What comes in, as far as it is known: the cost is estimated from it."""

    files_per_day: Annotated[int, Field(strict=True, ge=0, le=100000000)] = Field(
        default=100, description="How many files."
    )
    size_mb: Annotated[float, Field(strict=True, ge=0, le=5000000)] = Field(
        default=1, description="How large a file is, in MB."
    )


class Deletion(Model):
    """What becomes of data, runs and logs when the object is deleted."""

    empty_buckets: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether buckets are emptied: without it one that holds anything is kept."
    )
    running_executions: RunningExecutions = Field(
        default=RunningExecutions.WAIT, description="Whether to Wait for runs, or Stop them."
    )
    keep_logs: Annotated[bool, Field(strict=True)] = Field(default=False, description="Whether logs are kept.")


ASL = Annotated[str, Field(min_length=2, max_length=262144)]


class DataPipelineSpec(KindSpec):
    """The pipeline that a DataPipeline asks for."""

    rules: ClassVar[tuple[Rule, ...]] = FLOW_RULES

    source: Source = Field(default=Source(), description="The files that start it.")
    output: Output = Field(default=Output(), description="Where results are written.")
    columns: Columns = Field(
        default=(), description="The columns of the CSV files, in any order; none means that any will do."
    )
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=50)] = Field(
        default=(),
        description="What is done with a file, from the first step on. A function's result is in "
        "$.steps.<name> for those after it.",
    )
    asl: ASL | None = Field(
        default=None,
        description="Instead of steps: the state machine in Amazon States Language, as JSON text, in which ${Name} "
        "stands for the ARN of a function of spec.functions, and ${SuccessTopic}, ${FailureTopic}, ${InputBucket}, "
        "${OutputBucket} and ${WorkBucket} for what is made.",
    )
    functions: Annotated[tuple[NamedFunction, ...], Field(min_length=1, max_length=50)] = Field(
        default=(), description="The functions that asl calls."
    )
    function_defaults: FunctionSettings = Field(
        default=FunctionSettings(), description="How functions run where they do not say it themselves."
    )
    vpc: VpcPlacement | None = Field(
        default=None, description="The LabVpc in which the functions run; none by default."
    )
    type: Annotated[
        MachineType, Immutable("a state machine is of one type for life, make a new object and delete this one")
    ] = Field(
        default=MachineType.STANDARD,
        description="STANDARD (each upload is run once, for up to a year) or EXPRESS (up to five minutes, cheaper for "
        "many, at least once).",
    )
    timeout: Annotated[int, Field(strict=True, ge=1, le=31536000)] | None = Field(
        default=None, description="After how many seconds a run is given up: a day, or five minutes if EXPRESS."
    )
    permissions: Permissions = Field(
        default=(), description="What the state machine itself may do besides: for asl that calls more than functions."
    )
    bucket: BucketSettings = Field(default=BucketSettings(), description="What becomes of old objects.")
    notifications: Notifications = Field(default=Notifications(), description="Who is told of success and failure.")
    dead_letters: DeadLetters = Field(
        default=DeadLetters(), description="The queue for events that could not be handed on."
    )
    logs: Logs = Field(default=Logs(), description="What is logged, and for how long.")
    tracing: Annotated[bool, Field(strict=True)] = Field(default=True, description="Whether X-Ray traces runs.")
    alarms: Alarms = Field(default=Alarms(), description="What calls for people.")
    dashboard: Annotated[bool, Field(strict=True)] = Field(
        default=True, description="Whether there is a dashboard in CloudWatch."
    )
    expect: Expect = Field(default=Expect(), description="What comes in, for the estimate of the cost.")
    history: Annotated[int, Field(strict=True, ge=0, le=50)] = Field(
        default=10, description="How many of the last runs status.executions shows."
    )
    deletion: Deletion = Field(
        default=Deletion(), description="What becomes of data, runs and logs when the object is deleted."
    )


class ExecutionStatus(StatusModel):
    """One run of the pipeline."""

    name: str = Field(description="Its id, which follows from bucket, key and version of the file.")
    arn: str | None = Field(default=None, description="Its ARN.")
    status: str = Field(description="RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.")
    input: str | None = Field(default=None, description="The file, for example input/sales_data.csv.")
    version: str | None = Field(default=None, description="The version of the file.")
    start: Timestamp | None = Field(default=None, description="When it began.")
    stop: Timestamp | None = Field(default=None, description="When it ended.")
    failed_step: str | None = Field(default=None, description="The step that failed.")
    error: str | None = Field(default=None, description="The name of the error.")
    cause: str | None = Field(default=None, description="What happened, shortened.")


class DataPipelineSummary(Summary):
    """Short texts for the columns of kubectl get datapipeline."""

    last_run: str | None = Field(default=None, description="How the last run went, and when.")
    succeeded: str | None = Field(default=None, description="How many of the runs in executions succeeded.")
    failed: str | None = Field(default=None, description="How many of them failed, timed out or were stopped.")


class DataPipelineStatus(KindStatus):
    """What AWS has of the pipeline, and how its last runs went."""

    summary: DataPipelineSummary | None = Field(default=None, description="Short texts for the columns of kubectl get.")
    bucket_name: str | None = Field(default=None, description="The bucket for uploads.")
    output_bucket_name: str | None = Field(default=None, description="The bucket for results.")
    state_machine_arn: str | None = Field(default=None, description="The ARN of the state machine.")
    function_arns: Mapping[str, str] = Field(
        default_factory=dict, description="The ARNs of the functions by the names of their steps."
    )
    topic_arns: Mapping[str, str] = Field(default_factory=dict, description="The ARNs of the topics: success, failure.")
    dead_letter_queue_urls: Mapping[str, str] = Field(
        default_factory=dict, description="The URLs of the dead-letter queues by name."
    )
    dashboard_url: str | None = Field(default=None, description="Where the dashboard is in the console.")
    log_group_names: Mapping[str, str] = Field(
        default_factory=dict, description="The log groups of the functions by the names of their steps."
    )
    executions: tuple[ExecutionStatus, ...] = Field(default=(), description="The last runs, the latest first.")
    runs_seen: Mapping[str, str] = Field(
        default_factory=dict, description="Up to which moment the beginnings and ends of runs were told and counted."
    )
