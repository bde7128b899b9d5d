"""`awslab approve KIND/NAME`: let a plan be carried out, after showing it."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from awslab.controller.consent import APPROVE_ANNOTATION
from awslab.controller.kube import ApiConflict, ApiError, path

from .live import Cluster, Live, in_cluster, plan_lines

TRIES = 5
"""Writes that may meet a newer version of the object, as its status is written all the time."""


@click.command("approve")
@click.argument("reference", metavar="KIND/NAME")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@in_cluster
def approve(reference: str, cluster: Cluster, *, yes: bool) -> None:
    """Show what is planned for an object, ask, and have it carried out."""
    live = cluster.get(reference)
    plan = planned(live)
    console = Console(highlight=False, soft_wrap=True)
    console.print(live.name, style="bold")
    for line in plan_lines(plan):
        console.print(line)
    if not yes and not click.confirm("Carry this out?", default=False):
        raise click.ClickException("nothing was approved")
    _annotate(live, plan["hash"])
    click.echo(f"Approved {plan['hash']}; follow it with: awslab trace {reference} -n {cluster.namespace} --watch")


def planned(live: Live) -> Any:
    """The plan that waits in the object's status; raises ClickException where there is none, or it is old."""
    if live.deleting:
        raise click.ClickException(f"{live.name} is being deleted; a deletion needs no approval")
    if not live.is_current:
        way_out = "wait a moment and try again; if this stays, see whether the operator runs"
        raise click.ClickException(f"the operator has not yet looked at the newest spec of {live.name}: {way_out}")
    if not live.status.get("plan"):
        raise click.ClickException(f"nothing is planned for {live.name}: {live.condition('Ready').get('message', '')}")
    return live.status["plan"]


def _annotate(live: Live, hash_: str) -> None:
    """Set the annotation on exactly the object whose plan was shown; its status may have moved on meanwhile."""
    for _ in range(TRIES):
        meta = live.meta
        wanted = {"resourceVersion": meta["resourceVersion"], "annotations": {APPROVE_ANNOTATION: hash_}}
        where = path(live.kind, meta["namespace"], meta["name"])
        try:
            live.cluster.kube.request(
                "patch", "PATCH", where, body={"metadata": wanted}, content_type="application/merge-patch+json"
            )
        except ApiConflict:
            live = live.again()
            if planned(live)["hash"] != hash_:
                changed = "the plan has changed while you looked at it; nothing was approved: look at it again"
                raise click.ClickException(changed) from None
        except ApiError as error:
            raise click.ClickException(str(error)) from error
        else:
            return
    raise click.ClickException(f"{live.name} changes all the time; nothing was approved: try again")
