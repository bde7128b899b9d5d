"""Calls that wait for their turn, in threads and against the strict local AWS."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest

from awslab.aws import limits
from awslab.aws.callers import Caller, Urgency, calling
from awslab.aws.limits import Limiter
from awslab.aws.session import Clients
from awslab.controller.pool import FairPool
from awslab.core.errors import Throttled
from tests.support.memory import lab_vpc, reconciler, until


@contextmanager
def threads(count, function):
    running = [threading.Thread(target=function, args=(n,)) for n in range(count)]
    for thread in running:
        thread.start()
    yield
    for thread in running:
        thread.join()


# A share of 0.02 is 2 reads at once, then 0.4 a second; at a speed of 50 these are 20 a second.


def test_threads_get_no_more_turns_than_the_rate_allows():
    limiter, began = Limiter(share=0.02, speed=50), time.monotonic()

    with threads(8, lambda _: limiter.acquire("ec2", "DescribeVpcs")):
        pass

    assert 0.3 <= time.monotonic() - began < 2


def test_one_operation_does_not_wait_for_another():
    limiter = Limiter(share=0.001)
    limiter.acquire("ec2", "DescribeVpcs")

    began = time.monotonic()
    limiter.acquire("ec2", "DescribeSubnets")

    assert time.monotonic() - began < 0.1


def test_a_call_without_a_turn_is_given_up_and_told_as_throttled(monkeypatch):
    monkeypatch.setattr(limits, "GIVE_UP", 0.05)
    limiter = Limiter(share=0.001)
    limiter.acquire("ec2", "CreateVpc")

    with pytest.raises(Throttled, match="CreateVpc had no turn"):
        limiter.acquire("ec2", "CreateVpc")


def test_the_time_that_was_waited_is_told_by_service_and_class():
    told = []
    limiter = Limiter(waited=lambda service, class_, _: told.append((service, class_)))

    limiter.acquire("ec2", "CreateNatGateway")

    assert [("ec2", "own")] == told


def test_a_noisy_owner_does_not_starve_a_quiet_one():
    limiter, turns = Limiter(share=0.02, speed=50), []

    def call(number):
        owner = "quiet" if number == 20 else "noisy"
        time.sleep(0.1 if owner == "quiet" else 0)
        with calling(Caller(owner, Urgency.CHANGE)):
            limiter.acquire("ec2", "DescribeVpcs")
        turns.append(owner)

    with threads(21, call):
        pass

    assert turns.index("quiet") < 10


def test_an_owner_that_waits_holds_no_more_than_its_share_of_the_threads():
    pool, gate, done = FairPool(4, 2), threading.Event(), []

    with calling(Caller("noisy")):
        stuck = [pool.submit(gate.wait, 5) for _ in range(10)]
    with calling(Caller("quiet")):
        pool.submit(done.append, "quiet").result(2)
    gate.set()

    assert ["quiet"] == done
    assert [True] * 10 == [future.result(5) for future in stuck]


def test_a_read_that_aws_refuses_by_chance_is_repeated_and_every_try_is_counted(local_aws):
    calls = []
    clients = Clients("us-east-1", observer=lambda _, operation, code, __: calls.append((operation, code)))
    local_aws.fault("throttle", "DescribeVpcs", count=2)

    clients.client("ec2").describe_vpcs()

    assert [*[("DescribeVpcs", "RequestLimitExceeded")] * 2, ("DescribeVpcs", "")] == calls


def test_no_call_escapes_the_limiter(local_aws):
    told = []
    limiter = Limiter(waited=lambda *what: told.append(what))
    since = local_aws.last_call()
    ec2 = Clients("us-east-1", limiter=limiter).client("ec2")
    local_aws.fault("throttle", "DescribeSubnets", count=1)

    ec2.describe_vpcs()
    list(ec2.get_paginator("describe_subnets").paginate())

    assert 3 == len(told) == len(local_aws.calls(since))


def test_with_every_second_call_refused_all_converge(local_aws):
    local_aws.fault("throttle", probability=0.5)
    using, handles = reconciler(), [lab_vpc(name, availabilityZones=1) for name in ("a", "b")]

    with threads(2, lambda n: until(handles[n], lambda: handles[n].ready, using, seconds=90)):
        pass

    assert [True] * 2 == [handle.ready for handle in handles]
