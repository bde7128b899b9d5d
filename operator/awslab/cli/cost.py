"""`awslab cost -f FILE`, `awslab cost labvpc/production`: what a month costs, by part, and what that goes by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from awslab.core.errors import LabError
from awslab.cost.estimate import Estimate, words
from awslab.cost.prices import AS_OF, CURRENCY, HOURS_A_MONTH, SOURCES

from .graph import of_live
from .live import INSTANCE, Cluster, in_cluster
from .manifests import Manifest, read

UNKNOWN = "not known"


@dataclass(frozen=True)
class Told:
    """What one object costs a month, and what that goes by."""

    title: str
    estimate: Estimate
    assumed: Mapping[str, str]

    def on_wire(self) -> dict[str, Any]:
        """As in JSON."""
        estimate = self.estimate
        return {
            "object": self.title,
            "region": estimate.region,
            "currency": CURRENCY,
            "pricesAsOf": AS_OF,
            "sources": list(SOURCES),
            "standing": [
                {"type": s.type, "names": list(s.names), "hourly": s.hourly, "monthly": s.monthly}
                for s in estimate.standing
            ],
            "work": None if estimate.work is None else dict(estimate.work),
            "assumptions": dict(self.assumed),
            "monthly": estimate.monthly,
        }


@click.command("cost")
@click.argument("reference", metavar="[KIND/NAME]", required=False)
@click.option("-f", "--filename", type=click.Path(path_type=Path), help="A manifest; - for standard input.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@in_cluster
def cost(reference: str | None, filename: Path | None, output: str, cluster: Cluster) -> None:
    """Estimate what an object or a manifest costs a month, by AWS's list prices; AWS is not asked."""
    if (reference is None) == (filename is None):
        raise click.UsageError("say either KIND/NAME, an object in the cluster, or -f FILE, a manifest")
    objects = [of_live(cluster.get(reference))[0]] if reference else read(filename or Path("-"))
    all_told = [_told(manifest) for manifest in objects]
    if output == "json":
        click.echo(json.dumps([told.on_wire() for told in all_told], indent=2))
        return
    for told in all_told:
        show(Console(highlight=False), told)


def _told(manifest: Manifest) -> Told:
    kind, spec = manifest.kind, manifest.spec
    try:
        composition = kind.compose(spec, kind.guess(spec, manifest.owner(INSTANCE)))
    except LabError as error:
        raise click.ClickException(f"{kind.name}/{manifest.name}: {error}") from error
    title = f"{kind.name} {manifest.namespace}/{manifest.name}"
    return Told(title, kind.estimate(spec, composition), kind.assumptions(spec))


def show(console: Console, told: Told) -> None:
    """The estimate for people: a line for each part, the sum, and what it goes by."""
    estimate = told.estimate
    table = Table("part", "what", title=f"{told.title} in {estimate.region}", title_justify="left", box=None)
    for head in ("$ an hour", "$ a month"):
        table.add_column(head, justify="right")
    for line in estimate.standing:
        each = UNKNOWN if line.hourly is None else f"{line.hourly:.4f}"
        table.add_row(f"{line.type} x{len(line.names)}", ", ".join(line.names), each, words(line.monthly) or UNKNOWN)
    for service, amount in (estimate.work or {}).items():
        table.add_row(service, "expected work", "", words(amount))
    if estimate.work is None:
        table.add_row("work", "", "", UNKNOWN)
    table.add_row("all", "", "", words(estimate.monthly) or UNKNOWN, style="bold")
    console.print(table)
    for name, value in told.assumed.items():
        console.print(f"  {name}: {value}", style="dim", soft_wrap=True)
    console.print(
        f"  {HOURS_A_MONTH} hours a month; list prices of {AS_OF} without taxes, discounts and free tiers:", style="dim"
    )
    console.print(f"  {' '.join(SOURCES)}", style="dim", soft_wrap=True)
