import pytest

from awslab.controller.cache import Cache, References
from awslab.controller.objects import Key
from awslab.controller.schedule import Priority
from tests.support.shell import ready_status

A, B = Key("LabVpc", "lab", "a"), Key("LabVpc", "lab", "b")


class Heard:
    """A listener that writes down what it is told."""

    def __init__(self):
        self.told = []

    def add(self, key, priority=Priority.URGENT):
        self.told.append((key, priority))

    def add_after(self, key, delay, priority=Priority.PROGRESS):
        self.told.append((key, priority, delay))

    def discard(self, key):
        self.told.append((key, "discarded"))


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def cache(heard):
    cache = Cache(heard, resync=600, chance=lambda low, high: (low + high) / 2)
    cache.activate()
    return cache


def obj(key=A, version=1, status=None, **metadata):
    data = {"name": key.name, "namespace": key.namespace, "uid": f"uid-{key.name}", "generation": 1}
    found = {"kind": key.kind, "metadata": {**data, "resourceVersion": str(version), **metadata}}
    return {**found, "status": status} if status else found


def test_a_new_object_has_its_pass_at_once(cache, heard):
    cache.seen(A, obj())

    assert [(A, Priority.URGENT)] == heard.told


def test_after_a_restart_a_healthy_object_waits_anywhere_within_a_resync(cache, heard):
    cache.seen(A, obj(status=ready_status()), listed=True)

    assert [(A, Priority.RESYNC, 300)] == heard.told


def test_after_a_restart_an_unfinished_object_has_its_pass_at_once(cache, heard):
    cache.seen(A, obj(), listed=True)

    assert [(A, Priority.PROGRESS)] == heard.told


def test_after_a_restart_a_deletion_goes_first(cache, heard):
    cache.seen(A, obj(deletionTimestamp="2026-01-01T00:00:00Z"), listed=True)

    assert [(A, Priority.URGENT)] == heard.told


def test_a_changed_spec_has_its_pass_at_once(cache, heard):
    cache.seen(A, obj())
    heard.told.clear()
    cache.seen(A, obj(version=2, generation=2))

    assert [(A, Priority.URGENT)] == heard.told


def test_our_own_status_wakes_nobody(cache, heard):
    cache.seen(A, obj())
    heard.told.clear()
    cache.wrote(A, obj(version=2, status=ready_status()))
    cache.seen(A, obj(version=2, status=ready_status()))

    assert [] == heard.told


def test_a_late_event_does_not_bring_an_old_state_back(cache, heard):
    cache.seen(A, obj())
    cache.wrote(A, obj(version=5, status=ready_status()))
    cache.seen(A, obj(version=3, generation=7))

    assert "5" == cache.get(A)["metadata"]["resourceVersion"]


def test_what_is_gone_is_not_brought_back_by_an_older_listing(cache, heard):
    cache.seen(A, obj())
    cache.gone(A, "uid-a")
    heard.told.clear()
    cache.seen(A, obj(version=9), listed=True)

    assert cache.get(A) is None
    assert [] == heard.told


def test_a_new_object_of_an_old_name_is_a_new_object(cache, heard):
    cache.seen(A, obj())
    cache.gone(A, "uid-a")
    heard.told.clear()
    cache.seen(A, obj(version=9, uid="another"))

    assert [(A, Priority.URGENT)] == heard.told


def test_the_end_of_an_earlier_object_does_not_take_the_present_one(cache):
    cache.seen(A, obj(uid="second", version=5))
    cache.gone(A, "first")

    assert "second" == cache.get(A)["metadata"]["uid"]


def test_a_write_that_returns_after_the_end_brings_nothing_back(cache):
    cache.seen(A, obj())
    cache.gone(A)
    cache.wrote(A, obj(version=2))

    assert cache.get(A) is None


def test_a_standby_remembers_everything_and_wakes_nobody(heard):
    cache = Cache(heard, resync=600)
    cache.seen(A, obj())
    cache.seen(A, obj(version=2, generation=2))

    assert [] == heard.told
    assert 2 == cache.get(A)["metadata"]["generation"]


def test_a_standby_that_begins_to_lead_gives_everything_its_turn(heard):
    cache = Cache(heard, resync=600, chance=lambda low, high: high)
    cache.seen(A, obj())
    cache.seen(B, obj(B, status=ready_status()))
    cache.activate()

    assert [(A, Priority.PROGRESS), (B, Priority.RESYNC, 600)] == heard.told


def test_who_refers_to_an_object_is_woken_when_that_becomes_ready(cache, heard):
    cache.seen(A, obj())
    cache.refers(B, [A])
    heard.told.clear()
    cache.wrote(A, obj(version=2, status=ready_status()))

    assert [(B, Priority.PROGRESS)] == heard.told


def test_who_refers_to_an_object_is_woken_when_it_appears_and_when_it_goes(cache, heard):
    cache.refers(B, [A])
    cache.seen(A, obj())
    cache.gone(A)

    assert 2 == heard.told.count((B, Priority.PROGRESS))


def test_a_change_of_no_importance_wakes_nobody_who_refers(cache, heard):
    cache.seen(A, obj())
    cache.refers(B, [A])
    heard.told.clear()
    cache.seen(A, obj(version=2, labels={"team": "x"}))

    assert [] == heard.told


def test_references_are_replaced_as_a_whole():
    references = References()
    references.put(A, [B])
    references.put(A, [])

    assert frozenset() == references.dependents(B)
