"""Run a command to its end, and make its failure readable."""

import subprocess
from collections.abc import Mapping, Sequence

from awslab.local.errors import LocalWorldError


class CommandError(LocalWorldError):
    """A command ended with an error; `stderr` is what it said."""

    def __init__(self, command: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"`{' '.join(command)}` failed ({code}): {stderr.strip()}")
        self.stderr = stderr


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float | None = None,
) -> str:
    """Return what `command` prints; `timeout` in seconds."""
    try:
        # S603: the callers run commands of ours with arguments of ours
        result = subprocess.run(  # noqa: S603
            command,
            env=environment,
            input=stdin or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
    except OSError as error:
        raise LocalWorldError(f"`{command[0]}` cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise LocalWorldError(f"`{' '.join(command)}` did not end within {timeout} s") from error
    if result.returncode:
        raise CommandError(command, result.returncode, result.stderr or result.stdout)
    return result.stdout
