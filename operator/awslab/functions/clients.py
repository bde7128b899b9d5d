"""The clients of AWS: made once for each execution environment, so that only a cold start pays for them."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=30)


@cache
def client(service: str) -> Any:
    """Return the client of a service; where it calls is what the environment says at the first time."""
    return boto3.client(service, config=_CONFIG)


def warm(*services: str) -> None:
    """Make clients while Lambda starts the environment, which it does on a faster processor than it later bills."""
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:
        for service in services:
            client(service)
