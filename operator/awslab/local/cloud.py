"""The local AWS as a process of the world."""

import sys
from collections.abc import Sequence
from pathlib import Path

from awslab.local.errors import LocalWorldError
from awslab.local.ports import LOOPBACK
from awslab.local.probe import answers
from awslab.local.processes import Component

REGION = "us-east-1"
COMMAND = (sys.executable, "-P", "-m", "awslab.local.aws")
_RESET = "/_awslab/reset"
_HEALTH = "/_awslab/health"


def endpoint(port: int) -> str:
    """Return the address of the local AWS."""
    return f"http://{LOOPBACK}:{port}"


def environment(port: int) -> dict[str, str]:
    """Return what boto3, the aws command and the operator need to reach it."""
    return {
        "AWS_ENDPOINT_URL": endpoint(port),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }


def component(folder: Path, port: int, time_scale: float, command: Sequence[str]) -> Component:
    """Describe the process; it keeps its state in the world's folder when it is told to end."""
    return Component(
        name="aws",
        command=(*command, f"--port={port}", f"--state-dir={folder / 'aws'}", f"--time-scale={time_scale}"),
        log=folder / "logs" / "aws.log",
        endpoint=endpoint(port),
        ready=lambda: answers(endpoint(port) + _HEALTH),
    )


def reset(port: int) -> None:
    """Delete everything in the local AWS."""
    if not answers(endpoint(port) + _RESET, method="POST"):
        raise LocalWorldError(f"The local AWS at {endpoint(port)} did not reset: see `awslab local logs aws`.")
