"""Dashboards: a body that CloudWatch could not show is refused, and the answer says where it is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awslab.local.aws.asked import Asked

book = Book("cloudwatch")
TYPES = frozenset({"metric", "text", "alarm", "log", "explorer", "custom", "alarm-status"})
NEEDED = {"text": "markdown", "log": "query", "alarm": "alarms"}
WIDEST, HIGHEST, MOST_WIDGETS = 24, 1000, 500


@book.behaves(
    "dashboard-body",
    "PutDashboard",
    code="DashboardInvalidInputError",
    does="A dashboard's body is a JSON object with widgets of known types, sizes and properties.",
    see="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
)
def put(asked: Asked) -> dict[str, Any]:
    """Answer PutDashboard."""
    if wrong := list(_problems(asked.params.get("DashboardBody") or "")):
        told = "; ".join(f"{path}: {message}" for path, message in wrong)
        sentence = f"The dashboard body is invalid, there are {len(wrong)} validation errors: {told}"
        raise AwsError("DashboardInvalidInputError", sentence)
    asked.motos()
    return {"DashboardValidationMessages": []}


def _problems(body: str) -> Iterator[tuple[str, str]]:
    try:
        told = json.loads(body)
    except ValueError:
        yield "/", "The field DashboardBody must be a valid JSON object"
        return
    if not isinstance(told, dict) or not isinstance(told.get("widgets"), list):
        yield "/widgets", "Should have property 'widgets', an array"
        return
    if len(told["widgets"]) > MOST_WIDGETS:
        yield "/widgets", f"Should have at most {MOST_WIDGETS} items"
    for number, widget in enumerate(told["widgets"]):
        yield from _of_widget(widget, f"/widgets/{number}")


def _of_widget(widget: Any, place: str) -> Iterator[tuple[str, str]]:
    if not isinstance(widget, dict) or widget.get("type") not in TYPES:
        yield f"{place}/type", f"Should be one of {', '.join(sorted(TYPES))}"
        return
    for name, most in (("width", WIDEST), ("height", HIGHEST)):
        size = widget.get(name, 1)
        if not isinstance(size, int) or not 1 <= size <= most:
            yield f"{place}/{name}", f"Should be a number from 1 to {most}"
    properties = widget.get("properties")
    if not isinstance(properties, dict):
        yield f"{place}/properties", "Should be an object"
        return
    needed = NEEDED.get(widget["type"])
    if needed and needed not in properties:
        yield f"{place}/properties/{needed}", f"Should have property '{needed}'"
    if widget["type"] == "metric":
        yield from _of_metric(properties, f"{place}/properties")


def _of_metric(properties: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    if "metrics" not in properties and "alarms" not in (properties.get("annotations") or {}):
        yield f"{place}/metrics", "Should have property 'metrics' or 'annotations' with alarms"
    metrics = properties.get("metrics", [])
    if not isinstance(metrics, list):
        yield f"{place}/metrics", "Should be an array"
        return
    for number, metric in enumerate(metrics):
        if not isinstance(metric, list) or not metric:
            yield f"{place}/metrics/{number}", "Should be an array with namespace, metric and dimensions"
    if "metrics" in properties and not isinstance(properties.get("region", ""), str):
        yield f"{place}/region", "Should be a string"
