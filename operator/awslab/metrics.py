"""Everything that the operator counts, on one Prometheus registry.

Who has a number imports its metric from here; nothing here imports anyone. The page
``docs/reference/metrics.md`` is generated from this registry (``python -m awslab.controller.reference``).
"""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call] # an untyped function that drops a time beside each number
REGISTRY = CollectorRegistry()

# A call to AWS answers in 20 ms (a Describe) to some seconds (RunInstances under throttling).
_CALL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# A pass is some calls side by side; a wait in the queue is nothing, or a sign of too few workers.
_PASS_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_WAIT_BUCKETS = (0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
# A network is ready in 2 to 5 minutes, a cluster or a database in 10 to 30.
_READY_BUCKETS = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)

AWS_CALLS = Counter(
    "awslab_aws_calls",
    "Calls to AWS, by their result: code is OK or the error code of AWS.",
    ("service", "operation", "code"),
    registry=REGISTRY,
)
AWS_CALL_SECONDS = Histogram(
    "awslab_aws_call_seconds",
    "Duration of calls to AWS, one attempt each.",
    ("service", "operation"),
    buckets=_CALL_BUCKETS,
    registry=REGISTRY,
)
AWS_THROTTLES = Counter(
    "awslab_aws_throttles",
    "Calls that AWS refused because there were too many.",
    ("service", "operation"),
    registry=REGISTRY,
)
AWS_LIMIT_WAIT_SECONDS = Histogram(
    "awslab_aws_limit_wait_seconds",
    "Time that a call to AWS waited for its turn under AWS's request rates; class is read, write or own "
    "(an operation with a rate of its own).",
    ("service", "class"),
    buckets=_WAIT_BUCKETS,
    registry=REGISTRY,
)
PASSES = Counter(
    "awslab_passes",
    "Passes over one object, by result: ok, conflict (the object changed meanwhile), gone, error.",
    ("kind", "result"),
    registry=REGISTRY,
)
PASS_SECONDS = Histogram(
    "awslab_pass_seconds",
    "Duration of one pass over one object.",
    ("kind",),
    buckets=_PASS_BUCKETS,
    registry=REGISTRY,
)
QUEUE_DEPTH = Gauge(
    "awslab_queue_depth",
    "Objects that are due and wait for a worker; priority is urgent, progress or resync.",
    ("priority",),
    registry=REGISTRY,
)
QUEUE_WAIT_SECONDS = Histogram(
    "awslab_queue_wait_seconds",
    "Time between an object being due and a worker taking it.",
    buckets=_WAIT_BUCKETS,
    registry=REGISTRY,
)
QUEUE_OLDEST_SECONDS = Gauge(
    "awslab_queue_oldest_seconds",
    "How long the object that waits longest has been due; 0 when none waits.",
    registry=REGISTRY,
)
QUEUE_RETRIES = Counter(
    "awslab_queue_retries",
    "Passes that failed and were put back with a growing delay.",
    registry=REGISTRY,
)
WORKERS_BUSY = Gauge(
    "awslab_workers_busy",
    "Workers that are in a pass now.",
    registry=REGISTRY,
)
RESOURCES = Gauge(
    "awslab_resources",
    "AWS resources that are looked after, by kind of object, type and state.",
    ("kind", "type", "state"),
    registry=REGISTRY,
)
DRIFT_FOUND = Counter(
    "awslab_drift_found",
    "Resources that somebody else changed or deleted.",
    ("kind", "type"),
    registry=REGISTRY,
)
DRIFT_MENDED = Counter(
    "awslab_drift_mended",
    "Resources that were put back as the spec says.",
    ("kind", "type"),
    registry=REGISTRY,
)
TIME_TO_READY = Histogram(
    "awslab_time_to_ready_seconds",
    "Time from the creation of an object to its first Ready.",
    ("kind",),
    buckets=_READY_BUCKETS,
    registry=REGISTRY,
)
RUNS = Counter(
    "awslab_runs",
    "What objects ran in AWS, such as executions of a pipeline, by result: Started, Succeeded, Failed.",
    ("kind", "namespace", "name", "result"),
    registry=REGISTRY,
)
RUN_SECONDS = Histogram(
    "awslab_run_seconds",
    "How long such a run took.",
    ("kind", "namespace", "name"),
    buckets=_READY_BUCKETS,
    registry=REGISTRY,
)
CHECKS_FAILED = Gauge(
    "awslab_checks_failed",
    "Promises of the spec, such as flows open or closed, that AWS does not keep.",
    ("kind", "namespace", "name"),
    registry=REGISTRY,
)
LEADER = Gauge(
    "awslab_leader",
    "1 where this replica is the one that works, 0 on a standby.",
    registry=REGISTRY,
)
EVENTS = Counter(
    "awslab_events",
    "Kubernetes Events, by type and result: posted, repeated, limited, dropped, failed.",
    ("type", "result"),
    registry=REGISTRY,
)
KUBE_REQUESTS = Counter(
    "awslab_kube_requests",
    "Requests to the Kubernetes API server; code is the HTTP status, or 0 when there was no answer.",
    ("verb", "code"),
    registry=REGISTRY,
)
SOURCE_RESTARTS = Counter(
    "awslab_source_restarts",
    "Times the watch on Kubernetes ended with an error and was started anew.",
    registry=REGISTRY,
)
BUILD = Info(
    "awslab_build",
    "Version of the operator and of the Python that runs it.",
    registry=REGISTRY,
)


def package_version() -> str:
    """The version of the installed package, or "unknown" when it runs from a bare checkout."""
    try:
        return version("awslab-operator")
    except PackageNotFoundError:
        return "unknown"


BUILD.info({"version": package_version(), "python": platform.python_version()})
ProcessCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)
