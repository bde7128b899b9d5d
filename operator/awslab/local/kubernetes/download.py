"""Fetch the official release, and take nothing whose checksum is not the published one."""

import hashlib
import os
import shutil
import tarfile
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO, Self

from awslab.local.cache import architecture, operating_system, require_space
from awslab.local.errors import UnavailableError
from awslab.local.kubernetes.release import COMMANDS, ETCD_VERSION, KUBERNETES_VERSION
from awslab.local.progress import Progress, Task

_SPACE = 600_000_000
_TIMEOUT = 5.0  # seconds to connect, and between two pieces: who is unreachable must not hold up the next source
_PIECE = 1 << 20


@dataclass(frozen=True)
class Mirrors:
    """Where the releases are kept, as the projects lay them out."""

    kubernetes: str = "https://dl.k8s.io/release"
    etcd: str = "https://github.com/etcd-io/etcd/releases/download"

    @classmethod
    def from_environment(cls) -> "Mirrors":
        """Read AWSLAB_KUBERNETES_MIRROR and AWSLAB_ETCD_MIRROR."""
        return cls(
            kubernetes=os.environ.get("AWSLAB_KUBERNETES_MIRROR") or cls.kubernetes,
            etcd=os.environ.get("AWSLAB_ETCD_MIRROR") or cls.etcd,
        )


def download(folder: Path, mirrors: Mirrors, progress: Progress) -> None:
    """Put all commands of the release into `folder`.

    Raises UnavailableError when a file cannot be had or is not what was published; then no part of it stays.
    """
    require_space(folder, _SPACE, "Downloading Kubernetes")
    with progress.task(f"Downloading Kubernetes {KUBERNETES_VERSION} and etcd {ETCD_VERSION}") as task:
        for command in COMMANDS:
            if command != "etcd":
                _kubernetes_command(folder / command, mirrors, task)
        _etcd(folder, mirrors, task)


def _kubernetes_command(target: Path, mirrors: Mirrors, task: Task) -> None:
    place = f"v{KUBERNETES_VERSION}/bin/{operating_system()}/{architecture()}/{target.name}"
    url = f"{mirrors.kubernetes}/{place}"
    fetch(url, target, _text(f"{url}.sha256").strip().partition(" ")[0], task)
    target.chmod(0o755)


def _etcd(folder: Path, mirrors: Mirrors, task: Task) -> None:
    base = f"{mirrors.etcd}/v{ETCD_VERSION}"
    name = f"etcd-v{ETCD_VERSION}-{operating_system()}-{architecture()}.tar.gz"
    archive = folder / name
    fetch(f"{base}/{name}", archive, _published(_text(f"{base}/SHA256SUMS"), name), task)
    with tarfile.open(archive) as content:
        # Not extract(): its filter came with Python 3.11.4 only, and without one it trusts the archive.
        packed = content.extractfile(f"{name.removesuffix('.tar.gz')}/etcd")
        if packed is None:
            raise UnavailableError(f"{base}/{name} holds no etcd")
        with packed, (folder / "etcd").open("wb") as target:
            shutil.copyfileobj(packed, target)
    (folder / "etcd").chmod(0o755)
    archive.unlink()


def _published(sums: str, name: str) -> str:
    for line in sums.splitlines():
        checksum, _, file = line.partition(" ")
        if file.strip().lstrip("*") == name:
            return checksum
    raise UnavailableError(f"SHA256SUMS of etcd {ETCD_VERSION} does not list {name}")


def fetch(url: str, target: Path, sha256: str, task: Task) -> None:
    """Write what `url` gives to `target`, if its SHA-256 is the expected one."""
    partial = target.with_name(f"{target.name}.part")
    try:
        with _opened(url) as reply, partial.open("wb") as file:
            actual = _copy(reply, file, target.name, task)
        if actual != sha256.lower():
            raise UnavailableError(f"{url} was refused: its SHA-256 is {actual}, published is {sha256}")
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _copy(reply: "_Reply", file: IO[bytes], name: str, task: Task) -> str:
    digest, received = hashlib.sha256(), 0
    while piece := reply.read(_PIECE):
        file.write(piece)
        digest.update(piece)
        received += len(piece)
        task.update(f"{name} {received >> 20} MB", received / reply.size if reply.size else None)
    if received < reply.size:
        raise UnavailableError(f"{reply.url} broke off after {received} of {reply.size} bytes")
    return digest.hexdigest()


def _text(url: str) -> str:
    with _opened(url) as reply:
        return reply.read(_PIECE).decode()


def _opened(url: str) -> "_Reply":
    try:
        # S310: the address is a constant of ours, or one that the user chose
        return _Reply(url, urllib.request.urlopen(url, timeout=_TIMEOUT))  # noqa: S310
    except (OSError, HTTPException, ValueError) as error:  # URLError and time-outs are OSErrors
        raise _unavailable(url, error) from error


def _unavailable(url: str, error: Exception) -> UnavailableError:
    return UnavailableError(f"{url} cannot be had: {getattr(error, 'reason', None) or error}")


class _Reply:
    """An open HTTP reply whose failures are UnavailableErrors."""

    def __init__(self, url: str, reply: IO[bytes]) -> None:
        self.url, self._reply = url, reply
        self.size = int(getattr(reply, "headers", {}).get("Content-Length") or 0)

    def read(self, limit: int) -> bytes:
        try:
            return self._reply.read(limit)
        except (OSError, HTTPException) as error:
            raise _unavailable(self.url, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reply.close()
