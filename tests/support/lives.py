"""For each kind the life that the promises of the engine are tried on: a spec that is made quickly, and a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from awslab.aws.calls import is_read
from awslab.kinds import KINDS
from tests.support.memory import MemoryHandle, applied


@dataclass(frozen=True)
class Life:
    """How one kind lives."""

    kind: str
    spec: Mapping[str, Any]
    change: Mapping[str, Any]
    """Fields of the spec that make, change and delete something."""
    small: Mapping[str, Any]
    """The spec where a few resources are enough."""
    calls: Mapping[str, int] = field(default_factory=dict)
    """At least as many calls that are numbered as each part of a life makes."""
    only_writes: bool = False
    """Whether only those calls are numbered that change AWS: a kill at a read leaves what the write before it left."""
    alike: int = 1_000_000
    """Of calls of one operation within a part, so many are numbered: the others are as those."""
    sample_of: int = 1
    """Of so many kills, `make test` tries one."""
    called: str = ""
    """Where a kind has more than one life: which it is."""
    around: Callable[[Any], Mapping[str, Any]] = lambda _: {}
    """Make what has to be there already, by EC2; returns the fields of the spec that name it."""

    def object(self, name: str = "production", **spec: Any) -> MemoryHandle:
        """One as `kubectl apply` leaves it."""
        return applied(self.kind, name, {**self.spec, **spec})

    def numbered(self) -> Callable[[str], bool]:
        """Whether a call is numbered, by the name of its operation; for one part of a life."""
        counts: Counter[str] = Counter()

        def is_numbered(name: str) -> bool:
            counts[name] += 1
            return counts[name] <= self.alike and not (self.only_writes and is_read(name))

        return is_numbered

    def begun(self, ec2: Any) -> MemoryHandle:
        """One as `kubectl apply` leaves it, with all around it that it needs."""
        return self.object(**self.around(ec2))

    def small_one(self, name: str = "production", **spec: Any) -> MemoryHandle:
        """One that is made quickly."""
        return applied(self.kind, name, {**self.small, **spec})

    def __str__(self) -> str:
        return f"{self.kind}{self.called}"


LAB_VPC = Life(
    kind="LabVpc",
    spec={"region": "us-east-1", "cidr": "10.0.0.0/16"},
    change={
        "availabilityZones": 3,
        "natGateways": "Single",
        "tags": {"team": "network"},
        "flowLogs": {"destination": "S3"},
        "deletion": {"emptyBuckets": True},
    },
    small={
        "region": "us-east-1",
        "cidr": "10.0.0.0/16",
        "availabilityZones": 1,
        "natGateways": "None",
        "subnets": {"data": {"enabled": False}},
    },
    calls={"create": 130, "change": 100, "delete": 100},
    sample_of=47,
)

_QUIET = {"region": "us-east-1", "alarms": {"enabled": False}, "dashboard": False}
_TRANSFORM = {"name": "TransformData", "builtin": "csv-transform"}
_WRITE = {"name": "WriteOutput", "builtin": "write-output"}

DATA_PIPELINE = Life(
    kind="DataPipeline",
    spec={**_QUIET, "dashboard": True, "steps": [_TRANSFORM, _WRITE]},
    change={
        "steps": [{**_WRITE, "memory": 1024}],
        "source": {"trigger": "Lambda"},
        "alarms": {"enabled": True},
        "tags": {"team": "data"},
    },
    small={**_QUIET, "steps": [_WRITE]},
    calls={"create": 44, "change": 48, "delete": 29},
    only_writes=True,
    sample_of=41,
)

THEIRS = "theirs"
"""The tag of what belongs to nobody here."""


def _neighbors(ec2: Any) -> Mapping[str, Any]:
    """Somebody's VPC to peer with, a transit gateway and a VPN gateway."""
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": THEIRS, "Value": ""}]}]
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    vpn = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ids = [t["RouteTableId"] for t in tables]
    return {
        "peerings": [{"name": "theirs", "vpcId": vpc, "cidrs": ["10.9.0.0/16"], "routeTableIds": ids}],
        "transitGateway": {"id": gateway, "routes": ["10.8.0.0/16"]},
        "vpnGateway": {"id": vpn},
    }


_WEB = {"replicas": 2, "userData": "#!/bin/sh", "loadBalancer": True}
COMPLETE = Life(
    kind="LabVpc",
    called="Complete",
    spec={
        **LAB_VPC.spec,
        "natGateways": "Single",
        "ipv6": True,
        "secondaryCidrs": ["100.64.0.0/16"],
        "dhcpOptions": {"domainName": "corp.example.com"},
        "endpoints": {"gateways": ["s3"], "interfaces": {"ssm": {}}},
        "bastion": {"access": "SessionManager"},
        "webServer": _WEB,
        "flowLogs": {},
    },
    change={
        "secondaryCidrs": ["100.65.0.0/16"],
        "dhcpOptions": {"domainName": "lab.example.com"},
        "endpoints": {"gateways": ["dynamodb"], "interfaces": {"logs": {}}},
        "securityGroups": {"app": {"port": 8080}},
        "webServer": {**_WEB, "replicas": 3},
        "peerings": [],
        "transitGateway": None,
        "vpnGateway": None,
    },
    small=LAB_VPC.small,
    calls={"create": 47, "change": 26, "delete": 35},
    only_writes=True,
    alike=1,
    sample_of=70,
    around=_neighbors,
)
"""A network with everything beside its subnets and gateways."""

LIVES = (LAB_VPC, DATA_PIPELINE)
assert {life.kind for life in LIVES} == {kind.name for kind in KINDS}, "a kind has no life to be tried on"
ALL_LIVES = (*LIVES, COMPLETE)
"""For what is tried at each call, where one life of a kind is not enough."""
