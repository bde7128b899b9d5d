import errno
import shutil
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from awslab.local.cache import cache_home, ensure, require_space
from awslab.local.errors import LocalWorldError
from awslab.local.progress import Quiet

FILES = ("tool",)
MAKER = """
import sys, time
from pathlib import Path
from awslab.local.cache import ensure
from awslab.local.progress import Quiet

def make(folder):
    with open(sys.argv[2], "a") as made:
        made.write("made\\n")
    time.sleep(1)
    (folder / "tool").touch()

ensure(Path(sys.argv[1]), ["tool"], make, Quiet())
assert (Path(sys.argv[1]) / "tool").is_file()
"""


def make_tool(folder):
    (folder / "tool").write_text("new")


def refuse(folder):
    raise AssertionError("must not be made again")


def test_what_is_there_is_not_made_again(tmp_path):
    target = ensure(tmp_path / "target", FILES, make_tool, Quiet())

    assert ensure(target, FILES, refuse, Quiet()) == target


def test_two_processes_at_once_share_one_build(tmp_path):
    target, made = tmp_path / "cache" / "target", tmp_path / "made"

    both = [subprocess.Popen([sys.executable, "-c", MAKER, str(target), str(made)]) for _ in range(2)]

    assert [process.wait(timeout=30) for process in both] == [0, 0]
    assert made.read_text() == "made\n"


def test_who_waits_for_another_build_says_so(tmp_path):
    building, go_on, said = threading.Event(), threading.Event(), []

    def slow(folder):
        building.set()
        assert go_on.wait(10)
        make_tool(folder)

    class Listening(Quiet):
        def task(self, title):
            said.append(title)
            go_on.set()
            return super().task(title)

    first = threading.Thread(target=ensure, args=(tmp_path / "target", FILES, slow, Quiet()))
    first.start()
    assert building.wait(10)
    ensure(tmp_path / "target", FILES, refuse, Listening())
    first.join()

    assert said == ["Waiting for another process that makes target"]


def test_what_a_killed_build_left_is_removed_and_never_taken(tmp_path):
    leftover = tmp_path / "target.partial"
    leftover.mkdir()
    (leftover / "tool").write_text("half")

    target = ensure(tmp_path / "target", FILES, make_tool, Quiet())

    assert (target / "tool").read_text() == "new"
    assert not leftover.exists()


def test_a_target_that_lacks_a_file_is_made_anew(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "other").touch()

    ensure(target, FILES, make_tool, Quiet())

    assert [item.name for item in target.iterdir()] == ["tool"]


@pytest.mark.parametrize("error", [LocalWorldError("no"), KeyboardInterrupt()])
def test_a_build_that_fails_leaves_nothing(tmp_path, error):
    def fail(folder):
        make_tool(folder)
        raise error

    with pytest.raises(type(error)):
        ensure(tmp_path / "target", FILES, fail, Quiet())

    assert [item.name for item in tmp_path.iterdir()] == ["target.lock"]


def test_a_build_without_all_files_is_not_taken(tmp_path):
    with pytest.raises(LocalWorldError, match="without all of tool"):
        ensure(tmp_path / "target", FILES, lambda folder: None, Quiet())

    assert not (tmp_path / "target").exists()


def test_a_disk_that_fills_up_is_a_sentence(tmp_path):
    def fill(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(LocalWorldError, match=r"disk that holds .* is full.*set XDG_CACHE_HOME"):
        ensure(tmp_path / "target", FILES, fill, Quiet())


def test_too_little_space_is_said_before_the_work_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**9))

    with pytest.raises(LocalWorldError, match=r"Building needs 6.0 GB in .*, where 1.0 GB are free: make room"):
        require_space(tmp_path, 6 * 10**9, "Building")


def test_enough_space_is_no_error(tmp_path):
    require_space(tmp_path, 1, "Building")


def test_the_cache_is_where_xdg_says(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache_home() == tmp_path / "awslab"
