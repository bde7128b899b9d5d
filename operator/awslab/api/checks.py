"""Checks: flows that have to be open or closed, and how they fare."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from .base import Model, Rule, StatusModel
from .common import Port

WORDS = (
    "internet, a tier (public, private, data), a part (bastion, load-balancer, web, app, data), the name or id of a "
    "subnet, instance or interface, a service with an endpoint (s3), or a CIDR"
)

End = Annotated[str, Field(min_length=1, max_length=128)]
Expect = Literal["open", "closed"]


class CheckProtocol(StrEnum):
    """What is sent."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"


def _has_a_port_where_there_are_ports(check: Check) -> bool:
    return (check.protocol is CheckProtocol.ICMP) == (check.port is None)


class Check(Model):
    """A flow that the network has to let through, or to keep out."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            message="must have a port, unless protocol is icmp",
            cel="(self.protocol == 'icmp') != has(self.port)",
            check=_has_a_port_where_there_are_ports,
        ),
    )

    source: End = Field(alias="from", description=f"Who begins: {WORDS}.")
    target: End = Field(alias="to", description="Who is to be reached, in the same words.")
    port: Port | None = Field(default=None, description="The port at which.")
    protocol: CheckProtocol = Field(default=CheckProtocol.TCP, description="tcp, udp, or icmp for a ping.")
    expect: Expect = Field(default="open", description="Whether it has to be open or closed.")


class CheckStatus(StatusModel):
    """What became of a check, by what AWS has."""

    name: str = Field(description="The flow, for example web to internet, tcp 443; or flow logs of the VPC.")
    source: str | None = Field(default=None, alias="from", description="Who begins.")
    target: str | None = Field(default=None, alias="to", description="Who is to be reached.")
    protocol: str | None = Field(default=None, description="What is sent.")
    port: int | None = Field(default=None, description="The port.")
    expect: str = Field(description="open or closed: what is promised; of flow logs, delivered.")
    result: str = Field(
        description="open, partly open, closed; or unknown, where what is named is not there. "
        "Of flow logs: delivered, failing or missing."
    )
    passed: bool = Field(description="Whether the promise is kept.")
    message: str = Field(description="What decided: the way that is open, or what closes it.")
    path: tuple[str, ...] = Field(default=(), description="What the packets pass, as far as they come.")
