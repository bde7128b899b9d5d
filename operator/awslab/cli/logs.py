"""`awslab logs datapipeline/sales`: what functions and runs wrote to their logs, or a network's flow logs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from awslab.api.management import DURATION, UNITS
from awslab.aws.session import Aws
from awslab.kinds.labvpc import LAB_VPC

from . import flow_logs
from .account import aws_of
from .live import Cluster, Live, in_cluster
from .pipelines import Pipeline, lines

EVERY = 2.0
"""Seconds between two looks while following."""

LATE = timedelta(seconds=5)
"""How late CloudWatch may show a line."""


def _seconds(_: click.Context, __: click.Parameter, text: str) -> float:
    if not re.fullmatch(DURATION, text):
        raise click.BadParameter(f"{text} is no duration; say for example 90s, 15m or 2h")
    return float(sum(int(n) * UNITS[unit] for n, unit in re.findall(r"([0-9]+)([smh])", text)))


@click.command("logs")
@click.argument("reference", metavar="KIND/NAME")
@click.option("-s", "--step", "steps", multiple=True, help="Only of this step; may be repeated. All if left out.")
@click.option("--since", default="15m", show_default=True, callback=_seconds, help="How far back: 90s, 15m, 2h.")
@click.option("--grep", default="", help="Only lines with this text.")
@click.option("-f", "--follow", is_flag=True, help="Go on showing what comes.")
@flow_logs.question_options
@in_cluster
def logs(reference: str, cluster: Cluster, *, question: str | None, since: float, **how: Any) -> None:
    """Show what a pipeline's functions wrote, in the order of time; or the flow logs of a network.

    A network's flow logs can be asked a question instead, over a longer time: --rejected --since 24h.
    """
    live = cluster.get(reference)
    if question:
        flow_logs.answer(live, question, since)
        return
    groups = flow_logs.groups_of(live) if live.kind is LAB_VPC else Pipeline.named(cluster, reference).log_groups
    _show(live, groups, since, **how)


def _show(
    live: Live, all_groups: dict[str, str], since: float, *, steps: tuple[str, ...], grep: str, follow: bool
) -> None:
    """Print the lines of log groups, and go on with those that come if *follow*."""
    groups, console = _chosen(all_groups, steps), Console(highlight=False, soft_wrap=True)
    begin, shown = datetime.now(UTC) - timedelta(seconds=since), set[tuple[datetime, str, str]]()
    with aws_of(live) as aws:
        while True:
            for entry in sorted(_entries(aws, groups, begin, grep) - shown):
                moment, step, text = entry
                console.print(Text(f"{moment:%H:%M:%S} ").append(f"{step:<20} ", "cyan").append(text))
                shown.add(entry)
            if not follow:
                return
            begin = max([begin, *(moment - LATE for moment, _, _ in shown)])
            time.sleep(EVERY)


def _chosen(groups: dict[str, str], steps: Iterable[str]) -> dict[str, str]:
    """The groups of those steps; of all functions where none is named."""
    if unknown := [step for step in steps if step not in groups]:
        raise click.BadParameter(
            f"there is no {', '.join(unknown)}; there are {', '.join(groups)}", param_hint="--step"
        )
    return {step: groups[step] for step in steps} or {s: g for s, g in groups.items() if s != "state-machine"}


def _entries(aws: Aws, groups: dict[str, str], since: datetime, text: str) -> set[tuple[datetime, str, str]]:
    pattern = f'"{text}"' if text else ""
    return {(at, step, said) for step, group in groups.items() for at, said in lines(aws, group, since, pattern)}
