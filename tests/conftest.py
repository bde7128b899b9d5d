"""The strict local AWS, for every test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from awslab.local.aws.control import Control
from awslab.local.aws.server import Server
from awslab.local.aws.world import Settings, World

REGION = "us-east-1"


@pytest.fixture(scope="session")
def _server() -> Iterator[Server]:
    server = Server(World(Settings(0.002, 0, 100)), 0)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def local_aws(_server, monkeypatch) -> Iterator[Control]:
    """An empty AWS account, and the control of its AWS."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", _server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    control = Control(_server.endpoint)
    control.reset()
    return control


@pytest.fixture
def ec2(local_aws):
    """EC2 as anybody else in the account uses it."""
    return boto3.client("ec2", region_name=REGION)
