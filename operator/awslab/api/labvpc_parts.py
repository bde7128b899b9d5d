"""Parts of a LabVpc's spec beside its subnets and security groups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from .base import AnyFields, Model, Rule, UniqueItems
from .common import Cidr

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


class BastionAccess(StrEnum):
    """How people reach the bastion."""

    SESSION_MANAGER = "SessionManager"
    SSH = "Ssh"


class AmiRefresh(StrEnum):
    """Whether a newer image is a change."""

    PINNED = "Pinned"
    LATEST = "Latest"


ANYWHERE = "0.0.0.0/0"
IMAGE = r"^(ami-[0-9a-f]{8,17}|/aws/service/[A-Za-z0-9_./-]+)$"
INSTANCE_TYPE = r"^[a-z0-9-]+[.][a-z0-9-]+$"
PUBLIC_KEY = r"^ssh-(rsa|ed25519) [A-Za-z0-9+/]+={0,3}( .*)?$"


def _matching(pattern: str, message: str) -> Rule:
    return Rule(
        message=message,
        cel=f"self.matches('{pattern}')",
        check=lambda text: re.fullmatch(pattern, text) is not None,
    )


InstanceType = Annotated[
    str, Field(max_length=32), _matching(INSTANCE_TYPE, "must be a type of instances, for example t3.micro")
]
ImageName = Annotated[
    str,
    Field(max_length=256),
    _matching(IMAGE, "must be the id of an image, or a public parameter of Systems Manager (/aws/service/...)"),
]
PublicKey = Annotated[
    str,
    Field(max_length=2048),
    _matching(PUBLIC_KEY, "must be a public key as ssh-keygen writes it: ssh-ed25519 or ssh-rsa, and the key"),
]
AllowedCidrs = Annotated[tuple[Cidr, ...], Field(max_length=10), UniqueItems()]


class Machine(Model):
    """What an instance is made of."""

    instance_type: InstanceType = Field(
        default="t3.micro", description="The type of instance; its family says the architecture of the image."
    )
    ami: ImageName | None = Field(
        default=None,
        description="The id of an image, or the public parameter of Systems Manager that names one; "
        "without it the newest Amazon Linux 2023.",
    )
    ami_refresh: AmiRefresh = Field(
        default=AmiRefresh.PINNED,
        description="Pinned stays with the image that was first found; Latest replaces the instance when there is a "
        "newer one, which has to be approved.",
    )


class Bastion(Machine):
    """An instance in a public subnet, if there is one, from which people reach the private ones."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            path=("publicKey",),
            message="is required where access is Ssh",
            cel="self.access != 'Ssh' || has(self.publicKey)",
            check=lambda bastion: bastion.access != "Ssh" or bastion.public_key is not None,
        ),
        Rule(
            path=("allowedCidrs",),
            message="must name the networks from which to log in where access is Ssh",
            cel="self.access != 'Ssh' || (has(self.allowedCidrs) && size(self.allowedCidrs) > 0)",
            check=lambda bastion: bastion.access != "Ssh" or bool(bastion.allowed_cidrs),
        ),
        Rule(
            path=("allowedCidrs",),
            message="must not be the whole internet (0.0.0.0/0), unless allowAnywhere is true",
            cel=f"self.allowAnywhere || !has(self.allowedCidrs) || !('{ANYWHERE}' in self.allowedCidrs)",
            check=lambda bastion: bastion.allow_anywhere or ANYWHERE not in bastion.allowed_cidrs,
        ),
    )

    access: BastionAccess = Field(
        default=BastionAccess.SESSION_MANAGER,
        description="SessionManager (aws ssm start-session: no open port, no key) or Ssh.",
    )
    public_key: PublicKey | None = Field(
        default=None, description="For Ssh: the public key of who logs in, as ssh-keygen writes it."
    )
    allowed_cidrs: AllowedCidrs = Field(default=(), description="For Ssh: the networks from which to log in.")
    allow_anywhere: bool = Field(
        default=False, strict=True, description="For Ssh: whether 0.0.0.0/0 may stand among allowedCidrs."
    )
