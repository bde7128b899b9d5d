"""Write the reference of the operator's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.metrics import MetricWrapperBase

from awslab import metrics

from .yamldoc import NOTICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

_SUFFIXES = {"counter": "_total", "info": "_info"}


def metrics_page() -> str:
    """Every metric with its type, its labels and its meaning, in Markdown: our own, then those of the process."""
    return "\n".join(
        (
            f"<!-- {NOTICE} -->",
            "# The operator's metrics",
            "",
            "At `/metrics` of `--metrics-address`, in the format of Prometheus. The operator's own come first, then",
            "those of its process.",
            "",
            "| metric | type | labels | meaning |",
            "|---|---|---|---|",
            *_rows(),
            "",
        )
    )


def _rows() -> Iterator[str]:
    own = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    labels = {found.name: metric._labelnames for metric in own for found in metric.describe()}  # noqa: SLF001 - no other place tells the labels of what was not counted yet
    for found in sorted(metrics.REGISTRY.collect(), key=lambda found: (found.name not in labels, found.name)):
        names = ", ".join(f"`{label}`" for label in labels.get(found.name, ()))
        yield f"| `{_exposed(found)}` | {found.type} | {names} | {found.documentation} |"


def _exposed(found: Metric) -> str:
    """The name as Prometheus shows it."""
    return found.name.removesuffix(suffix := _SUFFIXES.get(found.type, "")) + suffix
