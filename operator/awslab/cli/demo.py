"""`awslab demo`: an object made, kept, repaired, changed and deleted before one's eyes."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from awslab.cli.manners import readable_errors, sigterm_as_interrupt
from awslab.local.demo.network import NetworkStory
from awslab.local.demo.pipeline import PipelineStory
from awslab.local.demo.screen import Screen
from awslab.local.demo.story import Story
from awslab.local.errors import LocalWorldError
from awslab.local.operator_process import default_manifests
from awslab.local.progress import Progress, on_stderr
from awslab.local.world import Options, World

_TAIL = 40  # lines
_NAT_SECONDS = 100


@click.command()
@click.option("--time-scale", type=float, default=0.05, show_default=True, help="Of the times that AWS takes.")
@click.option("--pipeline", is_flag=True, help="Show a DataPipeline, which really runs, instead.")
def demo(*, time_scale: float, pipeline: bool) -> None:
    """Show a LabVpc's life in a world of its own; the exit code is 0 if every check holds.

    Kubernetes, the operator and kubectl are real; AWS is the strict local one.
    """
    start, progress, screen = time.monotonic(), on_stderr(), Screen()
    with readable_errors(), sigterm_as_interrupt(), _own_world(time_scale, progress) as world:
        story: type[Story] = PipelineStory if pipeline else NetworkStory
        _introduce(world, screen, time_scale)
        with story.watching(world) as watch, _log_on_failure(world, screen):
            story(world, default_manifests().parent, screen, watch).tell()
    seconds = time.monotonic() - start
    screen.say(f"\nAll {screen.checks} checks hold ({seconds:.0f} s). For a world of your own: make up")


@contextmanager
def _own_world(time_scale: float, progress: Progress) -> Iterator[World]:
    """A world with its operator, gone afterwards in any case."""
    with tempfile.TemporaryDirectory(prefix="awslab-demo-") as folder:
        world = World.create(Path(folder) / "world", Options(time_scale=time_scale), progress)
        try:
            with progress.task("Starting the operator"):
                world.ensure_operator()
            yield world
        finally:
            with progress.task("Ending all that was started"):
                world.down()


def _introduce(world: World, screen: Screen, time_scale: float) -> None:
    screen.say("")
    for component in world.status():
        screen.say(f"  {component.name:<24} {component.endpoint}")
    screen.say(
        f"AWS is local and as strict as AWS, and takes {time_scale:g} of its time: "
        f"a NAT gateway is there after {_NAT_SECONDS * time_scale:g} s instead of {_NAT_SECONDS} s."
    )
    screen.say("To look at it from another terminal while it runs:")
    screen.say(f"  export KUBECONFIG={world.kubeconfig}")


@contextmanager
def _log_on_failure(world: World, screen: Screen) -> Iterator[None]:
    """Show what the operator said last, where something does not hold."""
    try:
        yield
    except LocalWorldError:
        lines = world.log("operator").read_text(errors="replace").splitlines()
        screen.say(f"\nThe last lines of the operator's log ({len(lines)} in all):")
        screen.output("\n".join(f"  {line}" for line in lines[-_TAIL:]))
        raise
