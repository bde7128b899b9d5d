"""A LabVpc from `kubectl apply` to `kubectl delete`, with the operator's process and ordinary clients.

Runs in the local world here, and in a kind cluster from tests/kind.
"""

from __future__ import annotations

import json
import re
import time
from functools import partial

import pytest

from tests.support.live import ROOT, LiveVpc, eventually, ours, rows

EXAMPLE = ROOT / "examples/vpc.yaml"
ZONES = ["us-east-1a", "us-east-1b"]


@pytest.fixture(scope="module")
def production(place, lab) -> LiveVpc:
    """The example, Ready."""
    production = LiveVpc(place, "lab", "production")
    place.kubectl("apply", "-f", str(EXAMPLE))
    production.ready()
    yield production
    production.delete()


@pytest.fixture
def nat(place) -> LiveVpc:
    """A LabVpc in one zone with a NAT gateway, Ready."""
    return place.labvpc(natGateways="Single").apply().ready()


@pytest.fixture
def aws(place):
    """The aws command for EC2."""
    return partial(place.aws, "ec2")


def tags_of(place, id_: str) -> dict[str, str]:
    found = place.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [id_]}])["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


# What people see of the example


def test_the_columns_tell_what_there_is(production):
    ids = production.ids()
    nat_ips = ",".join(production.status["natGatewayIps"])

    (line,) = production.kubectl("get", "labvpc", "--no-headers").splitlines()
    (wide,) = production.kubectl("get", "labvpc", "--no-headers", "--output=wide").splitlines()

    cells = line.split()
    assert cells[:6] == ["production", "True", "None", ids["Vpc/vpc"], "10.0.0.0/16", ",".join(ZONES)]
    assert cells[6:-1] == [production.status["summary"]["monthlyCost"]] == ["$84.88"]
    assert re.fullmatch(r"\d+m?\d*s?|\d+m", cells[-1])
    assert f"{nat_ips}   {production.status['bastionPublicIp']}   Everything is as the spec asks." in wide


def test_describe_tells_what_happened_and_each_thing_once(production):
    told = production.kubectl("describe", "labvpc", "production")

    (created,) = production.events("Created")
    assert "Vpc/vpc" in created
    assert "NatGateway/{a, b}" in created
    assert created in told
    assert production.events("Failed") == []


def test_aws_shows_the_vpc_as_the_source_document_does(production, aws):
    table = aws(
        "describe-vpcs", "--vpc-ids", production.ids()["Vpc/vpc"], "--output", "table",
        "--query", "Vpcs[0].{VpcId:VpcId,CIDR:CidrBlock,State:State}",
    )  # fmt: skip

    assert rows(table) == [{"CIDR": "10.0.0.0/16", "State": "available", "VpcId": production.ids()["Vpc/vpc"]}]


def test_aws_shows_the_subnets_as_the_source_document_does(production, aws):
    table = aws(
        "describe-subnets", "--filters", f"Name=vpc-id,Values={production.ids()['Vpc/vpc']}", "--output", "table",
        "--query", "Subnets[*].{SubnetId:SubnetId,AZ:AvailabilityZone,CIDR:CidrBlock,Public:MapPublicIpOnLaunch}",
    )  # fmt: skip

    wanted = [
        {"AZ": s["zone"], "CIDR": s["cidr"], "Public": str(s["tier"] == "public"), "SubnetId": s["id"]}
        for s in production.status["subnets"]
    ]
    by_id = partial(sorted, key=lambda row: row["SubnetId"])
    assert by_id(rows(table)) == by_id(wanted)
    assert sorted((row["AZ"], row["Public"]) for row in wanted) == [
        (zone, public) for zone in ZONES for public in ("False", "False", "True")
    ]


def test_aws_shows_the_routes_as_the_source_document_does(production, aws):
    said = aws(
        "describe-route-tables", "--filters", f"Name=vpc-id,Values={production.ids()['Vpc/vpc']}", "--query",
        "RouteTables[*].{RouteTableId:RouteTableId,Routes:Routes[*]."
        "{Destination:DestinationCidrBlock,Target:GatewayId||NatGatewayId}}",
    )  # fmt: skip

    routes = {
        table["RouteTableId"]: {r["Destination"]: r["Target"] for r in table["Routes"] if r["Destination"]}
        for table in json.loads(said)
    }
    ids = production.ids()
    local = {"10.0.0.0/16": "local"}
    assert routes[ids["RouteTable/public"]] == local | {"0.0.0.0/0": ids["InternetGateway/igw"]}
    assert routes[ids["RouteTable/private-a"]] == local | {"0.0.0.0/0": ids["NatGateway/a"]}
    assert routes[ids["RouteTable/private-b"]] == local | {"0.0.0.0/0": ids["NatGateway/b"]}
    assert routes[ids["RouteTable/data"]] == local


def test_the_command_line_finds_nothing_left_to_do(production, place):
    assert "Nothing to do: all 30 resources" in place.command("awslab", "plan", "-f", str(EXAMPLE))
    assert "NatGateway/a  <- Eip/nat-a" in place.command("awslab", "graph", "-f", str(EXAMPLE))


def test_a_second_look_reads_and_writes_nothing(production, place):
    status, since = production.status, place.control.last_call()

    production.nudge()
    eventually(lambda: [c for c in place.control.calls(since) if c["action"] == "DescribeRouteTables"])
    time.sleep(0.5)

    assert place.writes(since) == []
    assert production.status == status


# Keeping it so


def test_a_route_deleted_by_hand_is_told_and_put_back(nat, place):
    nat.apply(management={"driftInterval": "1s"}).ready()
    table, gateway = nat.ids()["RouteTable/private-a"], nat.ids()["NatGateway/a"]

    with nat.watch() as watch:
        place.aws("ec2", "delete-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0")
        told = eventually(lambda: watch.next(10)["status"].get("drift"))

    assert [(d["resource"], d["field"], d["desired"], d["observed"]) for d in told] == [
        ("RouteTable/private-a", "routes.0.0.0.0/0", gateway, "none")
    ]
    assert len(eventually(lambda: nat.events("Repaired"))) == 1
    assert nat.events("Drifted") == [f"RouteTable/private-a routes.0.0.0.0/0: want {gateway}, have none"]
    assert nat.in_aws()[table]["Routes"][-1]["NatGatewayId"] == gateway
    nat.delete(wait=False)


def test_drift_that_is_only_to_be_reported_stays_until_the_spec_says_otherwise(place):
    vpc = place.labvpc(management={"drift": "Report", "driftInterval": "1s"}).apply().ready()
    subnet = vpc.ids()["Subnet/public-a"]

    place.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    vpc.kubectl("wait", "--for=condition=Drifted", "labvpc/net", "--timeout=30s")
    columns = vpc.kubectl("get", "labvpc", "--no-headers").split()[:3]
    reported = vpc.in_aws()[subnet]["MapPublicIpOnLaunch"]
    vpc.apply(management={"drift": "Correct"}).ready()

    assert columns == ["net", "False", "1"]
    assert reported is False
    assert vpc.in_aws()[subnet]["MapPublicIpOnLaunch"] is True


# Changing it


def test_a_third_zone_touches_nothing_that_was_there(place):
    vpc = place.labvpc(availabilityZones=2, natGateways="PerZone").apply().ready()
    ids, before = vpc.ids(), vpc.in_aws()

    vpc.apply(availabilityZones=3).ready()

    after = vpc.in_aws()
    assert vpc.status["zones"] == [*ZONES, "us-east-1c"]
    assert ids.items() <= vpc.ids().items()
    assert {id_: after.get(id_) for id_ in before} == before


def test_routes_move_before_spare_nat_gateways_go(place):
    vpc = place.labvpc(availabilityZones=2, natGateways="PerZone").apply().ready()
    ids, since = vpc.ids(), place.control.last_call()

    vpc.apply(natGateways="Single").settled()

    done = [(c["action"], set(c["resources"])) for c in place.writes(since)]
    moved = [n for n, (_, touched) in enumerate(done) if ids["RouteTable/private-b"] in touched]
    gone = [n for n, (action, _) in enumerate(done) if action == "DeleteNatGateway"]
    assert moved
    assert len(gone) == 1
    assert moved[0] < gone[0]
    assert [action for action, _ in done].count("ReleaseAddress") == 1
    assert set(ids) - set(vpc.ids()) == {"NatGateway/b", "Eip/nat-b"}


def test_tags_come_change_and_go_and_nothing_else_is_written(place):
    vpc = place.labvpc(tags={"team": "red", "stage": "test"}).apply().ready()
    since = place.control.last_call()

    vpc.apply(tags={"team": "blue"}).ready()

    tags = tags_of(place, vpc.ids()["Vpc/vpc"])
    assert tags["team"] == "blue"
    assert "stage" not in tags
    assert {c["action"] for c in place.writes(since)} == {"CreateTags", "DeleteTags"}


# What cannot be


def test_what_only_aws_can_refuse_stalls_with_its_field(place):
    vpc = place.labvpc(availabilityZones=["us-east-1a", "us-east-1z"]).apply()

    vpc.kubectl("wait", "--for=condition=Stalled", "labvpc/net", "--timeout=30s")

    stalled = vpc.condition("Stalled")
    assert stalled["reason"] == "InvalidSpec"
    assert stalled["message"].startswith("spec.availabilityZones: us-east-1z")
    assert vpc.in_aws() == {}


# Deleting it


def test_kubectl_delete_ends_when_aws_is_empty(nat):
    before = len(nat.in_aws())

    nat.delete()

    assert before > 10
    assert nat.in_aws() == {}


def test_an_instance_and_an_interface_that_are_not_ours_stop_the_deletion_until_they_are_gone(place):
    vpc = place.labvpc().apply().ready()
    image = place.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    subnet = vpc.ids()["Subnet/private-a"]
    run = place.ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet, ClientToken=vpc.namespace
    )
    instance = run["Instances"][0]["InstanceId"]
    made = place.ec2.create_network_interface(SubnetId=vpc.ids()["Subnet/public-a"], Description="of somebody else")
    interface = made["NetworkInterface"]["NetworkInterfaceId"]

    vpc.delete(wait=False)
    vpc.kubectl("wait", "--for=condition=DeletionBlocked", "labvpc/net", "--timeout=30s")
    blocked = eventually(lambda: (said := vpc.condition("DeletionBlocked")) and interface in said["message"] and said)
    place.ec2.terminate_instances(InstanceIds=[instance])
    place.ec2.delete_network_interface(NetworkInterfaceId=interface)
    vpc.kubectl("wait", "--for=delete", "labvpc/net", "--timeout=60s")

    assert blocked["reason"] == "InUseByOthers"
    assert instance in blocked["message"]
    assert vpc.in_aws() == {}


def test_one_of_two_with_the_same_addresses_goes_while_the_other_is_made(place):
    first = place.labvpc(natGateways="Single").apply().ready()
    second = place.labvpc(natGateways="Single").apply()

    first.delete(wait=False)
    second.ready()
    first.kubectl("wait", "--for=delete", "labvpc/net", "--timeout=60s")

    assert first.in_aws() == {}
    assert set(second.ids().values()) == ours(second)
    assert first.spec["cidr"] == second.spec["cidr"]
