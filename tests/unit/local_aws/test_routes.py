"""Route tables: what a route may lead to, and whose a table is."""

import pytest

rule = pytest.mark.rule
EVERYWHERE = "0.0.0.0/0"


def routes(aws, table):
    shown = aws.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return {route["DestinationCidrBlock"]: route for route in shown}


@rule("route-exists", "route-local")
def test_a_destination_has_one_route_and_the_local_one_is_aws_own(aws, refused):
    vpc, gateway, _ = aws.public_network()
    wish = {"RouteTableId": aws.table(vpc), "GatewayId": gateway}
    aws.ec2.create_route(DestinationCidrBlock=EVERYWHERE, **wish)

    refused("RouteAlreadyExists", aws.ec2.create_route, DestinationCidrBlock=EVERYWHERE, **wish)
    refused("InvalidParameterValue", aws.ec2.create_route, DestinationCidrBlock="10.0.0.0/16", **wish)
    del wish["GatewayId"]
    refused("InvalidParameterValue", aws.ec2.delete_route, DestinationCidrBlock="10.0.0.0/16", **wish)


@rule("route-exists")
def test_a_destination_in_ipv6_has_one_route_too(aws, refused):
    vpc, gateway, _ = aws.public_network()
    wish = {"RouteTableId": aws.table(vpc), "GatewayId": gateway, "DestinationIpv6CidrBlock": "::/0"}
    aws.ec2.create_route(**wish)

    refused("RouteAlreadyExists", aws.ec2.create_route, **wish)


@rule("route-missing-gateway", "route-missing-nat", "route-one-target", "route-other-vpc")
def test_a_route_leads_to_one_target_that_is_there_in_its_vpc(aws, refused):
    vpc, gateway, subnet = aws.public_network()
    other = aws.vpc("10.1.0.0/16")
    far, loose = aws.gateway(other), aws.gateway()
    dead, near = aws.nat(subnet), aws.nat(subnet)
    aws.ec2.delete_nat_gateway(NatGatewayId=dead)
    wish = {"RouteTableId": aws.table(vpc), "DestinationCidrBlock": EVERYWHERE}
    foreign = {"RouteTableId": aws.table(other), "DestinationCidrBlock": EVERYWHERE}
    create = aws.ec2.create_route

    refused("MissingParameter", create, **wish)
    refused("InvalidParameterCombination", create, GatewayId=gateway, NatGatewayId=near, **wish)
    refused("InvalidGatewayID.NotFound", create, GatewayId="igw-0123456789abcdef0", **wish)
    refused("InvalidNatGatewayID.NotFound", create, NatGatewayId="nat-0123456789abcdef0", **wish)
    refused("InvalidNatGatewayID.NotFound", create, NatGatewayId=dead, **wish)
    refused("InvalidParameterValue", create, GatewayId=far, **wish)
    refused("InvalidParameterValue", create, GatewayId=loose, **wish)
    refused("InvalidParameterValue", create, NatGatewayId=near, **foreign)


@rule("route-replace-missing", "route-delete-missing")
def test_only_a_route_that_is_there_is_replaced_or_deleted(aws, refused):
    vpc, gateway, _ = aws.public_network()
    wish = {"RouteTableId": aws.table(vpc), "DestinationCidrBlock": EVERYWHERE}

    error = refused("InvalidParameterValue", aws.ec2.replace_route, GatewayId=gateway, **wish)
    refused("InvalidRoute.NotFound", aws.ec2.delete_route, **wish)

    assert error["Error"]["Message"].startswith(f"There is no route defined for '{EVERYWHERE}' in the route table")


def test_a_route_is_replaced_in_place(aws):
    vpc, gateway, subnet = aws.public_network()
    nat = aws.nat(subnet)
    wish = {"RouteTableId": aws.table(vpc), "DestinationCidrBlock": EVERYWHERE}
    aws.ec2.create_route(GatewayId=gateway, **wish)

    aws.ec2.replace_route(NatGatewayId=nat, **wish)

    route = routes(aws, wish["RouteTableId"])[EVERYWHERE]
    assert (nat, None) == (route["NatGatewayId"], route.get("GatewayId"))


@rule("route-blackhole")
def test_a_route_to_a_deleted_nat_gateway_is_a_black_hole(aws):
    vpc, _, subnet = aws.public_network()
    table, nat = aws.table(vpc), aws.nat(subnet)
    aws.tick(101)
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, NatGatewayId=nat)
    before = routes(aws, table)[EVERYWHERE]["State"]

    aws.ec2.delete_nat_gateway(NatGatewayId=nat)
    aws.tick(3700)

    route = routes(aws, table)[EVERYWHERE]
    assert ("active", "blackhole", nat) == (before, route["State"], route["NatGatewayId"])


@rule("route-blackhole")
def test_a_route_to_a_detached_gateway_is_a_black_hole(aws):
    vpc, gateway, _ = aws.public_network()
    table = aws.table(vpc)
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, GatewayId=gateway)

    aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)

    assert "blackhole" == routes(aws, table)[EVERYWHERE]["State"]


@rule("association-taken", "association-other-vpc", "association-main")
def test_a_subnet_has_one_table_of_its_vpc_and_the_main_one_stays(aws, refused):
    vpc, other = aws.vpc(), aws.vpc("10.1.0.0/16")
    subnet = aws.subnet(vpc)
    table, second, far = aws.table(vpc), aws.table(vpc), aws.table(other)
    associate = aws.ec2.associate_route_table
    association = associate(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    main = aws.ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]}])["RouteTables"]

    refused("Resource.AlreadyAssociated", associate, RouteTableId=second, SubnetId=subnet)
    refused("InvalidParameterValue", associate, RouteTableId=far, SubnetId=aws.subnet(vpc, "10.0.2.0/24"))
    refused(
        "InvalidParameterValue",
        aws.ec2.disassociate_route_table,
        AssociationId=main[-1]["Associations"][0]["RouteTableAssociationId"],
    )
    assert association == associate(RouteTableId=table, SubnetId=subnet)["AssociationId"]
