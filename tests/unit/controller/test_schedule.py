import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from awslab.controller.schedule import Backoff, Priority, Schedule

URGENT, PROGRESS, RESYNC = Priority


@pytest.fixture
def schedule():
    return Schedule(backoff=Backoff(base=1, cap=10), patience=60)


def taken(schedule, now=0.0):
    found = schedule.take(now)
    return found[0] if found else None


def test_a_key_that_is_added_twice_has_one_turn(schedule):
    schedule.add("a", URGENT, 0)
    schedule.add("a", URGENT, 1)

    assert ["a", None] == [taken(schedule), taken(schedule)]


def test_what_a_user_asked_for_goes_before_progress_and_progress_before_routine(schedule):
    schedule.add("routine", RESYNC, 0)
    schedule.add("progress", PROGRESS, 0)
    schedule.add("user", URGENT, 0)

    assert ["user", "progress", "routine"] == [taken(schedule) for _ in range(3)]


def test_a_better_priority_moves_a_waiting_key_up(schedule):
    schedule.add("first", PROGRESS, 0)
    schedule.add("second", RESYNC, 0)
    schedule.add("second", URGENT, 1)

    assert "second" == taken(schedule)


def test_a_worse_priority_moves_nothing_down(schedule):
    schedule.add("a", URGENT, 0)
    schedule.add("a", RESYNC, 0)

    assert {URGENT: 1, PROGRESS: 0, RESYNC: 0} == schedule.depth()


def test_equals_go_in_the_order_they_came(schedule):
    for name in "abc":
        schedule.add(name, PROGRESS, 0)

    assert ["a", "b", "c"] == [taken(schedule) for _ in range(3)]


def test_who_waited_longer_than_our_patience_goes_first(schedule):
    schedule.add("routine", RESYNC, 0)
    schedule.add("user", URGENT, 61)

    assert "routine" == taken(schedule, 61)


def test_a_running_key_is_given_to_nobody_else(schedule):
    schedule.add("a", URGENT, 0)
    schedule.take(0)
    schedule.add("a", URGENT, 1)

    assert taken(schedule, 1) is None


def test_what_was_asked_during_a_turn_has_a_turn_after_it(schedule):
    schedule.add("a", URGENT, 0)
    schedule.take(0)
    schedule.add("a", URGENT, 1)
    schedule.done("a", 2)

    assert "a" == taken(schedule, 2)


def test_a_delayed_key_is_not_taken_before_its_time(schedule):
    schedule.add_after("a", 5, PROGRESS, 0)

    assert [None, "a"] == [taken(schedule, 4.9), taken(schedule, 5)]


def test_the_earlier_of_two_delays_wins(schedule):
    schedule.add_after("a", 50, RESYNC, 0)
    schedule.add_after("a", 5, PROGRESS, 0)
    schedule.add_after("a", 70, PROGRESS, 0)

    assert 5 == schedule.next_at(0)
    assert ["a", None] == [taken(schedule, 5), taken(schedule, 1000)]


def test_a_turn_now_makes_a_later_wish_needless(schedule):
    schedule.add_after("a", 5, PROGRESS, 0)
    schedule.add("a", URGENT, 1)

    assert ["a", None] == [taken(schedule, 1), taken(schedule, 100)]


def test_a_delay_of_nothing_is_now(schedule):
    schedule.add_after("a", 0, PROGRESS, 0)

    assert "a" == taken(schedule)


def test_failures_wait_longer_and_longer_up_to_the_cap():
    longest = Backoff(base=0.5, cap=300)

    delays = [longest.delay(failures, chance=lambda _, high: high) for failures in (1, 2, 3, 10, 11, 500)]

    assert [0.5, 1.0, 2.0, 256.0, 300.0, 300.0] == delays


def test_the_delay_after_a_failure_is_any_up_to_the_longest():
    shortest = Backoff(base=0.5, cap=300).delay(5, chance=lambda low, _: low)

    assert 0.0 == shortest


def test_a_success_makes_the_next_failure_the_first(schedule):
    schedule.failed("a", 0)
    schedule.failed("a", 0)
    schedule.succeeded("a")

    assert 0 == schedule.failures("a")


def test_a_discarded_key_has_no_turn(schedule):
    schedule.add("ready", URGENT, 0)
    schedule.add_after("later", 1, URGENT, 0)
    schedule.add("running", URGENT, -1)
    schedule.discard("ready")
    schedule.discard("later")

    assert ["running", None] == [taken(schedule, 2), taken(schedule, 2)]


def test_the_oldest_tells_how_long_the_queue_makes_wait(schedule):
    schedule.add("a", RESYNC, 10)
    schedule.add("b", URGENT, 12)

    assert 5 == schedule.oldest(15)


KEYS = st.sampled_from("abcde")
PRIORITIES = st.sampled_from(list(Priority))


class ScheduleLaws(RuleBasedStateMachine):
    """No key is with two workers, and every wish is followed by a turn that begins after it, in time."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule(backoff=Backoff(base=1, cap=30), patience=60)
        self.now = 0.0
        self.running = set()
        self.owed = {}  # key -> latest time at which it must have become due

    def owe(self, key, due):
        self.owed[key] = min(due, self.owed.get(key, due))

    @rule(key=KEYS, priority=PRIORITIES)
    def somebody_asks(self, key, priority):
        self.schedule.add(key, priority, self.now)
        self.owe(key, self.now)

    @rule(key=KEYS, priority=PRIORITIES, delay=st.integers(0, 100))
    def somebody_asks_for_later(self, key, priority, delay):
        self.schedule.add_after(key, delay, priority, self.now)
        self.owe(key, self.now + delay)

    @rule(seconds=st.integers(0, 50))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def a_worker_takes(self):
        found = self.schedule.take(self.now)
        due = {key for key, at in self.owed.items() if at <= self.now and key not in self.running}
        if found is None:
            assert not due
            return
        assert found[0] in due
        assert found[0] not in self.running
        self.running.add(found[0])
        del self.owed[found[0]]

    @precondition(lambda self: self.running)
    @rule(data=st.data(), fails=st.booleans())
    def a_worker_gives_back(self, data, fails):
        key = data.draw(st.sampled_from(sorted(self.running)))
        if fails:
            self.owe(key, self.now + self.schedule.failed(key, self.now))
        self.schedule.done(key, self.now)
        self.running.discard(key)

    @rule(key=KEYS)
    def an_object_goes(self, key):
        self.schedule.discard(key)
        self.owed.pop(key, None)

    @invariant()
    def running_is_what_was_taken(self):
        assert set(self.schedule.running) == self.running

    def teardown(self):
        """When all workers come back and time passes, nothing is left owed."""
        for key in self.running:
            self.schedule.done(key, self.now)
        left = set()
        while (found := self.schedule.take(self.now + 1000)) is not None:
            left.add(found[0])
        assert set(self.owed) == left


ScheduleLaws.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestScheduleLaws = ScheduleLaws.TestCase
