"""``python -m awslab.codegen``: write what is generated; with ``--check``, only say what differs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .files import differences, generated, write


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Write nothing; fail with the list of files that differ.")
@click.argument("root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
def main(*, check: bool, root: Path) -> None:
    """Write or check the generated files of the repository at ROOT."""
    files = generated()
    if not check:
        write(files, root)
        click.echo(f"generated {len(files)} files")
        return
    if different := differences(files, root):
        click.echo("These files are not what `make generate` writes; run it and commit the result:", err=True)
        click.echo("\n".join(f"  {path}" for path in different), err=True)
        sys.exit(1)
    click.echo(f"{len(files)} generated files are up to date")


if __name__ == "__main__":
    main()
