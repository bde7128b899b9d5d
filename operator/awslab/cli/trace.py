"""`awslab trace KIND/NAME`: the tree of an object's resources, with what each waits for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click
from pydantic import ValidationError
from rich.console import Console, Group
from rich.live import Live as Screen
from rich.text import Text
from rich.tree import Tree

from awslab.core.errors import LabError

from .live import Cluster, Live, in_cluster

EVERY = 1.0
"""Seconds between two looks."""

WIDE = 1000
"""Columns of a pipe: nothing is cut off there."""

STYLES = {
    "Ready": "green",
    "Failed": "bold red",
    "Conflict": "bold red",
    "Deleting": "red",
    "Replacing": "red",
    "Waiting": "dim",
}
HEALTHY = {"Ready": "True", "Synced": "True"}
"""The conditions that are good when True; the others are good when False."""


@click.command("trace")
@click.argument("reference", metavar="KIND/NAME")
@click.option("-w", "--watch", is_flag=True, help="Follow it until it is Ready, stalled or gone.")
@in_cluster
def trace(reference: str, cluster: Cluster, *, watch: bool) -> None:
    """Show an object's resources in AWS: state, since when, what is waited for, the last error."""
    live = cluster.get(reference)
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console = Console(highlight=False, soft_wrap=True, width=WIDE)
    if not watch:
        console.print(picture(live, datetime.now(UTC)))
        return
    try:
        last = follow_on_screen(live, console) if console.is_terminal else follow_by_lines(live, console)
    except KeyboardInterrupt:
        return
    sys.exit(1 if last is not None and last.condition("Stalled").get("status") == "True" else 0)


def follow_on_screen(live: Live, console: Console) -> Live | None:
    """Draw it again and again; returns the last look, None where it is gone."""
    with Screen(picture(live, datetime.now(UTC)), console=console, auto_refresh=False) as screen:
        return _follow(live, lambda now: screen.update(picture(now, datetime.now(UTC)), refresh=True))


def follow_by_lines(live: Live, console: Console) -> Live | None:
    """Tell each change in a line, for logs and pipes."""
    told: dict[str, str] = {}

    def tell(now: Live) -> None:
        for subject, text in _facts(now):
            if told.get(subject) != text:
                console.print(f"{datetime.now(UTC):%H:%M:%S} {subject} {text}")
                told[subject] = text

    tell(live)
    return _follow(live, tell)


def _follow(live: Live, tell: Callable[[Live], None]) -> Live | None:
    while not is_over(live):
        time.sleep(EVERY)
        try:
            live = live.again()
        except click.ClickException as error:
            if "there is no " not in error.message:
                continue  # the API server comes back, or the person gives up
            click.echo(f"{live.name} is gone")
            return None
        tell(live)
    return live


def is_over(live: Live) -> bool:
    """Whether nothing will change without people."""
    if live.deleting or not live.is_current:
        return False
    return "True" in {live.condition(t).get("status") for t in ("Ready", "Stalled", "PlanPending")}


def _facts(live: Live) -> Iterator[tuple[str, str]]:
    for condition in _telling(live.status.get("conditions", ())):
        yield condition["type"], f"{condition['status']} {condition['reason']}: {condition['message']}"
    resources = {r["address"]: r for r in live.status.get("resources", ())}
    for address, resource in resources.items():
        yield address, " ".join(filter(None, (resource.get("id"), resource["state"], resource.get("message"))))


def picture(live: Live, now: datetime) -> Group:
    """The conditions, and below them the tree."""
    lines = [Text(live.name, "bold"), *map(_condition, _telling(live.status.get("conditions", ())))]
    if not live.is_current:
        lines.append(Text("  the operator has not yet looked at the newest spec", "yellow"))
    return Group(*lines, *tree(live, now))


def _telling(conditions: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Ready always, of the others those that are not as they are on a good day."""
    return [c for c in conditions if c["type"] == "Ready" or c["status"] != HEALTHY.get(c["type"], "False")]


def _condition(condition: Mapping[str, Any]) -> Text:
    good = condition["status"] == HEALTHY.get(condition["type"], "False")
    head = f"  {condition['type']} {condition['status']} {condition['reason']}"
    return Text(head, "green" if good else "yellow").append(f": {condition['message']}")


def tree(live: Live, now: datetime) -> list[Tree]:
    """Each resource below what it is bound to first; what has no place in the composition at the end."""
    resources = {r["address"]: r for r in live.status.get("resources", ())}
    parents = parents_of(live, list(resources))
    nodes = {address: Tree(_resource(r, now), guide_style="dim") for address, r in resources.items()}
    for address, node in nodes.items():
        if (parent := parents.get(address)) in nodes:
            nodes[parent].children.append(node)
    return [node for address, node in nodes.items() if parents.get(address) not in nodes]


def parents_of(live: Live, addresses: list[str]) -> dict[str, str]:
    """What each resource is drawn below: the first that it refers to, or where unknown what its likes refer to."""
    try:
        spec = live.kind.spec_of(live.obj)
        graph = live.kind.compose(spec, live.kind.guess(spec, live.owner))
    except (ValidationError, LabError):
        return {}
    firsts = {r.address: next((t.address for t in r.all_references), "") for r in graph}
    likes = {address.partition("/")[0]: parent for address, parent in firsts.items() if parent}
    return {a: firsts[a] if a in firsts else likes.get(a.partition("/")[0], "") for a in addresses}


def _resource(resource: Mapping[str, Any], now: datetime) -> Text:
    state = resource["state"]
    text = Text(resource["address"], "bold").append(f"  {resource.get('id', '')}".rstrip(), "dim")
    text.append(f"  {state}", STYLES.get(state, "yellow"))
    if since := resource.get("since"):
        text.append(f" {age(now - datetime.fromisoformat(since))}", "dim")
    return text.append(f"  {resource.get('message', '')}".rstrip())


def age(passed: Any) -> str:
    """As kubectl writes ages: 5s, 12m, 3h, 4d."""
    seconds = max(0, int(passed.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
