"""Metrics that services of the local AWS write about themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awslab.local.aws.world import World

UNITS = {"ExecutionTime": "Milliseconds", "Duration": "Milliseconds"}
KEPT = 20_000  # data points in a region; the oldest go first


def count(
    world: World,
    account: str,
    region: str,
    namespace: str,
    dimensions: Mapping[str, str],
    /,
    at: float | None = None,
    **values: float,
) -> None:
    """Write values of metrics, each named by its metric, at a moment or at the world's present time."""
    told = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    with world.lock:
        moment = datetime.fromtimestamp(world.clock() if at is None else at, UTC).replace(tzinfo=None)
        data: list[dict[str, Any]] = [
            {
                "MetricName": name,
                "Value": value,
                "Timestamp": moment,
                "Unit": UNITS.get(name, "Count"),
                "Dimensions": told,
            }
            for name, value in values.items()
        ]
        backend = cloudwatch_backends[account][region]
        backend.put_metric_data(namespace, data)
        del backend.metric_data[:-KEPT]
