"""`awslab operator`: run the operator, with settings from flags, environment and a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from awslab.controller import logs
from awslab.controller.operator import Operator
from awslab.settings import Settings, SettingsError, flag, make, read_file, variable


class _Names(click.ParamType[tuple[str, ...]]):
    """Names separated by commas."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        del param, ctx
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return tuple(value)


def _file(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Let the file's settings stand behind flags and environment, before the defaults."""
    if path is not None:
        try:
            ctx.default_map = read_file(path)
        except SettingsError as error:
            raise click.UsageError(str(error), ctx) from error


def _type(field: FieldInfo) -> Any:
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return click.Choice(get_args(annotation))
    if get_origin(annotation) is tuple:
        return _Names()
    return annotation if annotation in {int, float, bool} else str


def _option(name: str, field: FieldInfo) -> Callable[[Any], Any]:
    names = f"{flag(name)}/{flag('no_' + name)}" if field.annotation is bool else flag(name)
    return click.option(
        names,
        name,
        type=_type(field),
        default=field.default,
        show_default=field.default not in {"", ()},
        envvar=variable(name),
        show_envvar=True,
        help=field.description,
    )


def _settings_options(command: Any) -> Any:
    for name, field in reversed(Settings.model_fields.items()):
        command = _option(name, field)(command)
    return command


@click.command("operator", context_settings={"show_default": True, "max_content_width": 110})
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_file,
    envvar=variable("config"),
    show_envvar=True,
    help="YAML file with settings, named in camelCase; flags and environment go before it.",
)
@_settings_options
def operator(**values: Any) -> None:
    """Run the operator: watch the objects and keep AWS as they say, until SIGTERM.

    Each setting is a flag, an environment variable or a line of the --config file; the first that has it
    counts.
    """
    try:
        settings = make(values)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    logs.configure(settings.log_format, settings.log_level)
    raise SystemExit(_build(settings).run())


def _build(settings: Settings) -> Operator:
    # Here and not above: `awslab operator --help` need not wait for boto3.
    from awslab.controller.reconcile import WATCHED, build_reconciler  # noqa: PLC0415
    from awslab.controller.references import Targets  # noqa: PLC0415
    from awslab.kinds import KINDS  # noqa: PLC0415

    try:
        return Operator(settings, WATCHED, build_reconciler(settings), targets=Targets(KINDS))
    except OSError as error:
        message = f"cannot listen on {settings.metrics_address}: {error.strerror}. Set --metrics-address."
        raise click.ClickException(message) from error
