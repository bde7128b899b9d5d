"""What AWS does not delete, because something still needs it."""

import pytest

rule = pytest.mark.rule


@rule("subnet-in-use")
def test_a_nat_gateway_holds_its_subnet_until_it_is_deleted(aws, refused):
    _, _, subnet = aws.public_network()
    nat = aws.nat(subnet)
    aws.tick(200)

    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=subnet)
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)
    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=subnet)
    aws.tick(61)

    aws.ec2.delete_subnet(SubnetId=subnet)


@rule("subnet-in-use")
def test_an_interface_holds_its_subnet(aws, refused):
    subnet = aws.subnet(aws.vpc())
    eni = aws.interface(subnet)

    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=subnet)
    aws.ec2.delete_network_interface(NetworkInterfaceId=eni)

    aws.ec2.delete_subnet(SubnetId=subnet)


@rule("subnet-in-use", "instance-shutting-down")
def test_an_instance_holds_its_subnet_until_it_is_terminated(aws, refused):
    subnet = aws.subnet(aws.vpc())
    instance = aws.instance(subnet)

    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=subnet)
    aws.ec2.terminate_instances(InstanceIds=[instance])
    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=subnet)
    aws.tick(41)

    aws.ec2.delete_subnet(SubnetId=subnet)


@rule("subnet-in-use", "endpoint-deleting")
def test_an_interface_endpoint_holds_its_subnet_until_it_is_gone(aws, refused):
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    endpoint = aws.endpoint(vpc, "ssm", VpcEndpointType="Interface", SubnetIds=[subnet], PrivateDnsEnabled=False)

    aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=subnet)
    aws.tick(61)

    aws.ec2.delete_subnet(SubnetId=subnet)


@rule("subnet-takes-associations")
def test_a_deleted_subnet_leaves_no_association_behind(aws):
    vpc = aws.vpc()
    subnet, table = aws.subnet(vpc), aws.table(vpc)
    aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)

    aws.ec2.delete_subnet(SubnetId=subnet)

    assert [] == aws.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Associations"]
    aws.ec2.delete_route_table(RouteTableId=table)


@rule("group-default")
def test_a_default_group_is_never_deleted(aws, refused):
    group = aws.default_group(aws.vpc())

    error = refused("CannotDelete", aws.ec2.delete_security_group, GroupId=group)

    assert f'the specified group: "{group}" name: "default" cannot be deleted by a user' == error["Error"]["Message"]


@rule("group-in-use")
def test_an_interface_holds_its_security_group(aws, refused):
    vpc = aws.vpc()
    group = aws.group(vpc)
    eni = aws.interface(aws.subnet(vpc), Groups=[group])

    error = refused("DependencyViolation", aws.ec2.delete_security_group, GroupId=group)
    aws.ec2.delete_network_interface(NetworkInterfaceId=eni)
    aws.ec2.delete_security_group(GroupId=group)

    assert f"resource {group} has a dependent object" == error["Error"]["Message"]


@rule("group-in-use")
def test_an_instance_holds_its_security_group_until_it_is_terminated(aws, refused):
    vpc = aws.vpc()
    group = aws.group(vpc)
    instance = aws.instance(aws.subnet(vpc), SecurityGroupIds=[group])
    aws.ec2.terminate_instances(InstanceIds=[instance])

    refused("DependencyViolation", aws.ec2.delete_security_group, GroupId=group)
    aws.tick(41)

    aws.ec2.delete_security_group(GroupId=group)


@rule("group-in-use")
def test_a_group_named_by_a_rule_of_another_is_held(aws, refused):
    vpc = aws.vpc()
    named, naming = aws.group(vpc, "named"), aws.group(vpc, "naming")
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": named}]}
    aws.ec2.authorize_security_group_ingress(GroupId=naming, IpPermissions=[permission])

    refused("DependencyViolation", aws.ec2.delete_security_group, GroupId=named)
    aws.ec2.revoke_security_group_ingress(GroupId=naming, IpPermissions=[permission])

    aws.ec2.delete_security_group(GroupId=named)


@rule("group-in-use")
def test_a_group_that_names_itself_is_not_held(aws):
    group = aws.group(aws.vpc())
    permission = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])

    aws.ec2.delete_security_group(GroupId=group)


@rule("group-missing")
def test_a_group_is_deleted_once(aws, refused):
    group = aws.group(aws.vpc())
    aws.ec2.delete_security_group(GroupId=group)

    refused("InvalidGroup.NotFound", aws.ec2.delete_security_group, GroupId=group)


@rule("igw-attached")
def test_an_attached_gateway_is_not_deleted(aws, refused):
    vpc = aws.vpc()
    gateway = aws.gateway(vpc)

    refused("DependencyViolation", aws.ec2.delete_internet_gateway, InternetGatewayId=gateway)
    aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)

    aws.ec2.delete_internet_gateway(InternetGatewayId=gateway)


@rule("igw-mapped-addresses")
def test_a_gateway_is_not_detached_while_a_nat_gateway_has_its_address(aws, refused):
    vpc, gateway, subnet = aws.public_network()
    nat = aws.nat(subnet)
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)

    error = refused("DependencyViolation", aws.ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)
    aws.tick(61)
    aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)

    assert (
        f"Network {vpc} has some mapped public address(es)."
        " Please unmap those public address(es) before detaching the gateway."
    ) == error["Error"]["Message"]


@rule("igw-mapped-addresses")
def test_a_gateway_is_not_detached_while_an_instance_has_a_public_address(aws, refused):
    vpc, gateway, subnet = aws.public_network()
    aws.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    aws.instance(subnet)

    refused("DependencyViolation", aws.ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)


@rule("table-main")
def test_a_main_route_table_is_not_deleted(aws, refused):
    vpc = aws.vpc()
    main = aws.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]

    refused("DependencyViolation", aws.ec2.delete_route_table, RouteTableId=main["RouteTableId"])


@rule("table-associated")
def test_an_associated_route_table_is_not_deleted(aws, refused):
    vpc = aws.vpc()
    table = aws.table(vpc)
    association = aws.ec2.associate_route_table(RouteTableId=table, SubnetId=aws.subnet(vpc))["AssociationId"]

    refused("DependencyViolation", aws.ec2.delete_route_table, RouteTableId=table)
    aws.ec2.disassociate_route_table(AssociationId=association)

    aws.ec2.delete_route_table(RouteTableId=table)


@rule("acl-default", "acl-in-use")
def test_a_network_acl_is_not_deleted_while_it_is_the_default_or_in_use(aws, refused):
    vpc = aws.vpc()
    subnet, acl = aws.subnet(vpc), aws.acl(vpc)
    wish = [{"Name": "association.subnet-id", "Values": [subnet]}]
    default = aws.ec2.describe_network_acls(Filters=wish)["NetworkAcls"][0]
    association = default["Associations"][0]["NetworkAclAssociationId"]
    aws.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)

    refused("InvalidParameterValue", aws.ec2.delete_network_acl, NetworkAclId=default["NetworkAclId"])
    refused("DependencyViolation", aws.ec2.delete_network_acl, NetworkAclId=acl)


HOLDERS = {
    "a subnet": lambda aws, vpc: aws.subnet(vpc),
    "a gateway": lambda aws, vpc: aws.gateway(vpc),
    "an egress-only gateway": lambda aws, vpc: aws.ec2.create_egress_only_internet_gateway(VpcId=vpc),
    "a group": lambda aws, vpc: aws.group(vpc),
    "a route table": lambda aws, vpc: aws.table(vpc),
    "a network ACL": lambda aws, vpc: aws.acl(vpc),
    "a gateway endpoint": lambda aws, vpc: aws.endpoint(vpc),
    "a NAT gateway": lambda aws, vpc: aws.nat(aws.subnet(vpc)),
}


@rule("vpc-in-use")
@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_a_vpc_is_not_deleted_while_it_holds(aws, refused, holder):
    vpc = aws.vpc()
    holder(aws, vpc)

    error = refused("DependencyViolation", aws.ec2.delete_vpc, VpcId=vpc)

    assert f"The vpc '{vpc}' has dependencies and cannot be deleted." == error["Error"]["Message"]


@rule("vpc-in-use")
def test_a_vpc_is_not_deleted_while_it_is_peered(aws, refused):
    one, other = aws.vpc(), aws.vpc("10.1.0.0/16")
    peering = aws.ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=other)["VpcPeeringConnection"]
    aws.tick(60)
    aws.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    aws.tick(60)

    refused("DependencyViolation", aws.ec2.delete_vpc, VpcId=other)


@rule("vpc-takes-its-own")
def test_a_vpc_takes_its_own_with_it(aws):
    vpc = aws.vpc()

    aws.ec2.delete_vpc(VpcId=vpc)

    wish = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    assert [] == aws.ec2.describe_network_acls(**wish)["NetworkAcls"]
    assert [] == aws.ec2.describe_route_tables(**wish)["RouteTables"]
    assert [] == aws.ec2.describe_security_groups(**wish)["SecurityGroups"]


@rule("eip-of-nat")
def test_the_address_of_a_nat_gateway_is_released_only_after_it(aws, refused):
    _, _, subnet = aws.public_network()
    eip = aws.eip()
    nat = aws.nat(subnet, eip)
    association = aws.ec2.describe_addresses(AllocationIds=[eip])["Addresses"][0]["AssociationId"]

    refused("AuthFailure", aws.ec2.release_address, AllocationId=eip)
    refused("AuthFailure", aws.ec2.disassociate_address, AssociationId=association)
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)
    refused("AuthFailure", aws.ec2.release_address, AllocationId=eip)
    aws.tick(61)

    aws.ec2.release_address(AllocationId=eip)


@rule("eip-in-use")
def test_an_associated_address_is_not_released(aws, refused):
    _, _, subnet = aws.public_network()
    eip = aws.eip()
    aws.ec2.associate_address(AllocationId=eip, NetworkInterfaceId=aws.interface(subnet))

    refused("InvalidIPAddress.InUse", aws.ec2.release_address, AllocationId=eip)


@rule("interface-managed", "interface-in-use")
def test_an_interface_is_not_deleted_while_in_use_nor_ever_one_of_aws(aws, refused):
    _, _, subnet = aws.public_network()
    aws.nat(subnet)
    instance = aws.instance(subnet)
    wish = [{"Name": "subnet-id", "Values": [subnet]}]
    shown = aws.ec2.describe_network_interfaces(Filters=wish)["NetworkInterfaces"]
    own = next(one for one in shown if one["InterfaceType"] == "nat_gateway")["NetworkInterfaceId"]
    attached = next(one for one in shown if one.get("Attachment", {}).get("InstanceId") == instance)

    refused("AuthFailure", aws.ec2.delete_network_interface, NetworkInterfaceId=own)
    refused(
        "InvalidParameterValue",
        aws.ec2.delete_network_interface,
        NetworkInterfaceId=attached["NetworkInterfaceId"],
    )
