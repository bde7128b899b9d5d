"""CloudWatch: alarms and dashboards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed
from awslab.core.values import FrozenMap

from .documents import canonical
from .named import Named, NamedResource, Reference, after, as_mapping, as_pairs, name_in, unless_gone
from .session import Aws

STATISTICS = frozenset({"SampleCount", "Average", "Sum", "Minimum", "Maximum"})
"""All others, such as p99, are what CloudWatch calls extended."""

NO_DIMENSIONS: FrozenMap[str, str] = FrozenMap()
NOBODY: frozenset[Reference] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Alarm(NamedResource):
    """An alarm about one metric, and whom it tells."""

    resource_type: ClassVar = "cloudwatch:alarm"
    mutable: ClassVar = frozenset(
        {"metric", "namespace", "dimensions", "statistic", "period", "periods", "datapoints", "threshold",
         "comparison", "missing", "actions", "recovered", "enabled", "description"}
    )  # fmt: skip

    metric: str
    namespace: str
    dimensions: FrozenMap[str, str] = NO_DIMENSIONS
    statistic: str = "Sum"
    """One of the five, or a percentile such as p99."""
    period: int = 60
    """Seconds."""
    periods: int = 1
    """So many of the last periods are looked at."""
    datapoints: int = 0
    """So many of them have to be bad; 0: all."""
    threshold: float = 0.0
    comparison: str = "GreaterThanThreshold"
    missing: str = "notBreaching"
    """What no data means: notBreaching, breaching, ignore or missing."""
    actions: frozenset[Reference] = NOBODY
    """Topics that are told of trouble."""
    recovered: frozenset[Reference] = NOBODY
    """Topics that are told of its end."""
    enabled: bool = True
    """Whether anybody is told."""
    description: str = ""

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed | None:
        client = aws.client("cloudwatch")
        told = client.describe_alarms(AlarmNames=[name_in(arn)], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
        if not told:
            return None
        (item,) = told
        tags = as_mapping(client.list_tags_for_resource(ResourceARN=arn)["Tags"])
        return cls.seen(arn, _read(item), tags, details={"state": item.get("StateValue", "")})

    def make(self, aws: Aws, ids: Ids) -> None:
        tags = as_pairs(aws.owner.birth_tags(self))
        aws.client("cloudwatch").put_metric_alarm(**_alarm(self.physical_name, self.resolved(ids)), Tags=tags)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Put the whole alarm: AWS keeps nothing of what is not said again, but its tags."""
        aws.client("cloudwatch").put_metric_alarm(**_alarm(name_in(found.id), after(found, changes)))

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        if new:
            aws.client("cloudwatch").tag_resource(ResourceARN=arn, Tags=as_pairs(new))
        if gone:
            aws.client("cloudwatch").untag_resource(ResourceARN=arn, TagKeys=list(gone))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        with unless_gone():
            aws.client("cloudwatch").delete_alarms(AlarmNames=[name_in(found.id)])


def _read(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "metric": item.get("MetricName", ""),
        "namespace": item.get("Namespace", ""),
        "dimensions": FrozenMap((d["Name"], d["Value"]) for d in item.get("Dimensions", ())),
        "statistic": item.get("Statistic") or item.get("ExtendedStatistic", ""),
        "period": item.get("Period", 0),
        "periods": item.get("EvaluationPeriods", 0),
        "datapoints": item.get("DatapointsToAlarm") or 0,
        "threshold": item.get("Threshold", 0.0),
        "comparison": item.get("ComparisonOperator", ""),
        "missing": item.get("TreatMissingData") or "missing",
        "actions": frozenset(item.get("AlarmActions", ())),
        "recovered": frozenset(item.get("OKActions", ())),
        "enabled": item.get("ActionsEnabled", True),
        "description": item.get("AlarmDescription") or "",
    }


def _alarm(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    statistic = "Statistic" if fields["statistic"] in STATISTICS else "ExtendedStatistic"
    told = {
        "AlarmName": name,
        "AlarmDescription": fields["description"],
        "ActionsEnabled": fields["enabled"],
        "AlarmActions": sorted(fields["actions"]),
        "OKActions": sorted(fields["recovered"]),
        "MetricName": fields["metric"],
        "Namespace": fields["namespace"],
        "Dimensions": [{"Name": key, "Value": value} for key, value in sorted(fields["dimensions"].items())],
        statistic: fields["statistic"],
        "Period": fields["period"],
        "EvaluationPeriods": fields["periods"],
        "Threshold": fields["threshold"],
        "ComparisonOperator": fields["comparison"],
        "TreatMissingData": fields["missing"],
    }
    return told | ({"DatapointsToAlarm": fields["datapoints"]} if fields["datapoints"] else {})


UNCUT = 48
"""So much of a name's beginning stays, however long the object's own name is: names are cut to 64 at least."""

KEPT_BY = "Kept by awslab: what is changed here by hand is put back."
LABEL = re.compile(re.escape(KEPT_BY) + r"\s+`(\{.*\})`")


@dataclass(frozen=True, kw_only=True)
class Dashboard(Named):
    """A dashboard.

    The tagging API does not show dashboards, and not every region's CloudWatch takes tags of them, so they are
    written on it: a text widget at the end says whose it is, and is no part of the body that is compared.
    """

    mutable: ClassVar = frozenset({"body"})

    body: str
    """Canonical JSON, without the widget with the tags."""

    @classmethod
    def observe(cls, aws: Aws) -> Iterator[Observed]:
        """Find the owner's: those of which the name may be the owner's, and the widget says that they are."""
        paginator = aws.client("cloudwatch").get_paginator("list_dashboards")
        for page in paginator.paginate(DashboardNamePrefix=aws.owner.prefix[:UNCUT]):
            for entry in page["DashboardEntries"]:
                found = cls.looked(aws, entry["DashboardArn"])
                if found and found.owner == aws.owner.key:
                    yield found

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed:
        body, tags = _told(aws, arn)
        return cls.seen(arn, {"body": body}, tags)

    def make(self, aws: Aws, ids: Ids) -> None:
        _put(aws, self.arn, self.body, aws.owner.birth_tags(self))

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        _, tags = _told(aws, found.id)
        _put(aws, found.id, changes.desired("body"), tags)

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        body, tags = _told(aws, arn)
        _put(aws, arn, body, {key: value for key, value in {**tags, **new}.items() if key not in gone})

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        with unless_gone():
            aws.client("cloudwatch").delete_dashboards(DashboardNames=[name_in(found.id)])


def _told(aws: Aws, arn: str) -> tuple[str, dict[str, str]]:
    """A dashboard's body without our widget, and the tags in that."""
    body = json.loads(aws.client("cloudwatch").get_dashboard(DashboardName=name_in(arn))["DashboardBody"])
    widgets = body.get("widgets", [])
    ours = next((widget for widget in widgets if _label(widget)), None)
    if ours is None:
        return canonical(body), {}
    return canonical({**body, "widgets": [widget for widget in widgets if widget is not ours]}), _label(ours)


def _label(widget: Mapping[str, Any]) -> dict[str, str]:
    """The tags in a widget; none where it is not ours."""
    text = LABEL.search(str(widget.get("properties", {}).get("markdown", "")))
    try:
        return {str(key): str(value) for key, value in json.loads(text[1]).items()} if text else {}
    except ValueError:
        return {}


def _put(aws: Aws, arn: str, body: str, tags: Mapping[str, str]) -> None:
    told = json.loads(body)
    widgets = told.get("widgets", [])
    below = max((widget.get("y", 0) + widget.get("height", 6) for widget in widgets), default=0)
    properties = {"markdown": f"{KEPT_BY}\n\n`{canonical(dict(tags))}`"}
    ours = {"type": "text", "x": 0, "y": below, "width": 24, "height": 2, "properties": properties}
    text = canonical({**told, "widgets": [*widgets, ours]})
    aws.client("cloudwatch").put_dashboard(DashboardName=name_in(arn), DashboardBody=text)
