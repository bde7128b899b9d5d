"""`awslab plan` tells what would be done, by the code that does it, and changes nothing."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from awslab.aws.calls import is_read
from awslab.cli.main import main
from awslab.core.ownership import Owner
from tests.support.lab import Lab
from tests.unit.cli.test_graph import VPC
from tests.unit.kinds.specs import composed

OWNER = Owner("default", "LabVpc", "lab", "production", "uid-1")


PLAIN = "".join(line for line in VPC.read_text().splitlines(keepends=True) if "bastion" not in line)
"""The example without what has to be looked up in AWS."""


def planned(*options, manifest="-"):
    result = CliRunner().invoke(main, ["plan", "-f", str(manifest), *options], input=PLAIN)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def lab(local_aws):
    return Lab(local_aws, OWNER)


def test_of_an_empty_account_everything_is_to_create(local_aws):
    title, *lines, summary, cost = planned().splitlines()

    assert title == "LabVpc lab/production in us-east-1"
    assert lines == [f"  + {r.address}" for r in composed()]
    assert summary == f"{len(composed())} to create"
    assert cost == "estimated cost: $0.00 -> $73.00 a month (+$73.00)"


def test_planning_changes_nothing(local_aws):
    planned()

    assert [c["action"] for c in local_aws.calls(0) if not is_read(c["action"])] == []


def test_once_all_is_made_there_is_nothing_to_do(lab):
    lab.settle(composed())

    assert planned().splitlines() == [
        "LabVpc lab/production in us-east-1",
        f"Nothing to do: all {len(composed())} resources are as the manifest asks.",
    ]


def test_what_stays_is_shown_when_asked_for(lab):
    lab.settle(composed())

    assert f"    Vpc/vpc  ({lab.found()['Vpc/vpc'].id})" in planned("--all").splitlines()


def test_a_change_is_shown_part_by_part(lab, ec2):
    lab.settle(composed())
    table = lab.found()["RouteTable/public"].id
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    gateway = lab.found()["InternetGateway/igw"].id

    assert planned().splitlines()[1:] == [
        f"  ~ RouteTable/public  ({table})",
        f"        routes.0.0.0.0/0: none -> {gateway}",
        f"1 to update, {len(composed()) - 1} unchanged",
    ]


def test_for_programs_it_is_json(lab):
    lab.settle(composed(natGateways="None"))

    [plan] = json.loads(planned("-o", "json"))

    assert (plan["kind"], plan["namespace"], plan["name"]) == ("LabVpc", "lab", "production")
    actions = {s["address"]: s["action"] for s in plan["steps"]}
    assert actions["NatGateway/a"] == "Create"
    assert actions["RouteTable/private-a"] == "Update"
    assert actions["Vpc/vpc"] == "Keep"


def test_what_another_instance_made_is_not_ours(lab):
    lab.settle(composed())

    assert planned("--instance", "other").splitlines()[-2] == f"{len(composed())} to create"
