"""Routes that somebody adds to our tables: over each kind of target they are named, and taken away again."""

from __future__ import annotations

import time

import pytest

from tests.support.cluster import Cluster

SMALL = {"availabilityZones": 1, "natGateways": "None", "endpoints": {"gateways": ["s3"]}}
TO_SHOP = [{"name": "shop", "vpcRef": {"name": "shop"}}]


@pytest.fixture
def cluster(local_aws):
    return Cluster()


@pytest.fixture
def lab(cluster):
    """A network that tells of drift only, Ready."""
    lab = cluster.lab_vpc(**SMALL, management={"drift": "Report"}, ipv6=True)
    cluster.until(lambda: lab.ready)
    return lab


def table(lab, name="private-a"):
    return lab.obj["status"]["routeTableIds"][name]


def routes(ec2, lab, name="private-a"):
    (found,) = ec2.describe_route_tables(RouteTableIds=[table(lab, name)])["RouteTables"]
    return {r.get("DestinationCidrBlock") or r.get("DestinationIpv6CidrBlock") for r in found["Routes"]} - {None}


def drift(lab):
    return {(d["resource"], d["field"], d["desired"], d["observed"]) for d in lab.obj["status"].get("drift", ())}


def add(ec2, lab, destination="10.9.0.0/16", name="private-a", **target):
    key = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
    ec2.create_route(RouteTableId=table(lab, name), **{key: destination}, **target)


def theirs(ec2):
    return ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]


def peering(ec2, lab):
    """One that somebody made by hand between the network and a VPC of theirs."""
    asked = ec2.create_vpc_peering_connection(VpcId=lab.obj["status"]["vpcId"], PeerVpcId=theirs(ec2))
    id_ = asked["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    _until(lambda: _status(ec2, id_) == "pending-acceptance")
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id_)
    _until(lambda: _status(ec2, id_) == "active")
    return id_


def _status(ec2, id_):
    found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[id_])
    return found["VpcPeeringConnections"][0]["Status"]["Code"]


def transit(ec2, lab):
    """A transit gateway to which somebody attached the network by hand."""
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    subnets = [lab.obj["status"]["privateSubnetIds"][0]]
    place = {"TransitGatewayId": gateway, "VpcId": lab.obj["status"]["vpcId"], "SubnetIds": subnets}
    made = ec2.create_transit_gateway_vpc_attachment(**place)["TransitGatewayVpcAttachment"]
    shown = {"TransitGatewayAttachmentIds": [made["TransitGatewayAttachmentId"]]}
    list_ = ec2.describe_transit_gateway_vpc_attachments
    _until(lambda: list_(**shown)["TransitGatewayVpcAttachments"][0]["State"] == "available")
    return gateway


def vpn(ec2, lab):
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=lab.obj["status"]["vpcId"])
    shown = ec2.describe_vpn_gateways
    _until(lambda: shown(VpnGatewayIds=[gateway])["VpnGateways"][0]["VpcAttachments"][0]["State"] == "attached")
    return gateway


def interface(ec2, lab):
    subnet = lab.obj["status"]["privateSubnetIds"][0]
    return ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]


def internet(_ec2, lab):
    return next(r["id"] for r in lab.obj["status"]["resources"] if r["address"] == "InternetGateway/igw")


def _until(done):
    end = time.monotonic() + 10
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


TARGETS = {
    "VpcPeeringConnectionId": peering,
    "TransitGatewayId": transit,
    "GatewayId": internet,
    "NetworkInterfaceId": interface,
    "vpn": vpn,
}


@pytest.mark.parametrize("key", TARGETS)
def test_a_route_that_somebody_adds_is_named_with_table_and_destination_and_taken_away(cluster, ec2, lab, key):
    target = TARGETS[key](ec2, lab)
    argument = {"vpn": "GatewayId"}.get(key, key)
    add(ec2, lab, **{argument: target})
    add(ec2, lab, name="data", **{argument: target})

    cluster.once(lab)
    told = drift(lab)
    lab.change(management={})
    cluster.until(lambda: lab.ready and not drift(lab))

    added = {(f"RouteTable/{name}", "routes.10.9.0.0/16", "none", target) for name in ("private-a", "data")}
    assert added == told
    assert "10.9.0.0/16" not in routes(ec2, lab) | routes(ec2, lab, "data")


def test_a_way_out_that_somebody_leads_elsewhere_is_led_back(cluster, ec2, lab):
    target, place = peering(ec2, lab), {"RouteTableId": table(lab, "public"), "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.replace_route(**place, VpcPeeringConnectionId=target)

    cluster.once(lab)
    told = drift(lab)
    lab.change(management={})
    cluster.until(lambda: lab.ready and not drift(lab))

    igw = internet(ec2, lab)
    assert ("RouteTable/public", "routes.0.0.0.0/0", igw, target) in told
    (found,) = ec2.describe_route_tables(RouteTableIds=[table(lab, "public")])["RouteTables"]
    assert igw in {r.get("GatewayId") for r in found["Routes"] if r.get("DestinationCidrBlock") == "0.0.0.0/0"}


def test_a_route_of_ipv6_is_named_and_taken_away_too(cluster, ec2, lab):
    target = peering(ec2, lab)
    add(ec2, lab, "2001:db8::/48", VpcPeeringConnectionId=target)

    cluster.once(lab)
    told = drift(lab)
    lab.change(management={})
    cluster.until(lambda: lab.ready and not drift(lab))

    assert {("RouteTable/private-a", "routes.2001:db8::/48", "none", target)} == told
    assert "2001:db8::/48" not in routes(ec2, lab)


def test_routes_of_another_network_that_leads_here_are_no_drift_and_others_over_its_peering_are(cluster, ec2):
    shop = cluster.lab_vpc("shop", **SMALL, connectedCidrs=["10.1.0.0/16"])
    lab = cluster.lab_vpc(**{**SMALL, "cidr": "10.1.0.0/16"}, peerings=TO_SHOP, management={"drift": "Report"})
    cluster.until(lambda: lab.ready and shop.ready)
    pcx = lab.obj["status"]["peeringIds"]["shop"]

    cluster.once(shop)
    quiet = drift(shop)
    add(ec2, shop, VpcPeeringConnectionId=pcx)
    cluster.once(lab, shop)
    told = drift(lab)
    lab.change(management={})
    cluster.until(lambda: lab.ready and shop.ready and not drift(lab))

    assert set() == quiet == drift(shop)
    assert {("Peering/shop", f"peer_routes.10.9.0.0/16 in {table(shop)}", "none", "present")} == told
    assert {"10.1.0.0/16"} == routes(ec2, shop) - {"10.0.0.0/16"}


def test_a_route_over_what_somebody_deleted_again_is_taken_away(cluster, ec2, lab):
    target = peering(ec2, lab)
    add(ec2, lab, VpcPeeringConnectionId=target)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=target)

    lab.change(management={})
    cluster.until(lambda: lab.ready and "10.9.0.0/16" not in routes(ec2, lab))
