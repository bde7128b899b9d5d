"""Instances, endpoints and flow logs: what stands in a network."""

import pytest

rule = pytest.mark.rule


def state(aws, instance):
    return aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"]


@rule("instance-pending", "instance-stopping", "instance-shutting-down")
def test_an_instance_takes_its_time_for_every_change(aws, refused):
    instance = aws.instance(aws.subnet(aws.vpc()))
    seen = [state(aws, instance)]
    for act in (None, aws.ec2.stop_instances, aws.ec2.start_instances, aws.ec2.terminate_instances):
        if act:
            act(InstanceIds=[instance])
            seen.append(state(aws, instance))
        aws.tick(41)
        seen.append(state(aws, instance))
    aws.tick(3601)

    assert [
        "pending",
        "running",
        "stopping",
        "stopped",
        "pending",
        "running",
        "shutting-down",
        "terminated",
    ] == seen
    refused("InvalidInstanceID.NotFound", aws.ec2.describe_instances, InstanceIds=[instance])


@rule("instance-missing-image", "instance-missing-subnet")
def test_an_instance_needs_an_image_and_a_subnet_that_are_there(aws, refused):
    subnet = aws.subnet(aws.vpc())
    wish = {"InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    run = aws.ec2.run_instances

    refused("InvalidAMIID.NotFound", run, ImageId="ami-0123456789abcdef0", SubnetId=subnet, **wish)
    refused("MissingParameter", run, SubnetId=subnet, **wish)
    refused("InvalidSubnetID.NotFound", run, ImageId=aws.image(), SubnetId="subnet-0123456789abcdef0", **wish)
    assert [] == aws.ec2.describe_instances()["Reservations"]


@rule("instance-shutting-down")
def test_a_terminated_instance_gives_its_elastic_ip_back(aws):
    _, _, subnet = aws.public_network()
    instance, eip = aws.instance(subnet), aws.eip()
    aws.tick(21)
    aws.ec2.associate_address(AllocationId=eip, InstanceId=instance)

    aws.ec2.terminate_instances(InstanceIds=[instance])
    aws.tick(41)

    aws.ec2.release_address(AllocationId=eip)


def test_an_instance_launched_with_interfaces_shows_its_groups(aws):
    vpc = aws.vpc()
    subnet, group = aws.subnet(vpc), aws.group(vpc)
    nic = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}
    wish = {"ImageId": aws.image(), "MinCount": 1, "MaxCount": 1, "NetworkInterfaces": [nic]}
    instance = aws.ec2.run_instances(**wish)["Instances"][0]["InstanceId"]

    shown = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]

    assert [group] == [one["GroupId"] for one in shown["SecurityGroups"]]


@rule("endpoint-service", "endpoint-private-dns")
def test_an_endpoint_leads_to_a_service_that_there_is(aws, refused):
    vpc = aws.vpc()
    create = aws.ec2.create_vpc_endpoint

    refused("InvalidServiceName", create, VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.nothing")
    refused("InvalidServiceName", create, VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
    refused("InvalidServiceName", create, VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.ssm")
    refused(
        "InvalidParameter",
        create,
        VpcId=vpc,
        ServiceName="com.amazonaws.eu-west-1.ssm",
        VpcEndpointType="Interface",
        PrivateDnsEnabled=True,
    )


@rule("service-prefix-lists")
def test_the_services_with_gateway_endpoints_are_listed_with_their_addresses(aws):
    shown = aws.ec2.describe_prefix_lists()["PrefixLists"]

    names = {"com.amazonaws.eu-west-1.dynamodb", "com.amazonaws.eu-west-1.s3"}
    assert names == {one["PrefixListName"] for one in shown}
    assert all(one["PrefixListId"].startswith("pl-") and one["Cidrs"] for one in shown)


@rule("endpoint-pending", "endpoint-deleting")
def test_an_interface_endpoint_is_pending_then_available_then_gone(aws, refused):
    vpc = aws.vpc()
    subnet, group = aws.subnet(vpc), aws.group(vpc)
    wish = {"VpcEndpointType": "Interface", "SubnetIds": [subnet], "SecurityGroupIds": [group]}
    endpoint = aws.endpoint(vpc, "ssm", PrivateDnsEnabled=False, **wish)

    def shown():
        return aws.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"]

    seen = [shown()]
    aws.tick(61)
    seen.append(shown())
    refused("DependencyViolation", aws.ec2.delete_security_group, GroupId=group)
    aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    seen.append(shown())
    aws.tick(61)

    assert ["pending", "available", "deleting"] == [one.lower() for one in seen]
    refused("InvalidVpcEndpointId.NotFound", aws.ec2.describe_vpc_endpoints, VpcEndpointIds=[endpoint])
    aws.ec2.delete_security_group(GroupId=group)


@rule("endpoint-modify", "endpoint-route-exists", "endpoint-missing")
def test_a_gateway_endpoint_has_a_route_in_each_of_its_tables(aws, refused):
    vpc = aws.vpc()
    one, other = aws.table(vpc), aws.table(vpc)
    endpoint = aws.endpoint(vpc, RouteTableIds=[one])

    def tables():
        wish = [{"Name": "route.gateway-id", "Values": [endpoint]}]
        return {table["RouteTableId"] for table in aws.ec2.describe_route_tables(Filters=wish)["RouteTables"]}

    refused(
        "RouteAlreadyExists",
        aws.ec2.create_vpc_endpoint,
        VpcId=vpc,
        ServiceName="com.amazonaws.eu-west-1.s3",
        RouteTableIds=[one],
    )
    seen = [tables()]
    aws.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[other], RemoveRouteTableIds=[one])
    seen.append(tables())
    missing = "vpce-0123456789abcdef0"
    failed = aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint, missing])["Unsuccessful"]

    assert [{one}, {other}, set()] == [*seen, tables()]
    assert [(missing, "InvalidVpcEndpointId.NotFound")] == [(it["ResourceId"], it["Error"]["Code"]) for it in failed]


@rule("endpoint-modify")
def test_an_interface_endpoint_has_an_interface_in_each_of_its_subnets(aws):
    vpc = aws.vpc()
    one, other = aws.subnet(vpc), aws.subnet(vpc, "10.0.2.0/24", "b")
    wish = {"VpcEndpointType": "Interface", "SubnetIds": [one], "PrivateDnsEnabled": False}
    endpoint = aws.endpoint(vpc, "ssm", **wish)

    aws.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[other], RemoveSubnetIds=[one])

    aws.ec2.delete_subnet(SubnetId=one)
    shown = aws.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkInterfaces"]
    assert [(other, "vpc_endpoint")] == [(eni["SubnetId"], eni["InterfaceType"]) for eni in shown]


@rule("flow-log-duplicate", "flow-log-missing")
def test_flow_logs_that_cannot_be_made_or_deleted_are_listed(aws):
    vpc = aws.vpc()
    wish = {
        "ResourceType": "VPC",
        "ResourceIds": [vpc],
        "TrafficType": "ALL",
        "LogGroupName": "flows",
        "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/flows",
    }
    made = aws.ec2.create_flow_logs(**wish)["FlowLogIds"]

    again = aws.ec2.create_flow_logs(**wish)
    deleted = aws.ec2.delete_flow_logs(FlowLogIds=[*made, "fl-0123456789abcdef0"])["Unsuccessful"]

    assert [] == again["FlowLogIds"]
    assert [(vpc, "FlowLogAlreadyExists")] == [(it["ResourceId"], it["Error"]["Code"]) for it in again["Unsuccessful"]]
    assert ["InvalidFlowLogId.NotFound"] == [it["Error"]["Code"] for it in deleted]
    assert [] == aws.ec2.describe_flow_logs()["FlowLogs"]
