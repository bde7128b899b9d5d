"""The shell as a whole, against an API server that forgets, refuses, breaks and comes back."""

import threading
import time
import urllib.error
import urllib.request

import pytest

from awslab import metrics
from awslab.controller.objects import FINALIZER, Key
from tests.support.shell import LAB, Keeper, eventually, is_ready, keep, lab, ready_status


def probe(operator, path):
    try:
        with urllib.request.urlopen(f"http://{operator.server.address}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def passes(result):
    return metrics.PASSES.labels("LabVpc", result)._value.get()


def test_what_is_there_and_what_comes_is_made_ready(api, operate):
    api.create("labvpcs", lab("before"))
    operator = operate(Keeper())
    eventually(lambda: is_ready(api, "before"))
    api.create("labvpcs", lab("after"))

    eventually(lambda: is_ready(api, "after"))
    assert (200, 200) == (probe(operator, "/healthz")[0], probe(operator, "/readyz")[0])


def test_a_changed_spec_is_seen_at_once(api, operate):
    operate(Keeper())
    api.create("labvpcs", lab("a"))
    eventually(lambda: is_ready(api, "a"))
    api.edit("labvpcs", "lab", "a", {"spec": {"cidr": "10.0.0.0/16"}})

    eventually(lambda: is_ready(api, "a"), 2)


def test_an_object_is_one_pass_and_no_more(api, operate):
    keeper = Keeper()
    operate(keeper)
    api.create("labvpcs", lab("a"))
    eventually(lambda: is_ready(api, "a"))
    time.sleep(0.5)

    assert 1 == keeper.count("a")


def test_an_object_lives_and_ends_by_our_finalizer(api, operate):
    gone = threading.Event()

    def act(handle):
        if handle.deleting and not gone.is_set():
            return 0.1
        return keep(handle)

    operator = operate(Keeper(act))
    api.create("labvpcs", lab("a"))
    eventually(lambda: is_ready(api, "a"))
    held = api.get("labvpcs", "lab", "a")["metadata"]["finalizers"]
    api.delete("labvpcs", "lab", "a")
    time.sleep(0.4)
    still = api.get("labvpcs", "lab", "a")
    gone.set()

    eventually(lambda: api.get("labvpcs", "lab", "a") is None)
    assert [FINALIZER] == held
    assert still is not None
    eventually(lambda: len(operator.cache) == 0)


def test_a_conflict_on_status_is_tried_again_with_the_new_state(api, operate):
    before = passes("conflict")
    first = threading.Event()

    def act(handle):
        if not first.is_set():
            first.set()
            api.edit("labvpcs", "lab", "a", {"spec": {"changed": "by a user"}})
        return keep(handle)

    operate(Keeper(act))
    api.create("labvpcs", lab("a"))

    eventually(lambda: is_ready(api, "a"))
    assert 2 == api.get("labvpcs", "lab", "a")["status"]["observedGeneration"]
    assert passes("conflict") > before


def test_failing_objects_are_tried_again_and_hinder_nobody(api, operate):
    heal = threading.Event()

    def act(handle):
        if handle.key.name.startswith("bad") and not heal.is_set():
            raise RuntimeError("AWS said something new")
        return keep(handle)

    keeper = Keeper(act)
    for number in range(20):
        api.create("labvpcs", lab(f"bad{number}"))
    for number in range(50):
        api.create("labvpcs", lab(f"good{number}"))
    operate(keeper, workers=4, backoff_cap=1)

    eventually(lambda: all(is_ready(api, f"good{number}") for number in range(50)))
    eventually(lambda: all(keeper.count(f"bad{number}") >= 2 for number in range(20)))
    heal.set()
    eventually(lambda: all(is_ready(api, f"bad{number}") for number in range(20)))
    assert [] == keeper.overlaps


def test_a_slow_object_is_with_one_worker_however_often_it_changes(api, operate):
    def act(handle):
        time.sleep(0.1)
        return keep(handle)

    keeper = Keeper(act)
    operate(keeper, workers=8)
    api.create("labvpcs", lab("a"))
    for number in range(20):
        api.edit("labvpcs", "lab", "a", {"spec": {"number": number}})
        time.sleep(0.02)

    eventually(lambda: is_ready(api, "a"))
    assert [] == keeper.overlaps
    assert keeper.count("a") < 15


def test_a_restart_writes_nothing(api, operate):
    for number in range(30):
        api.create("labvpcs", lab(f"a{number}"))
    first = operate(Keeper())
    eventually(lambda: all(is_ready(api, f"a{number}") for number in range(30)))
    first.drain()
    api.requests.clear()

    keeper = Keeper()
    second = operate(keeper, resync=2)
    eventually(lambda: len({name for name, _ in keeper.passes}) == 30)
    second.drain()

    assert [] == api.writes()


def test_a_restart_spreads_the_first_looks_at_healthy_objects(api, operate):
    for number in range(30):
        api.create("labvpcs", lab(f"a{number}"))
    first = operate(Keeper())
    eventually(lambda: all(is_ready(api, f"a{number}") for number in range(30)))
    first.drain()

    keeper = Keeper()
    operate(keeper, resync=600)
    api.create("labvpcs", lab("new"))
    eventually(lambda: is_ready(api, "new"))

    assert len(keeper.passes) < 10


def test_an_api_server_that_comes_later_is_all_it_waits_for(api, operate):
    api.stop()
    operator = operate(Keeper())
    eventually(lambda: "Connect call failed" in probe(operator, "/readyz")[1])
    assert 200 == probe(operator, "/healthz")[0]

    api.start()
    api.create("labvpcs", lab("a"))

    eventually(lambda: is_ready(api, "a"), 20)
    eventually(lambda: probe(operator, "/readyz")[0] == 200)


def test_an_api_server_that_restarts_loses_nothing(api, operate):
    operator = operate(Keeper())
    api.create("labvpcs", lab("a"))
    eventually(lambda: is_ready(api, "a"))
    api.stop()
    api.edit("labvpcs", "lab", "a", {"spec": {"changed": "meanwhile"}})
    eventually(lambda: probe(operator, "/readyz")[0] == 503)
    api.start()

    eventually(lambda: is_ready(api, "a"), 20)


def test_an_object_that_vanished_while_the_watch_was_expired_is_forgotten(api, operate):
    operator = operate(Keeper(), resync=0.5)
    api.create("labvpcs", lab("a"))
    eventually(lambda: is_ready(api, "a"))
    api.vanish("labvpcs", "lab", "a")
    api.compact()
    api.cut_watches()
    operator.sweep.sweep(LAB)

    assert operator.cache.get(Key("LabVpc", "lab", "a")) is None


def test_a_pass_over_a_vanished_object_ends_by_itself(api, operate):
    def act(handle):
        handle.write_status({"pass": time.monotonic_ns()})
        return 0.05

    operator = operate(Keeper(act))
    api.create("labvpcs", lab("a"))
    eventually(lambda: (api.get("labvpcs", "lab", "a") or {}).get("status"))
    api.vanish("labvpcs", "lab", "a")

    eventually(lambda: len(operator.cache) == 0)
    eventually(lambda: not operator.queue.running())


def test_an_unavailable_api_server_during_a_pass_is_waited_out(api, operate):
    operator = operate(Keeper())
    api.fail(503, times=5, match=lambda request: request.path.endswith("/status"))
    api.create("labvpcs", lab("a"))

    eventually(lambda: is_ready(api, "a"))
    assert 5 <= len(api.writes("/status"))
    assert 200 == probe(operator, "/healthz")[0]


def test_a_wish_by_annotation_is_a_pass_and_no_write(api, operate):
    keeper = Keeper()
    operate(keeper)
    api.create("labvpcs", lab("a"))
    eventually(lambda: is_ready(api, "a"))
    time.sleep(0.2)
    before = keeper.count("a")
    api.edit("labvpcs", "lab", "a", {"metadata": {"annotations": {"awslab.dev/reconcile-at": "now"}}})

    eventually(lambda: keeper.count("a") == before + 1)


def test_a_delay_is_kept_and_a_change_does_not_wait_for_it(api, operate):
    keeper = Keeper(lambda handle: keep(handle) or (0.2 if handle.key.name == "soon" else 500))
    operate(keeper)
    api.create("labvpcs", lab("soon"))
    api.create("labvpcs", lab("late"))
    eventually(lambda: keeper.count("soon") >= 3)
    once = keeper.count("late")
    api.edit("labvpcs", "lab", "late", {"spec": {"x": 1}})

    eventually(lambda: keeper.count("late") == once + 1)


def test_who_waits_for_another_object_is_woken_by_it(api, operate):
    target = Key("LabVpc", "lab", "target")

    def act(handle):
        if handle.key.name == "waiting":
            handle.refers_to([target])
            found = handle.lookup(*target)
            if not (found or {}).get("status"):
                return None
        return keep(handle)

    operate(Keeper(act))
    api.create("labvpcs", lab("waiting"))
    time.sleep(0.3)
    assert not is_ready(api, "waiting")
    api.create("labvpcs", lab("target"))

    eventually(lambda: is_ready(api, "waiting"))


def test_a_pass_in_flight_comes_to_its_end_when_the_process_must(api, operate):
    begun = threading.Event()

    def act(handle):
        begun.set()
        handle.stop.wait(10)
        assert handle.stopping()
        time.sleep(0.3)
        handle.write_status(ready_status())

    operator = operate(Keeper(act))
    api.create("labvpcs", lab("a"))
    begun.wait(10)

    assert operator.drain()
    assert is_ready(api, "a")


def test_what_does_not_end_within_the_grace_is_left(api, operate):
    begun, end = threading.Event(), threading.Event()

    def act(handle):
        begun.set()
        end.wait(10)

    operator = operate(Keeper(act), grace=0.2)
    api.create("labvpcs", lab("a"))
    begun.wait(10)

    assert not operator.drain()
    end.set()


def test_a_pass_that_never_ends_makes_the_operator_unhealthy(api, operate):
    end = threading.Event()
    operator = operate(Keeper(lambda handle: end.wait(10) and None), stuck_after=0.2)
    api.create("labvpcs", lab("a"))

    eventually(lambda: probe(operator, "/healthz")[0] == 503)
    assert "passes that do not end: LabVpc/lab/a" in probe(operator, "/healthz")[1]
    end.set()
    eventually(lambda: probe(operator, "/healthz")[0] == 200)


ELECTION = {"leader_election": True, "lease_duration": 2, "lease_renew": 0.3, "lease_poll": 0.1}


def test_of_two_operators_one_works_and_the_other_is_ready(api, operate):
    one, two = Keeper(), Keeper()
    operate(one, **ELECTION)
    api.create("labvpcs", lab("a"))
    eventually(lambda: is_ready(api, "a"))
    standby = operate(two, **ELECTION)
    eventually(lambda: probe(standby, "/readyz")[0] == 200)
    api.create("labvpcs", lab("b"))
    eventually(lambda: is_ready(api, "b"))

    assert ({"a", "b"}, []) == ({name for name, _ in one.passes}, two.passes)


def test_after_sigterm_the_other_works_within_two_seconds(api, operate):
    one, two = Keeper(), Keeper()
    first = operate(one, **{**ELECTION, "lease_duration": 30, "lease_poll": 0.3})
    eventually(first.leader.is_leader)
    second = operate(two, **{**ELECTION, "lease_duration": 30, "lease_poll": 0.3})
    eventually(lambda: "leads" in second.leader.state())
    began = time.monotonic()
    first.drain()
    api.create("labvpcs", lab("a"))

    eventually(lambda: is_ready(api, "a"))
    assert time.monotonic() - began < 2
    assert [] == one.passes


def test_a_replica_that_loses_its_lease_ends_and_may_write_no_more(api, operate):
    seen = []
    end = threading.Event()

    def act(handle):
        seen.append(handle.may_write())
        end.wait(10)
        seen.append(handle.may_write())

    operator = operate(Keeper(act), **ELECTION)
    api.create("labvpcs", lab("a"))
    eventually(lambda: seen)
    api.edit("leases", "awslab-system", "awslab-operator", {"spec": {"holderIdentity": "usurper"}})
    eventually(lambda: operator.exits == [1])
    end.set()

    eventually(lambda: seen == [True, False])


def test_a_lease_out_of_reach_is_told(api, operate):
    operator = operate(Keeper(), **{**ELECTION, "lease_duration": 30})
    eventually(operator.leader.is_leader)
    eventually(lambda: probe(operator, "/readyz")[0] == 200)
    api.fail(500, times=1000, match=lambda request: "leases" in request.path)

    eventually(lambda: "[-]lease: get /apis/coordination.k8s.io" in probe(operator, "/readyz")[1])
    assert operator.leader.is_leader()


def test_a_replica_may_be_named(api, operate):
    operator = operate(Keeper(), **ELECTION, identity="pod-1")
    eventually(operator.leader.is_leader)

    assert "pod-1" == api.get("leases", "awslab-system", "awslab-operator")["spec"]["holderIdentity"]


def test_a_taken_port_is_an_error_at_once(api, operate):
    first = operate(Keeper())

    with pytest.raises(OSError, match="in use"):
        operate(Keeper(), metrics_address=first.server.address)
