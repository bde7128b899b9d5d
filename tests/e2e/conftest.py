"""One control plane for the whole session; each test gets it empty."""

import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from awslab.local.aws.control import Control
from awslab.local.kubernetes.binaries import find_binaries
from awslab.local.progress import Lines
from awslab.local.world import World
from support.processes import processes_of
from tests.support.live import Place

_LOG_TAIL = 60
OPERATOR = {"AWSLAB_CONSISTENCY_WINDOW": "2"}
"""Settings of the operator where AWS shows at once what was made."""


def pytest_collection_modifyitems(items):
    """Mark what is in this folder, and let nobody forget it; one worker has the one world for all of it."""
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.e2e)


def pytest_collection_finish(session):
    """Have the control plane's commands before any test's time counts: a build takes minutes."""
    wanted = any(item.get_closest_marker("e2e") for item in session.items)
    if wanted and not session.config.option.collectonly:
        with session.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            find_binaries(Lines(sys.stderr))


@pytest.fixture(scope="session")
def session_world(tmp_path_factory):
    """The world of this session, with CRDs and RBAC; tests ask for `world`."""
    folder = tmp_path_factory.mktemp("session") / "world"
    with World.create(folder) as world:
        world.install()
        yield world
    assert processes_of(folder) == []


@pytest.fixture
def world(session_world):
    """The world without any object, AWS resource or operator."""
    _empty(session_world)
    return session_world


@pytest.fixture
def operated(world):
    """The world with its operator running, as a process with its own ServiceAccount."""
    world.start_operator()
    return world


@pytest.fixture(scope="module")
def place(session_world):
    """The world with its operator, which the tests of a module share; each has a namespace of its own."""
    _empty(session_world)
    session_world.start_operator(env=OPERATOR)
    yield place_in(session_world)
    _empty(session_world)


@contextmanager
def _clear(kubectl):
    """Begin without the namespace of the examples, even one that is still being deleted, and leave none."""
    kubectl("wait", "--for=delete", "namespace/lab", "--timeout=120s")
    yield
    kubectl("delete", "namespace", "lab", "--wait=false", "--ignore-not-found")


@pytest.fixture
def no_lab(session_world):
    """There is no namespace of the examples: it is for the test to make."""
    with _clear(session_world.kubectl):
        yield


@pytest.fixture(scope="module")
def lab(session_world):
    """The namespace of the examples, for all tests of a module."""
    with _clear(session_world.kubectl):
        session_world.kubectl("create", "namespace", "lab")
        yield


@pytest.fixture
def namespace(world):
    """A namespace of the test's own."""
    return world.new_namespace()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the end of the logs of the operator and its replicas with whatever fails."""
    report = yield
    world = getattr(item, "funcargs", {}).get("session_world")
    for log in _operators_logs(world) if report.failed and world else ():
        tail = log.read_text(errors="replace").splitlines()[-_LOG_TAIL:]
        report.sections.append((f"the log of the {log.stem}", "\n".join(tail)))
    return report


def place_in(world: World) -> Place:
    """What tests of LabVpcs need of a world."""
    return Place(world.kubectl, world.aws_endpoint, world.environment, world.new_namespace)


def _empty(world: World) -> None:
    """Leave nothing of earlier tests: no operator, no object, no AWS resource, no fault; and quotas for many."""
    world.kill_operators()
    world.reset()
    Control(world.aws_endpoint).configure({"quota_scale": 100})
    for log in _operators_logs(world):
        log.unlink()


def _operators_logs(world: World) -> list[Path]:
    return [log for log in world.logs() if log.stem.startswith("operator")]
