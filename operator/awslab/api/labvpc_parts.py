"""Parts of a LabVpc's spec beside its subnets and security groups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from .base import AnyFields, Model, Rule, UniqueItems

SERVICE = r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$"

PolicyDocument = Annotated[Mapping[str, Any], AnyFields()]


class NetworkAcls(StrEnum):
    """Which network ACLs the subnets have."""

    TIERED = "Tiered"
    DEFAULT = "Default"


class GatewayService(StrEnum):
    """The services that have gateway endpoints."""

    S3 = "s3"
    DYNAMODB = "dynamodb"


class InterfaceEndpointSpec(Model):
    """An interface endpoint, with an address in each private subnet."""

    private_dns: bool = Field(
        default=True, strict=True, description="Whether the service's ordinary name leads to the endpoint."
    )


_SERVICES = Rule(
    message="must have names of services as keys, for example ssm, ecr.api or "
    "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
    cel=f"self.all(name, name.matches('{SERVICE}'))",
    check=lambda names: all(re.fullmatch(SERVICE, name) for name in names),
)

InterfaceEndpoints = Annotated[Mapping[str, InterfaceEndpointSpec], Field(max_length=40), _SERVICES]
Policies = Annotated[Mapping[str, PolicyDocument], Field(max_length=42)]
GatewayServices = Annotated[tuple[GatewayService, ...], Field(max_length=2), UniqueItems()]


class Endpoints(Model):
    """Private ways to AWS's services, from the private subnets."""

    gateways: GatewayServices = Field(
        default=(GatewayService.S3, GatewayService.DYNAMODB),
        description="The services with a gateway endpoint, which costs nothing: s3 and dynamodb; [] for none.",
    )
    interfaces: InterfaceEndpoints = Field(
        default_factory=dict,
        description="The services with an interface endpoint, which is paid by the hour in each zone, by their names: "
        "ssm, ecr.api, logs; or a full name such as com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0.",
    )
    policies: Policies = Field(
        default_factory=dict,
        description="The policies of endpoints by their services; without one everything is allowed through it.",
    )
