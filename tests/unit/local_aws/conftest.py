"""One local AWS for all tests, emptied before each; its clock goes only when a test says so."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from flows import Flow

from awslab.local.aws import state
from awslab.local.aws.control import Control
from awslab.local.aws.server import Server
from awslab.local.aws.world import Settings, World

REGION = "eu-west-1"


def pytest_configure(config):
    config.addinivalue_line("markers", "rule(*ids): the rules of the local AWS that a test proves")


@dataclass
class Clock:
    """A clock that stands still until it is told to go on."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@dataclass
class Aws:
    """The local AWS, and what tests do with it."""

    server: Server
    clock: Clock
    clients: dict[str, Any]

    @property
    def world(self) -> World:
        return self.server.world

    @property
    def control(self) -> Control:
        return Control(self.server.endpoint)

    def client(self, service: str, region: str = REGION, key: dict[str, str] | None = None, **more: Any) -> Any:
        """A client without retries and without checks of its own, so that the server must answer."""
        config = {"retries": {"total_max_attempts": 1}, "parameter_validation": False} | more
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.server.endpoint,
            aws_access_key_id=key["AccessKeyId"] if key else "AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key=key["SecretAccessKey"] if key else "secret",
            aws_session_token=key["SessionToken"] if key else None,
            config=Config(**config),
        )

    @property
    def ec2(self) -> Any:
        if "ec2" not in self.clients:  # making one takes longer than most tests
            self.clients["ec2"] = self.client("ec2")
        return self.clients["ec2"]

    def tick(self, seconds: float) -> None:
        """Let AWS's time go on."""
        self.clock.now += seconds

    # What a network is made of; each returns an id.
    def vpc(self, cidr: str = "10.0.0.0/16") -> str:
        return self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]

    def subnet(self, vpc: str, cidr: str = "10.0.1.0/24", zone: str = "a") -> str:
        made = self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=REGION + zone)
        return made["Subnet"]["SubnetId"]

    def gateway(self, vpc: str | None = None) -> str:
        made = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        if vpc:
            self.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
        return made

    def eip(self) -> str:
        return self.ec2.allocate_address(Domain="vpc")["AllocationId"]

    def nat(self, subnet: str, eip: str | None = None, **more: Any) -> str:
        made = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=eip or self.eip(), **more)
        return made["NatGateway"]["NatGatewayId"]

    def table(self, vpc: str) -> str:
        return self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]

    def group(self, vpc: str, name: str = "web") -> str:
        return self.ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"]

    def default_group(self, vpc: str) -> str:
        wishes = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
        return self.ec2.describe_security_groups(Filters=wishes)["SecurityGroups"][0]["GroupId"]

    def acl(self, vpc: str) -> str:
        return self.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]

    def interface(self, subnet: str, **more: Any) -> str:
        made = self.ec2.create_network_interface(SubnetId=subnet, **more)
        return made["NetworkInterface"]["NetworkInterfaceId"]

    def image(self) -> str:
        from awslab.local.aws.ec2.images import images  # noqa: PLC0415 - moto is slow to import

        return next(iter(images(self.backend)))

    @property
    def backend(self) -> Any:
        from awslab.local.aws.ec2.context import backend  # noqa: PLC0415 - moto is slow to import

        return backend("123456789012", REGION)

    def instance(self, subnet: str, **more: Any) -> str:
        wish = {"ImageId": self.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1} | more
        return self.ec2.run_instances(SubnetId=subnet, **wish)["Instances"][0]["InstanceId"]

    def endpoint(self, vpc: str, service: str = "s3", **more: Any) -> str:
        made = self.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.{service}", **more)
        return made["VpcEndpoint"]["VpcEndpointId"]

    def nat_shown(self, nat: str) -> dict[str, Any]:
        return self.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]

    def public_network(self) -> tuple[str, str, str]:
        """A VPC with an attached gateway and a subnet."""
        vpc = self.vpc()
        return vpc, self.gateway(vpc), self.subnet(vpc)


@pytest.fixture(scope="session")
def _aws() -> Iterator[Aws]:
    clock = Clock()
    world = World(Settings(time_scale=1))
    world.clock = clock
    server = Server(world)
    server.start()
    yield Aws(server, clock, {})
    server.stop()


@pytest.fixture
def aws(_aws: Aws) -> Aws:
    _aws.clock.now = time.time()
    state.reset(_aws.world)
    _aws.world.settings = Settings(time_scale=1)
    return _aws


@pytest.fixture
def refused() -> Callable[..., dict[str, Any]]:
    def check(code: str, call: Callable[..., Any], **params: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        error = caught.value.response
        assert code == error["Error"]["Code"], error["Error"]["Message"]
        return error

    return check


@pytest.fixture
def flow(aws: Aws) -> Flow:
    aws.world.settings = Settings(time_scale=0.01)
    return Flow(aws)
