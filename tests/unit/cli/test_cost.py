"""`awslab cost`: what a month costs by part, and what that goes by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"
SMALL = """
apiVersion: awslab.dev/v1alpha1
kind: LabVpc
metadata: {name: production, namespace: lab}
spec: {region: REGION, cidr: 10.0.0.0/16, natGateways: Single, expect: {natGb: 100}}
"""


@pytest.fixture
def told(awslab):
    """The estimate of the small network in a region, as JSON."""

    def ask(region="us-east-1"):
        result = awslab("cost", "-f", "-", "-o", "json", input=SMALL.replace("REGION", region))
        (found,) = json.loads(result.stdout)
        return found

    return ask


def test_each_part_is_told_with_its_hours_and_the_traffic_with_its_assumption(told):
    found = told()

    assert {"Eip": 3.65, "NatGateway": 32.85} == {s["type"]: pytest.approx(s["monthly"]) for s in found["standing"]}
    assert {"NAT gateways": pytest.approx(4.5)} == found["work"]
    assert pytest.approx(3.65 + 32.85 + 4.5) == found["monthly"]
    assert "100 GB a month (spec.expect.natGb)" == found["assumptions"]["Data through NAT gateways"]


def test_region_source_and_date_of_the_prices_are_told(told):
    found = told("eu-west-1")

    assert ("eu-west-1", "USD") == (found["region"], found["currency"])
    assert found["pricesAsOf"]
    assert all(source.startswith("https://aws.amazon.com/") for source in found["sources"])


def test_where_prices_are_not_known_there_is_no_sum(told, awslab):
    assert (None, None) == (told("xx-nowhere-1")["monthly"], told("xx-nowhere-1")["work"])
    text = awslab("cost", "-f", "-", input=SMALL.replace("REGION", "xx-nowhere-1")).stdout
    assert text.count("not known") >= 3


@pytest.mark.parametrize(
    "path", [p for p in sorted(EXAMPLES.glob("*.yaml")) if p.stem != "account"], ids=lambda p: p.name
)
def test_every_example_has_an_estimate(awslab, path):
    result = awslab("cost", "-f", path)

    assert 0 == result.exit_code
    assert "list prices of " in result.stdout
    assert "not known" not in result.stdout


def test_of_an_object_it_is_the_sum_of_its_column(cluster, awslab):
    handle = cluster.worked_on(passes=1, natGateways="PerZone", availabilityZones=2)

    (found,) = json.loads(awslab("cost", "labvpc/production", "-n", "lab", "-o", "json").stdout)

    assert handle.obj["status"]["summary"]["monthlyCost"] == f"${found['monthly']:,.2f}"


def test_one_of_both_has_to_be_said(awslab):
    assert "say either KIND/NAME" in awslab("cost").stderr
