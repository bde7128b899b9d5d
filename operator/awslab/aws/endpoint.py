"""VPC endpoints: private ways to AWS's services, as routes (gateway) or as interfaces in subnets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Changes
from awslab.core.errors import NotYet
from awslab.core.resource import Ids, Observed, Phase, Usual

from .ec2 import Ec2Resource, Filters, Item, check_each, pages
from .network import Subnet, Vpc
from .routing import RouteTable
from .security_group import SecurityGroup
from .session import Aws

FULL_ACCESS = ""
"""In place of the policy with which AWS begins every endpoint: everybody may do everything through it."""

_EVERYTHING = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def canonical(policy: Mapping[str, Any] | str | None) -> str:
    """A policy as text, the same for the same content; empty where it allows everything."""
    content = json.loads(policy) if isinstance(policy, str) and policy else policy
    if not content or content.get("Statement") == [_EVERYTHING]:
        return FULL_ACCESS
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True)
class _Endpoint(Ec2Resource):
    """What both kinds of endpoint share."""

    noun: ClassVar = "vpc-endpoint"
    id_key: ClassVar = "VpcEndpointId"
    id_filter: ClassVar = "vpc-endpoint-id"
    kind: ClassVar[str]
    phases: ClassVar = {
        "pending": Phase.PENDING,
        "pendingacceptance": Phase.PENDING,
        "available": Phase.READY,
        "rejected": Phase.FAILED,
        "failed": Phase.FAILED,
        "expired": Phase.FAILED,
        "deleting": Phase.DELETING,
        "deleted": Phase.GONE,
    }

    vpc: Vpc
    service: str
    """As AWS calls it: ``com.amazonaws.us-east-1.s3``."""
    policy: str = FULL_ACCESS

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return pages(aws, "describe_vpc_endpoints", "VpcEndpoints", Filters=filters)

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        """Read one description; AWS writes the states now large, now small."""
        last = item.get("LastError") or {}
        about = {"State": item["State"].lower(), "FailureMessage": last.get("Message", "")}
        return super().read({**item, **about}, name)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {"vpc": item["VpcId"], "service": item["ServiceName"], "policy": canonical(item.get("PolicyDocument"))}

    @classmethod
    def tagged_with(cls, aws: Aws, tags: Mapping[str, str]) -> Iterator[Observed]:
        """Of both kinds listed by one call, those of this kind."""
        return (o for o in super().tagged_with(aws, tags) if o.details["kind"] == cls.kind)

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:
        return {"kind": item["VpcEndpointType"]}

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Delete it; AWS answers for each endpoint of the call by itself."""
        check_each(aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[found.id]), "DeleteVpcEndpoints")

    def _make(self, aws: Aws, ids: Ids, **arguments: Any) -> Observed:
        policy = {"PolicyDocument": self.policy} if self.policy else {}
        answer = aws.ec2.create_vpc_endpoint(
            VpcId=ids.of(self.vpc),
            ServiceName=self.service,
            VpcEndpointType=self.kind,
            ClientToken=aws.token(self),
            TagSpecifications=aws.tagged(self, self.noun),
            **policy,
            **arguments,
        )
        return self.made(aws, answer["VpcEndpoint"])


@dataclass(frozen=True, kw_only=True)
class GatewayEndpoint(_Endpoint):
    """A route to S3 or DynamoDB that does not leave AWS's network; free."""

    kind: ClassVar = "Gateway"
    mutable: ClassVar = frozenset({"tables", "policy"})

    tables: frozenset[RouteTable] = frozenset()

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {**super().fields_of(item), "tables": frozenset(item.get("RouteTableIds", ()))}

    def create(self, aws: Aws, ids: Ids) -> Observed:
        return self._make(aws, ids, RouteTableIds=sorted(ids.of(t) for t in self.tables))

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        arguments = {**_parts(changes, "tables", "RouteTableIds"), **_policy(changes)}
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=found.id, **arguments)


@dataclass(frozen=True, kw_only=True)
class InterfaceEndpoint(_Endpoint):
    """A service of AWS's with an address in each subnet, and in the VPC's own DNS."""

    kind: ClassVar = "Interface"
    usual: ClassVar = Usual(create=60, delete=60)
    mutable: ClassVar = frozenset({"subnets", "groups", "private_dns", "policy"})

    subnets: frozenset[Subnet] = frozenset()
    groups: frozenset[SecurityGroup] = frozenset()
    private_dns: bool = True

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {
            **super().fields_of(item),
            "subnets": frozenset(item.get("SubnetIds", ())),
            "groups": frozenset(g["GroupId"] for g in item.get("Groups", ())),
            "private_dns": item.get("PrivateDnsEnabled", False),
        }

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Ask for it; private DNS needs the VPC's own, which may still be being switched on."""
        try:
            return self._make(
                aws,
                ids,
                SubnetIds=sorted(ids.of(s) for s in self.subnets),
                SecurityGroupIds=sorted(ids.of(g) for g in self.groups),
                PrivateDnsEnabled=self.private_dns,
            )
        except ClientError as error:
            if "enableDnsSupport and enableDnsHostnames" in error.response["Error"]["Message"]:
                raise NotYet("waits for DNS support and host names of the VPC") from error
            raise

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        arguments = {**_parts(changes, "subnets", "SubnetIds"), **_parts(changes, "groups", "SecurityGroupIds")}
        if changes.of("private_dns"):
            arguments["PrivateDnsEnabled"] = changes.desired("private_dns")
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=found.id, **arguments, **_policy(changes))


def _parts(changes: Changes, field: str, argument: str) -> dict[str, Any]:
    """What is to be added and taken away, as ModifyVpcEndpoint wants it."""
    new = [c.key for c in changes.of(field).additions]
    gone = [c.key for c in changes.of(field).removals]
    return {**({f"Add{argument}": sorted(new)} if new else {}), **({f"Remove{argument}": sorted(gone)} if gone else {})}


def _policy(changes: Changes) -> dict[str, Any]:
    if not changes.of("policy"):
        return {}
    wanted = changes.desired("policy")
    return {"PolicyDocument": wanted} if wanted else {"ResetPolicy": True}
