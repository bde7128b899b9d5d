"""What people break by hand is named by drift and by the checks that it fails, and is mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from tests.support.cluster import Cluster

EVERYWHERE, EVERYWHERE_6 = "0.0.0.0/0", "::/0"
PEER, TRANSIT = "10.1.0.0/16", "10.8.0.0/16"
REGION = "us-east-1"
SPEC = {
    "availabilityZones": 2,
    "ipv6": True,
    "bastion": {"access": "SessionManager"},
    "webServer": {"replicas": 2, "userData": "#!/bin/sh", "loadBalancer": True},
    "endpoints": {"gateways": ["s3"], "interfaces": {"ssm": {}}},
    "flowLogs": {},
    "peerings": [{"name": "shop", "vpcRef": {"name": "shop"}}],
}
SHOP = {"cidr": PEER, "availabilityZones": 1, "natGateways": "None", "endpoints": {"gateways": []}}


@dataclass
class World:
    """A network with everything, and AWS as anybody in the account uses it."""

    cluster: Cluster
    lab: Any

    def id(self, address: str) -> str:
        return next(r["id"] for r in self.lab.obj["status"]["resources"] if r["address"] == address)

    @property
    def drift(self) -> dict[str, dict[str, str]]:
        return {f"{d['resource']}.{d['field']}": d for d in self.lab.obj["status"].get("drift", ())}

    @property
    def failed(self) -> dict[str, str]:
        return {c["name"]: c["message"] for c in self.lab.obj["status"]["checks"] if not c["passed"]}

    def manage(self, drift: str) -> None:
        self.lab.change(management={"drift": drift})

    def until(self, done: Callable[[], object]) -> None:
        self.cluster.until(done, self.lab)


@dataclass(frozen=True)
class Break:
    """Something that somebody does by hand, and what is said of it."""

    name: str
    by_hand: Callable[[World], object]
    drift: str
    """The resource and field that is named."""
    checks: Mapping[str, str]
    """Checks that fail, with what each says decided; ids by their addresses in braces."""

    def __str__(self) -> str:
        return self.name


def ec2():
    return boto3.client("ec2", region_name=REGION)


def elb():
    return boto3.client("elbv2", region_name=REGION)


def no_route(world, table, destination, key="DestinationCidrBlock"):
    ec2().delete_route(RouteTableId=world.id(f"RouteTable/{table}"), **{key: destination})


def denied(world):
    ec2().create_network_acl_entry(
        NetworkAclId=world.id("NetworkAcl/public"), RuleNumber=50, Protocol="6", RuleAction="deny", Egress=True,
        CidrBlock=EVERYWHERE, PortRange={"From": 1024, "To": 65535},
    )  # fmt: skip


def revoked(world):
    group = world.id("SecurityGroup/data")
    found = ec2().describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    rules = [r["SecurityGroupRuleId"] for r in found if not r["IsEgress"]]
    ec2().revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=rules)


def no_targets(world):
    group = world.id("TargetGroup/web-80")
    ids = [t["Target"] for t in elb().describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]]
    elb().deregister_targets(TargetGroupArn=group, Targets=ids)


def elsewhere(world):
    """The listener forwards to a target group of somebody's."""
    vpc = world.id("Vpc/vpc")
    made = elb().create_target_group(Name="theirs", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="instance")
    action = {"Type": "forward", "TargetGroupArn": made["TargetGroups"][0]["TargetGroupArn"]}
    elb().modify_listener(ListenerArn=world.id("Listener/web"), DefaultActions=[action])


def without(services):
    return lambda w: ec2().delete_vpc_endpoints(VpcEndpointIds=[w.id(address) for address in services])


def terminated(address):
    return lambda w: ec2().terminate_instances(InstanceIds=[w.id(address)])


BARE = "tcp 443, without security groups"
FROM_A, FROM_B = (f"private-{letter} to internet, {BARE}" for letter in "ab")
BREAKS = [
    Break(
        "route removed",
        lambda w: no_route(w, "private-a", EVERYWHERE),
        f"RouteTable/private-a.routes.{EVERYWHERE}",
        {
            FROM_A: "closed by {RouteTable/private-a} (private-a): no route to the internet",
            "web to internet, tcp 443": "closed",
        },
    ),
    Break(
        "peering route removed",
        lambda w: no_route(w, "private-a", PEER),
        "Peering/shop.routes",
        {
            f"private to {PEER}, {BARE}": "open through NAT gateway {NatGateway/a} (a), and not directly",
            f"{PEER} to private, {BARE}": "nothing leads from 10.1.0.0/16 into {Vpc/vpc}",
        },
    ),
    Break(
        "egress-only route removed",
        lambda w: no_route(w, "private-b", EVERYWHERE_6, "DestinationIpv6CidrBlock"),
        f"RouteTable/private-b.routes.{EVERYWHERE_6}",
        {
            "private to internet, tcp 443 over IPv6, without security groups": "closed by {RouteTable/private-b} "
            "(private-b): no route to the internet"
        },
    ),
    Break(
        "network ACL entry denied",
        denied,
        "NetworkAcl/public.egress.50",
        {
            "internet to load-balancer, tcp 80": "closed by {NetworkAcl/public} (public): rule 50 denies "
            "tcp 1024-65535 out to the internet",
        },
    ),
    Break(
        "rule revoked",
        revoked,
        "SecurityGroup/data.ingress",
        {"app to data, tcp 5432": "closed by {SecurityGroup/data} (data): no rule lets tcp 5432 in"},
    ),
    Break(
        "NAT gateway deleted",
        lambda w: ec2().delete_nat_gateway(NatGatewayId=w.id("NatGateway/b")),
        "NatGateway/b.existence",
        {FROM_B: "{NatGateway/b}", "web to internet, tcp 443": "closed"},
    ),
    Break(
        "bastion terminated",
        terminated("Instance/bastion"),
        "Instance/bastion.existence",
        {
            "bastion to web, tcp 22": "bastion is not there, or not running",
            "bastion to internet, tcp 443": "bastion is not there, or not running",
        },
    ),
    Break(
        "web server terminated",
        terminated("Instance/web-b-1"),
        "Instance/web-b-1.existence",
        {
            "load-balancer to web, tcp 80": "web-b-1 is not there, or not running",
            "web to internet, tcp 443": "web-b-1 is not there, or not running",
        },
    ),
    Break(
        "web server stopped",
        lambda w: ec2().stop_instances(InstanceIds=[w.id("Instance/web-a-1")]),
        "Instance/web-a-1.",
        {"load-balancer to web, tcp 80": "web-a-1 is not there, or not running"},
    ),
    Break(
        "flow log deleted",
        lambda w: ec2().delete_flow_logs(FlowLogIds=[w.id("FlowLog/vpc")]),
        "FlowLog/vpc.existence",
        {"flow logs of the VPC": "{Vpc/vpc} has no flow log"},
    ),
    Break(
        "listener moved to another port",
        lambda w: elb().modify_listener(ListenerArn=w.id("Listener/web"), Port=81),
        "Listener/web.port",
        {"internet to load-balancer, tcp 80": "the load balancer has no listener for tcp 80"},
    ),
    Break(
        "listener led elsewhere",
        elsewhere,
        "Listener/web.target",
        {"load-balancer to web, tcp 80": "no listener forwards to web-a-1 or web-b-1"},
    ),
    Break(
        "listener deleted",
        lambda w: elb().delete_listener(ListenerArn=w.id("Listener/web")),
        "Listener/web.existence",
        {
            "internet to load-balancer, tcp 80": "the load balancer has no listener for tcp 80",
            "load-balancer to web, tcp 80": "closed",
        },
    ),
    Break(
        "target group emptied",
        no_targets,
        "TargetGroup/web-80.targets",
        {"load-balancer to web, tcp 80": "no listener forwards to web-a-1 or web-b-1"},
    ),
    Break(
        "gateway endpoint deleted",
        without(["GatewayEndpoint/s3"]),
        "GatewayEndpoint/s3.existence",
        {"web to s3, tcp 443": "the VPC has no endpoint for s3"},
    ),
    Break(
        "interface endpoint deleted",
        without(["InterfaceEndpoint/ssm"]),
        "InterfaceEndpoint/ssm.existence",
        {"web to ssm, tcp 443": "endpoint"},
    ),
    Break(
        "gateway endpoint left out of a table",
        lambda w: ec2().modify_vpc_endpoint(
            VpcEndpointId=w.id("GatewayEndpoint/s3"), RemoveRouteTableIds=[w.id("RouteTable/private-a")]
        ),
        "GatewayEndpoint/s3.tables",
        {"web to s3, tcp 443": "and not through the endpoint for s3"},
    ),
    Break(
        "peering deleted",
        lambda w: ec2().delete_vpc_peering_connection(VpcPeeringConnectionId=w.id("Peering/shop")),
        "Peering/shop.existence",
        {f"private to {PEER}, {BARE}": "closed"},
    ),
]


@pytest.fixture(scope="module")
def world(module_aws):
    """Made once for all breaks, as each is mended."""
    cluster, gateway = Cluster(), ec2().create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    shop = cluster.lab_vpc("shop", **SHOP)
    lab = cluster.lab_vpc(**SPEC, transitGateway={"id": gateway, "routes": [TRANSIT]})
    cluster.until(lambda: lab.ready and shop.ready, seconds=60)
    return World(cluster, lab)


@pytest.fixture
def broken(world, request):
    """Somebody broke something, which is only reported at first; afterwards all is well again."""
    assert {} == world.failed == world.drift
    world.manage("Report")
    one, ids = request.param, _Ids(world)
    said = {name: text.format_map(ids) for name, text in one.checks.items()}
    one.by_hand(world)
    yield one, said
    world.manage("Correct")
    world.until(lambda: world.lab.ready and not world.drift and not world.failed)


@pytest.mark.parametrize("broken", BREAKS, indirect=True, ids=str)
def test_a_break_by_hand_is_named_by_drift_and_by_its_checks_and_is_mended(world, broken):
    one, said = broken

    world.until(lambda: world.drift and world.failed)

    named = [d for name, d in world.drift.items() if name.startswith(one.drift)]
    assert [True] == [*{d["desired"] != d["observed"] for d in named}], world.drift
    assert [] == [name for name, text in said.items() if text not in world.failed.get(name, "")], world.failed
    assert "False" == world.lab.condition("ChecksPassed")["status"]


class _Ids(dict):
    """The ids of resources by their addresses."""

    def __init__(self, world):
        self._world = world

    def __missing__(self, address):
        return self._world.id(address)
