"""Keeping the world's resources over a restart, and emptying it.

moto's backends and our overlay go into one pickle, so that a reference from the one to the other
stays one. The file is ours, written by the same locked versions that read it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
from typing import TYPE_CHECKING, Any

import moto
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.s3.models import s3_backends

from awslab.local.aws.world import Overlay, make_current

if TYPE_CHECKING:
    from pathlib import Path

    from awslab.local.aws.world import World

log = logging.getLogger(__name__)
FILE = "local-aws.state"
MAGIC = f"awslab local aws 2, moto {moto.__version__}\n".encode()


class StateError(Exception):
    """The state on disk cannot be used; the message says what to do."""


def reset(world: World) -> None:
    """Take away every resource, fault, log entry and memory of a token.

    What moto holds is the process's own: from here on it is this world's, also where a process has several.
    """
    world.quiet()
    make_current(world)
    with world.lock:
        _empty_buckets()
        for one in BackendDict._instances:  # noqa: SLF001 - moto keeps them nowhere else; its version is pinned
            one.clear()  # moto's own reset would build every backend anew, only to drop it
        BackendDict._instances.clear()  # noqa: SLF001 - as above
        world.overlay = Overlay()
    world.faults.remove()
    world.calls.clear()
    world.decisions.clear()


def _empty_buckets() -> None:
    """Close the files that moto keeps objects in, and free the names of the buckets."""
    for partitions in s3_backends.values():
        for one in partitions.values():
            one.reset()
    s3_backends.bucket_accounts.clear()


def _name_buckets() -> None:
    """Enter the names of all buckets where moto looks for the owner of one."""
    for account, partitions in s3_backends.items():
        for partition, one in partitions.items():
            s3_backends.bucket_accounts.update(dict.fromkeys(one.buckets, (partition, account)))


def save(world: World, folder: Path) -> Path:
    """Write everything into the folder, whole or not at all."""
    with world.lock:
        data = pickle.dumps({"backends": _backends(), "overlay": world.overlay})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(MAGIC + hashlib.sha256(data).digest() + data)
        file.flush()
        os.fsync(file.fileno())
    return fresh.replace(path)


def load(world: World, folder: Path) -> bool:
    """Take over the state in the folder, if there is one; raises StateError where it is damaged."""
    path = folder / FILE
    if not path.exists():
        return False
    saved = _read(path)
    with world.lock:
        for service, accounts in saved["backends"].items():
            for account, regions in accounts.items():
                backend = get_backend(service)[account]
                for region, one in regions.items():
                    backend[region] = one
        world.overlay = saved["overlay"]
        _name_buckets()
    return True


def _read(path: Path) -> dict[str, Any]:
    way_out = "start with --discard-state to begin with an empty one"
    raw = path.read_bytes()
    if not raw.startswith(MAGIC):
        raise StateError(f"{path} is not a state of this version of the local AWS; {way_out}")
    digest, data = raw[len(MAGIC) : len(MAGIC) + 32], raw[len(MAGIC) + 32 :]
    if hashlib.sha256(data).digest() != digest:
        raise StateError(f"{path} is damaged; {way_out}")
    try:
        saved: dict[str, Any] = pickle.loads(data)  # noqa: S301 - a file of our own, its digest checked
    except Exception as error:
        raise StateError(f"{path} cannot be read ({error!r}); {way_out}") from error
    return saved


def _backends() -> dict[str, dict[str, dict[str, Any]]]:
    """Return moto's backends in use, as service, account, region."""
    return {
        one.service_name: {account: dict(regions) for account, regions in one.items()}
        for one in BackendDict._instances  # noqa: SLF001 - moto keeps them nowhere else; its version is pinned
    }
