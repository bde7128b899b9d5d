import threading

import pytest

from awslab.controller.cache import Cache
from awslab.controller.handle import Handle
from awslab.controller.kube import ApiConflict, ApiGone, ApiUnavailable
from awslab.controller.objects import FINALIZER, key_of
from awslab.controller.queue import WorkQueue
from tests.support.shell import LAB, lab, ready_status


class Told:
    def __init__(self):
        self.events = []

    def event(self, obj, type, reason, message):  # noqa: A002 - as the API calls it
        self.events.append((obj["metadata"]["name"], type, reason, message))


@pytest.fixture
def handle(api, kube):
    obj = api.create("labvpcs", lab("a"))
    cache = Cache(WorkQueue(), resync=600)
    cache.seen(key_of(obj), obj)
    return Handle(
        LAB,
        key_of(obj),
        cache.get(key_of(obj)),
        kube=kube,
        cache=cache,
        recorder=Told(),
        is_leader=lambda: True,
        stop=threading.Event(),
    )


def test_a_written_status_is_there_for_the_next_line_and_the_next_pass(api, handle):
    assert handle.write_status({"intents": {"Vpc/main": "now"}})

    stored = api.get("labvpcs", "lab", "a")
    assert {"intents": {"Vpc/main": "now"}} == stored["status"] == handle.obj["status"]
    assert stored["metadata"]["resourceVersion"] == handle.obj["metadata"]["resourceVersion"]
    assert handle.obj == handle.lookup("LabVpc", "lab", "a")


def test_an_equal_status_is_not_written(api, handle):
    handle.write_status(ready_status())

    assert not handle.write_status(ready_status())
    assert 1 == len(api.writes("/status"))


def test_many_writes_in_one_pass_do_not_conflict_with_each_other(api, handle):
    handle.ensure_finalizer()
    handle.write_status({"step": 1})
    handle.write_status({"step": 2})

    assert {"step": 2} == api.get("labvpcs", "lab", "a")["status"]


def test_a_change_by_a_user_during_the_pass_is_a_conflict(api, handle):
    api.edit("labvpcs", "lab", "a", {"spec": {"x": 1}})

    with pytest.raises(ApiConflict):
        handle.write_status(ready_status())


def test_a_hold_is_put_once(api, handle):
    handle.ensure_finalizer()
    handle.ensure_finalizer()

    assert handle.has_finalizer
    assert [FINALIZER] == api.get("labvpcs", "lab", "a")["metadata"]["finalizers"]
    assert 1 == len(api.writes("labvpcs"))


def test_an_object_that_is_being_deleted_can_no_longer_be_held(api, kube, handle):
    api.edit("labvpcs", "lab", "a", {"metadata": {"finalizers": ["x.io/y"]}})
    api.delete("labvpcs", "lab", "a")
    handle._obj = kube.get(LAB, handle.key)

    with pytest.raises(ApiGone, match="being deleted"):
        handle.ensure_finalizer()


def test_an_object_that_is_let_go_is_gone(api, kube, handle):
    handle.ensure_finalizer()
    api.delete("labvpcs", "lab", "a")
    handle._obj = kube.get(LAB, handle.key)
    handle.remove_finalizer()

    assert api.get("labvpcs", "lab", "a") is None
    assert handle.lookup("LabVpc", "lab", "a") is None


def test_letting_go_of_what_is_gone_is_no_error(api, handle):
    handle.ensure_finalizer()
    api.vanish("labvpcs", "lab", "a")

    handle.remove_finalizer()

    assert handle.lookup("LabVpc", "lab", "a") is None


def test_letting_go_leaves_the_holds_of_others(api, kube, handle):
    handle.ensure_finalizer()
    api.edit("labvpcs", "lab", "a", {"metadata": {"finalizers": [FINALIZER, "x.io/y"]}})
    api.delete("labvpcs", "lab", "a")
    handle._obj = kube.get(LAB, handle.key)
    handle.remove_finalizer()

    assert ["x.io/y"] == api.get("labvpcs", "lab", "a")["metadata"]["finalizers"]


def test_an_event_is_about_the_object(handle):
    handle.event("Normal", "Created", "made")

    assert [("a", "Normal", "Created", "made")] == handle._recorder.events


def test_nothing_is_written_by_a_replica_that_leads_no_longer(api, handle):
    handle._is_leader = lambda: False

    for write in (handle.ensure_finalizer, lambda: handle.write_status(ready_status())):
        with pytest.raises(ApiUnavailable, match="leads no longer"):
            write()

    assert [] == api.writes()
