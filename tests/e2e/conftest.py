"""One control plane for the whole session; each test gets it empty."""

import sys

import pytest

from awslab.local.kubernetes.binaries import find_binaries
from awslab.local.progress import Lines
from awslab.local.world import World
from support.processes import processes_of

_LOG_TAIL = 60


def pytest_collection_modifyitems(items):
    """Mark what is in this folder, and let nobody forget it."""
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
def world(session_world, request):
    """The world without any object, AWS resource or operator; a failed test shows the operator's log."""
    if any(status.name == "operator" for status in session_world.status()):
        session_world.kill_operator()
    session_world.reset()
    log = session_world.log("operator")
    log.unlink(missing_ok=True)
    yield session_world
    if log.exists():
        tail = log.read_text(errors="replace").splitlines()[-_LOG_TAIL:]
        request.node.add_report_section("call", "the operator's log", "\n".join(tail))


@pytest.fixture
def operated(world):
    """The world with its operator running, as a process with its own ServiceAccount."""
    world.start_operator()
    return world


@pytest.fixture
def namespace(world):
    """A namespace of the test's own."""
    return world.new_namespace()
