"""The network interfaces through which functions reach into a VPC: Lambda's own, shared, and slow to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends

from awslab.local.aws.lambda_.asked import DEVELOPERS
from awslab.local.aws.lambda_.model import Region, region_of
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.world import Due, World

book = Book("lambda")
Place = tuple[str, tuple[str, ...]]  # a subnet, and the security groups there


@book.behaves(
    "network-interfaces",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    "DeleteFunction",
    does="Functions in a VPC share an interface per subnet and groups; it holds both for minutes after the last one.",
    see=DEVELOPERS + "configuration-vpc.html",
)
def align(world: World, account: str, region: str) -> bool:
    """Make the interfaces that are needed, and begin to let the others go; returns whether any was made."""
    lambdas, ec2 = region_of(world, account, region), ec2_backends[account][region]
    needed = _needed(lambdas)
    missing = needed - set(lambdas.interfaces)
    for place in sorted(missing):
        lambdas.interfaces[place] = _made(ec2, place)
    for place in set(lambdas.interfaces) - needed:
        world.later("function-network-released", account, region, lambdas.interfaces[place])
    return bool(missing)


def _needed(lambdas: Region) -> set[Place]:
    networks = [
        version.settings.get("VpcConfig") or {}
        for function in lambdas.functions.values()
        for version in function.all_versions()
    ]
    return {
        (subnet, tuple(sorted(network["SecurityGroupIds"])))
        for network in networks
        for subnet in network.get("SubnetIds", [])
    }


def _made(ec2: Any, place: Place) -> str:
    subnet, groups = place
    eni = ec2.create_network_interface(subnet, None, group_ids=list(groups))
    eni.interface_type, eni.requester_managed, eni.status = "lambda", True, "in-use"
    eni.description = f"AWS Lambda VPC ENI-{eni.id}"
    id_: str = eni.id
    return id_


def _released(world: World, due: Due) -> None:
    """Delete an interface, unless a function has come to need it again."""
    lambdas, ec2 = region_of(world, due.account, due.region), ec2_backends[due.account][due.region]
    place = next((place for place, id_ in lambdas.interfaces.items() if id_ == due.id), None)
    if place is None or place in _needed(lambdas):
        return
    del lambdas.interfaces[place]
    if due.id in ec2.enis:
        ec2.delete_network_interface(due.id)


CHANGES: dict[str, Callable[[World, Due], None]] = {"function-network-released": _released}
