import time

import pytest

from awslab.controller.leader import AlwaysLeader, Leader, Sighting, Timing
from tests.support.shell import eventually

FAST = Timing(duration=2.0, renew=0.2, poll=0.1)


@pytest.fixture
def candidate(kube):
    """Make candidates by name; whoever still takes part at the end is stopped."""
    made = []

    def make(identity, timing=FAST, **more):
        leader = Leader(
            kube,
            name="awslab-operator",
            namespace="awslab-system",
            identity=identity,
            timing=timing,
            on_started=lambda: leader.seen.append("started"),
            on_lost=lambda: leader.seen.append("lost"),
            **more,
        )
        leader.seen = []
        made.append(leader)
        return leader

    yield make
    for leader in made:
        leader._stopping.set()


def lease(holder, renew="t", duration=15):
    return {"spec": {"holderIdentity": holder, "renewTime": renew, "leaseDurationSeconds": duration}}


def spec(api):
    return api.get("leases", "awslab-system", "awslab-operator")["spec"]


def test_a_lease_that_nobody_holds_may_be_taken():
    sighting = Sighting()
    sighting.look(lease(""), 0)

    assert sighting.may_take("b", 0)


def test_a_lease_that_stood_still_for_its_duration_may_be_taken():
    sighting = Sighting()
    for now in (100, 114.9):
        sighting.look(lease("a"), now)
        assert not sighting.may_take("b", now)

    assert sighting.may_take("b", 115)


def test_a_renewed_lease_starts_its_time_anew():
    sighting = Sighting()
    sighting.look(lease("a", "t1"), 0)
    sighting.look(lease("a", "t2"), 14)

    assert not sighting.may_take("b", 20)


def test_timestamps_of_another_machine_do_not_count():
    sighting = Sighting()
    sighting.look(lease("a", renew="1999-01-01T00:00:00.000000Z"), 0)

    assert not sighting.may_take("b", 1)


def test_a_lone_candidate_leads_at_once(api, candidate):
    one = candidate("one")
    one.start()

    eventually(one.is_leader)
    assert ["started"] == one.seen
    assert "one" == spec(api)["holderIdentity"]


def test_of_two_candidates_one_leads(candidate):
    one, two = candidate("one"), candidate("two")
    one.start()
    eventually(one.is_leader)
    two.start()
    time.sleep(0.6)

    assert (True, False) == (one.is_leader(), two.is_leader())
    assert "standby, one leads" == two.state()


def test_a_lease_that_is_given_back_is_taken_at_once(api, candidate):
    slow = Timing(duration=30, renew=5, poll=0.1)
    one, two = candidate("one", slow), candidate("two", slow)
    one.start()
    eventually(one.is_leader)
    two.start()
    eventually(lambda: "standby, one leads" == two.state())

    began = time.monotonic()
    one.stop()
    eventually(two.is_leader)

    assert time.monotonic() - began < 1
    assert 1 == spec(api)["leaseTransitions"]
    assert [] == [event for event in one.seen if event == "lost"]


def test_after_a_silent_death_the_other_leads_when_the_lease_is_over(candidate):
    one, two = candidate("one"), candidate("two")
    one.start()
    eventually(one.is_leader)
    one._stopping.set()  # dead, and nobody was told
    one._thread.join()
    two.start()

    began = time.monotonic()
    eventually(two.is_leader)

    assert 1.5 < time.monotonic() - began < FAST.duration + 1


def test_who_cannot_renew_stops_writing_before_another_may_begin(api, candidate):
    one = candidate("one")
    one.start()
    eventually(one.is_leader)

    api.stop()
    began = time.monotonic()
    eventually(lambda: not one.is_leader())

    assert time.monotonic() - began <= FAST.valid + 0.1 < FAST.duration


def test_who_could_not_renew_goes_on_when_nobody_else_led_meanwhile(api, candidate):
    one = candidate("one")
    one.start()
    eventually(one.is_leader)
    api.stop()
    eventually(lambda: not one.is_leader())
    assert "not leading: " in one.state()
    api.start()

    eventually(one.is_leader)
    assert ["started"] == one.seen


def test_who_could_not_renew_ends_when_another_led_meanwhile(api, candidate):
    one = candidate("one")
    one.start()
    eventually(one.is_leader)
    api.stop()
    eventually(lambda: not one.is_leader())
    api.edit("leases", "awslab-system", "awslab-operator", {"spec": {"holderIdentity": "two"}})
    api.start()

    eventually(lambda: one.seen == ["started", "lost"])
    assert not one.is_leader()


def test_a_stopped_process_that_goes_on_finds_the_fence_closed(candidate):
    now = [1000.0]
    one = candidate("one", clock=lambda: now[0])
    one.start()
    eventually(one.is_leader)

    one._stopping.set()
    one._thread.join()
    now[0] += FAST.valid  # SIGSTOP, and SIGCONT much later

    assert not one.is_leader()


def test_a_lease_that_somebody_else_took_ends_us_at_once(api, candidate):
    one = candidate("one")
    one.start()
    eventually(one.is_leader)

    api.edit("leases", "awslab-system", "awslab-operator", {"spec": {"holderIdentity": "usurper"}})
    eventually(lambda: one.seen == ["started", "lost"])

    assert not one.is_leader()


def test_one_lost_race_for_a_renewal_is_no_loss(api, candidate):
    one = candidate("one")
    one.start()
    eventually(one.is_leader)

    api.fail(409, match=lambda request: request.method == "PUT")
    time.sleep(0.6)

    assert one.is_leader()
    assert ["started"] == one.seen


def test_without_release_the_lease_runs_out_by_itself(api, candidate):
    one = candidate("one")
    one.start()
    eventually(one.is_leader)
    one.stop(release=False)

    assert "one" == spec(api)["holderIdentity"]
    assert not one.is_leader()


def test_without_an_election_one_leads_always():
    seen = []
    leader = AlwaysLeader(lambda: seen.append("started"))
    leader.start()

    assert leader.is_leader()
    assert ["started"] == seen
