"""The slow lane, with a clock that we move."""

from __future__ import annotations

from collections import Counter
from itertools import count

from awslab.aws.slow_lane import DAY, SlowLane

ROUND = 600.0


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def rounds(lane, clock, owners, many):
    """For each round, the owners that had their turn."""
    for _ in range(many):
        clock.now += ROUND
        yield [owner for owner in owners if lane.turn(owner, 2, ROUND)]


def test_everybody_is_looked_at_once_a_day_within_the_budget_of_each_round():
    clock, owners = Clock(), [f"o{n}" for n in range(1000)]
    lane = SlowLane(clock)

    day = list(rounds(lane, clock, owners, int(DAY / ROUND)))

    assert set(owners) == {owner for turns in day for owner in turns}
    assert 9 >= max(map(len, day))


def test_nobody_is_looked_at_twice_a_day():
    clock, owners = Clock(), ["a", "b", "c"]

    days = list(rounds(SlowLane(clock), clock, owners, 10 * int(DAY / ROUND)))

    assert all(9 <= times <= 11 for times in Counter(owner for turns in days for owner in turns).values())


def test_who_was_looked_at_anyway_waits_for_the_next_day():
    clock = Clock()
    lane = SlowLane(clock)

    lane.looked("a")

    assert not lane.turn("a", 2, ROUND)
    assert next(n for n in count(1) if any(rounds(lane, clock, ["a"], 1))) * ROUND <= DAY


def test_the_owners_that_are_gone_count_no_more():
    clock = Clock()
    lane = SlowLane(clock)
    lane.turn("a", 1000, ROUND)

    lane.forget("a")

    assert lane.turn("b", 2, ROUND)
    assert not lane.turn("c", 2, ROUND)
