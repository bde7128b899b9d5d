import json
import signal
import subprocess
import sys
import threading
import time

import pytest
from filelock import FileLock

from awslab.local import cloud
from awslab.local import world as world_module
from awslab.local.errors import LocalWorldError
from awslab.local.kubernetes import given
from awslab.local.kubernetes.release import COMMANDS
from awslab.local.processes import Running
from awslab.local.supervisor import State, Supervisor
from awslab.local.world import Options, World
from support.processes import processes_of

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def written(tmp_path):
    """A world that is only written down: write(processes) gives its folder."""

    def write(**processes):
        folder = tmp_path / "w"
        folder.mkdir(exist_ok=True)
        ports = {"aws": 4566, "operator": 8080, "etcd": 1, "etcd-peer": 2, "kube-apiserver": 3}
        state = State("w", ports=ports, processes=processes, binaries={"kubectl": "/bin/kubectl"})
        Supervisor(folder, state).save()
        return folder

    return write


@pytest.fixture
def alive():
    """A process that lives, as it is written down."""
    child = subprocess.Popen(SLEEP)
    yield Running("aws", child.pid, time.time(), SLEEP, "", "")
    child.kill()
    child.wait()


def gone(name="etcd"):
    return Running(name, 2**22 - 7, 1.0, ("etcd",), "", "")


@pytest.fixture
def fake_binaries(tmp_path, monkeypatch):
    """Commands that end at once, so that nothing comes up."""
    monkeypatch.setattr(world_module, "find_binaries", lambda _: dict.fromkeys(COMMANDS, "/bin/false"))
    monkeypatch.setattr(given, "is_asked_for", lambda: False)


def test_what_is_written_down_is_read_again(written, alive):
    folder = written(aws=alive)

    assert State.read(folder).processes == {"aws": alive}


def test_a_world_whose_machine_was_restarted_is_recognised(written):
    world = World.load(written(etcd=gone()))

    assert not world.is_up()
    assert [item.state for item in world.status()] == ["gone"]


def test_a_world_that_lives_says_what_it_needs(written, alive):
    (status,) = World.load(written(aws=alive)).status()

    assert (status.name, status.state, status.pid) == ("aws", "running", alive.pid)
    assert status.memory > 0


def test_a_paused_process_is_shown_as_such(written, alive):
    world = World.load(written(aws=alive))

    alive.send(signal.SIGSTOP)
    for _ in range(100):
        (status,) = world.status()
        if status.state == "paused":
            break
        time.sleep(0.02)

    assert status.state == "paused"


def test_down_ends_what_lives_and_deletes_the_folder(written, alive):
    folder = written(aws=alive, etcd=gone())
    (folder / "etcd").mkdir()

    World.load(folder).down()

    assert alive.process() is None
    assert not folder.exists()


def test_down_keep_ends_what_lives_and_keeps_the_data(written, alive):
    folder = written(aws=alive)
    (folder / "etcd").mkdir()

    World.load(folder).down(keep=True)

    assert alive.process() is None
    assert (folder / "etcd").is_dir()
    assert State.read(folder).processes == {}


def test_a_folder_without_a_world_is_a_sentence(tmp_path):
    with pytest.raises(LocalWorldError, match=r"no world in .*: start one with `awslab local up`"):
        World.load(tmp_path)


def test_a_folder_with_something_else_in_it_is_never_taken(tmp_path, fake_binaries):
    (tmp_path / "thesis.tex").touch()

    with pytest.raises(LocalWorldError, match="holds something else than a world"):
        World.create(tmp_path)

    assert [item.name for item in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_world_that_cannot_be_read_is_a_sentence(written):
    folder = written()
    (folder / "world.json").write_text("{half")

    with pytest.raises(LocalWorldError, match="cannot be read: delete"):
        World.load(folder)


def test_a_world_of_another_version_is_a_sentence(written):
    folder = written()
    (folder / "world.json").write_text(json.dumps({"format": 0}))

    with pytest.raises(LocalWorldError, match="made by another version of awslab"):
        World.load(folder)


def test_two_commands_on_one_world_do_not_meet(written):
    folder = written()

    with FileLock(folder / "lock"), pytest.raises(LocalWorldError, match="Another command starts or stops"):
        World.load(folder).down()


def test_a_world_that_fails_to_start_leaves_nothing(tmp_path, fake_binaries):
    folder = tmp_path / "new"
    aws = Options(aws_command=(*SLEEP, str(folder)))

    with pytest.raises(LocalWorldError, match="etcd ended right after its start"):
        World.create(folder, aws)

    assert not folder.exists()
    assert not processes_of(folder)


def test_an_interrupt_while_a_world_starts_leaves_nothing(tmp_path, fake_binaries, monkeypatch):
    folder = tmp_path / "new"

    def interrupted(self):
        assert processes_of(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(World, "_start_kubernetes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        World.create(folder, Options(aws_command=(*SLEEP, str(folder))))

    assert not folder.exists()
    assert not processes_of(folder)


def test_a_kept_world_that_fails_to_start_keeps_its_data(written, fake_binaries):
    folder = written()
    (folder / "etcd").mkdir()

    with pytest.raises(LocalWorldError, match="etcd ended"):
        World.create(folder, Options(aws_command=SLEEP))

    assert (folder / "etcd").is_dir()


def test_a_taken_port_is_said_before_anything_starts(tmp_path, fake_binaries):
    import socket  # noqa: PLC0415 - only here

    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(LocalWorldError, match=f"Port {taken} is taken .* --aws-port"):
            World.create(tmp_path / "new", Options(aws_port=taken))


def test_a_world_keeps_its_ports_while_they_are_free(tmp_path):
    supervisor = Supervisor(tmp_path, State("w"))
    supervisor.choose_ports(["aws", "etcd"], {})
    first = dict(supervisor.state.ports)

    supervisor.choose_ports(["aws", "etcd"], {})

    assert supervisor.state.ports == first
    assert len(set(first.values())) == 2


def test_processes_are_ended_side_by_side(tmp_path):
    supervisor, ended = Supervisor(tmp_path, State("w")), threading.Barrier(2, timeout=10)
    for name in ("aws", "etcd"):
        supervisor.state.processes[name] = gone(name)

    supervisor._end(["aws", "etcd", "unknown"], lambda _: ended.wait())

    assert State.read(tmp_path).processes == {}


def test_the_environment_leads_to_this_world(written):
    world = World.load(written())

    assert world.environment == {
        "KUBECONFIG": str(world.folder / "kubeconfig"),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": cloud.REGION,
    }


def test_an_unknown_log_is_a_sentence_with_those_there_are(written):
    world = World.load(written())
    world.log("aws").parent.mkdir()
    world.log("aws").touch()

    with pytest.raises(LocalWorldError, match="no log of scheduler: there are aws"):
        world.logs("scheduler")
