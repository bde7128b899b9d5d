"""`awslab graph -f FILE`: what a manifest is made of, drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import click

from awslab.core.errors import LabError
from awslab.core.graph import Graph
from awslab.core.resource import Resource

from .live import INSTANCE
from .manifests import Manifest, read


@click.command("graph")
@click.option(
    "-f", "--filename", required=True, type=click.Path(path_type=Path), help="The manifest; - for standard input."
)
@click.option("-o", "--output", type=click.Choice(["text", "mermaid", "dot"]), default="text", show_default=True)
@click.option("--resources", is_flag=True, help="Draw the resources in AWS also of a kind that has a flow.")
def graph(filename: Path, output: str, *, resources: bool) -> None:
    """Draw what a manifest is made of, or the flow of a DataPipeline; needs neither AWS nor a cluster.

    A count of zones is drawn as the region's first ones.
    """
    for manifest in read(filename):
        try:
            click.echo(_drawn(manifest, output, resources=resources))
        except LabError as error:
            raise click.ClickException(f"{manifest.kind.name}/{manifest.name}: {error}") from error


def _drawn(manifest: Manifest, output: str, *, resources: bool) -> str:
    kind, title = manifest.kind, f"{manifest.kind.name} {manifest.namespace}/{manifest.name}"
    composition = kind.compose(manifest.spec, kind.guess(manifest.spec, manifest.owner(INSTANCE)))
    if kind.drawings and not resources:
        return kind.drawings[output](manifest.spec, title)
    drawings: Mapping[str, Callable[[Graph, str], str]] = {"text": text, "mermaid": mermaid, "dot": dot}
    return drawings[output](composition, title)


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
