"""How commands behave that start processes: readable errors, and nothing left behind."""

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import click

from awslab.local.errors import LocalWorldError


@contextmanager
def readable_errors() -> Iterator[None]:
    """Show what a person has to act on as one sentence, without a traceback; the exit code is 1."""
    try:
        yield
    except LocalWorldError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        advice = " Make room, or choose another folder with --dir." if error.errno == errno.ENOSPC else ""
        raise click.ClickException(f"{error.filename or 'The system'}: {error.strerror}.{advice}") from error


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM clean up as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
