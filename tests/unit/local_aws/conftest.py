"""One local AWS for all tests, emptied before each; its clock goes only when a test says so."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

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
        return next(iter(self.backend.amis))

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


@dataclass
class Flow:
    """What tests of state machines, buses, topics, queues and tables need; times are a hundredth of AWS's."""

    aws: Aws
    known: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, service: str) -> Any:
        name = {"sfn": "stepfunctions", "tagging": "resourcegroupstaggingapi"}.get(service, service)
        if name not in self.aws.clients:
            self.aws.clients[name] = self.aws.client(name, inject_host_prefix=False)
        return self.aws.clients[name]

    def role(self, name: str, service: str, *statements: dict[str, Any]) -> str:
        """A role that a service can assume now."""
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        if statements:
            self.allow(name, *statements)
        self.aws.tick(60)
        return made

    def allow(self, role: str, *statements: dict[str, Any]) -> None:
        whole = [{"Effect": "Allow", "Resource": "*"} | one for one in statements]
        self.iam.put_role_policy(RoleName=role, PolicyName="access", PolicyDocument=policy(*whole))

    def machine(self, definition: dict[str, Any], *statements: dict[str, Any], name: str = "flow", **more: Any) -> str:
        role = more.pop("roleArn", None) or self.role(f"{name}-role", "states.amazonaws.com", *statements)
        made = self.sfn.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role, **more)
        return made["stateMachineArn"]

    def run(self, machine: str, given: Any = None, **more: Any) -> dict[str, Any]:
        """Start an execution and return it once it has ended."""
        started = self.sfn.start_execution(stateMachineArn=machine, input=json.dumps(given or {}), **more)
        return self.ended(started["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        shown = eventually(
            lambda: self.sfn.describe_execution(executionArn=execution), lambda one: one["status"] != "RUNNING"
        )
        return shown

    def ran(self, states: dict[str, Any], given: Any = None, *statements: dict[str, Any]) -> dict[str, Any]:
        """The execution, ended, of a machine made of these states; the first one begins."""
        return self.run(self.machine({"StartAt": next(iter(states)), "States": states}, *statements), given)

    def events(self, execution: str) -> list[str]:
        history = self.sfn.get_execution_history(executionArn=execution)["events"]
        return [event["type"] for event in history]

    def queue(self, name: str = "inbox", *senders: str, **attributes: Any) -> tuple[str, str]:
        """A queue's address and ARN; services among `senders` may send to it."""
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for sender in senders:
            statement = {
                "Effect": "Allow",
                "Principal": {"Service": sender},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(statement)})
        return url, arn

    def received(self, url: str, count: int = 1) -> list[str]:
        """The bodies of so many messages; waits for them."""
        found: list[str] = []

        def look() -> list[str]:
            told = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60)
            found.extend(message["Body"] for message in told.get("Messages", []))
            return found

        return eventually(look, lambda bodies: len(bodies) >= count)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def eventually(look: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 10) -> Any:
    """What is seen once it is good; the last that was seen where it never is."""
    end = time.monotonic() + seconds
    seen = look()
    while not good(seen) and time.monotonic() < end:
        time.sleep(0.02)
        seen = look()
    assert good(seen), seen
    return seen


@pytest.fixture
def flow(aws: Aws) -> Flow:
    aws.world.settings = Settings(time_scale=0.01)
    return Flow(aws)
