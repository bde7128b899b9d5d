import time
from pathlib import Path

import pytest

from awslab.controller import credentials, source
from awslab.controller.source import KopfSource, Traffic
from tests.support.fakeapi import Resource
from tests.support.shell import LAB, TWIN, eventually, lab


@pytest.fixture
def watch(api, tmp_path):
    """Start a source; what it tells is in ``seen`` as (type, name)."""
    running = []

    def start(kinds=(LAB,), path=None, **more):
        seen = []
        path = path or api.kubeconfig(tmp_path)
        found = KopfSource(
            kinds,
            lambda kind, type_, obj: seen.append((type_, obj["metadata"]["name"])),
            lambda: credentials.load(path),
            **more,
        )
        found.seen = seen
        running.append(found)
        found.start()
        return found

    yield start
    for found in running:
        found.stop()


def test_what_is_there_is_listed_and_what_comes_is_told(api, watch):
    api.create("labvpcs", lab("a"))
    found = watch()
    eventually(lambda: found.problem() is None)
    api.create("labvpcs", lab("b"))
    api.edit("labvpcs", "lab", "b", {"spec": {"x": 1}})
    api.delete("labvpcs", "lab", "a")

    eventually(lambda: len(found.seen) == 4)
    assert (None, "a") == found.seen[0]
    assert {("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "a")} == set(found.seen[1:])


def test_the_api_server_may_come_later(api, tmp_path, watch):
    api.stop()
    found = watch()
    eventually(lambda: "Connect call failed" in (found.problem() or ""))

    api.start()
    api.create("labvpcs", lab("a"))

    eventually(lambda: found.problem() is None, 20)
    eventually(lambda: {name for _, name in found.seen} == {"a"})


def test_credentials_may_come_later(api, tmp_path, watch):
    found = watch(path=str(tmp_path / "later"))
    eventually(lambda: "set KUBECONFIG" in (found.problem() or ""))

    Path(api.kubeconfig(tmp_path)).rename(tmp_path / "later")

    eventually(lambda: found.problem() is None, 20)


def test_an_api_server_that_restarts_is_watched_again(api, watch):
    found = watch()
    eventually(lambda: found.problem() is None)
    api.stop()
    eventually(lambda: "labvpcs" in (found.problem() or ""))
    api.start()
    eventually(lambda: found.problem() is None, 20)
    api.create("labvpcs", lab("after"))

    eventually(lambda: "after" in {name for _, name in found.seen})


def test_an_expired_watch_begins_with_a_new_listing(api, watch):
    found = watch()
    eventually(lambda: found.problem() is None)
    api.create("labvpcs", lab("a"))
    eventually(lambda: ("ADDED", "a") in found.seen)
    api.compact()
    api.cut_watches()

    eventually(lambda: (None, "a") in found.seen)
    api.create("labvpcs", lab("b"))
    eventually(lambda: ("ADDED", "b") in found.seen)


def test_a_refusal_is_told_and_overcome(api, watch, monkeypatch):
    monkeypatch.setattr(source, "_RETRY_SECONDS", (0.1, 0.1, 0.1))
    found = watch()
    api.fail(403, times=5, match=lambda request: request.path.endswith("/labvpcs"))

    eventually(lambda: "403" in (found.problem() or ""))
    eventually(lambda: found.problem() is None, 40)


def test_a_kind_that_is_not_installed_is_named(watch):
    found = watch(kinds=(LAB, Resource("awslab.dev", "v1alpha1", "labmissings", "LabMissing")))

    eventually(lambda: (found.problem() or "").startswith("not watching labmissings:"))
    assert ["labmissings"] == [kind.plural for kind in found.unwatched()]


def test_only_the_namespaces_that_were_named_are_told_of(api, watch):
    for namespace in ("one", "two"):
        api.create("namespaces", {"metadata": {"name": namespace}})
        api.create("labvpcs", lab(f"in-{namespace}", namespace))
    found = watch(namespaces=("two",))

    eventually(lambda: found.problem() is None)
    eventually(lambda: found.seen)
    assert {(None, "in-two")} == set(found.seen)


def test_a_login_is_renewed_before_its_token_ends(api, watch, monkeypatch):
    monkeypatch.setattr(source, "_LOGIN_SECONDS", 1)
    found = watch()
    eventually(lambda: found.problem() is None)
    time.sleep(1.5)
    api.cut_watches()
    api.create("labvpcs", lab("later"))

    eventually(lambda: ("ADDED", "later") in found.seen or (None, "later") in found.seen)
    assert found.problem() is None


def test_a_restart_lists_everything_again(api, watch):
    api.create("labvpcs", lab("a"))
    found = watch()
    eventually(lambda: found.problem() is None)
    found.restart()

    eventually(lambda: found.seen.count((None, "a")) == 2)
    eventually(lambda: found.problem() is None)


def test_a_source_ends_quickly_and_tells_nothing_more(api, watch):
    found = watch()
    eventually(lambda: found.problem() is None)
    began = time.monotonic()
    found.stop()
    api.create("labvpcs", lab("late"))
    time.sleep(0.2)

    assert time.monotonic() - began < 3
    assert [] == found.seen


def test_a_source_whose_thread_ended_is_not_alive():
    found = KopfSource((LAB,), lambda *_: None, lambda: None)

    assert "the source's thread has ended" == found.alive()


def test_traffic_knows_a_watch_by_its_path_and_forgets_a_silent_one():
    now = [0.0]
    traffic = Traffic((LAB, TWIN), clock=lambda: now[0])
    traffic.opened("/apis/awslab.dev/v1alpha1/namespaces/lab/labvpcs")
    traffic.opened("/apis/other.dev/v1/labtwins")
    fresh = traffic.unwatched()
    now[0] = 1000.0

    assert [TWIN] == fresh
    assert [LAB, TWIN] == traffic.unwatched()


def test_a_quiet_watch_is_not_taken_for_a_dead_one():
    now = [0.0]
    traffic = Traffic((LAB,), clock=lambda: now[0])
    traffic.opened("/apis/awslab.dev/v1alpha1/labvpcs")
    now[0] = source._SERVER_SECONDS + source._SILENCE_SECONDS

    assert [] == traffic.unwatched()
