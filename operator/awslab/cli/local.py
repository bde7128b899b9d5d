"""`awslab local`: a real Kubernetes control plane and a strict AWS on this machine."""

import functools
import json
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from awslab.cli.manners import readable_errors, sigterm_as_interrupt
from awslab.local.gotools import helm, kubeconform
from awslab.local.kubernetes.binaries import find_binaries
from awslab.local.logs import lines
from awslab.local.progress import on_stderr
from awslab.local.world import ComponentStatus, Options, World

_MEGABYTE = 1_000_000
_PIPE_WIDTH = 160


@click.group()
def local() -> None:
    """Run Kubernetes and AWS on this machine, without Docker or a cloud."""


def _folder(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command the options that say which world is meant, and pass it the folder."""

    @click.option("--name", default="default", show_default=True, help="Which world; several run side by side.")
    @click.option("--dir", "folder", type=click.Path(path_type=Path), help="Its folder.  [default: .awslab/NAME]")
    @functools.wraps(command)  # its options and help come along
    def with_folder(*, name: str, folder: Path | None, **options: Any) -> None:
        with readable_errors():
            command(folder or Path(".awslab") / name, **options)

    return with_folder


@local.command()
@click.option("--tools", is_flag=True, help="Also build helm and kubeconform, which tests need.")
def fetch(*, tools: bool) -> None:
    """Download or build Kubernetes into the cache, without starting it."""
    progress = on_stderr()
    with readable_errors(), sigterm_as_interrupt():
        found = find_binaries(progress)
        if tools:
            found |= {"helm": helm(progress), "kubeconform": kubeconform(progress)}
    for name, path in found.items():
        click.echo(f"{name}: {path}")


@local.command()
@_folder
@click.option("--operator", is_flag=True, help="Install CRDs and RBAC, and run the operator with them.")
@click.option("--api-port", type=int, help="Port of the API server.  [default: a free one]")
@click.option("--aws-port", type=int, help="Port of the local AWS.  [default: a free one]")
@click.option("--time-scale", type=float, default=0.01, show_default=True, help="Of the times that AWS takes.")
@click.option("--manifests", type=click.Path(path_type=Path), help="Folder with crds and rbac.")
def up(
    folder: Path,
    *,
    operator: bool,
    api_port: int | None,
    aws_port: int | None,
    time_scale: float,
    manifests: Path | None,
) -> None:
    """Start the world, and return when it is ready; go on with what `down --keep` left."""
    start, progress = time.monotonic(), on_stderr()
    options = Options(time_scale=time_scale, api_port=api_port, aws_port=aws_port)
    with sigterm_as_interrupt():
        ran = World.exists(folder) and World.load(folder).is_up()
        world = World.create(folder, options, progress)
        if operator:
            with progress.task("Starting the operator"):
                world.ensure_operator(manifests)
    how = "ran already, as it was started" if ran else f"is up ({time.monotonic() - start:.1f} s)"
    click.echo(f"World {world.name} {how}. Use it with:")
    click.echo(_exports(world))


@local.command()
@_folder
@click.option("--keep", is_flag=True, help="Keep the data of Kubernetes and AWS for the next `up`.")
def down(folder: Path, *, keep: bool) -> None:
    """End all processes of the world, and delete its folder."""
    if not World.exists(folder):
        click.echo(f"There is no world in {folder}.")
        return
    World.load(folder).down(keep=keep)
    click.echo(f"World {folder.name} is down{', its data is kept' if keep else ''}.")


@local.command()
@_folder
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def status(folder: Path, *, form: str) -> None:
    """Show what runs; the exit code is 0 if everything does."""
    world = World.load(folder)
    components = world.status()
    if form == "json":
        click.echo(json.dumps([vars(item) for item in components], indent=2))
    else:
        _show(components)
    if not world.is_up():
        click.echo(
            "Not all of it runs: `awslab local up` (with --operator, if it ran) starts what is gone.",
            err=True,
        )
        sys.exit(1)


@local.command()
@_folder
@click.argument("component", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on with what is written from now on.")
def logs(folder: Path, *, component: str | None, follow: bool) -> None:
    """Print the log of COMPONENT, or of all."""
    for line in lines(World.load(folder).logs(component), follow=follow):
        click.echo(line)


@local.command()
@_folder
@click.option("--format", "form", type=click.Choice(["shell", "json"]), default="shell", show_default=True)
def env(folder: Path, *, form: str) -> None:
    """Print the variables of the world, for `eval "$(awslab local env)"`."""
    world = World.load(folder)
    click.echo(json.dumps(world.environment, indent=2) if form == "json" else _exports(world))


@local.command()
@_folder
def reset(folder: Path) -> None:
    """Empty AWS and delete all custom resources, without a restart."""
    World.load(folder).reset()
    click.echo("The world is empty.")


def _exports(world: World) -> str:
    values = {name: f"{name}={shlex.quote(value)}" for name, value in world.environment.items()}
    kubernetes, aws = values.pop("KUBECONFIG"), " ".join(values.values())
    exports = [f"export {kubernetes}", f"export {aws}"]
    if not shutil.which("kubectl"):
        exports.append(f'export PATH={shlex.quote(str(world.kubectl.command.parent))}:"$PATH"')
    return "\n".join(exports)


def _show(components: list[ComponentStatus]) -> None:
    table = Table("component", "state", "pid", "endpoint", "since", "memory", box=None, header_style="bold")
    for item in components:
        since = datetime.fromtimestamp(item.since, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        memory = f"{item.memory / _MEGABYTE:.0f} MB" if item.memory else ""
        table.add_row(item.name, item.state, str(item.pid), item.endpoint, since, memory)
    # A pipe has no width: there a row is a line.
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)
