"""A network that gets IPv6, keeps it, and gives it back."""

from __future__ import annotations

from tests.support.memory import lab_vpc, reconciler, until

SMALL = {"availabilityZones": 1, "natGateways": "None", "endpoints": {"gateways": []}}


def ranges(vpc):
    return {s["name"]: s.get("ipv6Cidr") for s in vpc.obj["status"]["subnets"]}


def test_a_network_gets_ipv6_and_gives_it_back(local_aws, ec2):
    vpc, using = lab_vpc(**SMALL), reconciler()
    until(vpc, lambda: vpc.ready, using)

    vpc.change(ipv6=True)
    until(vpc, lambda: vpc.ready, using)
    had = ranges(vpc)
    vpc.change(availabilityZones=2)
    until(vpc, lambda: vpc.ready, using)
    more = ranges(vpc)
    vpc.change(ipv6=False)
    until(vpc, lambda: vpc.ready, using)

    assert all(had.values())
    assert had.items() <= more.items()
    assert 6 == len(set(more.values()))
    assert {None} == set(ranges(vpc).values())
    assert [] == ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]


def test_subnets_give_addresses_and_get_their_way_back(local_aws, ec2):
    vpc, using = lab_vpc(**SMALL, ipv6=True), reconciler()
    until(vpc, lambda: vpc.ready, using)
    table = next(r["id"] for r in vpc.obj["status"]["resources"] if r["address"] == "RouteTable/private-a")

    ec2.delete_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0")
    using.reconcile(vpc)
    until(vpc, lambda: vpc.ready and "drift" not in vpc.obj["status"], using)

    (shown,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    mine = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc.obj["status"]["vpcId"]]}])["Subnets"]
    assert "::/0" in {r.get("DestinationIpv6CidrBlock") for r in shown["Routes"]}
    assert {True} == {s["AssignIpv6AddressOnCreation"] for s in mine}


def test_nothing_of_it_is_left(local_aws, ec2):
    vpc, using = lab_vpc(**SMALL, ipv6=True), reconciler()
    until(vpc, lambda: vpc.ready, using)

    vpc.delete()
    until(vpc, lambda: vpc.gone, using)

    assert [] == ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]
    assert [] == [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]
