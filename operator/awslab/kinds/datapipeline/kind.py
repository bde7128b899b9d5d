"""DataPipeline: drop a file, get results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from awslab.api.datapipeline import DataPipelineSpec, MachineType
from awslab.api.datapipeline_functions import Architecture, FunctionSettings
from awslab.api.kinds import DATA_PIPELINE as API
from awslab.aws.bucket_notifications import BucketEvents, BucketNotification
from awslab.aws.cloudwatch import Alarm, Dashboard
from awslab.aws.dynamodb import Table
from awslab.aws.events import Rule
from awslab.aws.iam import Role
from awslab.aws.lambda_ import Function
from awslab.aws.logs import LogGroup
from awslab.aws.messaging import Queue, Topic
from awslab.aws.releases import Release
from awslab.aws.s3 import Bucket
from awslab.aws.states import StateMachine
from awslab.core.graph import Graph
from awslab.core.resource import Observed, Resource
from awslab.cost import pipeline as cost
from awslab.kinds import flow
from awslab.kinds.flow_drawing import DRAWINGS
from awslab.kinds.kind import Kind, Outputs

from .facts import Facts, guess, look_up
from .functions import START_SETTINGS
from .history import report
from .layout import Layout
from .names import START
from .storage import Storage, bucket_of

TYPES: tuple[type[Resource], ...] = (
    Table, Queue, Topic, Bucket, LogGroup, Role, Function, Release, StateMachine, BucketEvents, BucketNotification,
    Rule, Alarm, Dashboard,
)  # fmt: skip


def compose(spec: DataPipelineSpec, facts: Facts) -> Graph:
    """Lay out the pipeline that *spec* asks for."""
    return Layout(spec, facts).whole()


def work(spec: DataPipelineSpec) -> Mapping[str, float] | None:
    """What the expected files cost a month; a file that takes the shortest way costs less."""
    functions = [cost.Function(f.settings.memory or 0, arm=_is_arm(f.settings)) for f in flow.functions(spec)]
    load = cost.Load(
        files_per_day=spec.expect.files_per_day,
        size_mb=spec.expect.size_mb,
        functions=(*functions, cost.Function(START_SETTINGS.memory or 0)),
        states=sum(len(scope.steps) for scope in flow.scopes(spec)) + len(spec.functions) + 1,
        express=spec.type is MachineType.EXPRESS,
        traced=spec.tracing,
    )
    return cost.monthly(load, spec.region)


def assumptions(spec: DataPipelineSpec) -> Mapping[str, str]:
    """What the cost goes by."""
    files = f"{spec.expect.files_per_day} a day of {spec.expect.size_mb:g} MB each (spec.expect)"
    return {"Files": files, "Data to the internet": "not counted"}


def _is_arm(settings: FunctionSettings) -> bool:
    return settings.architecture is Architecture.ARM64


def outputs(spec: DataPipelineSpec, facts: Facts, found: Sequence[Observed]) -> Outputs:
    """Where to drop files, where results are, and where to look."""
    there, names, storage = {o.id for o in found}, facts.names, Storage(spec, facts.names)
    queue = next((o.details.get("url") for o in _of(found, Queue)), None)
    url = names.console(f"cloudwatch/home?region={spec.region}#dashboards/dashboard/{_name(names.dashboard)}")
    return {
        "bucketName": _bucket(storage.source, spec.source.existing_bucket, there),
        "outputBucketName": _bucket(storage.target, spec.output.existing_bucket, there),
        "stateMachineArn": names.machine if names.machine in there else None,
        "functionArns": {o.name: o.id for o in _of(found, Function) if o.name != START},
        "topicArns": {o.name: o.id for o in _of(found, Topic)},
        "deadLetterQueueUrls": {"events": queue} if queue else {},
        "dashboardUrl": url if names.dashboard in there else None,
        "logGroupNames": {o.name: o.id.split(":log-group:")[1] for o in _of(found, LogGroup)},
    }


def _bucket(arn: str, existing: str | None, there: Iterable[str]) -> str | None:
    return bucket_of(arn) if existing or arn in there else None


def _of(found: Iterable[Observed], kind: type) -> list[Observed]:
    return sorted((o for o in found if o.type is kind), key=lambda o: o.name)


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


DATA_PIPELINE = Kind(API, TYPES, look_up, guess, compose, outputs, report, work, assumptions, DRAWINGS)
