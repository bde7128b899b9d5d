"""`awslab plan`: what would be done in AWS for a manifest or a live object, by the same code that does it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from awslab.aws.errors import translated
from awslab.aws.session import Aws, Clients
from awslab.core import plan as planning
from awslab.core.errors import LabError
from awslab.core.plan import Action, Hints, Step
from awslab.cost import estimate as cost
from awslab.engine import observe
from awslab.kinds.kind import Situation

from .live import Cluster, Live, cost_lines, in_cluster, plan_lines
from .lookahead import live_plan
from .manifests import Manifest, read

SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "bold red"),
    Action.DELETE: ("-", "red"),
    Action.WAIT: (".", "dim"),
    Action.CONFLICT: ("!", "bold red"),
    Action.KEEP: (" ", "dim"),
}


@click.command("plan")
@click.argument("reference", metavar="[KIND/NAME]", required=False)
@click.option("-f", "--filename", type=click.Path(path_type=Path), help="A manifest; - for standard input.")
@click.option("--instance", default="default", envvar="AWSLAB_INSTANCE", show_default=True, help="The operator's name.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Of a manifest, also show what stays as it is.")
@in_cluster
def plan(
    reference: str | None, filename: Path | None, instance: str, output: str, cluster: Cluster, *, everything: bool
) -> None:
    """Show what would be done in AWS for an object in the cluster, or for a manifest; nothing is changed.

    For an object it is the operator's own plan, with the hash that approves it. For a manifest no
    cluster is asked.
    """
    if (reference is None) == (filename is None):
        raise click.UsageError("say either KIND/NAME, an object in the cluster, or -f FILE, a manifest")
    if reference is not None:
        show_live(cluster.get(reference), instance, output)
        return
    assert filename is not None  # noqa: S101 - said above
    plans = [(m, steps_for(m, instance)) for m in read(filename)]
    if output == "json":
        click.echo(json.dumps([as_data(m, steps) for m, steps in plans], indent=2))
        return
    for manifest, steps in plans:
        show(Console(highlight=False, soft_wrap=True), manifest, steps, everything=everything)


def show_live(live: Live, instance: str, output: str) -> None:
    """The plan of an object in the cluster, as the operator makes it."""
    planned = live_plan(live, instance)
    if output == "json":
        click.echo(json.dumps(planned, indent=2))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"{live.name} in {live.obj['spec']['region']}", "bold"))
    for line in plan_lines(planned) if planned else [Text("Nothing to do: AWS is as the spec asks.")]:
        console.print(line)


def steps_for(manifest: Manifest, instance: str) -> list[Step]:
    """The plan for one manifest against what AWS has now; raises ClickException."""
    kind, owner = manifest.kind, manifest.owner(instance)
    clients = Clients(manifest.spec.region)
    try:
        with ThreadPoolExecutor(len(kind.types)) as pool, translated():
            desired = kind.compose(manifest.spec, kind.look_up(manifest.spec, Situation(owner, clients)))
            found = observe(kind.types, Aws(clients, owner), pool)
    except LabError as error:
        raise click.ClickException(f"{kind.name}/{manifest.name}: {error}") from error
    return planning.foreseen(planning.plan(desired, found, Hints(owner)))


def as_data(manifest: Manifest, steps: Sequence[Step]) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "kind": manifest.kind.name,
        "namespace": manifest.namespace,
        "name": manifest.name,
        "steps": [
            {
                "action": step.action.value,
                "address": step.address,
                "id": step.id,
                "reason": step.reason,
                "changes": [{"field": c.path, "from": c.observed_words, "to": c.desired_words} for c in step.changes],
            }
            for step in steps
        ],
        "cost": cost.change(steps, manifest.spec.region).on_wire(),
    }


def show(console: Console, manifest: Manifest, steps: Sequence[Step], *, everything: bool) -> None:
    """The plan for people: a line a resource, a line a change."""
    console.print(Text(f"{manifest.kind.name} {manifest.namespace}/{manifest.name} in {manifest.spec.region}", "bold"))
    for step in steps:
        if everything or step.action is not Action.KEEP:
            console.print(_line(step))
            for change in step.changes:
                console.print(Text(f"        {change}", "dim"))
    console.print(summary(steps))
    for line in cost_lines(cost.change(steps, manifest.spec.region).on_wire()):
        console.print(line)


def _line(step: Step) -> Text:
    sign, style = SIGNS[step.action]
    about = f"  ({step.id})" if step.id else ""
    reason = f"  {step.reason}" if step.reason else ""
    return Text(f"  {sign} {step.address}{about}", style).append(reason, "dim")


def summary(steps: Iterable[Step]) -> str:
    """How many of each."""
    counts = Counter(step.action for step in steps)
    if set(counts) <= {Action.KEEP}:
        return f"Nothing to do: all {counts[Action.KEEP]} resources are as the manifest asks."
    words = {
        Action.CREATE: "to create",
        Action.UPDATE: "to update",
        Action.REPLACE: "to replace",
        Action.DELETE: "to delete",
        Action.WAIT: "waiting",
        Action.CONFLICT: "in conflict",
        Action.KEEP: "unchanged",
    }
    return ", ".join(f"{counts[action]} {word}" for action, word in words.items() if counts[action])
