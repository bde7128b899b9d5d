"""What a pipeline is made of.

bucket ── upload ──▶ rule ──▶ start ──▶ state machine ──▶ a function for each step ──▶ bucket
                       └▶ dead letters ◀┘          └────▶ topics: success, failure ◀── alarms
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from awslab.api.datapipeline import DataPipelineSpec, LogLevel, MachineType, Trigger
from awslab.api.datapipeline_notices import Subscription
from awslab.aws.bucket_notifications import BucketEvents, BucketNotification
from awslab.aws.documents import canonical
from awslab.aws.dynamodb import Table
from awslab.aws.events import Rule, Target
from awslab.aws.iam import Role
from awslab.aws.logs import LogGroup
from awslab.aws.messaging import Queue, Subscriber, Topic
from awslab.aws.messaging import Subscription as Delivery
from awslab.aws.policies import Condition, Policy, Statement, trust
from awslab.aws.releases import LIVE, Release
from awslab.aws.s3 import Bucket
from awslab.aws.states import Definition, Logging, StateMachine
from awslab.core.graph import Graph
from awslab.core.resource import Given, Tags
from awslab.core.values import FrozenMap
from awslab.kinds import asl, flow
from awslab.kinds.asl_needs import Definition as Written
from awslab.kinds.asl_needs import Names as Words

from .facts import Facts
from .functions import Deployer
from .names import START
from .rights import Rights, policy
from .storage import Storage, bucket_of, encrypted_only
from .watching import Watching

SUCCESS, FAILURE = "success", "failure"
DAY = 86400


@dataclass
class Layout:
    """A pipeline while it is being laid out."""

    spec: DataPipelineSpec
    facts: Facts
    graph: Graph = field(default_factory=Graph)

    def __post_init__(self) -> None:
        self.names = self.facts.names
        self.place = self.names.place
        self.tags: Tags = FrozenMap(self.spec.tags)
        self.storage = Storage(self.spec, self.names)
        self.rights = Rights(
            self.names,
            self.storage.data,
            express=self.spec.type is MachineType.EXPRESS,
            tracing=self.spec.tracing,
            logging=self.spec.logs.level is not LogLevel.OFF,
            networked=self.facts.network is not None,
        )

    def whole(self) -> Graph:
        """Lay out everything, what others need first."""
        written = asl.definition(self.spec, self._words())
        self._shared()
        deployer = Deployer(self.spec, self.facts, self.rights, self.graph, self.dead_letters)
        releases = {function.name: deployer.step(function) for function in flow.functions(self.spec)}
        machine = self._machine(written, releases)
        self._uploads(deployer, machine)
        Watching(self.spec, self.names, self.graph, self.topics[FAILURE], machine).whole()
        self.graph.check()
        return self.graph

    def _words(self) -> Words:
        """What the definition of the state machine calls things."""
        return Words(
            pipeline=self.place.owner.name,
            partition=self.place.partition,
            success_topic=self.names.topic(SUCCESS),
            failure_topic=self.names.topic(FAILURE),
            input_bucket=bucket_of(self.storage.source),
            output_bucket=bucket_of(self.storage.target),
            work_bucket=bucket_of(self.storage.own),
        )

    # What all steps share

    def _shared(self) -> None:
        self.table = self.graph.add(
            Table(name="runs", arn=self.names.table, key="id", expires="expires", tags=self.tags)
        )
        self.dead_letters = self.graph.add(
            Queue(
                name="dead-letters",
                arn=self.names.dead_letters,
                policy=self._lets_events_in(),
                retention=self.spec.dead_letters.retention_days * DAY,
                tags=self.tags,
            )
        )
        self.topics = {part: self._topic(part) for part in (SUCCESS, FAILURE)}
        arns = dict.fromkeys((self.storage.own, self.storage.source, self.storage.target))
        given = {self.spec.source.existing_bucket, self.spec.output.existing_bucket}
        self.buckets = {arn: self._bucket(arn) for arn in arns if bucket_of(arn) not in given}

    def _lets_events_in(self) -> Policy:
        """EventBridge may send what it could not deliver."""
        from_rule = Condition.of("ArnEquals", "aws:SourceArn", self.names.rule)
        service = ["Service:events.amazonaws.com"]
        allowed = Statement.allow(["sqs:SendMessage"], [self.names.dead_letters], service, [from_rule])
        return FrozenMap({"UndeliveredEvents": allowed})

    def _topic(self, part: str) -> Topic:
        notices = self.spec.notifications.success if part == SUCCESS else self.spec.notifications.failure
        arn = self.names.topic(part)
        return self.graph.add(
            Topic(
                name=part,
                arn=arn,
                policy=self._lets_alarms_publish(arn) if part == FAILURE else FrozenMap(),
                subscriptions=FrozenMap({_subscriber(s): Delivery() for s in notices.subscriptions}),
                tags=self.tags,
            )
        )

    def _lets_alarms_publish(self, topic: str) -> Policy:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html ."""
        alarms = Condition.of("ArnLike", "aws:SourceArn", self.place.arn("cloudwatch", "alarm:*"))
        account = Condition.of("StringEquals", "aws:SourceAccount", self.place.account)
        service = ["Service:cloudwatch.amazonaws.com"]
        return FrozenMap({"Alarms": Statement.allow(["sns:Publish"], [topic], service, [alarms, account])})

    def _bucket(self, arn: str) -> Bucket:
        return self.graph.add(
            Bucket(
                name="files" if arn == self.storage.own else "output",
                arn=arn,
                policy=encrypted_only(arn),
                lifecycle=self.storage.lifecycle(arn),
                eventbridge=arn == self.storage.source and self._by_events,
                tags=self.tags,
            )
        )

    @property
    def _by_events(self) -> bool:
        return self.spec.source.trigger is Trigger.EVENT_BRIDGE

    # The state machine

    def _machine(self, written: Written, releases: dict[str, Release]) -> StateMachine:
        log = self.graph.add(
            LogGroup(
                name="state-machine",
                arn=self.names.machine_log,
                retention=self.spec.logs.retention_days,
                tags=self.tags,
            )
        )
        role = self.graph.add(
            Role(
                name="state-machine",
                arn=self.names.role("state-machine"),
                trust=trust("states.amazonaws.com"),
                access=policy(self.rights.of_machine(written.needs, self.spec.permissions)),
                tags=self.tags,
            )
        )
        called = {name: releases[name] for name in written.functions}
        return self.graph.add(
            StateMachine(
                name="runs",
                arn=self.names.machine,
                definition=Definition.of(written.text, called),
                role=role,
                type=self.spec.type.value,
                logging=self._logging(log),
                tracing=self.spec.tracing,
                after=tuple(self.topics.values()),
                tags=self.tags,
            )
        )

    def _logging(self, group: LogGroup) -> Logging | None:
        if self.spec.logs.level is LogLevel.OFF:
            return None
        return Logging(group=group, level=self.spec.logs.level.value, data=self.spec.logs.include_data)

    # What begins a run

    def _uploads(self, deployer: Deployer, machine: StateMachine) -> None:
        """An upload calls the function that starts the state machine."""
        settings = {
            "pipeline": self.place.owner.name,
            "stateMachine": self.names.machine,
            "prefix": self.spec.source.prefix,
            "suffix": self.spec.source.suffix,
            "output": {"bucket": bucket_of(self.storage.target), "prefix": self.spec.output.prefix},
            "work": {"bucket": bucket_of(self.storage.own)},
            "express": self.spec.type is MachineType.EXPRESS,
        }
        start = deployer.start(canonical(settings), self.storage.source, by_events=self._by_events, machine=machine)
        if self._by_events:
            self._rule(start)
        else:
            self._notification(start)

    def _rule(self, start: Release) -> None:
        source = self.buckets.get(self.storage.source)
        if source is None:
            arn = self.names.events_switch(self.storage.source)
            self.graph.add(BucketEvents(name="uploads", arn=arn, bucket=Given(self.storage.source), after=(start,)))
        target = Target(arn=f"{self.names.function(START)}:{LIVE}", dead_letters=self.dead_letters)
        self.graph.add(
            Rule(
                name="uploads",
                arn=self.names.rule,
                pattern=canonical(self._pattern()),
                targets=FrozenMap({"start": target}),
                description=f"Uploads for the DataPipeline {self.place.owner.name}",
                after=(start, *([source] if source else [])),
                tags=self.tags,
            )
        )

    def _pattern(self) -> dict[str, Any]:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html ."""
        prefix, suffix = self.spec.source.prefix, self.spec.source.suffix
        key: list[Any] = [{"wildcard": f"{_literal(prefix)}*{_literal(suffix)}"}] if prefix or suffix else []
        bucket = {"name": [bucket_of(self.storage.source)]}
        detail = {"bucket": bucket, **({"object": {"key": key}} if key else {})}
        return {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}

    def _notification(self, start: Release) -> None:
        bucket = self.buckets.get(self.storage.source) or Given(self.storage.source)
        self.graph.add(
            BucketNotification(
                name="uploads",
                arn=self.names.notification(self.storage.source),
                bucket=bucket,
                function=start.function,
                prefix=self.spec.source.prefix,
                suffix=self.spec.source.suffix,
                after=(start,),
            )
        )


def _subscriber(subscription: Subscription) -> Subscriber:
    if subscription.email:
        return Subscriber("email", subscription.email)
    return Subscriber("sqs", subscription.sqs) if subscription.sqs else Subscriber("https", subscription.https or "")


def _literal(text: str) -> str:
    r"""A text within a wildcard, in which * and \ mean themselves.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    """
    return text.replace("\\", "\\\\").replace("*", "\\*")
