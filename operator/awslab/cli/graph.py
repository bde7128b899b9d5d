"""`awslab graph -f FILE`, `awslab graph KIND/NAME`: what a manifest or an object is made of, drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import click

from awslab.core.errors import LabError
from awslab.core.graph import Graph
from awslab.core.resource import Resource
from awslab.drawing.network import drawn
from awslab.kinds.as_network import address_ids, as_network

from .live import INSTANCE, Cluster, Live, in_cluster
from .manifests import Manifest, read


@click.command("graph")
@click.argument("reference", metavar="[KIND/NAME]", required=False)
@click.option("-f", "--filename", type=click.Path(path_type=Path), help="A manifest; - for standard input.")
@click.option("-o", "--output", type=click.Choice(["text", "mermaid", "dot", "svg"]), default="text", show_default=True)
@click.option("--svg", is_flag=True, help="As -o svg: a network as people draw it, states by color.")
@click.option("--resources", is_flag=True, help="Draw the resources in AWS also of a kind that has a flow.")
@in_cluster
def graph(
    reference: str | None, filename: Path | None, output: str, cluster: Cluster, *, svg: bool, resources: bool
) -> None:
    """Draw what an object or a manifest is made of, or the flow of a DataPipeline; AWS is not asked.

    Of a manifest, a count of zones is drawn as the region's first ones. Of an object in the cluster,
    the states of its resources are drawn too, as SVG.
    """
    if (reference is None) == (filename is None):
        raise click.UsageError("say either KIND/NAME, an object in the cluster, or -f FILE, a manifest")
    objects = [_live(cluster.get(reference))] if reference else [(m, {}) for m in read(filename or Path("-"))]
    for manifest, states in objects:
        try:
            click.echo(_drawn(manifest, states, "svg" if svg else output, resources=resources))
        except LabError as error:
            raise click.ClickException(f"{manifest.kind.name}/{manifest.name}: {error}") from error


def _live(live: Live) -> tuple[Manifest, Mapping[str, str]]:
    """An object as a manifest, with the states of its resources by their addresses."""
    meta, spec = live.meta, live.obj["spec"]
    named = {"availabilityZones": live.status["zones"]} if live.status.get("zones") else {}
    states = {r["address"]: r["state"] for r in live.status.get("resources", ())}
    states |= {d["resource"]: "Drifted" for d in live.status.get("drift", ())}
    return Manifest(live.kind, meta["name"], meta["namespace"], live.kind.spec_of({"spec": {**spec, **named}})), states


def _drawn(manifest: Manifest, states: Mapping[str, str], output: str, *, resources: bool) -> str:
    kind, title = manifest.kind, f"{manifest.kind.name} {manifest.namespace}/{manifest.name}"
    composition = kind.compose(manifest.spec, kind.guess(manifest.spec, manifest.owner(INSTANCE)))
    if output == "svg":
        return _picture(composition, title, states)
    if kind.drawings and not resources:
        return kind.drawings[output](manifest.spec, title)
    drawings: Mapping[str, Callable[[Graph, str], str]] = {"text": text, "mermaid": mermaid, "dot": dot}
    return drawings[output](composition, title)


def _picture(composition: Graph, title: str, states: Mapping[str, str]) -> str:
    """A network as people draw it."""
    network = as_network(composition)
    if not network.vpcs:
        raise click.ClickException(f"{title} has no network to draw; say -o mermaid")
    ids = address_ids(composition)
    return drawn(network, title, states={ids[a]: state for a, state in states.items() if a in ids}).rstrip("\n")


def text(composition: Graph, title: str) -> str:
    """Each resource with what it refers to, in the order of creation."""
    lines = [title]
    for resource in composition:
        needs = ", ".join(_targets(resource))
        lines.append(f"  {resource.address}" + (f"  <- {needs}" if needs else ""))
    return "\n".join(lines)


def mermaid(composition: Graph, title: str) -> str:
    """For Markdown: https://mermaid.js.org/syntax/flowchart.html ."""
    nodes = [f'  {_id(r.address)}["{r.address}"]' for r in composition]
    edges = [f"  {_id(a)} --> {_id(b)}" for a, b in _edges(composition)]
    return "\n".join(["---", f"title: {title}", "---", "flowchart LR", *nodes, *edges])


def dot(composition: Graph, title: str) -> str:
    """For Graphviz: https://graphviz.org/doc/info/lang.html ."""
    nodes = [f'  "{r.address}";' for r in composition]
    edges = [f'  "{a}" -> "{b}";' for a, b in _edges(composition)]
    return "\n".join([f'digraph "{title}" {{', "  rankdir=LR; node [shape=box];", *nodes, *edges, "}"])


def _edges(composition: Iterable[Resource]) -> list[tuple[str, str]]:
    return [(resource.address, target) for resource in composition for target in _targets(resource)]


def _targets(resource: Resource) -> list[str]:
    return sorted({reference.address for reference in resource.all_references})


def _id(address: str) -> str:
    return address.replace("/", "_").replace("-", "_")
