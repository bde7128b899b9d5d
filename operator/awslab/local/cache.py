"""The user's cache folder: what was downloaded or built once, and is whole or not there at all."""

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from platform import machine

from filelock import FileLock, Timeout

from awslab.local.errors import LocalWorldError
from awslab.local.progress import Progress

_ARCHITECTURES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}
_GB = 1_000_000_000


def cache_home() -> Path:
    """Return `${XDG_CACHE_HOME:-~/.cache}/awslab`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "awslab"


def operating_system() -> str:
    """Return this system's name as Go and Kubernetes say it: linux, darwin."""
    return sys.platform


def architecture() -> str:
    """Return this machine's architecture as Go and Kubernetes say it: amd64, arm64."""
    return _ARCHITECTURES.get(machine(), machine())


def ensure(target: Path, files: Iterable[str], make: Callable[[Path], None], progress: Progress) -> Path:
    """Return `target` with all `files`, made by `make` in a folder beside it where it is missing.

    One process at a time makes it, the others wait and find it. It gets its name
    only when it is complete; what a killed process left behind is removed.
    """
    names = tuple(files)
    if _is_complete(target, names):
        return target
    with _locked(target, progress), _full_disk_explained(target.parent):
        if not _is_complete(target, names):
            _replace(target, names, make)
    return target


def require_space(folder: Path, needed: int, purpose: str) -> None:
    """Refuse to begin what the disk cannot hold; `needed` in bytes."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise LocalWorldError(
            f"{purpose} needs {needed / _GB:.1f} GB in {folder}, where {free / _GB:.1f} GB are free: "
            "make room, or set XDG_CACHE_HOME to a folder on a larger disk."
        )


def _is_complete(target: Path, files: tuple[str, ...]) -> bool:
    return all((target / name).is_file() for name in files)


def _replace(target: Path, files: tuple[str, ...], make: Callable[[Path], None]) -> None:
    partial = target.with_name(f"{target.name}.partial")
    for leftover in (target, partial):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir()
    try:
        make(partial)
        if not _is_complete(partial, files):
            raise LocalWorldError(f"{target} was made without all of {', '.join(files)}: report this as a bug.")
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _locked(target: Path, progress: Progress) -> Iterator[None]:
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(target.with_name(f"{target.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        with progress.task(f"Waiting for another process that makes {target.name}"):
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _full_disk_explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise full_disk(folder) from error


def full_disk(folder: Path) -> LocalWorldError:
    """Return the error for a disk that filled up while `folder` was written."""
    return LocalWorldError(
        f"The disk that holds {folder} is full, and what was half written is removed: "
        "make room, or set XDG_CACHE_HOME to a folder on a larger disk, and try again."
    )
