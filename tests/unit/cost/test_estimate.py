from __future__ import annotations

from dataclasses import replace

import pytest

from awslab.aws.instance import Image
from awslab.core.resource import Observed, Phase
from awslab.core.step import Action, Step
from awslab.cost import network
from awslab.cost.estimate import change, monthly, words
from awslab.cost.network import Balanced, Traffic
from awslab.cost.prices import FREE, hourly
from awslab.kinds import KINDS
from awslab.kinds.labvpc import LAB_VPC
from tests.unit.kinds.specs import FACTS, composed, spec


def test_two_nat_gateways_with_their_addresses_cost_what_aws_lists():
    assert 73.0 == pytest.approx(monthly(composed(natGateways="PerZone"), "us-east-1"))


def test_a_region_without_a_price_has_no_estimate_rather_than_a_wrong_one():
    assert monthly(composed(), "xx-nowhere-1") is None
    assert "" == words(None)


def test_what_is_free_is_free_everywhere():
    assert {0} == {hourly(name, "xx-nowhere-1") for name in FREE}


def test_an_interface_endpoint_is_paid_in_each_of_its_zones():
    with_endpoint = monthly(composed(availabilityZones=3, endpoints={"interfaces": {"ssm": {}}}), "us-east-1")

    assert 3 * 7.3 == pytest.approx(with_endpoint - monthly(composed(availabilityZones=3), "us-east-1"))


WITH_IMAGES = replace(FACTS, images={"web": Image("ami-1")})


def test_web_servers_are_paid_with_their_disks_and_a_load_balancer_with_its_addresses():
    without = monthly(composed(), "us-east-1")
    servers = monthly(composed(WITH_IMAGES, webServer={"replicas": 2}), "us-east-1") - without
    balanced = monthly(composed(WITH_IMAGES, webServer={"replicas": 2, "loadBalancer": True}), "us-east-1") - without

    assert 2 * (730 * 0.0104 + 8 * 0.08) == pytest.approx(servers)
    assert 730 * (0.0225 + 2 * 0.005) == pytest.approx(balanced - servers)


@pytest.mark.parametrize(
    ("gb", "connections", "units"),
    [(0, 0, 0), (730, 0, 1), (730, 50, 2), (7300, 50, 10)],
    ids=["idle", "data", "connections", "whichever-is-more"],
)
def test_capacity_units_are_paid_by_what_needs_most_of_them(gb, connections, units):
    traffic = Traffic(balanced=Balanced(gb, connections))

    told = network.monthly(traffic, "us-east-1")

    assert pytest.approx(units * 730 * 0.008) == told.get("Load balancer capacity", 0)
    assert f"{units:.3g} units for {gb} GB a month" in network.assumptions(traffic)["Load balancer capacity"]


def test_without_a_load_balancer_there_are_no_capacity_units():
    expected = spec(expect={"loadBalancerGb": 730}, webServer={})

    assert {} == LAB_VPC.work(expected)
    assert "Load balancer capacity" not in LAB_VPC.assumptions(expected)


def test_every_type_of_every_kind_has_a_price():
    types = {t.__name__ for kind in KINDS for t in kind.types}

    assert set() == {name for name in types if hourly(name, "us-east-1") is None}


def seen(resources):
    """The steps that keep *resources*, which AWS has as they are wanted."""
    ids = {r.address: f"id-of-{r.address}" for r in resources}
    return [
        Step(Action.KEEP, r.address, r, Observed(type(r), r.name, ids[r.address], fields=_in_aws(r, ids)))
        for r in resources
    ]


def _in_aws(resource, ids):
    return {k: ids[v.address] if k == "subnet" else v for k, v in resource.wishes.items()}


def test_what_a_plan_makes_goes_up_from_nothing():
    steps = [Step(Action.CREATE, r.address, r) for r in composed(natGateways="Single")]

    assert {"before": "$0.00", "after": "$36.50", "difference": "+$36.50"} == change(steps, "us-east-1").on_wire()


def test_what_a_plan_deletes_goes_down_by_what_it_cost_with_all_that_it_refers_to():
    with_bastion = seen(composed(replace(FACTS, images={"bastion": Image("ami-1")}), bastion={}))
    steps = [replace(s, action=Action.DELETE, desired=None) if "Instance/" in s.address else s for s in with_bastion]

    told = change(steps, "us-east-1").on_wire()["difference"]

    assert f"-{words(730 * (0.0104 + 0.005) + 8 * 0.08)}" == told


def test_what_is_being_deleted_already_is_paid_no_longer():
    (step,) = (s for s in seen(composed(natGateways="Single")) if "NatGateway" in s.address)
    going = Step(Action.WAIT, step.address, found=replace(step.found, phase=Phase.DELETING))

    assert "+$0.00" == change([going], "us-east-1").on_wire()["difference"]


def test_a_plan_in_a_region_without_prices_tells_no_difference():
    assert change(seen(composed()), "xx-nowhere-1").on_wire() is None


def test_an_amount_is_told_in_dollars_and_cents():
    assert "$1,234.50" == words(1234.5)
