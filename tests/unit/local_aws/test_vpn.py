"""VPN gateways in the local AWS, and the routes that they bring."""

from __future__ import annotations

import pytest

rule = pytest.mark.rule


def gateway(aws):
    return aws.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]


def attached(aws):
    """A VPC with a gateway that is attached to it."""
    vpc, vgw = aws.vpc(), gateway(aws)
    aws.ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)
    aws.tick(11)
    return vpc, vgw


def state(aws, vgw):
    (found,) = aws.ec2.describe_vpn_gateways(VpnGatewayIds=[vgw])["VpnGateways"]
    return [(a["VpcId"], a["State"]) for a in found["VpcAttachments"]]


def shown(aws, table):
    (found,) = aws.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return found


def connection(aws, vgw):
    peer = aws.ec2.create_customer_gateway(Type="ipsec.1", PublicIp="198.51.100.1", BgpAsn=65000)
    asked = {"CustomerGatewayId": peer["CustomerGateway"]["CustomerGatewayId"], "VpnGatewayId": vgw}
    return aws.ec2.create_vpn_connection(Type="ipsec.1", **asked)["VpnConnection"]["VpnConnectionId"]


@rule("vpn-gateway-attaching", "vpn-gateway-detaching", "vpn-gateway-not-attached", "vpn-gateway-in-use", "vpc-in-use")
def test_a_gateway_is_attached_and_detached_and_holds_its_vpc(aws, refused):
    vpc, vgw = aws.vpc(), gateway(aws)
    place = {"VpcId": vpc, "VpnGatewayId": vgw}
    refused("InvalidVpnGatewayAttachment.NotFound", aws.ec2.detach_vpn_gateway, **place)

    aws.ec2.attach_vpn_gateway(**place)
    states = [state(aws, vgw)]
    aws.tick(11)
    states.append(state(aws, vgw))
    refused("DependencyViolation", aws.ec2.delete_vpc, VpcId=vpc)
    refused("IncorrectState", aws.ec2.delete_vpn_gateway, VpnGatewayId=vgw)
    aws.ec2.detach_vpn_gateway(**place)
    states.append(state(aws, vgw))
    refused("DependencyViolation", aws.ec2.delete_vpc, VpcId=vpc)
    aws.tick(11)
    states.append(state(aws, vgw))
    refused("InvalidVpnGatewayAttachment.NotFound", aws.ec2.detach_vpn_gateway, **place)
    aws.ec2.delete_vpc(VpcId=vpc)
    aws.ec2.delete_vpn_gateway(VpnGatewayId=vgw)

    assert [[(vpc, each)] for each in ("attaching", "attached", "detaching", "detached")] == states


@rule("vpn-gateway-one-vpc", "vpn-gateway-one-per-vpc", "vpn-gateway-gone")
def test_a_gateway_has_one_vpc_and_a_vpc_one_gateway(aws, refused):
    vpc, vgw = attached(aws)
    deleted, other = gateway(aws), aws.vpc("10.1.0.0/16")
    aws.ec2.delete_vpn_gateway(VpnGatewayId=deleted)
    attach = aws.ec2.attach_vpn_gateway

    refused("VpnGatewayAttachmentLimitExceeded", attach, VpcId=other, VpnGatewayId=vgw)
    refused("InvalidVpcState", attach, VpcId=vpc, VpnGatewayId=gateway(aws))
    refused("InvalidVpnGatewayState", attach, VpcId=other, VpnGatewayId=deleted)
    refused("InvalidVpnGatewayID.NotFound", attach, VpcId=other, VpnGatewayId="vgw-0123456789abcdef0")


def test_a_detached_gateway_can_be_attached_elsewhere(aws):
    vpc, vgw = attached(aws)
    other = aws.vpc("10.1.0.0/16")
    aws.ec2.detach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)
    aws.tick(11)

    aws.ec2.attach_vpn_gateway(VpcId=other, VpnGatewayId=vgw)
    aws.tick(11)

    found = aws.ec2.describe_vpn_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [other]}])
    assert [vgw] == [each["VpnGatewayId"] for each in found["VpnGateways"]]


@rule("vpn-propagation", "vpn-propagated-routes", "vpn-connection-routes")
def test_a_table_shows_the_routes_that_a_gateway_brings(aws, refused):
    vpc, vgw = attached(aws)
    table, vpn = aws.table(vpc), connection(aws, vgw)
    propagation = {"RouteTableId": table, "GatewayId": vgw}
    behind = {"VpnConnectionId": vpn, "DestinationCidrBlock": "192.168.0.0/16"}

    aws.ec2.enable_vgw_route_propagation(**propagation)
    aws.ec2.enable_vgw_route_propagation(**propagation)
    aws.ec2.create_vpn_connection_route(**behind)
    before = shown(aws, table)
    aws.ec2.disable_vgw_route_propagation(**propagation)
    after = shown(aws, table)
    aws.ec2.delete_vpn_connection_route(**behind)
    aws.ec2.enable_vgw_route_propagation(**propagation)

    brought = {"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": vgw, "State": "active"}
    assert [{"GatewayId": vgw}] == before["PropagatingVgws"]
    assert brought | {"Origin": "EnableVgwRoutePropagation"} == before["Routes"][-1]
    assert [] == after["PropagatingVgws"]
    assert ["10.0.0.0/16"] == [route["DestinationCidrBlock"] for route in after["Routes"]]
    assert ["10.0.0.0/16"] == [route["DestinationCidrBlock"] for route in shown(aws, table)["Routes"]]
    missing = behind | {"VpnConnectionId": "vpn-0123456789abcdef0"}
    refused("InvalidVpnConnectionID.NotFound", aws.ec2.create_vpn_connection_route, **missing)


@rule("vpn-propagated-routes")
def test_a_route_of_the_table_wins_and_a_detached_gateway_brings_none(aws):
    vpc, vgw = attached(aws)
    table, vpn = aws.table(vpc), connection(aws, vgw)
    aws.ec2.enable_vgw_route_propagation(RouteTableId=table, GatewayId=vgw)
    for cidr in ("192.168.0.0/16", "172.16.0.0/12"):
        aws.ec2.create_vpn_connection_route(VpnConnectionId=vpn, DestinationCidrBlock=cidr)
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.168.0.0/16", GatewayId=vgw)

    before = [(route["DestinationCidrBlock"], route["Origin"]) for route in shown(aws, table)["Routes"]]
    aws.ec2.detach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)
    after = [(route["DestinationCidrBlock"], route["State"]) for route in shown(aws, table)["Routes"]]

    assert ("192.168.0.0/16", "CreateRoute") in before
    assert ("172.16.0.0/12", "EnableVgwRoutePropagation") in before
    assert [("10.0.0.0/16", "active"), ("192.168.0.0/16", "blackhole")] == after


@rule("vpn-propagation-attached", "route-other-vpc")
def test_a_gateway_serves_the_tables_of_its_own_vpc_only(aws, refused):
    _, vgw = attached(aws)
    table = aws.table(aws.vpc("10.1.0.0/16"))
    route = {"RouteTableId": table, "DestinationCidrBlock": "192.168.0.0/16", "GatewayId": vgw}

    refused("Gateway.NotAttached", aws.ec2.enable_vgw_route_propagation, RouteTableId=table, GatewayId=vgw)
    refused("InvalidParameterValue", aws.ec2.create_route, **route)
    missing = {"RouteTableId": "rtb-0123456789abcdef0", "GatewayId": vgw}
    refused("InvalidRouteTableID.NotFound", aws.ec2.enable_vgw_route_propagation, **missing)
