"""CloudWatch: moto keeps metrics, alarms and dashboards; alarms live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse

from awslab.local.aws.cloudwatch import alarms, dashboards, metrics, points
from awslab.local.aws.modelled import Modelled
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import World

book = Book("cloudwatch")
API = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/"
ALARMS_PAGE = 50


@book.follows(
    "alarms-paged",
    "DescribeAlarms",
    does="Alarms are shown in pages of at most MaxRecords, 50 unless told otherwise.",
    see=API + "API_DescribeAlarms.html",
)
def cut_page(asked: Asked, result: dict[str, Any]) -> None:
    """Cut a page from the alarms."""
    asked.params.setdefault("MaxRecords", ALARMS_PAGE)
    result["MetricAlarms"] = sorted(result["MetricAlarms"], key=lambda alarm: alarm.name)
    page, token = asked.page(result["MetricAlarms"], size="MaxRecords", after="NextToken", most=100)
    result["MetricAlarms"] = page
    if token:
        result["NextToken"] = token


@book.follows(
    "alarm-tags-gone",
    "DeleteAlarms",
    does="An alarm's tags go with it.",
    see=API + "API_DeleteAlarms.html",
)
def forget_tags(asked: Asked, _result: Any) -> None:
    """Forget the tags of deleted alarms."""
    backend = cloudwatch_backends[asked.account][asked.region]
    for name in asked.params.get("AlarmNames") or []:
        backend.tagger.delete_all_tags_for_resource(asked.arn("cloudwatch", f"alarm:{name}"))


def _with_queues(asked: Asked) -> Any:
    """Answer after the queues have told how full they are now."""
    points.sample_queues(asked.world, asked.account, asked.region)
    return asked.motos()


@book.follows(
    "metrics-forgotten",
    "PutMetricData",
    does="Old data points are forgotten (here the oldest of more than 20,000).",
    see="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html",
)
def forget_old(asked: Asked, _result: Any) -> None:
    """Keep so many points and no more."""
    del cloudwatch_backends[asked.account][asked.region].metric_data[: -metrics.KEPT]


ACTIONS = {
    "PutMetricAlarm": alarms.put,
    "SetAlarmState": alarms.set_state,
    "PutDashboard": dashboards.put,
    "GetMetricData": _with_queues,
    "GetMetricStatistics": _with_queues,
}


class CloudWatch(Modelled):
    """Answers the calls of CloudWatch."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "monitoring", "cloudwatch", ACTIONS, CloudWatchResponse, rules="cloudwatch")
        world.changes.update(alarms.CHANGES)
        if any(key[0] == "alarms-watched" for key in world.overlay.stores):
            alarms.begin_ticking(world)


def tagged_resources(account: str, region: str) -> dict[str, dict[str, str]]:
    """Return the tags of every alarm by its ARN, for the tagging API."""
    backend = cloudwatch_backends[account][region]
    tagger = backend.tagger
    return {one.alarm_arn: tagger.get_tag_dict_for_resource(one.alarm_arn) for one in backend.alarms.values()}
