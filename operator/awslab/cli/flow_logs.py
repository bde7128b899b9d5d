"""`awslab logs labvpc/production --rejected`: questions to a network's flow logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from awslab.aws.insights import ask
from awslab.kinds.flow_logs import FLOW_LOGS, queries
from awslab.kinds.labvpc import LAB_VPC

from .account import aws_of
from .live import Live

QUESTIONS = {
    "--rejected": ("rejected-traffic", "what was rejected, the most packets first"),
    "--top-talkers": ("top-talkers", "who moved the most bytes"),
    "--by-port": ("traffic-by-port", "bytes by port"),
    "--bastion": ("bastion-traffic", "what went to and from port 22"),
}
"""The saved queries by the options that ask them."""


def question_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give *command* an option for each question, of which the last one that is given is the ``question``."""
    for name, (query, about) in reversed(QUESTIONS.items()):
        option = click.option(name, "question", flag_value=query, default=None, help=f"Of a network: {about}.")
        command = option(command)
    return command


def groups_of(live: Live) -> dict[str, str]:
    """The log group of a network's flow logs; raises ClickException where there is none."""
    if group := live.status.get("flowLogGroup"):
        return {FLOW_LOGS: group}
    if bucket := live.status.get("flowLogBucket"):
        raise click.ClickException(f"{live.name} keeps its flow logs in {bucket}; ask Athena, or read them there")
    raise click.ClickException(f"{live.name} has no flow logs; give it spec.flowLogs: {{}}")


def answer(live: Live, question: str, since: float) -> None:
    """Print what a saved query finds within the last *since* seconds."""
    if live.kind is not LAB_VPC:
        raise click.ClickException(f"{live.name} has no flow logs; a {LAB_VPC.name} has")
    groups, texts = list(groups_of(live).values()), queries(LAB_VPC.spec_of(live.obj))
    if question not in texts:
        raise click.ClickException(f"{live.name} has no bastion; give it spec.bastion: {{}}")
    end = datetime.now(UTC)
    with aws_of(live) as aws:
        rows = ask(aws, groups, texts[question], end - timedelta(seconds=since), end)
    _print(rows)


def _print(rows: Sequence[Mapping[str, str]]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not rows:
        console.print("Nothing in that time; flow logs come up to ten minutes late.")
        return
    table = Table(*rows[0], box=None, header_style="bold")
    for row in rows:
        table.add_row(*(row.get(name, "") for name in rows[0]))
    console.print(table)
