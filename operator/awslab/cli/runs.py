"""`awslab runs datapipeline/sales`: the last runs of a pipeline."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from awslab.aws.executions import RUNNING, Execution

from .account import aws_of
from .live import Cluster, in_cluster
from .pipelines import Pipeline

STYLES = {"SUCCEEDED": "green", RUNNING: "yellow"}
WIDE = 200


@click.command("runs")
@click.argument("reference", metavar="KIND/NAME")
@click.option("-m", "--most", type=click.IntRange(1, 1000), default=20, show_default=True, help="So many at most.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@in_cluster
def runs(reference: str, cluster: Cluster, *, most: int, output: str) -> None:
    """Show the last runs of a pipeline: file, how it went, how long it took, the step that failed."""
    pipeline = Pipeline.named(cluster, reference)
    with aws_of(pipeline.live) as aws:
        found = pipeline.runs(aws, most)
    if output == "json":
        click.echo(json.dumps([asdict(e) for e in found], indent=2, default=str))
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDE)
    console.print(table(found) if found else f"{pipeline.live.name} has no runs; begin one: awslab run {reference}")


def table(found: list[Execution]) -> Table:
    """The runs, a line each."""
    shown = Table(box=None, pad_edge=False)
    for column in ("RUN", "FILE", "STATUS", "BEGAN", "TOOK", "WHAT FAILED"):
        shown.add_column(column, overflow="fold")
    for execution in found:
        status = Text(execution.status, STYLES.get(execution.status, "bold red"))
        file = execution.file.key if execution.file else ""
        began = f"{execution.start.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        shown.add_row(execution.name[:12], Text(file), status, began, took(execution), Text(trouble(execution)))
    return shown


def took(execution: Execution) -> str:
    """How long it took, or that it still runs."""
    return "" if execution.seconds is None else f"{execution.seconds:.1f} s"


def trouble(execution: Execution) -> str:
    """Where and why it failed."""
    why = ": ".join(filter(None, (execution.error, execution.cause.partition("\n")[0])))
    return f"{execution.state}: {why}" if execution.state else why
