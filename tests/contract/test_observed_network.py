"""A network in the strict local AWS, read as the model that the checks reason about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from awslab.aws.observed_network import observed_network, observed_networks
from awslab.aws.session import Clients
from awslab.checks.expectations import Intent, checked, expectations
from awslab.checks.reach import Flow, reach
from awslab.core.errors import Rejected
from awslab.kinds.labvpc import LAB_VPC, Facts
from tests.support.networks import prefix_list

ZONES = tuple(f"us-east-1{letter}" for letter in "abcdef")
INTENT = Intent(tuple((f"private-{z[-1]}", z) for z in ZONES[:2]))


def composed(**spec):
    wanted = {"region": "us-east-1", "cidr": "10.0.0.0/16", **spec}
    return LAB_VPC.compose(LAB_VPC.spec_of({"spec": wanted}), Facts(ZONES))


@pytest.fixture
def made(lab):
    """A LabVpc with its ids by address; nothing is known of the region from before."""
    lab.aws = replace(lab.aws, clients=Clients("us-east-1"))
    lab.settle(composed())
    return {address: found.id for address, found in lab.found().items()}


def look(lab, made):
    return observed_network(lab.aws.clients, made["Vpc/vpc"])


def test_what_the_operator_makes_keeps_its_promises(lab, made):
    results = checked(look(lab, made), expectations(INTENT))

    assert [] == [c.message for c in results if not c.held]
    assert len(results) > 8


def test_everything_has_the_name_that_people_know_it_by(lab, made):
    network = look(lab, made)

    assert {"public-a", "private-b", "data-a"} <= {s.name for s in network.subnets}
    assert {"public", "private", "data"} == {s.tier for s in network.subnets}
    assert {"a", "b"} == {n.name for n in network.nats}
    assert {"app", "data", "load-balancer", "default"} == {g.name for g in network.groups}


def test_a_look_costs_ten_calls_however_many_networks_are_looked_at(lab, made, local_aws, ec2):
    other = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    look(lab, made)  # what hardly ever changes is known from now on
    since = local_aws.last_call()

    found = observed_networks(lab.aws.clients, [made["Vpc/vpc"], other, "vpc-0"])

    calls = [c["action"] for c in local_aws.calls(since)]
    assert (10, {"Describe"}) == (len(calls), {c[:8] for c in calls})
    assert {made["Vpc/vpc"], other} == set(found)
    assert found[made["Vpc/vpc"]] == look(lab, made)


def test_a_route_that_was_removed_is_named(lab, made, ec2):
    ec2.delete_route(RouteTableId=made["RouteTable/private-a"], DestinationCidrBlock="0.0.0.0/0")

    verdict = reach(look(lab, made), Flow("private-a", "internet", 443))

    assert f"closed by {made['RouteTable/private-a']} (private-a): no route to the internet" == verdict.decided_by


def test_an_entry_of_a_network_acl_that_denies_is_named(lab, made, ec2):
    acl = made["NetworkAcl/public"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=50, Protocol="6", RuleAction="deny", Egress=True, CidrBlock="0.0.0.0/0",
        PortRange={"From": 1024, "To": 65535},
    )  # fmt: skip

    verdict = reach(look(lab, made), Flow("internet", "load-balancer", 443))

    assert f"closed by {acl} (public): rule 50 denies tcp 1024-65535 out to the internet" == verdict.decided_by


def test_a_nat_gateway_that_was_deleted_leaves_a_black_hole(lab, made, ec2):
    ec2.delete_nat_gateway(NatGatewayId=made["NatGateway/b"])

    verdict = reach(look(lab, made), Flow("private-b", "internet", 443))

    assert "blackhole" in verdict.decided_by or "is not available" in verdict.decided_by
    assert not verdict.open


def test_an_instance_is_an_end_by_its_name_and_id(lab, made, ec2):
    subnet, group = made["Subnet/private-a"], made["SecurityGroup/app"]
    image = ec2.describe_images()["Images"][0]["ImageId"]
    started = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro",
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-a"}]}],
    )["Instances"][0]["InstanceId"]  # fmt: skip
    network = look(lab, made)

    by_part, by_id = (reach(network, Flow(name, "internet", 443)) for name in ("web", started))

    assert by_part.decided_by == by_id.decided_by == f"open through NAT gateway {made['NatGateway/a']} (a)"
    assert () == by_part.assumed


def test_a_peer_is_read_with_the_vpc(lab, made, ec2):
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")
    peering = ec2.create_vpc_peering_connection(VpcId=made["Vpc/vpc"], PeerVpcId=vpc)["VpcPeeringConnection"]
    id_ = peering["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id_)
    ec2.create_route(
        RouteTableId=made["RouteTable/private-a"], DestinationCidrBlock="10.9.0.0/16", VpcPeeringConnectionId=id_
    )

    network = look(lab, made)

    assert [made["Vpc/vpc"], vpc] == [v.id for v in network.vpcs]
    assert ("active", id_) == (network.peerings[0].state, network.peerings[0].id)
    back = reach(network, Flow("private-a", "10.9.1.0/24", 443))
    assert back.decided_by.endswith("no route to app in private-a")


def test_a_gateway_endpoint_has_the_prefix_list_of_its_routes(lab, made):
    network = look(lab, made)

    (endpoint,) = (e for e in network.endpoints if e.service == "s3")
    assert (made["GatewayEndpoint/s3"], "available") == (endpoint.id, endpoint.state)
    assert endpoint.prefix_list.startswith("pl-")
    assert endpoint.prefix_list in {p.id for p in network.prefix_lists if p.name.endswith(".s3")}


def test_the_lists_of_services_are_one_call_and_those_of_others_are_read_each_time(lab, made, ec2, local_aws):
    theirs = prefix_list(ec2, "192.0.2.0/24")
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": theirs}]}
    ec2.authorize_security_group_ingress(GroupId=made["SecurityGroup/app"], IpPermissions=[rule])
    since = local_aws.last_call()

    first, second = look(lab, made), look(lab, made)

    called = [c["action"] for c in local_aws.calls(since) if "PrefixList" in c["action"]]
    assert ["DescribePrefixLists", *["DescribeManagedPrefixLists", "GetManagedPrefixListEntries"] * 2] == called
    assert first == second
    assert {"theirs": ("192.0.2.0/24",)} == {p.name: p.cidrs for p in first.prefix_lists if p.id == theirs}
    assert {"dynamodb", "s3"} == {p.name.rpartition(".")[2] for p in first.prefix_lists if p.id != theirs}
    assert all(p.cidrs for p in first.prefix_lists)


def test_a_vpc_that_is_not_there_is_said(lab):
    with pytest.raises(Rejected, match="vpc-0 is no VPC of this account and region"):
        observed_network(lab.aws.clients, "vpc-0")


def test_nobody_else_is_read(lab, made, ec2):
    other = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]

    network = look(lab, made)

    assert other not in {v.id for v in network.vpcs}
    assert replace(network, vpcs=()) == replace(look(lab, made), vpcs=())
