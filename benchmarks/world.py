"""What the benchmarks share: a strict local AWS in a process of its own, and LabVpcs in it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.support.memory import MemoryHandle

from awslab.controller.reconcile import LabReconciler
from awslab.kinds import KINDS
from awslab.local.aws.control import Control
from awslab.settings import Settings

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def local_aws(**settings: Any) -> Iterator[Control]:
    """An empty AWS account that nothing else uses the processor time of."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "awslab.local.aws", "--port", str(port)])
    endpoint = f"http://127.0.0.1:{port}"
    os.environ.update(CREDENTIALS, AWS_ENDPOINT_URL=endpoint)
    control = Control(endpoint)
    try:
        control.wait()
        control.configure({"quota_scale": 100_000, **settings})  # type: ignore[typeddict-item] # names of settings
        yield control
    finally:
        process.terminate()
        process.wait()


def operator_settings(**settings: Any) -> Settings:
    """The operator's settings, with its defaults but for what the local AWS needs."""
    return Settings(**{"leader_election": False, **settings})


def reconciler(settings: Settings) -> LabReconciler:
    """A reconciler that has just been started."""
    return LabReconciler(settings, KINDS)


def work(handle: MemoryHandle, using: LabReconciler) -> int:
    """Pass after pass, at the times that the operator itself chooses, until Ready; returns their number."""
    passes = 0
    while not handle.ready:
        again = using.reconcile(handle)
        passes += 1
        if not handle.ready:
            time.sleep(again or 0)
    return passes


def work_all(handles: Sequence[MemoryHandle], using: LabReconciler) -> None:
    """Make all Ready, some at a time."""
    with ThreadPoolExecutor(using.settings.workers) as pool:
        list(pool.map(lambda handle: work(handle, using), handles))
