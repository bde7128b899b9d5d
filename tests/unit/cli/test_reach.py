"""`awslab reach`: what it says about networks in AWS, in the cluster and in files, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples/vpc.yaml"
OPEN, NOT_OPEN, MISUSED = 0, 1, 2


@pytest.fixture
def of_file(awslab):
    """Ask about the network that the example would make."""
    return lambda *words: awslab("reach", "-f", EXAMPLE, *words)


def test_an_open_way_is_told_hop_by_hop_and_ends_well(of_file):
    result = of_file("private-a", "internet:443")

    title, verdict, *hops = result.stdout.splitlines()
    assert (OPEN, "LabVpc lab/production") == (result.exit_code, title)
    assert "private-a to internet, tcp 443: open through NAT gateway nat-a (a)" == verdict
    assert any("0.0.0.0/0 goes to igw" in hop for hop in hops if hop.startswith("  -> "))
    assert any(hop.startswith("  <- ") for hop in hops)


def test_a_closed_way_says_what_closes_it_and_ends_with_1(of_file):
    result = of_file("internet", "data:5432")

    assert NOT_OPEN == result.exit_code
    assert "internet to data, tcp 5432: closed by " in result.stdout


def test_what_is_supposed_is_told(of_file):
    assert "there is no app yet: an interface with the group" in of_file("app", "data:5432").stdout


def test_as_json_it_is_data_for_programs(of_file):
    told = json.loads(of_file("private-a", "internet:443", "-o", "json").stdout)

    assert ("open", ["nat-a"], 443) == (told["result"], told["natGateways"], told["port"])
    assert {"id", "name", "text", "answer", "passed"} <= set(told["hops"][0])


def test_the_way_can_be_drawn(of_file, tmp_path):
    picture = tmp_path / "way.svg"

    of_file("private-a", "internet:443", "--svg", picture)

    assert ET.fromstring(picture.read_text()).tag.endswith("svg")
    assert "private-a to internet, tcp 443" in picture.read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["private-a"], "say KIND/NAME FROM TO:PORT"),
        (["labvpc/production", "private-a", "internet:443"], "say KIND/NAME FROM TO:PORT"),
        (["private-a", "internet"], "say the port that is to be reached: internet:443"),
        (["private-a", "internet:99999"], "say the port that is to be reached"),
        (["--vpc", "vpc-1", "private-a", "internet:443"], "say KIND/NAME FROM TO:PORT"),
    ],
    ids=["too-few", "two-networks", "no-port", "no-such-port", "file-and-vpc"],
)
def test_what_was_not_understood_is_said(of_file, words, says):
    result = of_file(*words)

    assert MISUSED == result.exit_code
    assert says in result.stderr


def test_a_vpc_needs_its_region(awslab):
    result = awslab("reach", "--vpc", "vpc-1", "private-a", "internet:443")

    assert MISUSED == result.exit_code
    assert "--region us-east-1" in result.stderr


def test_a_name_that_means_nothing_is_an_error_that_names_what_does(of_file):
    result = of_file("bastoin", "web:22")

    assert NOT_OPEN == result.exit_code
    assert "LabVpc lab/production: bastoin is nothing in this network; say internet, " in result.stderr


def test_ping_needs_no_port(of_file):
    assert "private-a to internet, ping: closed by" in of_file("private-a", "internet", "--protocol", "icmp").stdout


def test_an_ipv6_address_stands_in_brackets_before_a_port(of_file):
    assert "private-a to 2001:db8::1, tcp 443 over IPv6: " in of_file("private-a", "[2001:db8::1]:443").stdout


def test_of_an_object_it_is_the_network_as_aws_has_it(cluster, awslab, ec2):
    vpc = cluster.worked_on(passes=0, natGateways="PerZone").obj["status"]["vpcId"]
    ask = ("reach", "labvpc/production", "-n", "lab", "private-a", "internet:443")
    before = awslab(*ask)
    filters = [
        {"Name": "vpc-id", "Values": [vpc]},
        {"Name": "tag:awslab.dev/resource", "Values": ["RouteTable/private-a"]},
    ]
    (table,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]

    ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")

    assert (OPEN, NOT_OPEN) == (before.exit_code, (after := awslab(*ask)).exit_code)
    assert f"closed by {table['RouteTableId']} (private-a): no route to the internet" in after.stdout
    by_id = awslab("reach", "--vpc", vpc, "--region", "us-east-1", "private-a", "internet:443")
    assert by_id.stdout.splitlines()[1:] == after.stdout.splitlines()[1:]


def test_an_object_without_a_vpc_says_where_to_look(cluster, awslab, local_aws):
    local_aws.fault("deny", "CreateVpc")
    cluster.worked_on(passes=1)

    result = awslab("reach", "labvpc/production", "-n", "lab", "private-a", "internet:443")

    assert NOT_OPEN == result.exit_code
    assert "has no VPC yet; see: awslab trace labvpc/production" in result.stderr


def test_a_vpc_that_is_not_there_is_said(cluster, awslab):
    result = awslab("reach", "--vpc", "vpc-0", "--region", "us-east-1", "private-a", "internet:443")

    assert NOT_OPEN == result.exit_code
    assert "vpc-0 is no VPC of this account and region" in result.stderr
