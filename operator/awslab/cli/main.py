"""The command `awslab`; each of its commands is imported when it is used, so that help is there at once."""

from importlib import import_module
from typing import Any

import click

_COMMANDS = {
    "approve": ("awslab.cli.approve", "Let the plan of an object be carried out, after showing it."),
    "demo": ("awslab.cli.demo", "Show an object's life in a world of its own, each step checked."),
    "graph": ("awslab.cli.graph", "Draw what a manifest is made of."),
    "import": ("awslab.cli.import_", "Write a manifest of a VPC that exists."),
    "local": ("awslab.cli.local", "Run Kubernetes and AWS on this machine, without Docker or a cloud."),
    "logs": ("awslab.cli.logs", "Show what a pipeline's functions wrote to their logs."),
    "operator": ("awslab.cli.operator", "Run the operator."),
    "plan": ("awslab.cli.plan", "Show what would be done in AWS for a manifest or an object."),
    "reach": ("awslab.cli.reach", "Tell whether packets get through a network, or why not."),
    "run": ("awslab.cli.run", "Upload a file to a pipeline, and follow its run."),
    "runs": ("awslab.cli.runs", "Show the last runs of a pipeline."),
    "sweep": ("awslab.cli.sweep", "List, and if told delete, what has our tags and no object."),
    "trace": ("awslab.cli.trace", "Show an object's resources in AWS, and what they wait for."),
}

_FUNCTIONS = {"import": "import_", "reach": "reach_"}
"""The functions that cannot be called like their commands."""


class _Lazy(click.Group):
    """A group that knows its commands by module and one line of help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names without importing anything."""
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that is meant."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), _FUNCTIONS.get(cmd_name, cmd_name))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="awslab-operator")
def main(**_: Any) -> None:
    """Turn custom resources into AWS infrastructure, and keep it true."""
