"""The strict local AWS, for every test that asks for it."""

from __future__ import annotations

import functools
import gc
import os
import sys
from collections.abc import Iterator

import boto3
import pytest
from botocore.loaders import JSONFileLoader, Loader
from xdist.scheduler.loadscope import LoadScopeScheduling

from awslab.local.aws.control import Control
from awslab.local.aws.server import Server
from awslab.local.aws.world import Settings, World

REGION = "us-east-1"
E2E = "tests/e2e/"

# AWS's descriptions of its services take seconds to read, and every test has sessions of its own.
_read = functools.cache(functools.partial(JSONFileLoader.load_file, JSONFileLoader()))
_read_anew = JSONFileLoader.load_file
# botocore changes the model of S3 that it has read, which moto then could not route by.
JSONFileLoader.load_file = lambda self, path: _read_anew(self, path) if "/s3/" in path else _read(path)
_services = functools.cache(functools.partial(Loader.list_available_services, Loader()))
Loader.list_available_services = lambda _, type_name: _services(type_name)

# These descriptions stay, and are most of what there is: it takes long to look through them for garbage.
gc.set_threshold(100_000, 50, 100)
# Who asks AWS and the AWS that answers are threads of one process: a turn is long enough for a whole answer.
sys.setswitchinterval(0.02)

LONG = ("tests/contract/test_contract.py", "tests/faults/test_kills.py")


class _ByFile(LoadScopeScheduling):
    """Gives each worker whole files, but for long ones, and one of them all that shares the one control plane."""

    def _split_scope(self, nodeid):
        if nodeid.startswith(LONG):
            return nodeid.partition("[")[0] if "contract" in nodeid else nodeid
        return E2E if nodeid.startswith(E2E) else nodeid.partition("::")[0]


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure():
    """Let pytest not look for garbage in all that there is, five times over, when all is done."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Divide the tests between processes, where `-n` asks for some."""
    return _ByFile(config, log)


def pytest_collection_modifyitems(config, items):
    """What takes longest begins first, so that no process waits for it alone."""
    if config.getoption("numprocesses", None) or "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: not item.nodeid.startswith(E2E))


@pytest.fixture(scope="session")
def _server() -> Iterator[Server]:
    server = Server(World(Settings(0.002, 0, 100)), 0)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def local_aws(_server, monkeypatch) -> Iterator[Control]:
    """An empty AWS account, and the control of its AWS."""
    return _emptied(_server, monkeypatch)


@pytest.fixture(scope="module")
def module_aws(_server) -> Iterator[Control]:
    """As *local_aws*, for all tests of a module together."""
    with pytest.MonkeyPatch.context() as patch:
        yield _emptied(_server, patch)


def _emptied(server, patch) -> Control:
    """Have everybody use this AWS, with nothing in it."""
    patch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    patch.setenv("AWS_ACCESS_KEY_ID", "test")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    patch.setenv("AWS_DEFAULT_REGION", REGION)
    control = Control(server.endpoint)
    control.reset()
    return control


@pytest.fixture
def ec2(local_aws):
    """EC2 as anybody else in the account uses it."""
    return boto3.client("ec2", region_name=REGION)
