"""Two networks that are peered: in one account, in two regions, in two accounts, and not at all."""

from __future__ import annotations

import boto3
import pytest

from tests.support.cluster import OTHER_ROLE, ROLE, Cluster

SMALL = {"availabilityZones": 1, "natGateways": "None", "endpoints": {"gateways": []}}
TO_SHOP = [{"name": "shop", "vpcRef": {"name": "shop"}}]


@pytest.fixture
def cluster(local_aws):
    return Cluster()


def two(cluster, first=None, second=None):
    shop = cluster.lab_vpc(
        "shop", **{**SMALL, "cidr": "10.1.0.0/16", "connectedCidrs": ["10.0.0.0/16"], **(second or {})}
    )
    lab = cluster.lab_vpc("production", **{**SMALL, "peerings": TO_SHOP, **(first or {})})
    return lab, shop


def routes(ec2, vpc):
    """The destinations that lead over peerings, by the tables' names."""
    found = ec2.describe_route_tables(RouteTableIds=list(vpc.obj["status"]["routeTableIds"].values()))["RouteTables"]
    names = {id_: name for name, id_ in vpc.obj["status"]["routeTableIds"].items()}
    return {
        names[t["RouteTableId"]]: {r["DestinationCidrBlock"] for r in t["Routes"] if r.get("VpcPeeringConnectionId")}
        for t in found
    }


def client(region="us-east-1", role=""):
    if not role:
        return boto3.client("ec2", region_name=region)
    found = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    keys = {"aws_access_key_id": found["AccessKeyId"], "aws_secret_access_key": found["SecretAccessKey"]}
    return boto3.client("ec2", region_name=region, aws_session_token=found["SessionToken"], **keys)


def state(ec2, vpc):
    id_ = vpc.obj["status"]["peeringIds"]["shop"]
    return ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[id_])["VpcPeeringConnections"][0]


def test_two_networks_are_peered_and_parted(cluster, ec2):
    lab, shop = two(cluster)

    cluster.until(lambda: lab.ready and shop.ready)
    there, back = routes(ec2, lab), routes(ec2, shop)
    names = [state(ec2, lab)[s]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] for s in SIDES]
    lab.change(peerings=[])
    cluster.until(lambda: lab.ready and shop.ready)

    assert {"public": {"10.1.0.0/16"}, "private-a": {"10.1.0.0/16"}, "data": set()} == there
    assert {"public": {"10.0.0.0/16"}, "private-a": {"10.0.0.0/16"}, "data": set()} == back
    assert [True, True] == names
    assert {frozenset()} == {frozenset(found) for vpc in (lab, shop) for found in routes(ec2, vpc).values()}
    assert {"deleted"} == {p["Status"]["Code"] for p in ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]}


SIDES = ("RequesterVpcInfo", "AccepterVpcInfo")


def test_a_route_that_somebody_removes_on_the_other_side_comes_back(cluster, ec2):
    lab, shop = two(cluster)
    cluster.until(lambda: lab.ready and shop.ready)
    table = shop.obj["status"]["routeTableIds"]["private-a"]

    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")
    cluster.until(lambda: lab.ready and bool(routes(ec2, shop)["private-a"]), lab)

    assert {"10.0.0.0/16"} == routes(ec2, shop)["private-a"]


def test_a_connection_that_somebody_deletes_is_made_again(cluster, ec2):
    lab, shop = two(cluster)
    cluster.until(lambda: lab.ready and shop.ready)
    first = lab.obj["status"]["peeringIds"]["shop"]

    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=first)
    cluster.until(lambda: lab.ready and lab.obj["status"]["peeringIds"].get("shop") not in {None, first}, lab)

    assert {"10.0.0.0/16"} == routes(ec2, shop)["private-a"]
    assert {"10.1.0.0/16"} == routes(ec2, lab)["private-a"]


def test_the_named_network_goes_after_the_one_that_names_it(cluster, ec2):
    lab, shop = two(cluster)
    cluster.until(lambda: lab.ready and shop.ready)

    shop.delete()
    cluster.once(shop)
    said = shop.condition("DeletionBlocked")["message"]
    lab.delete()
    cluster.until(lambda: lab.gone and shop.gone)

    assert "LabVpc lab/production" in said
    assert [] == [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]


def test_networks_that_overlap_work_and_are_not_peered(cluster):
    lab, shop = two(cluster, first={"peerings": []}, second={"cidr": "10.0.128.0/20"})
    cluster.until(lambda: lab.ready and shop.ready)

    lab.change(peerings=TO_SHOP)
    cluster.once(lab)

    message = lab.condition("Ready")["message"]
    assert "spec.peerings.shop" in message
    assert "10.0.0.0/16 of this network and 10.0.128.0/20 of LabVpc lab/shop overlap" in message
    assert shop.ready


def test_networks_in_two_regions_are_peered_and_parted(cluster):
    lab, shop = two(cluster, second={"region": "eu-west-1"})

    cluster.until(lambda: lab.ready and shop.ready)
    back = routes(client("eu-west-1"), shop)
    lab.delete()
    cluster.until(lambda: lab.gone)

    assert {"10.0.0.0/16"} == back["private-a"]
    assert {frozenset()} == {frozenset(found) for found in routes(client("eu-west-1"), shop).values()}


def test_networks_in_two_accounts_are_peered_through_the_account_of_the_other(cluster):
    cluster.account("dev", ROLE)
    cluster.account("prod", OTHER_ROLE)
    lab, shop = two(cluster, first={"accountRef": {"name": "dev"}}, second={"accountRef": {"name": "prod"}})

    cluster.until(lambda: lab.ready and shop.ready)
    back, noted = routes(client(role=OTHER_ROLE), shop), lab.obj["status"]["otherAccounts"]
    lab.delete()
    cluster.until(lambda: lab.gone)

    assert [{"name": "prod", "id": "444455556666"}] == noted
    assert {"10.0.0.0/16"} == back["private-a"]
    assert {frozenset()} == {frozenset(found) for found in routes(client(role=OTHER_ROLE), shop).values()}


def test_a_network_is_attached_to_a_transit_gateway_and_detached(cluster, ec2):
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    lab = cluster.lab_vpc("production", **SMALL, transitGateway={"id": gateway, "routes": ["10.8.0.0/16"]})
    cluster.until(lambda: lab.ready, lab)

    def led():
        tables = ec2.describe_route_tables(RouteTableIds=[lab.obj["status"]["routeTableIds"]["private-a"]])
        routes = tables["RouteTables"][0]["Routes"]
        return {r["DestinationCidrBlock"] for r in routes if r.get("TransitGatewayId") == gateway}

    there = led()
    lab.change(availabilityZones=2)
    cluster.until(lambda: lab.ready, lab)
    (attachment,) = ec2.describe_transit_gateway_vpc_attachments()["TransitGatewayVpcAttachments"]
    lab.change(transitGateway=None)
    cluster.until(lambda: lab.ready, lab)

    assert {"10.8.0.0/16"} == there
    assert 2 == len(attachment["SubnetIds"])
    assert set() == led()
    lab.delete()
    cluster.until(lambda: lab.gone, lab)


def test_the_owner_of_another_account_is_waited_for(cluster, ec2):
    theirs = client(role=OTHER_ROLE)
    vpc = theirs.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    wanted = {"name": "shop", "vpcId": vpc, "cidrs": ["10.9.0.0/16"], "accountId": "444455556666"}
    lab = cluster.lab_vpc("production", **SMALL, peerings=[wanted])

    def waits():
        return "444455556666" in str([r for r in lab.obj["status"]["resources"] if r["address"] == "Peering/shop"])

    cluster.until(waits, lab)
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=lab.obj["status"]["peeringIds"]["shop"])
    cluster.until(lambda: lab.ready, lab)

    assert {"10.9.0.0/16"} == routes(ec2, lab)["private-a"]
