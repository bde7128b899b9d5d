"""A network with a VPN gateway of somebody's, from its attachment to its end."""

from __future__ import annotations

import time

import pytest

from awslab.core.ownership import OWNER_TAG, PREFIX
from tests.support.cluster import Cluster

SMALL = {"availabilityZones": 1, "natGateways": "None", "endpoints": {"gateways": []}}


@pytest.fixture
def cluster(local_aws):
    return Cluster()


@pytest.fixture
def vgw(ec2):
    """A gateway with a name that its owner gave it, behind which two networks lie."""
    tags = [{"ResourceType": "vpn-gateway", "Tags": [{"Key": "Name", "Value": "office"}]}]
    id_ = ec2.create_vpn_gateway(Type="ipsec.1", TagSpecifications=tags)["VpnGateway"]["VpnGatewayId"]
    peer = ec2.create_customer_gateway(Type="ipsec.1", PublicIp="198.51.100.1", BgpAsn=65000)
    asked = {"CustomerGatewayId": peer["CustomerGateway"]["CustomerGatewayId"], "VpnGatewayId": id_}
    vpn = ec2.create_vpn_connection(Type="ipsec.1", **asked)["VpnConnection"]["VpnConnectionId"]
    for cidr in ("192.168.0.0/16", "172.16.0.0/12"):
        ec2.create_vpn_connection_route(VpnConnectionId=vpn, DestinationCidrBlock=cidr)
    return id_


def network(cluster, vgw, **vpn):
    return cluster.lab_vpc(**SMALL, vpnGateway={"id": vgw, **vpn})


def gateway(ec2, vgw):
    return ec2.describe_vpn_gateways(VpnGatewayIds=[vgw])["VpnGateways"][0]


def place(ec2, vgw):
    return {a["VpcId"]: a["State"] for a in gateway(ec2, vgw)["VpcAttachments"]}


def table(ec2, lab, name="private-a"):
    return ec2.describe_route_tables(RouteTableIds=[lab.obj["status"]["routeTableIds"][name]])["RouteTables"][0]


def quiet(lab):
    return lab.ready and "drift" not in lab.obj["status"]


def test_a_gateway_is_attached_and_its_routes_are_no_drift(cluster, ec2, vgw):
    lab = network(cluster, vgw)

    cluster.until(lambda: lab.ready)
    cluster.once(lab)

    brought = [r["DestinationCidrBlock"] for r in table(ec2, lab)["Routes"] if r["Origin"] != "CreateRouteTable"]
    assert {lab.obj["status"]["vpcId"]: "attached"} == place(ec2, vgw)
    assert ["192.168.0.0/16", "172.16.0.0/12"] == brought
    assert [] == table(ec2, lab, "data")["PropagatingVgws"]
    assert quiet(lab)


def test_propagation_that_somebody_turns_off_or_on_is_named_and_put_back(cluster, ec2, vgw):
    lab = cluster.lab_vpc(**SMALL, vpnGateway={"id": vgw}, management={"drift": "Report"})
    cluster.until(lambda: lab.ready)
    private, data = (table(ec2, lab, name)["RouteTableId"] for name in ("private-a", "data"))

    ec2.disable_vgw_route_propagation(RouteTableId=private, GatewayId=vgw)
    ec2.enable_vgw_route_propagation(RouteTableId=data, GatewayId=vgw)
    cluster.once(lab)
    told = {(d["resource"], d["field"], d["desired"], d["observed"]) for d in lab.obj["status"]["drift"]}
    lab.change(management={})
    cluster.until(lambda: quiet(lab))

    assert told == {
        ("RouteTable/private-a", f"propagated.{vgw}", "present", "none"),
        ("RouteTable/data", f"propagated.{vgw}", "none", "present"),
    }
    assert [{"GatewayId": vgw}] == table(ec2, lab)["PropagatingVgws"]
    assert [] == table(ec2, lab, "data")["PropagatingVgws"]


def test_a_gateway_that_somebody_detaches_is_attached_again(cluster, ec2, vgw):
    lab = network(cluster, vgw)
    cluster.until(lambda: lab.ready)
    vpc = lab.obj["status"]["vpcId"]

    ec2.detach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)
    cluster.until(lambda: quiet(lab) and place(ec2, vgw).get(vpc) == "attached")

    assert [{"GatewayId": vgw}] == table(ec2, lab)["PropagatingVgws"]


def test_a_gateway_that_serves_another_network_is_refused_with_its_place_until_it_is_free(cluster, ec2, vgw):
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.attach_vpn_gateway(VpcId=other, VpnGatewayId=vgw)
    lab = network(cluster, vgw)

    cluster.until(lambda: lab.condition("Stalled")["status"] == "True")
    said = lab.condition("Stalled")["message"]
    untouched = gateway(ec2, vgw)["Tags"]
    ec2.detach_vpn_gateway(VpcId=other, VpnGatewayId=vgw)
    cluster.until(lambda: lab.ready)

    assert f"VpnGateway/vpn: {vgw} is attached to {other}, and a VPN gateway serves one VPC at a time" in said
    assert [{"Key": "Name", "Value": "office"}] == untouched
    assert "attached" == place(ec2, vgw)[lab.obj["status"]["vpcId"]]


def test_a_gateway_of_another_object_is_refused_with_its_name(cluster, ec2, vgw):
    first = network(cluster, vgw)
    cluster.until(lambda: first.ready)
    second = cluster.lab_vpc("second", **{**SMALL, "cidr": "10.1.0.0/16"}, vpnGateway={"id": vgw})

    cluster.until(lambda: second.condition("Stalled")["status"] == "True", second)

    vpc = first.obj["status"]["vpcId"]
    assert f"{vgw} is attached to {vpc} (of default/LabVpc/lab/production)" in second.condition("Stalled")["message"]
    assert first.ready


def test_a_gateway_that_there_is_not_is_refused(cluster, ec2):
    lab = network(cluster, "vgw-0123456789abcdef0")

    cluster.until(lambda: lab.condition("Stalled")["status"] == "True")

    said = "vgw-0123456789abcdef0 is no VPN gateway of this account and region"
    assert said in lab.condition("Stalled")["message"]


def test_a_gateway_that_somebody_gave_to_another_vpc_stays_there(cluster, ec2, vgw):
    lab = network(cluster, vgw)
    cluster.until(lambda: lab.ready)
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]

    ec2.detach_vpn_gateway(VpcId=lab.obj["status"]["vpcId"], VpnGatewayId=vgw)
    while set(place(ec2, vgw).values()) != {"detached"}:
        time.sleep(0.01)
    ec2.attach_vpn_gateway(VpcId=other, VpnGatewayId=vgw)
    cluster.until(lambda: lab.condition("Stalled")["status"] == "True")
    said = lab.condition("Stalled")["message"]
    lab.delete()
    cluster.until(lambda: lab.gone)

    assert f"{vgw} is attached to {other}" in said
    assert {other: "attached"} == place(ec2, vgw)
    assert [{"Key": "Name", "Value": "office"}] == gateway(ec2, vgw)["Tags"]


@pytest.mark.parametrize("end", ["without", "deleted"])
def test_propagation_ends_before_the_gateway_is_detached_and_its_tags_are_gone_at_last(
    cluster, ec2, vgw, local_aws, end
):
    lab = network(cluster, vgw)
    cluster.until(lambda: lab.ready)
    since = local_aws.last_call()

    if end == "without":
        lab.change(vpnGateway=None)
        cluster.until(lambda: lab.ready and OWNER_TAG not in str(gateway(ec2, vgw)["Tags"]))
    else:
        lab.delete()
        cluster.until(lambda: lab.gone)

    actions = [c["action"] for c in local_aws.calls(since) if "awslab-operator" in c["user_agent"]]
    before, *others = (actions.index(a) for a in ORDERS[end])
    assert all(before < other for other in others)
    assert [] == [t for t in gateway(ec2, vgw)["Tags"] if t["Key"].startswith(PREFIX)]
    assert {"detached"} == set(place(ec2, vgw).values())


ORDERS = {
    "without": ("DisableVgwRoutePropagation", "DetachVpnGateway"),
    "deleted": ("DetachVpnGateway", "DeleteVpc"),
}


def test_the_gateway_of_somebody_keeps_the_vpc_and_is_named(cluster, ec2, vgw):
    lab = cluster.lab_vpc(**SMALL)
    cluster.until(lambda: lab.ready)
    ec2.attach_vpn_gateway(VpcId=lab.obj["status"]["vpcId"], VpnGatewayId=vgw)

    lab.delete()
    cluster.until(lambda: lab.condition("DeletionBlocked")["status"] == "True")
    said = lab.condition("DeletionBlocked")["message"]
    ec2.detach_vpn_gateway(VpcId=lab.obj["status"]["vpcId"], VpnGatewayId=vgw)
    cluster.until(lambda: lab.gone)

    assert f"{vgw} (VPN gateway)" in said
