"""`awslab run datapipeline/sales --file sales_data.csv`: upload a file and follow what becomes of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from awslab.aws.executions import Event, Execution
from awslab.aws.session import Aws

from .account import aws_of
from .live import Cluster, in_cluster
from .pipelines import Pipeline, lines, run_id
from .runs import STYLES, trouble

EVERY = 0.5
"""Seconds between two looks."""

SHOWN_LINES = 20
ENTERED, LEFT = "StateEntered", "StateExited"


@click.command("run")
@click.argument("reference", metavar="KIND/NAME")
@click.option(
    "-f", "--file", "path", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The file to upload.",
)  # fmt: skip
@click.option("--as", "name", help="The name to upload it under; its own if left out.")
@click.option("--timeout", type=float, default=900, show_default=True, help="Seconds to follow it for.")
@in_cluster
def run(reference: str, cluster: Cluster, *, path: Path, name: str | None, timeout: float) -> None:
    """Upload a file to a pipeline, and follow its run; the exit code is 0 if it succeeds."""
    pipeline, console = Pipeline.named(cluster, reference), Console(highlight=False, soft_wrap=True)
    with aws_of(pipeline.live) as aws:
        upload = _upload(pipeline, aws, path, name or path.name, console)
        ended = _follow(pipeline, aws, upload, timeout, console)
        if ended.failed:
            _explain(pipeline, aws, ended, console)
        else:
            _show_result(pipeline, aws, ended, console)
    sys.exit(1 if ended.failed else 0)


def _upload(pipeline: Pipeline, aws: Aws, path: Path, name: str, console: Console) -> str:
    """Upload it; returns the name of the run that this begins."""
    bucket, prefix = pipeline.bucket()
    suffix, key = pipeline.live.obj["spec"].get("source", {}).get("suffix", ""), prefix + name
    if not key.endswith(suffix):
        raise click.BadParameter(f"{name} does not end with {suffix}, so that it begins no run", param_hint="--file")
    with path.open("rb") as body:
        answer = aws.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    console.print(f"uploaded s3://{bucket}/{key}")
    if "VersionId" not in answer:
        raise click.ClickException(f"{bucket} keeps no versions: the run cannot be told; see: awslab runs")
    return run_id(bucket, key, answer["VersionId"])


def _follow(pipeline: Pipeline, aws: Aws, name: str, timeout: float, console: Console) -> Execution:
    """Tell each step as it begins and ends, until the run has ended."""
    deadline, told = time.monotonic() + timeout, 0
    while time.monotonic() < deadline:
        if found := pipeline.run(aws, name):
            events = [e for e in pipeline.events(aws, found) if e.type.endswith((ENTERED, LEFT)) or e.error]
            for event in events[told:]:
                console.print(_line(event, found.start))
            told = len(events)
            if found.stop:
                console.print(Text(f"{found.status} after {found.seconds:.1f} s", STYLES.get(found.status, "bold red")))
                return found
        time.sleep(EVERY)
    began = "its run has not ended" if told else "no run has begun"
    raise click.ClickException(f"{began} within {timeout:.0f} s; see: awslab runs, awslab logs")


def _line(event: Event, start: datetime) -> Text:
    at = f"  {max(0.0, (event.moment - start).total_seconds()):6.1f} s  "
    if event.type.endswith(ENTERED):
        return Text(f"{at}→ {event.state}")
    if event.type.endswith(LEFT):
        return Text(f"{at}✓ {event.state}", "green")
    return Text(f"{at}✗ {event.error}: {event.cause.partition(chr(10))[0]}", "red")


def _explain(pipeline: Pipeline, aws: Aws, ended: Execution, console: Console) -> None:
    """The step that failed, why, and what its function wrote to its log."""
    console.print(Text(trouble(ended), "bold red"))
    group = pipeline.log_groups.get(ended.state)
    if group:
        written = list(lines(aws, group, ended.start - timedelta(seconds=1)))
        for moment, text in written[-SHOWN_LINES:]:
            console.print(Text(f"  {moment.astimezone(UTC):%H:%M:%S} {text}", "dim"))


def _show_result(pipeline: Pipeline, aws: Aws, ended: Execution, console: Console) -> None:
    """Everything that was written below the output prefix since the run began."""
    bucket = pipeline.live.status["outputBucketName"]
    prefix = pipeline.live.obj["spec"].get("output", {}).get("prefix", "output/")
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    recent: Callable[[datetime], bool] = lambda moment: moment >= ended.start - timedelta(seconds=1)  # noqa: E731
    for page in pages:
        for item in page.get("Contents", ()):
            if recent(item["LastModified"]):
                console.print(f"  s3://{bucket}/{item['Key']}  {item['Size']:,} bytes")
