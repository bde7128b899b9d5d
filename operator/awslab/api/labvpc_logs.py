"""Flow logs of a LabVpc, and what becomes of them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .base import Model, Rule

RETENTION = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""

BUCKET = r"^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$"
INTERVALS = (60, 600)


class LogDestination(StrEnum):
    """Where flow logs are written."""

    CLOUD_WATCH_LOGS = "CloudWatchLogs"
    S3 = "S3"


class Traffic(StrEnum):
    """What flow logs tell of."""

    ALL = "All"
    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


BucketArn = Annotated[
    str,
    Field(max_length=512),
    Rule(
        message="must be the ARN of a bucket, with a folder or without: arn:aws:s3:::logs/network",
        cel=f"self.matches('{BUCKET}')",
        check=lambda text: re.fullmatch(BUCKET, text) is not None,
    ),
]
RetentionDays = Annotated[
    int,
    Field(strict=True, ge=1, le=3653),
    Rule(
        message=f"must be a number of days that CloudWatch Logs knows: {', '.join(map(str, RETENTION))}",
        cel=f"self in {list(RETENTION)}",
        check=lambda days: days in RETENTION,
    ),
]
Interval = Annotated[
    int,
    Field(strict=True, ge=60, le=600),
    Rule(
        message="must be 60 or 600",
        cel=f"self in {list(INTERVALS)}",
        check=lambda seconds: seconds in INTERVALS,
    ),
]


class FlowLogs(Model):
    """A record of who talked with whom."""

    destination: LogDestination = Field(
        default=LogDestination.CLOUD_WATCH_LOGS,
        description="CloudWatchLogs (with saved queries) or S3 (cheaper, to be kept for long).",
    )
    traffic: Traffic = Field(default=Traffic.ALL, description="All, Accepted or Rejected.")
    retention_days: RetentionDays = Field(default=30, description="How many days they are kept.")
    interval_seconds: Interval = Field(
        default=600, description="How many seconds one line sums up: 600, or 60 for a closer look."
    )
    bucket: BucketArn | None = Field(
        default=None,
        description="For S3: a bucket that exists, whose policy lets delivery.logs.amazonaws.com write; "
        "without it one is made.",
    )


class NetworkDeletion(Model):
    """What becomes of logs when the object is deleted."""

    empty_buckets: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether the bucket of flow logs is emptied: without it one with logs is kept."
    )
    keep_logs: Annotated[bool, Field(strict=True)] = Field(default=False, description="Whether the log group is kept.")
