"""`awslab reach labvpc/production internet web:80`: whether it gets through, hop by hop, or what closes it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from awslab.aws.errors import translated
from awslab.aws.observed_network import observed_network
from awslab.aws.session import Clients
from awslab.checks.model import Network
from awslab.checks.ranges import IPV4, IPV6
from awslab.checks.reach import PROTOCOLS, Flow, Result, UnknownEnd, Verdict, reach
from awslab.core.errors import LabError
from awslab.drawing.network import drawn
from awslab.kinds.as_network import as_network

from .live import INSTANCE, Cluster, in_cluster
from .manifests import read

STYLES = {Result.OPEN: "bold green", Result.PARTLY: "bold yellow", Result.CLOSED: "bold red"}
WHERE_WORDS = 3
"""KIND/NAME, FROM and TO; two of them where an option says which network."""


@dataclass(frozen=True)
class Asked:
    """The network that is asked about, and what it is called."""

    network: Network
    title: str


@click.command("reach")
@click.argument("words", metavar="[KIND/NAME] FROM TO[:PORT]", nargs=-1, required=True)
@click.option("--vpc", help="The id of a VPC, in place of an object in the cluster.")
@click.option("--region", help="The region of that VPC.")
@click.option("-f", "--filename", type=click.Path(path_type=Path), help="A manifest: the network that it would make.")
@click.option("--protocol", type=click.Choice(PROTOCOLS), default="tcp", show_default=True)
@click.option("--ipv6", is_flag=True, help="Over IPv6.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Also draw the way into this file.")
@in_cluster
def reach_(words: tuple[str, ...], output: str, svg: Path | None, cluster: Cluster, **options: Any) -> None:
    """Tell whether packets get through a network as AWS has it: every hop, or what closes the way.

    FROM and TO are `internet`, a tier (public, private, data), a part (bastion, web, load-balancer,
    app, data), a service with an endpoint (s3), the name or id of a subnet, an instance or an
    interface, or a CIDR. AWS is asked with your own credentials; nothing is changed.

    The exit code is 0 where the way is open, and 1 where it is closed or open in part only.
    """
    *where, source, target = _words(words, options)
    flow = _flow(source, target, options["protocol"], ipv6=options["ipv6"])
    asked = _asked(where[0] if where else "", cluster, options)
    try:
        verdict = reach(asked.network, flow)
    except UnknownEnd as error:
        raise click.ClickException(f"{asked.title}: {error}") from error
    if svg:
        svg.write_text(drawn(asked.network, asked.title, verdict=verdict), encoding="utf-8")
    if output == "json":
        click.echo(json.dumps(verdict.on_wire(), indent=2))
    else:
        show(Console(highlight=False, soft_wrap=True), asked.title, verdict)
    sys.exit(0 if verdict.open else 1)


def _words(words: Sequence[str], options: dict[str, Any]) -> Sequence[str]:
    elsewhere = [name for name in ("vpc", "filename") if options[name]]
    if len(elsewhere) > 1 or len(words) != WHERE_WORDS - len(elsewhere):
        raise click.UsageError("say KIND/NAME FROM TO:PORT; or FROM TO:PORT with either --vpc or -f FILE")
    if options["vpc"] and not options["region"]:
        raise click.UsageError("say the region of the VPC: --region us-east-1")
    return words


def _flow(source: str, target: str, protocol: str, *, ipv6: bool) -> Flow:
    """The flow in ``web:80``; an IPv6 address stands in brackets before a port."""
    matched = re.fullmatch(r"\[(?P<v6>.+)\](:(?P<p6>\d+))?|(?P<name>[^:]+|.*:.*:.*?)(:(?P<port>\d+))?", target)
    found = matched.groupdict() if matched else {}
    name, port = found.get("v6") or found.get("name") or target, int(found.get("p6") or found.get("port") or 0)
    version = IPV6 if ipv6 or name.count(":") > 1 or source.count(":") > 1 else IPV4
    if protocol in {"tcp", "udp"} and not 0 < port < 2**16:
        raise click.UsageError(f"say the port that is to be reached: {target}:443")
    return Flow(source, name, port if protocol in {"tcp", "udp"} else 0, protocol, version)


def _asked(reference: str, cluster: Cluster, options: dict[str, Any]) -> Asked:
    if options["filename"]:
        return _composed(options["filename"])
    if options["vpc"]:
        return Asked(_observed(options["region"], options["vpc"]), f"{options['vpc']} in {options['region']}")
    live = cluster.get(reference)
    if not live.status.get("vpcId"):
        raise click.ClickException(f"{live.name} has no VPC yet; see: awslab trace {reference}")
    return Asked(_observed(live.obj["spec"]["region"], live.status["vpcId"]), live.name)


def _observed(region: str, vpc: str) -> Network:
    try:
        with translated():
            return observed_network(Clients(region), vpc)
    except LabError as error:
        raise click.ClickException(str(error)) from error


def _composed(path: Path) -> Asked:
    """The network that the first manifest in a file would make."""
    manifest = read(path)[0]
    kind, title = manifest.kind, f"{manifest.kind.name} {manifest.namespace}/{manifest.name}"
    try:
        network = as_network(kind.compose(manifest.spec, kind.guess(manifest.spec, manifest.owner(INSTANCE))))
    except LabError as error:
        raise click.ClickException(f"{kind.name}/{manifest.name}: {error}") from error
    if not network.vpcs:
        raise click.ClickException(f"{title} makes no VPC")
    return Asked(network, title)


def show(console: Console, title: str, verdict: Verdict) -> None:
    """The verdict for people: a line, then a line a hop."""
    console.print(Text(title, "bold"))
    console.print(Text(f"{verdict.flow}: ").append(verdict.decided_by, STYLES[verdict.result]))
    for hop in verdict.hops:
        arrow = "<-" if hop.answer else "->"
        console.print(Text(f"  {arrow} {hop.text}", "" if hop.passed else "red"))
    for assumption in verdict.assumed:
        console.print(Text(f"  ({assumption})", "dim"))
