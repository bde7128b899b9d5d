import pytest

from awslab.local.errors import LocalWorldError, UnavailableError
from awslab.local.kubernetes import binaries
from awslab.local.kubernetes.binaries import find_binaries
from awslab.local.kubernetes.release import COMMANDS


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """An empty cache, and sources that tell that they were asked."""
    asked = []

    def source(name):
        def fill(folder, *_):
            asked.append(name)
            for command in COMMANDS:
                (folder / command).write_text(name)

        return fill

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setattr(binaries, "download", source("download"))
    monkeypatch.setattr(binaries, "build", source("build"))
    return asked


def unavailable(reason):
    def fill(*_):
        raise UnavailableError(reason)

    return fill


def assets(tmp_path, monkeypatch, *commands):
    for command in commands:
        (tmp_path / command).touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))


def test_kubebuilder_assets_go_first(sources, tmp_path, monkeypatch):
    assets(tmp_path, monkeypatch, *COMMANDS)

    assert find_binaries() == {command: tmp_path / command for command in COMMANDS}
    assert sources == []


def test_what_kubebuilder_assets_lack_is_ours(sources, tmp_path, monkeypatch):
    assets(tmp_path, monkeypatch, "etcd", "kube-apiserver", "kubectl")

    found = find_binaries()

    assert {name for name, path in found.items() if path.parent != tmp_path} == {"kube-controller-manager"}
    assert sources == ["download"]


def test_the_cache_is_filled_once(sources):
    assert find_binaries() == find_binaries()
    assert sources == ["download"]


def test_what_cannot_be_downloaded_is_built(sources, monkeypatch):
    monkeypatch.setattr(binaries, "download", unavailable("no network"))

    found = find_binaries()

    assert found["etcd"].read_text() == "build"


def test_without_any_source_a_sentence_says_what_was_tried_and_what_to_do(sources, monkeypatch):
    monkeypatch.setattr(binaries, "download", unavailable("host X is unknown"))
    monkeypatch.setattr(binaries, "build", unavailable("there is no Go"))

    with pytest.raises(LocalWorldError) as raised:
        find_binaries()

    told = str(raised.value)
    assert "host X is unknown" in told
    assert "there is no Go" in told
    assert "set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager, kubectl" in told
