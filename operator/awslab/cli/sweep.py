"""`awslab sweep --region R`: what carries our tags and has no object any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import click
from rich.console import Console
from rich.text import Text

from awslab.aws.errors import translated
from awslab.aws.listed import Listed, tags_of
from awslab.aws.session import Aws, Clients
from awslab.core.errors import LabError
from awslab.core.graph import Graph
from awslab.core.ownership import OWNER_TAG, Owner
from awslab.core.plan import Action, Hints, Step
from awslab.core.resource import Observed, Resource
from awslab.engine import Permit, observe, reconcile
from awslab.kinds import KINDS

from .live import Cluster, in_cluster, told

PAUSE = 2.0
"""Seconds between two looks while AWS deletes."""

TYPES: tuple[type[Resource], ...] = tuple(dict.fromkeys(t for kind in KINDS for t in kind.types))


@dataclass(frozen=True)
class Orphans:
    """What one owner left, whose object is gone."""

    owner: Owner
    found: Sequence[Observed]


@click.command("sweep")
@click.option("--region", required=True, help="The AWS region to look in.")
@click.option("--instance", default="default", envvar="AWSLAB_INSTANCE", show_default=True, help="The operator's name.")
@click.option("--delete", "chosen", multiple=True, metavar="ID|ADDRESS", help="Delete this one; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="Delete all that is listed.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--timeout", default=900.0, show_default=True, help="Seconds to wait for AWS.")
@in_cluster
def sweep(
    region: str,
    instance: str,
    chosen: tuple[str, ...],
    cluster: Cluster,
    timeout: float,
    *,
    everything: bool,
    yes: bool,
) -> None:
    """List what carries the operator's tags in AWS and has no object in the cluster; delete it when told.

    An object that lives in another cluster, under an operator of the same instance name, looks as
    if it were gone: look at the list before you delete.
    """
    console = Console(highlight=False, soft_wrap=True)
    with ThreadPoolExecutor(16) as pool:
        clients = Clients(region)
        orphans = left_over(clients, instance, living(cluster), pool)
        _show(console, orphans, region)
        going = _chosen(orphans, chosen, everything=everything)
        if not going:
            return
        if not yes and not click.confirm(f"Delete {len(going)} of these in AWS?", default=False):
            raise click.ClickException("nothing was deleted")
        for one in orphans:
            _delete(one, going, clients, pool, timeout)


def living(cluster: Cluster) -> set[tuple[str, str, str]]:
    """Every object in the cluster, by kind, namespace and name."""
    with told():
        return {
            (kind.name, obj["metadata"]["namespace"], obj["metadata"]["name"])
            for kind in KINDS
            for obj in cluster.kube.every(kind)
        }


def left_over(clients: Clients, instance: str, objects: set[tuple[str, str, str]], pool: Executor) -> list[Orphans]:
    """What each owner of *instance* has that is none of *objects*; raises ClickException."""
    try:
        owners = _owners(clients, instance, pool)
        gone = [o for o in owners if (o.kind, o.namespace, o.name) not in objects]
        return [Orphans(o, observe(TYPES, Aws(clients, o), pool)) for o in gone]
    except LabError as error:
        raise click.ClickException(str(error)) from error


def _owners(clients: Clients, instance: str, pool: Executor) -> list[Owner]:
    """Every owner of *instance* that some resource names in its tag."""
    aws = Aws(clients, Owner(instance, "", "", ""))
    tagged = [{"Name": f"tag:{OWNER_TAG}", "Values": [f"{instance}/*"]}]

    def keys(kind: type[Resource]) -> set[str]:
        if not issubclass(kind, Listed):
            return set()
        with translated():
            return {tags_of(item).get(OWNER_TAG, "") for item in kind.describe(aws, tagged)}

    found = {tuple(key.split("/")) for some in pool.map(keys, TYPES) for key in some}
    return [Owner(*parts) for parts in sorted(found) if len(parts) == 4 and parts[0] == instance]  # noqa: PLR2004 - as Owner.key says


def _show(console: Console, orphans: Iterable[Orphans], region: str) -> None:
    listed = [o for o in orphans if o.found]
    for one in listed:
        console.print(Text(f"{one.owner.kind} {one.owner.namespace}/{one.owner.name} (no such object)", "bold"))
        for found in one.found:
            console.print(Text(f"  {found.address}  {found.id}").append(f"  {found.phase}", "dim"))
    if not listed:
        console.print(f"Everything with our tags in {region} has its object.")


def _chosen(orphans: Iterable[Orphans], chosen: Sequence[str], *, everything: bool) -> set[str]:
    """The ids of what is to go; raises ClickException where a name fits nothing, or more than one."""
    found = [o for one in orphans for o in one.found]
    if everything:
        return {o.id for o in found}
    going = set()
    for word in chosen:
        fitting = [o.id for o in found if word in {o.id, o.address}]
        if len(fitting) != 1:
            problem = "is nothing that is listed" if not fitting else f"is said of {', '.join(fitting)}: give the id"
            raise click.BadParameter(f"{word} {problem}", param_hint="--delete")
        going.add(fitting[0])
    return going


def _delete(orphans: Orphans, going: set[str], clients: Clients, pool: Executor, timeout: float) -> None:
    """Delete those of *going* by the operator's own engine; raises ClickException where one stays."""
    mine = {o.id for o in orphans.found} & going
    end = time.monotonic() + timeout
    while mine:
        left, said = _one_pass(orphans.owner, mine, clients, pool)
        if not left:
            return
        if said or time.monotonic() > end:
            raise click.ClickException(said or f"AWS still has {', '.join(s.address for s in left)} after {timeout} s")
        time.sleep(PAUSE)


def _one_pass(owner: Owner, going: set[str], clients: Clients, pool: Executor) -> tuple[list[Step], str]:
    """What is left of *going* after one pass, and why it will not go, if it will not."""
    allows: Callable[[Step], bool] = lambda step: step.id in going  # noqa: E731 - a line is enough
    aws, hints = Aws(clients, owner), Hints(owner)
    try:
        result = reconcile(Graph(), TYPES, aws, hints, pool, begin=lambda _: Permit(allows=allows))
    except LabError as error:
        raise click.ClickException(str(error)) from error
    for outcome in result.outcomes:
        if not outcome.error and outcome.step.action is Action.DELETE:
            click.echo(f"deleted {outcome.step.address}  {outcome.step.id}")
    left = [s for s in result.steps if s.id in going]
    return left, _stuck(left, result.steps, going) or "; ".join(
        f"{o.step.address}: {o.error}{_by(o.blockers)}" for o in result.errors
    )


def _by(blockers: Sequence[object]) -> str:
    return f"; it is used by {', '.join(map(str, blockers))}" if blockers else ""


def _stuck(left: Sequence[Step], steps: Sequence[Step], going: set[str]) -> str:
    """What waits for something that was not chosen."""
    staying = {s.address for s in steps if s.id not in going}
    waiting = [s for s in left if staying & set(s.waits_for)]
    return "; ".join(f"{s.address} ({s.id}) is {s.reason}: delete these too" for s in waiting)
