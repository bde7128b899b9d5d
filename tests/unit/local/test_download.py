import hashlib
import io
import socket
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from awslab.local.cache import architecture, operating_system
from awslab.local.errors import UnavailableError
from awslab.local.kubernetes.download import Mirrors, download
from awslab.local.kubernetes.release import COMMANDS, ETCD_VERSION, KUBERNETES_VERSION
from awslab.local.progress import Quiet

PLACE = f"/v{KUBERNETES_VERSION}/bin/{operating_system()}/{architecture()}"
ARCHIVE = f"etcd-v{ETCD_VERSION}-{operating_system()}-{architecture()}"
SUMS = f"/v{ETCD_VERSION}/SHA256SUMS"


class ReleaseServer:
    """Serves a release as the projects lay it out; tests spoil `files` or cut what is sent."""

    def __init__(self):
        self.files = {}
        self.cut = set()
        for command in COMMANDS[1:]:
            content = f"#!{command}".encode()
            self.files[f"{PLACE}/{command}"] = content
            self.files[f"{PLACE}/{command}.sha256"] = hashlib.sha256(content).hexdigest().encode()
        archive = etcd_archive(b"#!etcd")
        self.files[f"/v{ETCD_VERSION}/{ARCHIVE}.tar.gz"] = archive
        self.files[SUMS] = f"{'0' * 64}  other.zip\n{hashlib.sha256(archive).hexdigest()}  {ARCHIVE}.tar.gz\n".encode()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def mirrors(self):
        return Mirrors(kubernetes=self.url, etcd=self.url)

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        release = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                content = release.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if self.path in release.cut else content)

            def log_message(self, *_):
                pass

        return Handler


def etcd_archive(content):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo(f"{ARCHIVE}/etcd")
        member.size, member.mode = len(content), 0o755
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def release():
    server = ReleaseServer()
    yield server
    server.close()


def names(folder):
    return {item.name for item in folder.iterdir()}


def test_a_release_becomes_executable_commands(release, tmp_path):
    download(tmp_path, release.mirrors, Quiet())

    assert names(tmp_path) == set(COMMANDS)
    assert {(tmp_path / name).read_text() for name in COMMANDS} == {f"#!{name}" for name in COMMANDS}
    assert all((tmp_path / name).stat().st_mode & 0o111 for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_a_wrong_checksum_is_refused_and_the_file_removed(release, tmp_path, command):
    release.files[f"{PLACE}/{command}"] = b"something else"

    with pytest.raises(UnavailableError, match=f"{command} was refused: its SHA-256 is"):
        download(tmp_path, release.mirrors, Quiet())

    assert command not in names(tmp_path)
    assert not list(tmp_path.glob("*.part"))


def test_a_wrong_checksum_of_etcd_is_refused(release, tmp_path):
    release.files[f"/v{ETCD_VERSION}/{ARCHIVE}.tar.gz"] = etcd_archive(b"something else")

    with pytest.raises(UnavailableError, match=r"tar.gz was refused"):
        download(tmp_path, release.mirrors, Quiet())

    assert not list(tmp_path.glob("etcd*"))


def test_half_a_file_is_refused_and_removed(release, tmp_path):
    release.cut.add(f"{PLACE}/kube-apiserver")

    with pytest.raises(UnavailableError, match=r"kube-apiserver (broke off|cannot be had)"):
        download(tmp_path, release.mirrors, Quiet())

    assert names(tmp_path) == set()


def test_a_checksum_that_is_not_published_is_not_made_up(release, tmp_path):
    release.files[SUMS] = b"0  other.zip\n"

    with pytest.raises(UnavailableError, match=r"SHA256SUMS of etcd .* does not list"):
        download(tmp_path, release.mirrors, Quiet())


def test_a_missing_file_is_a_sentence_with_its_address(release, tmp_path):
    del release.files[f"{PLACE}/kubectl"]

    with pytest.raises(UnavailableError, match=f"{release.url}{PLACE}/kubectl cannot be had"):
        download(tmp_path, release.mirrors, Quiet())


def test_a_host_that_does_not_answer_is_given_up_within_seconds(tmp_path, monkeypatch):
    monkeypatch.setattr("awslab.local.kubernetes.download._TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mirrors = Mirrors(kubernetes=f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()

        with pytest.raises(UnavailableError, match="timed out"):
            download(tmp_path, mirrors, Quiet())

    assert time.monotonic() - start < 3


def test_the_mirrors_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("AWSLAB_KUBERNETES_MIRROR", "https://mirror.example/k8s")
    monkeypatch.delenv("AWSLAB_ETCD_MIRROR", raising=False)

    assert Mirrors.from_environment() == Mirrors(kubernetes="https://mirror.example/k8s", etcd=Mirrors.etcd)
