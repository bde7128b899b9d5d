"""The command `awslab`; each of its commands is imported when it is used, so that help is there at once."""

from importlib import import_module
from typing import Any

import click

_COMMANDS = {
    "demo": ("awslab.cli.demo", "Show a LabVpc's life in a world of its own, each step checked."),
    "graph": ("awslab.cli.graph", "Draw what a manifest is made of."),
    "local": ("awslab.cli.local", "Run Kubernetes and AWS on this machine, without Docker or a cloud."),
    "operator": ("awslab.cli.operator", "Run the operator."),
    "plan": ("awslab.cli.plan", "Show what would be done in AWS for a manifest, without a cluster."),
}


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
        command: click.Command = getattr(import_module(module), cmd_name)
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
