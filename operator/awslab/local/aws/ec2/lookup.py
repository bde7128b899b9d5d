"""Questions about a network that several rules ask."""

from __future__ import annotations

from typing import Any

from awslab.local.aws.ec2.index import index

LIVING_NAT = frozenset({"pending", "available", "deleting"})


def interfaces_in(ec2: Any, subnet: str) -> list[Any]:
    """Return the network interfaces in a subnet."""
    return list(index(ec2).interfaces_in[subnet].values())


def interfaces_of(ec2: Any, vpc: str) -> list[Any]:
    """Return the network interfaces in a VPC."""
    return list(index(ec2).interfaces_of[vpc].values())


def subnets_of(ec2: Any, vpc: str) -> list[Any]:
    """Return the subnets of a VPC."""
    return list(index(ec2).subnets_of[vpc].values())


def tables_of(ec2: Any, vpc: str) -> list[Any]:
    """Return the route tables of a VPC."""
    return list(index(ec2).tables_of[vpc].values())


def attached_gateways(ec2: Any, vpc: str) -> list[Any]:
    """Return the internet gateways attached to a VPC; there is one at most."""
    return [igw for igw in ec2.internet_gateways.values() if igw.vpc and igw.vpc.id == vpc]


def living_nats(ec2: Any) -> list[Any]:
    """Return the NAT gateways that count: neither deleted nor failed."""
    return [nat for nat in ec2.nat_gateways.values() if nat.state in LIVING_NAT]


def address(ec2: Any, params: dict[str, Any]) -> Any:
    """Return the Elastic IP that a call names by allocation, association or IP, if there is one."""
    if params.get("AllocationId"):
        return index(ec2).addresses.get(params["AllocationId"])
    for name, attribute in (("AssociationId", "association_id"), ("PublicIp", "public_ip")):
        if wish := params.get(name):
            return next((one for one in ec2.addresses if getattr(one, attribute) == wish), None)
    return None


def subnet(ec2: Any, subnet_id: str | None) -> Any:
    """Return a subnet, if there is one of that id."""
    return index(ec2).subnets.get(subnet_id or "")


def group(ec2: Any, params: dict[str, Any]) -> Any:
    """Return the security group that a call names by id or, in the default VPC, by name."""
    if params.get("GroupId"):
        return ec2.get_security_group_from_id(params["GroupId"])
    name = params.get("GroupName")
    return ec2.get_security_group_from_name(name, ec2.default_vpc.id) if name else None
