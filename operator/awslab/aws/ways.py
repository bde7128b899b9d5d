"""Which ways between networks some object keeps, routes and all; routes over any other were added by hand.

AWS does not tell who made a route.  One over a peering or a transit gateway is kept where the connection
or the attachment bears an owner's tag: by its owner, be that this object or another one that leads here.
A connection that somebody asked for in another account or region shows us no tags, so it is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set

from .blockers import owner
from .ec2 import Item, pages_of
from .session import Aws

OPEN = frozenset({"initiating-request", "pending-acceptance", "provisioning", "active"})
GONE = frozenset({"deleted", "failed", "rejected"})

Use = tuple[str, str]
"""A VPC, and a way that its tables lead over."""


def ways_with_keepers(aws: Aws, tables: Sequence[Item]) -> frozenset[Use]:
    """The ways over which *tables* lead and whose routes somebody keeps; asks AWS only where there are any."""
    used = {use: state for table in tables for use, state in _uses(table)}
    accounts = {str(table.get("OwnerId")) for table in tables}
    shown = dict([*_peerings(aws, used, accounts), *_attachments(aws, used)])
    # What AWS does not show yet, though routes lead over it, is judged when it does.
    unseen = {use for use, state in used.items() if use not in shown and state != "blackhole"}
    return frozenset(unseen | {use for use, kept in shown.items() if kept})


def _uses(table: Item) -> Iterator[tuple[Use, str]]:
    for route in table.get("Routes", ()):
        if way := route.get("VpcPeeringConnectionId") or route.get("TransitGatewayId"):
            yield (table["VpcId"], way), route.get("State", "")


def _peerings(aws: Aws, used: Iterable[Use], accounts: Set[str]) -> Iterator[tuple[Use, bool]]:
    """The connections; of one that was asked for elsewhere the tags are to be seen there only."""
    here, operation, key = aws.ec2.meta.region_name, "describe_vpc_peering_connections", "VpcPeeringConnections"
    for item in pages_of(aws, operation, key, "vpc-peering-connection-id", _ids(used, "pcx-")):
        asker = item["RequesterVpcInfo"]
        elsewhere = asker["OwnerId"] not in accounts or asker.get("Region", here) != here
        kept = item["Status"]["Code"] in OPEN and (bool(owner(item)) or elsewhere)
        for side in (asker, item["AccepterVpcInfo"]):
            yield (side["VpcId"], item["VpcPeeringConnectionId"]), kept


def _attachments(aws: Aws, used: Iterable[Use]) -> Iterator[tuple[Use, bool]]:
    operation, key = "describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments"
    for item in pages_of(aws, operation, key, "transit-gateway-id", _ids(used, "tgw-")):
        if item["State"] not in GONE:
            yield (item["VpcId"], item["TransitGatewayId"]), bool(owner(item))


def _ids(used: Iterable[Use], prefix: str) -> list[str]:
    return sorted({way for _, way in used if way.startswith(prefix)})
