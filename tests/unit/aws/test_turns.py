"""Whose turn it is to call AWS, with a clock that we move."""

from __future__ import annotations

from awslab.aws.callers import Caller, Urgency
from awslab.aws.rates import Rate, class_of, rate_of, shared_by
from awslab.aws.turns import LEAST, RECOVERY, Bucket, Line


def taken(bucket, seconds, steps=64):
    """How many tokens can be had from 0 to *seconds*, asking *steps* times a second (exact in binary)."""
    return sum(bucket.take(n / steps) for n in range(seconds * steps + 1))


def line_of(*callers):
    line = Line()
    for caller in callers:
        line.join(caller)
    return line


def order(line):
    """The owners, as they are served."""
    served = []
    while ticket := line.first():
        line.served(ticket)
        served.append(ticket.caller.owner)
    return served


def test_a_bucket_gives_its_burst_and_then_its_rate():
    assert 50 + 5 * 10 == taken(Bucket(Rate(50, 5), 0), 10)


def test_a_bucket_that_nobody_uses_holds_no_more_than_its_burst():
    bucket = Bucket(Rate(10, 1), 0)

    assert 10 == sum(bucket.take(1000) for _ in range(20))


def test_an_empty_bucket_says_how_long_to_wait():
    bucket = Bucket(Rate(1, 0.5), 0)
    bucket.take(0)

    assert 2.0 == bucket.wait(0)


def test_a_refusal_empties_the_bucket_and_halves_its_rate():
    bucket = Bucket(Rate(50, 4), 0)

    bucket.slow_down(0)

    assert not bucket.take(0)
    assert 2.0 == bucket.per_second


def test_refusals_of_calls_that_were_on_their_way_together_count_as_one():
    bucket = Bucket(Rate(50, 4), 0)

    for _ in range(20):
        bucket.slow_down(0.1)

    assert 2.0 == bucket.per_second


def test_a_rate_never_falls_to_nothing():
    bucket = Bucket(Rate(50, 4), 0)

    for second in range(0, 100, 2):
        bucket.slow_down(second)

    assert 4 * LEAST <= bucket.per_second < 1


def test_a_rate_comes_back_by_equal_parts():
    bucket = Bucket(Rate(50, 4), 0)
    bucket.slow_down(0)

    bucket.wait(RECOVERY / 4)
    halfway = bucket.per_second
    bucket.wait(RECOVERY)

    assert (3.0, 4.0) == (halfway, bucket.per_second)


def test_changes_go_before_creations_and_creations_before_drift():
    callers = [Caller(str(urgency), urgency) for urgency in reversed(Urgency)]

    assert ["0", "1", "2"] == order(line_of(*callers))


def test_owners_take_turns_however_many_calls_one_of_them_has():
    noisy, quiet, other = (Caller(name) for name in ("noisy", "quiet", "other"))

    assert ["noisy", "quiet", "other", "noisy", "noisy"] == order(line_of(noisy, noisy, noisy, quiet, other))


def test_an_owner_that_was_served_and_comes_again_is_behind_the_others():
    line = line_of(Caller("noisy"), Caller("quiet"))

    line.served(line.first())
    line.join(Caller("noisy"))

    assert ["quiet", "noisy"] == order(line)


def test_endless_changes_do_not_keep_a_routine_look_waiting_for_ever():
    line = line_of(Caller("patient", Urgency.DRIFT), *[Caller("busy", Urgency.CHANGE)] * 20)

    assert 7 == order(line).index("patient")


def test_who_gives_up_leaves_no_gap():
    line = line_of(Caller("a"), Caller("b"))

    line.leave(line.first())

    assert ["b"] == order(line)


def test_the_rates_are_those_that_aws_documents():
    operations = ("DescribeVpcs", "CreateSubnet", "CreateNatGateway", "CreateVpcEndpoint")

    assert [(100, 20), (50, 5), (10, 1), (4, 0.3)] == [
        (rate.burst, rate.per_second) for rate in (rate_of("ec2", operation) for operation in operations)
    ]
    assert ["read", "write", "own", "own"] == [class_of("ec2", operation) for operation in operations]


def test_lambda_counts_most_operations_together():
    assert shared_by("lambda", "PublishVersion") == shared_by("lambda", "UpdateFunctionCode")
    assert shared_by("lambda", "GetFunction") != shared_by("lambda", "PublishVersion")
    assert shared_by("ec2", "CreateVpc") != shared_by("ec2", "DeleteVpc")
    assert [(15, 15), (100, 100)] == [
        (rate.burst, rate.per_second) for rate in (rate_of("lambda", o) for o in ("TagResource", "GetFunction"))
    ]
