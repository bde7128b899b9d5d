"""`awslab import vpc-123`: a manifest of a VPC that exists, and what its plan would still change."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import click
import yaml
from pydantic import ValidationError
from rich.console import Console

from awslab.api.base import sentences
from awslab.aws.errors import translated
from awslab.aws.session import Aws, Clients
from awslab.core import plan as planning
from awslab.core.errors import LabError
from awslab.core.ownership import Owner
from awslab.core.plan import Hints
from awslab.core.proposal import Proposal
from awslab.engine import claimed, observe
from awslab.kinds.kind import Situation
from awslab.kinds.labvpc import LAB_VPC

from .existing import Described, describe
from .live import plan_lines


@click.command("import")
@click.argument("vpc", metavar="VPC-ID")
@click.option("--region", required=True, help="The region of the VPC.")
@click.option("--name", required=True, help="The name of the LabVpc.")
@click.option("-n", "--namespace", default="default", show_default=True, help="The namespace of the LabVpc.")
@click.option("--instance", default="default", envvar="AWSLAB_INSTANCE", show_default=True, help="The operator's name.")
def import_(vpc: str, region: str, name: str, namespace: str, instance: str) -> None:
    """Write a LabVpc manifest of a VPC that exists; nothing is changed.

    The manifest goes to standard output. What cannot be described, and what the plan would still
    change, is told on standard error.
    """
    owner, clients = Owner(instance, LAB_VPC.name, namespace, name), Clients(region)
    try:
        with translated():
            described = describe(Aws(clients, owner), vpc, region)
        planned = _plan(described, owner, clients)
    except LabError as error:
        raise click.ClickException(str(error)) from error
    except ValidationError as error:
        raise click.ClickException(f"{vpc} cannot be a LabVpc: {'; '.join(sentences(error))}") from error
    click.echo(_manifest(described, name, namespace), nl=False)
    _tell(Console(stderr=True, highlight=False, soft_wrap=True), described.left_out, planned)


def _manifest(described: Described, name: str, namespace: str) -> str:
    manifest = {
        "apiVersion": LAB_VPC.api.api_version,
        "kind": LAB_VPC.name,
        "metadata": {"name": name, "namespace": namespace},
        "spec": described.spec,
    }
    return yaml.safe_dump(manifest, sort_keys=False)


def _plan(described: Described, owner: Owner, clients: Clients) -> Proposal:
    """What the operator would plan for it, by the same code."""
    spec = LAB_VPC.spec_of({"spec": described.spec})
    aws = Aws(clients, owner)
    with ThreadPoolExecutor(len(LAB_VPC.types)) as pool, translated():
        desired = LAB_VPC.compose(spec, LAB_VPC.look_up(spec, Situation(owner, clients)))
        claims = {a: id_ for a, id_ in spec.adopt.ids.items() if a in desired}
        found = observe(LAB_VPC.types, aws, pool)
        found += claimed(LAB_VPC.types, aws, claims, found)
    steps = planning.plan(desired, found, Hints(owner))
    if foreign := [s for s in steps if s.cause == "OwnedByAnother"]:
        raise LabError("; ".join(f"{s.address}: {s.reason}" for s in foreign))
    return Proposal.of(steps)


def _tell(console: Console, left_out: Iterable[str], planned: Proposal) -> None:
    for sentence in left_out:
        console.print(f"Not described: {sentence}.", style="yellow")
    told: dict[str, Any] = planned.on_wire()
    changes = [s for s in told["steps"] if s["action"] != "Update" or not _only_tags(s)]
    if not changes:
        console.print(f"The plan changes nothing but tags: {len(told['steps'])} resources become ours.")
        return
    console.print("The plan would still change this; nothing is written until it is approved:")
    for line in plan_lines(told):
        console.print(line)


def _only_tags(step: dict[str, Any]) -> bool:
    return all(c["field"].startswith("tags.") for c in step.get("changes", ()))
