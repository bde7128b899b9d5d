import pytest

from awslab.controller.cache import Cache
from awslab.controller.objects import Key, key_of
from awslab.controller.queue import Priority, WorkQueue
from awslab.controller.sweep import Sweep
from tests.support.shell import LAB, TWIN, eventually, lab, ready_status

A, B = Key("LabVpc", "lab", "a"), Key("LabVpc", "lab", "b")


class Deaf:
    """A source whose watches are as the test says."""

    def __init__(self, unwatched=()):
        self.now_unwatched = list(unwatched)
        self.restarts = 0

    def unwatched(self):
        return self.now_unwatched

    def restart(self):
        self.restarts += 1


@pytest.fixture
def queue():
    return WorkQueue()


@pytest.fixture
def cache(queue):
    cache = Cache(queue, resync=600)
    cache.activate()
    return cache


def sweep_of(kube, cache, source=None, **more):
    return Sweep((LAB,), kube, cache, source or Deaf(), **{"look": 0.05, "patience": 0.2, **more})


def test_an_object_that_vanished_unseen_is_forgotten(api, kube, cache, queue):
    cache.seen(A, api.create("labvpcs", lab("a")))
    api.vanish("labvpcs", "lab", "a")

    sweep_of(kube, cache).sweep(LAB)

    assert cache.get(A) is None
    assert 0 == queue.depth(Priority.URGENT)


def test_an_object_that_came_unseen_has_its_pass(api, kube, cache, queue):
    api.create("labvpcs", lab("a"))

    sweep_of(kube, cache).sweep(LAB)

    assert 1 == queue.depth(Priority.PROGRESS)
    assert A == key_of(cache.get(A))


def test_a_change_that_came_unseen_has_its_pass(api, kube, cache, queue):
    cache.seen(A, {**api.create("labvpcs", lab("a")), "status": ready_status()}, listed=True)
    api.edit("labvpcs", "lab", "a", {"spec": {"x": 1}})

    sweep_of(kube, cache).sweep(LAB)

    assert 1 == queue.depth(Priority.URGENT)


def test_what_is_as_it_was_has_no_pass(api, kube, cache, queue):
    cache.seen(A, api.create("labvpcs", lab("a")))
    queue.take()

    sweep_of(kube, cache).sweep(LAB)

    assert {A: 0} == {key: round(age) for key, age in queue.running().items()}
    assert 0 == sum(queue.depth(priority) for priority in Priority)


def test_nothing_is_forgotten_because_a_listing_failed(api, kube, cache):
    cache.seen(A, api.create("labvpcs", lab("a")))
    api.fail(500)
    swept = sweep_of(kube, cache)

    assert not swept._try(LAB)
    assert cache.get(A) is not None


def test_other_kinds_and_namespaces_are_left_alone(api, kube, cache):
    twin = Key("LabTwin", "lab", "a")
    cache.seen(twin, {"kind": "LabTwin", **api.create("labtwins", lab("a"))})
    cache.seen(B, api.create("labvpcs", lab("b")))

    sweep_of(kube, cache, namespaces=("lab",)).sweep(LAB)

    assert {twin, B} == set(cache.keys())


def test_a_watch_that_is_deaf_while_the_server_answers_is_started_anew(kube, cache):
    source = Deaf([LAB])
    swept = sweep_of(kube, cache, source)
    swept.start()

    eventually(lambda: source.restarts >= 1)
    swept.stop()


def test_a_watch_is_left_alone_while_the_server_does_not_answer(api, kube, cache):
    api.stop()
    source = Deaf([LAB])
    swept = sweep_of(kube, cache, source)
    swept._watch_the_watch(now=0)
    swept._watch_the_watch(now=1000)

    assert 0 == source.restarts


def test_after_a_break_of_the_watch_there_is_a_sweep(api, kube, cache):
    cache.seen(A, api.create("labvpcs", lab("a")))
    api.vanish("labvpcs", "lab", "a")
    source = Deaf([LAB])
    swept = sweep_of(kube, cache, source, patience=1000)
    swept.start()
    eventually(lambda: LAB in swept._unwatched)
    source.now_unwatched.clear()

    eventually(lambda: cache.get(A) is None)
    swept.stop()


def test_a_watch_that_stays_deaf_for_long_needs_a_new_process(kube, cache):
    source = Deaf([LAB])
    swept = sweep_of(kube, cache, source)
    swept.start()
    eventually(lambda: source.restarts >= 1)

    before = swept.alive()
    swept._deaf = {LAB: -10_000.0}
    after = swept.alive()
    swept.stop()

    assert before is None
    assert "labvpcs can be listed, but no watch has worked for long" == after


def test_a_kind_that_is_not_installed_does_not_restart_the_others(kube, cache):
    source = Deaf([TWIN._replace(plural="labmissings")])
    swept = sweep_of(kube, cache, source)
    swept._watch_the_watch(now=0)
    swept._watch_the_watch(now=1000)

    assert 0 == source.restarts
