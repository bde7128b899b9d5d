"""What calls for people, and what they look at then: alarms, and a dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from awslab.api.datapipeline import DataPipelineSpec
from awslab.aws.cloudwatch import Alarm, Dashboard
from awslab.aws.documents import canonical
from awslab.aws.messaging import Topic
from awslab.aws.states import StateMachine
from awslab.core.graph import Graph
from awslab.core.values import FrozenMap
from awslab.kinds import flow

from .names import START, Names

PERIOD = 300
MILLISECONDS = 1000
START_TIMEOUT = 60
WIDTH, HEIGHT = 12, 6
"""Of a widget: two in a row, on a grid of 24."""

# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
RUN_METRICS = {"failed": "ExecutionsFailed", "throttled": "ExecutionThrottled", "timed-out": "ExecutionsTimedOut"}


@dataclass(frozen=True)
class Watching:
    """Adds alarms and the dashboard to a composition."""

    spec: DataPipelineSpec
    names: Names
    graph: Graph
    told: Topic
    machine: StateMachine

    def whole(self) -> None:
        """Add all that the spec asks for."""
        if self.spec.alarms.enabled:
            for alarm in self._alarms():
                self.graph.add(alarm)
        if self.spec.dashboard:
            body = canonical({"widgets": list(self._widgets())})
            self.graph.add(Dashboard(name="pipeline", arn=self.names.dashboard, body=body, after=(self.machine,)))

    # Alarms

    def _alarms(self) -> Iterator[Alarm]:
        for part, metric in RUN_METRICS.items():
            about = f"Runs of the DataPipeline {self._pipeline}: {metric}"
            yield self._alarm(
                f"runs-{part}", "AWS/States", metric, self._runs, self.spec.alarms.failed_executions, about
            )
        for function, timeout in self._functions():
            yield from self._of_function(function, timeout)
        about = f"Events of the DataPipeline {self._pipeline} that could not be handed on"
        queue = {"QueueName": self.names.dead_letters.rpartition(":")[2]}
        yield self._alarm(
            "dead-letters",
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            queue,
            self.spec.alarms.dead_letters,
            about,
            statistic="Maximum",
        )

    def _of_function(self, function: str, timeout: int) -> Iterator[Alarm]:
        alarms, about = self.spec.alarms, f"The function {function} of the DataPipeline {self._pipeline}"
        one = self._function(function)
        yield self._alarm(f"errors-{function}", "AWS/Lambda", "Errors", one, alarms.function_errors, f"{about} failed")
        yield self._alarm(
            f"slow-{function}",
            "AWS/Lambda",
            "Duration",
            one,
            timeout * MILLISECONDS * alarms.duration_percent / 100,
            f"{about} took {alarms.duration_percent} % of its timeout",
            statistic="Maximum",
        )

    def _alarm(
        self,
        part: str,
        namespace: str,
        metric: str,
        dimensions: Mapping[str, str],
        threshold: float,
        about: str,
        *,
        statistic: str = "Sum",
    ) -> Alarm:
        return Alarm(
            name=part,
            arn=self.names.alarm(part),
            namespace=namespace,
            metric=metric,
            dimensions=FrozenMap(dimensions),
            statistic=statistic,
            period=PERIOD,
            threshold=float(threshold),
            comparison="GreaterThanOrEqualToThreshold",
            actions=frozenset({self.told}),
            description=about,
            tags=FrozenMap(self.spec.tags),
        )

    # The dashboard

    def _widgets(self) -> Iterator[dict[str, Any]]:
        states, functions = "AWS/States", [name for name, _ in self._functions()]
        runs = ("ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut")
        yield self._widget(0, "Runs", "Sum", [_line(states, metric, self._runs) for metric in runs])
        yield self._widget(1, "Time of a run (ms)", "Average", [_line(states, "ExecutionTime", self._runs)])
        for place, (metric, statistic) in enumerate((("Duration", "Maximum"), ("Errors", "Sum")), start=2):
            lines = [_line("AWS/Lambda", metric, self._function(name)) for name in functions]
            yield self._widget(place, f"{metric} of functions", statistic, lines)
        queue = {"QueueName": self.names.dead_letters.rpartition(":")[2]}
        letters = _line("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue)
        yield self._widget(4, "Dead letters", "Maximum", [letters])

    def _widget(self, place: int, title: str, statistic: str, metrics: list[list[str]]) -> dict[str, Any]:
        row, column = divmod(place, 2)
        return {
            "type": "metric",
            "x": column * WIDTH,
            "y": row * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": {
                "title": title,
                "region": self.names.place.region,
                "stat": statistic,
                "period": PERIOD,
                "view": "timeSeries",
                "metrics": metrics,
            },
        }

    # What both are about

    @property
    def _pipeline(self) -> str:
        return self.names.place.owner.name

    @property
    def _runs(self) -> dict[str, str]:
        return {"StateMachineArn": self.names.machine}

    def _function(self, name: str) -> dict[str, str]:
        return {"FunctionName": self.names.function(name).rpartition(":")[2]}

    def _functions(self) -> Iterator[tuple[str, int]]:
        yield START, START_TIMEOUT
        yield from (
            (function.name, function.settings.timeout or START_TIMEOUT) for function in flow.functions(self.spec)
        )


def _line(namespace: str, metric: str, dimensions: Mapping[str, str]) -> list[str]:
    """A line of a graph: namespace, metric, and its dimensions in turn."""
    return [namespace, metric, *(word for pair in dimensions.items() for word in pair)]
