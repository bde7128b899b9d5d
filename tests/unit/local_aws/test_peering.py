"""Peering connections in the local AWS."""

from __future__ import annotations

import pytest

rule = pytest.mark.rule


def asked(aws, cidr="10.1.0.0/16"):
    """Two VPCs and a connection between them that waits to be accepted."""
    one, other = aws.vpc(), aws.vpc(cidr)
    made = aws.ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=other)["VpcPeeringConnection"]
    aws.tick(3)
    return one, other, made["VpcPeeringConnectionId"]


def active(aws):
    one, other, peering = asked(aws)
    aws.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    aws.tick(4)
    return one, other, peering


def state(aws, peering):
    found = aws.ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])
    return found["VpcPeeringConnections"][0]["Status"]["Code"]


@rule("peering-begins", "peering-provisioning")
def test_a_connection_is_asked_for_accepted_and_then_active(aws):
    one, other = aws.vpc(), aws.vpc("10.1.0.0/16")
    made = aws.ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=other)["VpcPeeringConnection"]
    peering, states = made["VpcPeeringConnectionId"], [made["Status"]["Code"]]

    aws.tick(3)
    states.append(state(aws, peering))
    aws.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    states.append(state(aws, peering))
    aws.tick(4)

    assert ["initiating-request", "pending-acceptance", "provisioning"] == states
    assert "active" == state(aws, peering)


@rule("peering-begins", "peering-ended")
def test_vpcs_with_overlapping_ranges_are_not_peered(aws, refused):
    _, _, peering = asked(aws, "10.0.128.0/20")

    assert "failed" == state(aws, peering)
    refused("InvalidStateTransition", aws.ec2.delete_vpc_peering_connection, VpcPeeringConnectionId=peering)


@rule("peering-exists")
def test_two_vpcs_have_one_connection(aws, refused):
    one, other, peering = asked(aws)

    refused("VpcPeeringConnectionAlreadyExists", aws.ec2.create_vpc_peering_connection, VpcId=other, PeerVpcId=one)
    aws.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)

    aws.ec2.create_vpc_peering_connection(VpcId=other, PeerVpcId=one)


@rule("peering-options")
def test_options_are_set_while_it_is_active(aws, refused):
    _, _, waiting = asked(aws)
    wanted = {"RequesterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": True}}

    refused(
        "OperationNotPermitted",
        aws.ec2.modify_vpc_peering_connection_options,
        VpcPeeringConnectionId=waiting,
        **wanted,
    )
    aws.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=waiting)
    aws.tick(4)

    aws.ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=waiting, **wanted)


@rule("route-peering")
def test_a_route_leads_over_a_connection_of_its_own_vpc(aws, refused):
    one, _, peering = active(aws)
    stranger = aws.table(aws.vpc("10.2.0.0/16"))

    def lead(table, over, code):
        route = {"RouteTableId": table, "DestinationCidrBlock": "10.1.0.0/16", "VpcPeeringConnectionId": over}
        refused(code, aws.ec2.create_route, **route)

    lead(stranger, peering, "InvalidVpcPeeringConnectionID.NotFound")
    lead(aws.table(one), "pcx-0123456789abcdef0", "InvalidVpcPeeringConnectionID.NotFound")
