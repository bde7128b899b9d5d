"""NAT gateways, internet gateways and Elastic IPs, as they come and go."""

import pytest

rule = pytest.mark.rule


@rule("nat-pending")
def test_a_nat_gateway_is_pending_before_it_is_available(aws):
    _, _, subnet = aws.public_network()
    nat = aws.nat(subnet)

    early = aws.nat_shown(nat)["State"]
    aws.tick(101)

    assert ("pending", "available") == (early, aws.nat_shown(nat)["State"])


@rule("nat-pending")
def test_a_nat_gateway_shows_its_addresses_and_an_interface_in_its_subnet(aws):
    _, _, subnet = aws.public_network()
    eip = aws.eip()

    shown = aws.nat_shown(aws.nat(subnet, eip))["NatGatewayAddresses"][0]

    eni = aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[shown["NetworkInterfaceId"]])["NetworkInterfaces"][0]
    assert eip == shown["AllocationId"]
    assert (subnet, "nat_gateway", True, []) == (
        eni["SubnetId"],
        eni["InterfaceType"],
        eni["RequesterManaged"],
        eni["Groups"],
    )
    assert shown["PrivateIp"] == eni["PrivateIpAddress"]
    assert shown["PrivateIp"].startswith("10.0.1.")


@rule("nat-failed")
def test_a_nat_gateway_without_internet_gateway_fails_and_is_forgotten(aws, refused):
    vpc = aws.vpc()
    eip = aws.eip()
    nat = aws.nat(aws.subnet(vpc), eip)

    aws.tick(101)
    failed = aws.nat_shown(nat)

    assert ("failed", "Gateway.NotAttached") == (failed["State"], failed["FailureCode"])
    assert f"Network {vpc} has no Internet gateway attached" == failed["FailureMessage"]
    aws.ec2.release_address(AllocationId=eip)
    aws.tick(3601)
    refused("NatGatewayNotFound", aws.ec2.describe_nat_gateways, NatGatewayIds=[nat])


@rule("nat-deleting", "nat-shown-when-deleted")
def test_a_nat_gateway_is_deleting_then_deleted_and_shown_for_an_hour(aws, refused):
    _, _, subnet = aws.public_network()
    nat = aws.nat(subnet)
    aws.tick(101)

    aws.ec2.delete_nat_gateway(NatGatewayId=nat)
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)
    states = [aws.nat_shown(nat)["State"]]
    aws.tick(61)
    states.append(aws.nat_shown(nat)["State"])
    aws.tick(3601)

    assert ["deleting", "deleted"] == states
    refused("NatGatewayNotFound", aws.ec2.describe_nat_gateways, NatGatewayIds=[nat])


@rule("nat-missing")
def test_a_missing_or_deleted_nat_gateway_is_not_deleted(aws, refused):
    _, _, subnet = aws.public_network()
    nat = aws.nat(subnet)
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)
    aws.tick(61)

    refused("NatGatewayNotFound", aws.ec2.delete_nat_gateway, NatGatewayId=nat)
    refused("NatGatewayNotFound", aws.ec2.delete_nat_gateway, NatGatewayId="nat-0123456789abcdef0")


@rule("nat-missing-subnet", "nat-needs-address", "nat-address-in-use")
def test_a_nat_gateway_needs_a_subnet_and_an_address_of_its_own(aws, refused):
    _, _, subnet = aws.public_network()
    eip = aws.eip()
    create = aws.ec2.create_nat_gateway
    aws.nat(subnet, eip)

    refused("InvalidSubnetID.NotFound", create, SubnetId="subnet-0123456789abcdef0", AllocationId=eip)
    refused("MissingParameter", create, SubnetId=subnet)
    refused("Resource.AlreadyAssociated", create, SubnetId=subnet, AllocationId=eip)


def test_a_private_nat_gateway_needs_neither_address_nor_internet_gateway(aws):
    nat = aws.ec2.create_nat_gateway(SubnetId=aws.subnet(aws.vpc()), ConnectivityType="private")["NatGateway"]

    aws.tick(101)

    shown = aws.nat_shown(nat["NatGatewayId"])
    assert ("available", "private") == (shown["State"], shown["ConnectivityType"])


@rule("nat-deleting")
def test_the_address_of_a_nat_gateway_is_associated_until_it_is_deleted(aws):
    _, _, subnet = aws.public_network()
    eip = aws.eip()
    nat = aws.nat(subnet, eip)
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)

    while_deleting = aws.ec2.describe_addresses(AllocationIds=[eip])["Addresses"][0]
    aws.tick(61)
    after = aws.ec2.describe_addresses(AllocationIds=[eip])["Addresses"][0]

    assert "AssociationId" in while_deleting
    assert {"AssociationId", "NetworkInterfaceId"}.isdisjoint(after)


@rule("igw-attached-elsewhere", "igw-one-per-vpc")
def test_a_gateway_and_a_vpc_have_one_another_alone(aws, refused):
    vpc, other = aws.vpc(), aws.vpc("10.1.0.0/16")
    gateway, spare = aws.gateway(vpc), aws.gateway()
    attach = aws.ec2.attach_internet_gateway

    refused("Resource.AlreadyAssociated", attach, InternetGatewayId=gateway, VpcId=other)
    refused("InvalidParameterValue", attach, InternetGatewayId=spare, VpcId=vpc)


@rule("eigw-one-per-vpc")
def test_a_vpc_has_one_egress_only_gateway(aws, refused):
    vpc = aws.vpc()
    create = aws.ec2.create_egress_only_internet_gateway
    create(VpcId=vpc)

    refused("EgressOnlyInternetGatewayLimitExceeded", create, VpcId=vpc)


def test_a_gateway_is_detached_only_from_where_it_is(aws, refused):
    refused(
        "Gateway.NotAttached",
        aws.ec2.detach_internet_gateway,
        InternetGatewayId=aws.gateway(),
        VpcId=aws.vpc(),
    )


@rule("eip-associated", "eip-needs-gateway")
def test_an_address_moves_only_when_told_and_only_where_there_is_a_gateway(aws, refused):
    _, _, subnet = aws.public_network()
    one, other = aws.interface(subnet), aws.interface(subnet)
    elsewhere = aws.interface(aws.subnet(aws.vpc("10.1.0.0/16"), "10.1.1.0/24"))
    eip, associate = aws.eip(), aws.ec2.associate_address
    associate(AllocationId=eip, NetworkInterfaceId=one)

    refused("Resource.AlreadyAssociated", associate, AllocationId=eip, NetworkInterfaceId=other)
    refused("Gateway.NotAttached", associate, AllocationId=aws.eip(), NetworkInterfaceId=elsewhere)
    associate(AllocationId=eip, NetworkInterfaceId=other, AllowReassociation=True)

    assert other == aws.ec2.describe_addresses(AllocationIds=[eip])["Addresses"][0]["NetworkInterfaceId"]
