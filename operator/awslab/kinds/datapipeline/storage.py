"""The buckets of a pipeline: which it has, what is kept in them for how long, who may reach them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from awslab.api.datapipeline import DataPipelineSpec
from awslab.aws.lifecycle import Lifecycle, LifecycleRule
from awslab.aws.policies import Condition, Policy, Statement
from awslab.core.values import FrozenMap

from .names import WORK, Names
from .rights import Data


@dataclass(frozen=True)
class Storage:
    """Where a pipeline's data lies."""

    spec: DataPipelineSpec
    names: Names

    @property
    def own(self) -> str:
        """The ARN of the bucket that is made whatever the spec says: without another, for all; else for work/."""
        return self.names.bucket()

    @property
    def source(self) -> str:
        """The ARN of the bucket of uploads."""
        existing = self.spec.source.existing_bucket
        return self.names.bucket_named(existing) if existing else self.own

    @property
    def target(self) -> str:
        """The ARN of the bucket of results."""
        if self.spec.output.existing_bucket:
            return self.names.bucket_named(self.spec.output.existing_bucket)
        return self.names.bucket("output") if self.spec.output.separate_bucket else self.own

    @property
    def data(self) -> Data:
        """What the roles of the functions are about."""
        return Data(
            input=f"{self.source}/{self.spec.source.prefix}*",
            work=f"{self.own}/{WORK}*",
            output=f"{self.target}/{self.spec.output.prefix}*",
            versioned=not self.spec.source.existing_bucket,
        )

    def lifecycle(self, arn: str) -> Lifecycle:
        """What is deleted when, by the name of the rule."""
        return FrozenMap(self._rules(arn))

    def _rules(self, arn: str) -> Iterator[tuple[str, LifecycleRule]]:
        settings = self.spec.bucket
        yield "old-versions", LifecycleRule(expire_versions=settings.noncurrent_days, abort_uploads=7)
        if arn == self.own:
            yield "work", LifecycleRule(prefix=WORK, expire=settings.work_days)
        if arn == self.source and settings.input_days:
            yield "input", LifecycleRule(prefix=self.spec.source.prefix, expire=settings.input_days)
        if arn == self.target and settings.output_days:
            yield "output", LifecycleRule(prefix=self.spec.output.prefix, expire=settings.output_days)


def encrypted_only(arn: str) -> Policy:
    """Nobody reaches the bucket without TLS.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html#example-bucket-policies-HTTP-HTTPS
    """
    insecure = Condition.of("Bool", "aws:SecureTransport", "false")
    return FrozenMap({"OnlyTls": Statement.deny(["s3:*"], [arn, f"{arn}/*"], ["*"], [insecure])})


def bucket_of(arn: str) -> str:
    """The name in a bucket's ARN."""
    return arn.rpartition(":")[2]
