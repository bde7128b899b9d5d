"""Further addresses and DHCP options: given, changed, taken away."""

from __future__ import annotations

from tests.support.memory import lab_vpc, reconciler, until

SMALL = {"availabilityZones": ["us-east-1a"], "natGateways": "None", "endpoints": {"gateways": []}}
INSIDE = {"data": {"cidrs": {"us-east-1a": "100.64.0.0/20"}}}


def shown(ec2, vpc):
    return ec2.describe_vpcs(VpcIds=[vpc.obj["status"]["vpcId"]])["Vpcs"][0]


def test_addresses_come_before_their_subnets_and_go_after_them(local_aws, ec2):
    vpc, using = lab_vpc(**SMALL, secondaryCidrs=["100.64.0.0/16"], subnets=INSIDE), reconciler()
    until(vpc, lambda: vpc.ready, using)
    had = {s["name"]: s["cidr"] for s in vpc.obj["status"]["subnets"]}

    vpc.change(secondaryCidrs=[], subnets={"data": {"enabled": False}})
    until(vpc, lambda: vpc.ready, using)

    left = [a for a in shown(ec2, vpc)["CidrBlockAssociationSet"] if a["CidrBlockState"]["State"] == "associated"]
    assert "100.64.0.0/20" == had["data-a"]
    assert ["10.0.0.0/16"] == [a["CidrBlock"] for a in left]


def test_options_are_used_changed_without_asking_and_given_back(local_aws, ec2):
    vpc, using = lab_vpc(**SMALL, dhcpOptions={"domainName": "corp.example.com"}), reconciler()
    until(vpc, lambda: vpc.ready, using)
    first = shown(ec2, vpc)["DhcpOptionsId"]

    vpc.change(dhcpOptions={"domainName": "corp.example.com", "domainNameServers": ["10.0.0.2"]})
    until(vpc, lambda: vpc.ready and shown(ec2, vpc)["DhcpOptionsId"] not in {first, "default"}, using)
    vpc.change(dhcpOptions=None)
    until(vpc, lambda: vpc.ready, using)

    assert "default" == shown(ec2, vpc)["DhcpOptionsId"]
    assert [] == ec2.describe_dhcp_options()["DhcpOptions"]


def test_options_that_somebody_takes_away_are_drift_and_come_back(local_aws, ec2):
    vpc, using = lab_vpc(**SMALL, dhcpOptions={"domainName": "corp.example.com"}), reconciler()
    until(vpc, lambda: vpc.ready, using)
    mine = shown(ec2, vpc)["DhcpOptionsId"]

    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc.obj["status"]["vpcId"])
    until(vpc, lambda: vpc.ready and shown(ec2, vpc)["DhcpOptionsId"] == mine, using)

    vpc.delete()
    until(vpc, lambda: vpc.gone, using)
    assert [] == ec2.describe_dhcp_options()["DhcpOptions"]
