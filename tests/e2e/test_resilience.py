"""Whatever dies or fails, and whenever: each LabVpc ends right, with one of everything."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import contextmanager

import psutil
import pytest

from awslab.local.operator_process import COMMAND
from awslab.local.run import CommandError
from tests.e2e.conftest import OPERATOR, place_in
from tests.support.live import ROOT, eventually, there_is_one_of_everything

KILLS = {
    "create": [("hang-after", "CreateVpc"), ("hang-before", "CreateSubnet"), ("hang-after", "AllocateAddress")],
    "delete": [("hang-after", "DeleteNatGateway"), ("hang-before", "DeleteSubnet")],
}


SHORT_LIVED = {"AWSLAB_LEASE_DURATION": "3", "AWSLAB_LEASE_RENEW": "0.9"}
"""So that the next operator need not wait long for the one that was killed."""


@pytest.fixture
def place(world):
    """The world with an operator of the test's own."""
    world.start_operator(env=OPERATOR)
    return place_in(world)


# The operator comes and goes


def test_a_restarted_operator_writes_nothing(place, world):
    vpc = place.labvpc(natGateways="Single").apply().ready()
    world.stop_operator()
    version, since = vpc.object["metadata"]["resourceVersion"], place.control.last_call()

    world.start_operator(env=OPERATOR)
    time.sleep(1)
    after_start = vpc.object["metadata"]["resourceVersion"]
    vpc.nudge()
    version_of_nudge = vpc.object["metadata"]["resourceVersion"]
    eventually(lambda: [c for c in place.control.calls(since) if c["action"] == "DescribeRouteTables"])
    time.sleep(1)

    assert place.writes(since) == []
    assert (after_start, vpc.object["metadata"]["resourceVersion"]) == (version, version_of_nudge)


def test_a_deletion_without_operator_and_with_another_api_server_is_done_afterwards(place, world):
    vpc = place.labvpc(natGateways="Single").apply().ready()
    world.stop_operator()

    vpc.delete(wait=False)
    before = vpc.in_aws()
    world.restart_apiserver()
    world.start_operator(env=OPERATOR)
    vpc.kubectl("wait", "--for=delete", "labvpc/net", "--timeout=60s")

    assert len(before) > 10
    assert vpc.in_aws() == {}


def test_an_api_server_that_is_away_for_a_while_delays_and_that_is_all(place, world):
    vpc = place.labvpc(natGateways="Single").apply()

    with world.outage("kube-apiserver"):
        time.sleep(2)
    vpc.ready()

    assert there_is_one_of_everything(vpc)


def test_a_slow_etcd_delays_and_that_is_all(place, world):
    with world.slowed("etcd"):
        vpc = place.labvpc(natGateways="Single").apply().ready()
        vpc.apply(tags={"team": "network"}).ready()
    assert there_is_one_of_everything(vpc)

    with world.slowed("etcd"):
        vpc.delete()
    assert vpc.in_aws() == {}


def _kills():
    for life, kills in KILLS.items():
        for number, kill in enumerate(kills):
            yield pytest.param(life, *kill, marks=pytest.mark.all_faults if number else ())


@pytest.mark.parametrize(("life", "kind", "action"), list(_kills()))
def test_after_a_kill_in_the_middle_of_a_call_there_is_one_of_everything(world, life, kind, action):
    world.start_operator(env=OPERATOR | SHORT_LIVED)
    place = place_in(world)
    vpc = place.labvpc(natGateways="Single")
    if life == "delete":
        vpc.apply().ready()
    fault = place.control.fault(kind, action, count=1)
    vpc.apply() if life == "create" else vpc.delete(wait=False)

    eventually(lambda: place.control.faults()[0]["hits"])
    world.kill_operator()
    place.control.heal(fault)
    world.start_operator(env=OPERATOR | SHORT_LIVED)

    if life == "create":
        vpc.ready()
        assert there_is_one_of_everything(vpc)
    else:
        vpc.kubectl("wait", "--for=delete", "labvpc/net", "--timeout=60s")
        assert vpc.in_aws() == {}


def test_it_starts_with_neither_aws_nor_api_server_and_goes_on_when_they_come(world, tmp_path):
    place, gate = place_in(world), tmp_path / "gate"
    vpc = place.labvpc().apply()
    wait_for_gate = f'while [ ! -e {gate} ]; do sleep 0.1; done; exec "$@"'

    world.start_operator(env=OPERATOR, command=["sh", "-c", wait_for_gate, "sh", *COMMAND], wait=False)
    with world.outage("kube-apiserver", "aws"):
        gate.touch()
        said = "the lease cannot be read or written"
        eventually(lambda: said in world.log("operator").read_text())
        alive = [status.state for status in world.status() if status.name == "operator"]
    vpc.ready()

    assert alive == ["running"]
    assert there_is_one_of_everything(vpc)


def test_sigterm_ends_it_in_order_and_soon(place, world):
    place.labvpc().apply()
    (operator,) = [psutil.Process(status.pid) for status in world.status() if status.name == "operator"]

    start = time.monotonic()
    operator.terminate()
    code = operator.wait(timeout=20)

    assert code == 0
    assert time.monotonic() - start < 10


# AWS fails


@pytest.mark.all_faults
def test_it_gets_there_though_half_of_all_calls_are_throttled(place):
    place.control.fault("throttle", probability=0.5)
    vpc = place.labvpc(natGateways="Single").apply().ready()
    hits = place.control.faults()[0]["hits"]
    place.control.heal()

    assert hits > 10
    assert there_is_one_of_everything(vpc)


def test_it_makes_nothing_twice_though_errors_come_replies_are_lost_and_things_show_late(world):
    world.start_operator(env=OPERATOR | {"AWSLAB_CONSISTENCY_WINDOW": "6"})
    place = place_in(world)
    place.control.fault("error", probability=0.1)
    place.control.fault("lose-before", probability=0.1)
    place.control.fault("lose-after", probability=0.1)
    place.control.fault("hide", "Create*", seconds=2)

    vpc = place.labvpc(natGateways="Single").apply().ready()
    hits = Counter({fault["kind"]: fault["hits"] for fault in place.control.faults()})
    place.control.heal()
    vpc.settled()

    assert min(hits.values()) > 0
    assert there_is_one_of_everything(vpc)


# Kubernetes changes


@contextmanager
def stricter(kubectl):
    """The CRD as a later version may be: with a field that every object must have, and a rule that none here keeps."""
    spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec"
    changes = {
        f"{spec}/properties/costCenter": {"type": "string"},
        f"{spec}/required/-": "costCenter",
        f"{spec}/x-kubernetes-validations/-": {"rule": "self.cidr.endsWith('/16')", "message": "a /16 it must be"},
    }
    patch = json.dumps([{"op": "add", "path": path, "value": value} for path, value in changes.items()])
    kubectl("patch", "crd", "labvpcs.awslab.dev", "--type=json", f"--patch={patch}")
    try:
        yield
    finally:
        kubectl("apply", "--server-side", "--force-conflicts", "-k", str(ROOT / "manifests/crds"))


def refused(vpc):
    try:
        vpc.apply()
    except CommandError as error:
        return "costCenter" in str(error)
    vpc.delete()
    return False


def test_an_object_that_a_later_crd_refuses_is_deleted_all_the_same(place):
    vpc, new = place.labvpc().apply().ready(), place.labvpc()

    with stricter(place.kubectl):
        eventually(lambda: refused(new))
        vpc.delete()

    assert vpc.in_aws() == {}
