"""Further addresses of a network, and what its machines are told of names and time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from awslab.api.labvpc import LabVpcSpec
from awslab.aws.cidr_blocks import SecondaryCidr
from awslab.aws.dhcp import DhcpOptions
from awslab.aws.network import Vpc
from awslab.core.errors import SpecError

if TYPE_CHECKING:
    from .network_layout import Layout

PRIVATE = tuple(IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
RESERVED = tuple(IPv4Network(cidr) for cidr in ("169.254.0.0/16", "198.19.0.0/16", "172.31.0.0/16", "127.0.0.0/8"))
"""What a VPC of ours cannot be given beside its first addresses."""


def secondary_cidrs(spec: LabVpcSpec, vpc: Vpc) -> Iterable[SecondaryCidr]:
    """The further blocks of the VPC; raises SpecError for one that AWS would not add to the first.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions
    """
    for cidr in spec.secondary_cidrs:
        if reason := _refused(spec.network, IPv4Network(cidr)):
            raise SpecError("spec.secondaryCidrs", f"{cidr} {reason}")
        yield SecondaryCidr(name=cidr, vpc=vpc, cidr=cidr)


def _refused(first: IPv4Network, more: IPv4Network) -> str:
    """Why AWS would not add *more* to a VPC that begins with *first*; empty where it would."""
    if any(more.overlaps(reserved) for reserved in RESERVED):
        return "is kept by AWS for itself; take addresses of 100.64.0.0/10, or others of your own"
    home = next((block for block in PRIVATE if first.subnet_of(block)), None)
    other = next((block for block in PRIVATE if more.subnet_of(block)), None)
    if other and other != home:
        way_out = f"take addresses of {home}, or of 100.64.0.0/10" if home else "take addresses of 100.64.0.0/10"
        return f"lies in {other}, which AWS does not add to {first}; {way_out}"
    return ""


def block_of(cidr: IPv4Network, blocks: Mapping[str, SecondaryCidr]) -> SecondaryCidr | None:
    """The further block in which a subnet's addresses lie; None for the VPC's first."""
    return next((block for block in blocks.values() if cidr.subnet_of(IPv4Network(block.cidr))), None)


def dhcp_options(layout: Layout) -> None:
    """The VPC's own DHCP options; without any in the spec it has AWS's."""
    wanted = layout.spec.dhcp_options
    if wanted is None:
        return
    domain, servers, ntp = wanted.domain_name or "", wanted.domain_name_servers, wanted.ntp_servers
    said = hashlib.sha256(repr((domain, servers, ntp)).encode()).hexdigest()[:8]
    layout.graph.add(
        DhcpOptions(name=said, vpc=layout.vpc, domain_name=domain, servers=servers, ntp_servers=ntp, tags=layout.tags)
    )
