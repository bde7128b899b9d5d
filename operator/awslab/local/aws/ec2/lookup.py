"""Questions about a network that several rules ask."""

from __future__ import annotations

from typing import Any

LIVING_NAT = frozenset({"pending", "available", "deleting"})


def interfaces(ec2: Any, *, subnet: str | None = None, vpc: str | None = None) -> list[Any]:
    """Return the network interfaces in a subnet, or in a VPC."""
    return [
        eni
        for eni in ec2.enis.values()
        if (subnet is None or eni.subnet.id == subnet) and (vpc is None or eni.subnet.vpc_id == vpc)
    ]


def attached_gateways(ec2: Any, vpc: str) -> list[Any]:
    """Return the internet gateways attached to a VPC; there is one at most."""
    return [igw for igw in ec2.internet_gateways.values() if igw.vpc and igw.vpc.id == vpc]


def living_nats(ec2: Any) -> list[Any]:
    """Return the NAT gateways that count: neither deleted nor failed."""
    return [nat for nat in ec2.nat_gateways.values() if nat.state in LIVING_NAT]


def nat_of_address(ec2: Any, allocation_id: str) -> Any:
    """Return the NAT gateway that holds an Elastic IP, if one does."""
    for nat in living_nats(ec2):
        if any(address.get("allocationId") == allocation_id for address in nat.address_set):
            return nat
    return None


def address(ec2: Any, params: dict[str, Any]) -> Any:
    """Return the Elastic IP that a call names by allocation, association or IP, if there is one."""
    for one in ec2.addresses:
        if params.get("AllocationId") and one.allocation_id == params["AllocationId"]:
            return one
        if params.get("AssociationId") and one.association_id == params["AssociationId"]:
            return one
        if params.get("PublicIp") and one.public_ip == params["PublicIp"]:
            return one
    return None


def subnet(ec2: Any, subnet_id: str | None) -> Any:
    """Return a subnet, if there is one of that id."""
    return next((zone[subnet_id] for zone in ec2.subnets.values() if subnet_id in zone), None)


def group(ec2: Any, params: dict[str, Any]) -> Any:
    """Return the security group that a call names by id or, in the default VPC, by name."""
    if params.get("GroupId"):
        return ec2.get_security_group_from_id(params["GroupId"])
    name = params.get("GroupName")
    return ec2.get_security_group_from_name(name, ec2.default_vpc.id) if name else None
