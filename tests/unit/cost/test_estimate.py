from __future__ import annotations

import pytest

from awslab.cost.estimate import monthly, words
from awslab.cost.prices import FREE, hourly
from awslab.kinds import KINDS
from tests.unit.kinds.specs import composed


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


def test_every_type_of_every_kind_has_a_price():
    types = {t.__name__ for kind in KINDS for t in kind.types}

    assert set() == {name for name in types if hourly(name, "us-east-1") is None}


def test_an_amount_is_told_in_dollars_and_cents():
    assert "$1,234.50" == words(1234.5)
