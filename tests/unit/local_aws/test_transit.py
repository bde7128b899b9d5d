"""Attachments to transit gateways in the local AWS."""

from __future__ import annotations

import pytest

rule = pytest.mark.rule


def attached(aws):
    vpc, gateway = aws.vpc(), aws.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    subnet = aws.subnet(vpc)
    made = aws.ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet])
    return vpc, subnet, gateway, made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]


def state(aws, attachment):
    found = aws.ec2.describe_transit_gateway_vpc_attachments(TransitGatewayAttachmentIds=[attachment])
    return found["TransitGatewayVpcAttachments"][0]["State"]


@rule("transit-attachment-pending", "transit-attachment-deleting", "transit-attachment-in-vpc")
def test_an_attachment_comes_and_goes_and_holds_its_subnets(aws, refused):
    vpc, subnet, _, attachment = attached(aws)
    states = [state(aws, attachment)]
    aws.tick(61)
    states.append(state(aws, attachment))

    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=subnet)
    aws.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    states.append(state(aws, attachment))
    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=subnet)
    aws.tick(61)
    aws.ec2.delete_subnet(SubnetId=subnet)
    aws.ec2.delete_vpc(VpcId=vpc)

    assert ["pending", "available", "deleting", "deleted"] == [*states, state(aws, attachment)]


@rule("transit-one-subnet-per-zone")
def test_an_attachment_has_one_subnet_in_a_zone(aws, refused):
    vpc, _, _, attachment = attached(aws)
    other = aws.subnet(vpc, "10.0.2.0/24")
    wanted = {"TransitGatewayAttachmentId": attachment, "AddSubnetIds": [other]}

    refused("DuplicateSubnetsInSameZone", aws.ec2.modify_transit_gateway_vpc_attachment, **wanted)


@rule("route-transit")
def test_a_route_leads_to_a_gateway_to_which_its_vpc_is_attached(aws, refused):
    vpc, _, gateway, _ = attached(aws)
    route = {"RouteTableId": aws.table(vpc), "DestinationCidrBlock": "10.8.0.0/16", "TransitGatewayId": gateway}

    refused("InvalidTransitGatewayID.NotFound", aws.ec2.create_route, **route)
    aws.tick(61)

    aws.ec2.create_route(**route)
