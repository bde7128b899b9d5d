"""Data points of metrics, in windows of the world's time."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.sqs.models import sqs_backends

from awslab.local.aws.cloudwatch import metrics
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from awslab.local.aws.world import World

book = Book("cloudwatch")
Key = tuple[str, str, frozenset[tuple[str, str]]]  # namespace, metric, dimensions
Points = dict[Key, list[tuple[float, float]]]  # moment and value
EARLIEST = -math.inf


def since(account: str, region: str, begin: float) -> Points:
    """Return all points from a moment on, by metric; dimensions are told apart exactly, as AWS does."""
    found: Points = {}
    for one in reversed(cloudwatch_backends[account][region].metric_data):
        moment = _seconds(one.timestamp)
        if moment >= begin:
            key = (one.namespace, one.name, frozenset((each.name, each.value) for each in one.dimensions))
            found.setdefault(key, []).extend((moment, value) for value in _values(one))
    return found


def _seconds(moment: datetime) -> float:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.timestamp()


def _values(datum: Any) -> list[float]:
    if hasattr(datum, "value"):
        return [float(datum.value)]
    count = int(datum.sample_count)
    return [datum.sum / count] * count if count else []


def statistic(name: str, values: list[float]) -> float:
    """Return a statistic of some values; `name` is AWS's, percentiles as `p99`."""
    if name.startswith("p"):
        ranked = sorted(values)
        return ranked[min(len(ranked) - 1, int(float(name[1:]) / 100 * len(ranked)))]
    return float(STATISTICS[name](values))


STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
    "SampleCount": len,
}


@book.behaves(
    "queue-metrics",
    "GetMetricData",
    "GetMetricStatistics",
    "PutMetricAlarm",
    does="Queues tell how many messages are visible, in flight and delayed.",
    see="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html",
)
def sample_queues(
    world: World, account: str, region: str, names: Iterable[str] | None = None, at: float | None = None
) -> None:
    """Write down how full queues are, those named or all, as of a moment or of now."""
    queues = sqs_backends[account][region].queues
    for name in list(queues) if names is None else names:
        if name in queues:
            queue = queues[name]
            metrics.count(
                world,
                account,
                region,
                "AWS/SQS",
                {"QueueName": name},
                at=at,
                ApproximateNumberOfMessagesVisible=queue.approximate_number_of_messages,
                ApproximateNumberOfMessagesNotVisible=queue.approximate_number_of_messages_not_visible,
                ApproximateNumberOfMessagesDelayed=queue.approximate_number_of_messages_delayed,
            )
