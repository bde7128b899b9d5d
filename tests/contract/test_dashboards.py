"""Dashboards carry their tags on a widget."""

from __future__ import annotations

import json

import boto3
import pytest

from awslab.core.ownership import OWNER_TAG
from tests.contract.examples.flow import DASHBOARD, TEXT
from tests.support.lab import REGION, with_references

GRAPH = with_references(DASHBOARD)


@pytest.fixture
def shown(lab):
    """The dashboard as CloudWatch has it, and what changes it."""
    lab.settle(GRAPH)
    cloudwatch = boto3.client("cloudwatch", region_name=REGION)

    def put(change):
        body = json.loads(cloudwatch.get_dashboard(DashboardName=DASHBOARD.physical_name)["DashboardBody"])
        change(body["widgets"])
        cloudwatch.put_dashboard(DashboardName=DASHBOARD.physical_name, DashboardBody=json.dumps(body))
        return body["widgets"]

    return put


def test_people_read_whose_it_is_below_all_else(lab, shown):
    (first, last) = shown(lambda _: None)

    assert first == TEXT
    assert last["y"] == TEXT["height"]
    assert "Kept by awslab" in last["properties"]["markdown"]
    assert f'"{OWNER_TAG}":"{lab.owner.key}"' in last["properties"]["markdown"]


def test_the_widget_with_the_tags_may_be_moved(lab, shown):
    shown(lambda widgets: widgets[-1].update(y=0, height=5))

    assert lab.once(GRAPH).first[0].action == "Keep"


@pytest.mark.parametrize(
    "change",
    [
        lambda widgets: widgets.pop(),
        lambda widgets: widgets[-1].update(properties={"markdown": "mine"}),
        lambda widgets: widgets[-1]["properties"].update(
            markdown=widgets[-1]["properties"]["markdown"].replace(DASHBOARD.address, "Dashboard/other")
        ),
    ],
    ids=["taken away", "overwritten", "another address"],
)
def test_the_widget_with_the_tags_is_put_back(lab, shown, change):
    shown(change)

    lab.settle(GRAPH)

    found = lab.seen(DASHBOARD.address)
    assert (lab.owner.key, DASHBOARD.body) == (found.owner, found.fields["body"])
    assert len(shown(lambda _: None)) == 2


def test_one_of_another_owner_is_a_conflict_and_stays_as_it_is(lab, shown):
    theirs = shown(
        lambda widgets: widgets[-1]["properties"].update(
            markdown=widgets[-1]["properties"]["markdown"].replace(lab.owner.key, "test/LabVpc/else/net")
        )
    )

    (step,) = lab.once(GRAPH).steps

    assert "belongs to test/LabVpc/else/net" in step.reason
    assert theirs == shown(lambda _: None)
