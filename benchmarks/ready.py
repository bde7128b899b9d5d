"""Time to Ready of a network, against a script that makes the same calls as fast as AWS allows."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from tests.support.memory import lab_vpc

from awslab.local.aws.control import Control

from .world import REGION, local_aws, operator_settings, reconciler, work

LATENCY_MS = 50
TIME_SCALE = 0.1
"""A NAT gateway is made in a tenth of AWS's usual time; on AWS itself the ratio is nearer to 1."""
RUNS = 3
ZONES = ("us-east-1a", "us-east-1b")


def measure() -> dict[str, Any]:
    """Both, in turn, some times; the ratio of the medians."""
    with local_aws(time_scale=TIME_SCALE, latency_ms=LATENCY_MS) as aws:
        runs = [(_operator(aws), _script(aws)) for _ in range(RUNS)]
    operators, scripts = zip(*runs, strict=True)
    operator = sorted(operators, key=lambda run: run["seconds"])[RUNS // 2]
    script = statistics.median(scripts)
    return {**operator, "script_seconds": script, "ratio": operator["seconds"] / script}


def _operator(aws: Control) -> dict[str, Any]:
    aws.reset()
    settings = operator_settings(time_scale=TIME_SCALE)
    handle, using, since = lab_vpc(availabilityZones=2, natGateways="PerZone"), reconciler(settings), aws.last_call()
    began = time.monotonic()
    passes = work(handle, using)
    seconds = time.monotonic() - began
    return {"seconds": seconds, "passes": passes, "calls": len(aws.calls(since)), "status_writes": handle.writes}


def _script(aws: Control) -> float:
    aws.reset()
    began = time.monotonic()
    _Script().run()
    return time.monotonic() - began


class _Script:
    """What an expert would write by hand: everything side by side that AWS lets be done side by side."""

    def __init__(self) -> None:
        # A session of its own, as the operator that has just been started has: AWS's description of EC2 is read anew.
        self.ec2 = boto3.Session().client("ec2", region_name=REGION, config=Config(max_pool_connections=64))
        self.pool = ThreadPoolExecutor(64)

    def run(self) -> None:
        """Make the network; returns when the last NAT gateway carries its route."""
        gateway = self.pool.submit(lambda: self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
        addresses = [self.pool.submit(self._address) for _ in ZONES]
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        attached = self.pool.submit(self._attach, gateway.result())
        names = self.pool.submit(self._host_names)
        groups = [self.pool.submit(self._group, name) for name in ("load-balancer", "app", "data")]
        data = [self.pool.submit(self._subnet, zone, 20 + n) for n, zone in enumerate(ZONES)]
        public = self.pool.submit(self._public_table, attached, gateway.result())
        zones = [self.pool.submit(self._zone, n, addresses[n], attached, public) for n in range(len(ZONES))]
        table = self.pool.submit(self._table, data)
        for future in (names, *groups, table, *zones):
            future.result()

    def _address(self) -> str:
        return str(self.ec2.allocate_address(Domain="vpc")["AllocationId"])

    def _attach(self, gateway: str) -> None:
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)

    def _host_names(self) -> None:
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})

    def _group(self, name: str) -> None:
        group = self.ec2.create_security_group(VpcId=self.vpc, GroupName=name, Description=name)["GroupId"]
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])

    def _subnet(self, zone: str, number: int) -> str:
        cidr = f"10.0.{number}.0/24"
        answer = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=zone)
        return str(answer["Subnet"]["SubnetId"])

    def _public_table(self, attached: Any, gateway: str) -> str:
        table = str(self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"])
        attached.result()
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        return table

    def _table(self, subnets: list[Any]) -> str:
        table = str(self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"])
        for subnet in subnets:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet.result())
        return table

    def _zone(self, number: int, address: Any, attached: Any, public: Any) -> None:
        """A public and a private subnet, and the way out from one to the other."""
        private = self.pool.submit(self._subnet, ZONES[number], 10 + number)
        table = self.pool.submit(self._table, [private])
        subnet = self._subnet(ZONES[number], number)
        open_ = self.pool.submit(self._open, subnet, public)
        attached.result()
        nat = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address.result())["NatGateway"]["NatGatewayId"]
        # The waiter's own interval of 15 s would be unfair: the script looks as often as is of any use.
        waiter = self.ec2.get_waiter("nat_gateway_available")
        waiter.wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 0.1, "MaxAttempts": 10_000})
        self.ec2.create_route(RouteTableId=table.result(), DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
        open_.result()

    def _open(self, subnet: str, public: Any) -> None:
        self.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        self.ec2.associate_route_table(RouteTableId=public.result(), SubnetId=subnet)
