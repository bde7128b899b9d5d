"""One inventory serves the routine looks of all owners."""

from __future__ import annotations

import threading

import pytest

from awslab.aws.calls import is_read
from awslab.aws.inventory import Inventory
from awslab.aws.listed import Listed
from awslab.aws.nat import NatGateway
from awslab.aws.network import Subnet
from awslab.aws.session import Aws, Clients
from awslab.core.ownership import Owner
from awslab.kinds import KINDS
from awslab.settings import Settings
from tests.support.memory import SETTINGS, lab_vpc, reconciler, until

PATIENT = Settings(**{**SETTINGS.model_dump(), "resync": 600.0})
TYPES = KINDS[0].types
EVERY = frozenset(TYPES)
SWEEP = 8
"""Listings of a sweep for the smallest network: one for all types that AWS lists together, of which it has some."""
OWN_LOOK = 30 + 2
"""Calls of a look for one owner: its own listings, and the two DNS attributes of the VPC."""
PROOF = 10
"""Calls of a look at what the checks go by, for up to 200 networks together; the first learns which there are."""


@pytest.fixture
def using():
    return reconciler(PATIENT)


def made(using, *names):
    handles = [lab_vpc(name, availabilityZones=1, natGateways="None") for name in names]
    for handle in handles:
        until(handle, lambda handle=handle: handle.ready, using)
    return handles


def actions(local_aws, since):
    return [c["action"] for c in local_aws.calls(since)]


def listings(local_aws, since):
    """The calls, without those of the slow lane."""
    return [a for a in actions(local_aws, since) if a != "DescribeVpcAttribute"]


def vpc_of(name):
    return Owner("default", "LabVpc", "lab", name)


def test_the_routine_looks_of_many_share_one_sweep(local_aws, using):
    handles = made(using, "a", "b", "c")
    since = local_aws.last_call()

    for handle in handles:
        using.reconcile(handle)

    assert SWEEP + PROOF + 1 == len(listings(local_aws, since))


def test_many_that_come_at_the_same_time_wait_for_the_same_sweep(local_aws, using):
    handles = made(using, "a", "b", "c")
    local_aws.configure({"latency_ms": 20})
    since = local_aws.last_call()

    threads = [threading.Thread(target=using.reconcile, args=(handle,)) for handle in handles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    local_aws.configure({"latency_ms": 0})

    assert SWEEP + PROOF + 1 == len(listings(local_aws, since))


def test_after_a_restart_a_round_over_many_costs_the_calls_of_one_and_writes_nothing(local_aws, using):
    def restarted():
        since, fresh = local_aws.last_call(), reconciler(PATIENT)
        for handle in handles:
            fresh.reconcile(handle)
        return actions(local_aws, since)

    handles = made(using, "a")
    of_one = restarted()
    handles += made(using, *(f"vpc-{n}" for n in range(19)))
    before = [handle.writes for handle in handles]
    of_twenty = restarted()

    assert [] == [a for a in of_twenty if not is_read(a)]
    assert before == [handle.writes for handle in handles]
    assert of_one == of_twenty
    assert 30 > len(of_twenty)


def test_drift_that_a_sweep_shows_is_looked_at_afresh_and_mended(local_aws, ec2, using):
    (handle,) = made(using, "a")
    subnet = handle.obj["status"]["publicSubnetIds"][0]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    since = local_aws.last_call()

    using.reconcile(handle)

    called = actions(local_aws, since)
    assert ["ModifySubnetAttribute"] == [a for a in called if not is_read(a)]
    assert called.index("ModifySubnetAttribute") >= SWEEP + OWN_LOOK
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]


def test_what_an_owner_changed_after_the_sweep_is_not_judged_by_the_sweep(local_aws, using):
    (handle,) = made(using, "a")
    using.reconcile(handle)
    handle.change(tags={"team": "network"})
    until(handle, lambda: handle.ready, using)
    since = local_aws.last_call()

    using.reconcile(handle)

    assert OWN_LOOK + PROOF == len(actions(local_aws, since))


def test_a_changed_spec_is_never_judged_by_a_sweep(local_aws, using):
    (handle,) = made(using, "a")
    using.reconcile(handle)
    handle.change(tags={"team": "network"})
    since = local_aws.last_call()

    using.reconcile(handle)

    assert actions(local_aws, since).count("CreateTags") > 1


def test_what_no_listing_shows_is_examined_in_its_turn(local_aws, ec2, using):
    (handle,) = made(using, "a")
    ec2.modify_vpc_attribute(VpcId=handle.obj["status"]["vpcId"], EnableDnsHostnames={"Value": False})
    restarted = reconciler(PATIENT)
    since = local_aws.last_call()

    restarted.reconcile(handle)

    assert ["ModifyVpcAttribute"] == [a for a in actions(local_aws, since) if not is_read(a)]


def test_an_inventory_shows_an_owner_nothing_of_another_or_of_another_operator(local_aws, using):
    made(using, "a", "ab")
    clients = Clients("us-east-1")

    mine = Inventory(clients, "default", TYPES).look(Aws(clients, vpc_of("a")), TYPES, 60, EVERY)
    others = Inventory(clients, "other", TYPES).look(Aws(clients, vpc_of("a")), TYPES, 60, EVERY)

    assert {vpc_of("a").key} == {o.owner for o in mine.found}
    assert [] == others.found


def test_a_sweep_shows_what_the_owner_s_own_listing_shows(local_aws, using):
    made(using, "a", "b")
    clients = Clients("us-east-1")
    aws = Aws(clients, vpc_of("a"))

    seen = Inventory(clients, "default", TYPES).look(aws, TYPES, 60, EVERY)

    assert sorted((o for t in TYPES for o in t.observe(aws)), key=str) == sorted(seen.found, key=str)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def watched(local_aws, using):
    """The inventory of an account with one network, with its clock, and the types of which the network has some."""
    (handle,) = made(using, "a")
    clients, clock = Clients("us-east-1"), Clock()
    names = {r["address"].partition("/")[0] for r in handle.obj["status"]["resources"]}
    has = {t for t in TYPES if t.__name__ in names}
    return Inventory(clients, "default", TYPES, clock), Aws(clients, vpc_of("a")), clock, has


def test_a_sweep_serves_half_an_interval(local_aws, watched):
    inventory, aws, clock, has = watched
    inventory.look(aws, TYPES, 60, has)
    since = local_aws.last_call()

    clock.now += 30
    served = inventory.look(aws, TYPES, 60, has)
    assert (30, []) == (served.age, actions(local_aws, since))
    clock.now += 1
    anew = inventory.look(aws, TYPES, 60, has)
    assert (0, SWEEP) == (anew.age, len(listings(local_aws, since)))


def test_what_an_owner_neither_wants_nor_has_is_asked_for_once_an_hour(local_aws, watched):
    inventory, aws, clock, has = watched
    since = local_aws.last_call()

    inventory.look(aws, TYPES, 60, has)
    clock.now += 3500
    seen = inventory.look(aws, TYPES, 60, has)

    called = listings(local_aws, since)
    assert 2 * SWEEP == len(called)
    assert {"DescribeVpcs", "DescribeSubnets", "DescribeRouteTables"} <= set(called)
    assert {"DescribeNatGateways", "DescribeInstances", "DescribeLoadBalancers"} & set(called) == set()
    assert seen.age == 0
    clock.now += 101
    inventory.look(aws, TYPES, 60, has)
    clock.now += 101
    inventory.look(aws, TYPES, 60, has)
    assert 1 == listings(local_aws, since).count("DescribeNatGateways")


def test_what_an_owner_wants_is_asked_for_though_nobody_has_it(local_aws, watched):
    inventory, aws, _, has = watched
    since = local_aws.last_call()

    inventory.look(aws, TYPES, 60, has | {NatGateway})

    assert "DescribeNatGateways" in listings(local_aws, since)


def test_what_an_owner_has_and_does_not_want_is_seen_in_each_interval(local_aws, watched):
    inventory, aws, clock, has = watched
    inventory.look(aws, TYPES, 60, has)

    for _ in range(2):
        clock.now += 61
        seen = inventory.look(aws, TYPES, 60, has - {Subnet})
        assert Subnet in {o.type for o in seen.found}


def test_a_sweep_shows_what_stands_beside_a_network_too(local_aws, using):
    web = {"replicas": 1, "loadBalancer": True}
    handle = lab_vpc("a", natGateways="None", webServer=web, flowLogs={}, bastion={"access": "SessionManager"})
    until(handle, lambda: handle.ready, using)
    clients = Clients("us-east-1")
    aws = Aws(clients, vpc_of("a"))

    seen = Inventory(clients, "default", TYPES).look(aws, TYPES, 60, EVERY)

    assert sorted((o for t in TYPES for o in t.observe(aws)), key=str) == sorted(seen.found, key=str)


def test_every_type_of_a_network_is_listed_for_all_at_once():
    assert [] == [t.__name__ for t in TYPES if not issubclass(t, Listed)]
