"""Peering: the way between two VPCs, with the routes on both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed, Phase, Resource, Usual

from .ec2 import Ec2Resource, Filters, Item, pages, unless_gone
from .network import Vpc
from .session import Aws

ACTIVE, ASKED = "active", "pending-acceptance"
PHASES: Mapping[str, Phase] = {
    "initiating-request": Phase.PENDING,
    ASKED: Phase.READY,
    "provisioning": Phase.PENDING,
    ACTIVE: Phase.READY,
    "deleting": Phase.DELETING,
    "deleted": Phase.GONE,
}
"""https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle"""

DEAD = frozenset({"failed", "rejected", "expired"})
"""What nothing comes of any more; AWS shows it for hours or days, and neither changes nor deletes it."""

VALUES = 200
"""The values of a filter: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""

DNS = "AllowDnsResolutionFromRemoteVpc"


@dataclass(frozen=True)
class PeerRoute:
    """A route over a peering: in which table, to where."""

    table: Resource | str
    cidr: str

    def __str__(self) -> str:
        return f"{self.cidr} in {getattr(self.table, 'address', self.table)}"


@dataclass(frozen=True, kw_only=True)
class Peering(Ec2Resource):
    """A connection that we ask for, accept where we may act for its other side, and lead routes over.

    Route tables leave routes over peerings alone: they are all here, so that they come with the
    connection and go before it, on the other side too.
    """

    noun: ClassVar = "vpc-peering-connection"
    id_key: ClassVar = "VpcPeeringConnectionId"
    id_filter: ClassVar = "vpc-peering-connection-id"
    usual: ClassVar = Usual(create=5, delete=5)
    mutable: ClassVar = frozenset({"dns", "peer_dns", "routes", "peer_routes"})
    late: ClassVar = frozenset({"routes", "peer_routes"})
    # Of another account or region; our own listing shows the rest.
    one_by_one: ClassVar = frozenset({"peer_dns", "peer_routes"})

    vpc: Vpc
    peer: str | Resource
    account: str
    """Of the other side, as its region."""
    region: str
    dns: bool = True
    """Whether the other side finds our private addresses by their public names."""
    peer_dns: bool = True
    routes: frozenset[PeerRoute] = frozenset()
    peer_routes: frozenset[PeerRoute] = frozenset()

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        """Every connection, with the routes over it that this account has in this region."""
        found = pages(aws, "describe_vpc_peering_connections", "VpcPeeringConnections", Filters=filters)
        while some := list(islice(found, VALUES)):
            routes = _routes(aws.ec2, [item[cls.id_key] for item in some])
            yield from ({**item, "Routes": routes.get(item[cls.id_key], ())} for item in some)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        """What this side shows; names and routes are compared once it is active."""
        own, other = item["RequesterVpcInfo"], item["AccepterVpcInfo"]
        fields = {
            "vpc": own["VpcId"],
            "peer": other["VpcId"],
            "account": other["OwnerId"],
            "region": other.get("Region", own.get("Region")),
        }
        if item["Status"]["Code"] != ACTIVE:
            return fields
        mine = {"dns": _dns(own), "routes": _of(item["Routes"], own)}
        theirs = {"peer_dns": _dns(other), "peer_routes": _of(item["Routes"], other)}
        return fields | mine | (theirs if _place(own) == _place(other) else {})

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:
        own = item["RequesterVpcInfo"]
        return {"state": item["Status"]["Code"], "own_account": own["OwnerId"], "own_region": own.get("Region", "")}

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        found, state = super().read(item, name), item["Status"]["Code"]
        message = f"{state}: {item['Status'].get('Message', '')}" if state in DEAD else ""
        phase = PHASES.get(state, Phase.PENDING)
        return replace(found, phase=phase, usable=state == ACTIVE, message=message)

    @classmethod
    def examined(cls, aws: Aws, found: Observed) -> Observed:
        """Add what the other side tells, where that is in another account or region."""
        other = _other_side(aws, found)
        if found.details["state"] == ASKED and other is None:
            owner = found.fields["account"]
            message = f"waits for the owner of account {owner}, who accepts {found.id}"
            return replace(found, phase=Phase.PENDING, message=message)
        if found.details["state"] == ASKED:
            # Without any route, so that there is something to do about it: the first is to accept it.
            return replace(found, fields={**found.fields, "routes": frozenset()})
        if found.details["state"] != ACTIVE or other is None or "peer_dns" in found.fields:
            return found
        answer = other.describe_vpc_peering_connections(VpcPeeringConnectionIds=[found.id])
        side = answer["VpcPeeringConnections"][0]["AccepterVpcInfo"]
        routes = _routes(other, [found.id]).get(found.id, ())
        return replace(found, fields={**found.fields, "peer_dns": _dns(side), "peer_routes": _of(routes, side)})

    def create(self, aws: Aws, ids: Ids) -> Observed:
        answer = aws.ec2.create_vpc_peering_connection(
            VpcId=ids.of(self.vpc),
            PeerVpcId=self.peer if isinstance(self.peer, str) else ids.of(self.peer),
            PeerOwnerId=self.account,
            PeerRegion=self.region,
            TagSpecifications=aws.tagged(self, self.noun),
        )
        return self.made(aws, answer["VpcPeeringConnection"])

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Accept it; then names and routes, new ones first."""
        other = _other_side(aws, found)
        if found.details["state"] == ASKED:
            other.accept_vpc_peering_connection(VpcPeeringConnectionId=found.id)
            return
        for field, client, side in (("dns", aws.ec2, "Requester"), ("peer_dns", other, "Accepter")):
            if changes.of(field):
                options = {f"{side}PeeringConnectionOptions": {DNS: changes.desired(field)}}
                client.modify_vpc_peering_connection_options(VpcPeeringConnectionId=found.id, **options)
        for field, client in (("routes", aws.ec2), ("peer_routes", other)):
            for change in changes.of(field).additions:
                _lead(client, change.key, found.id)
            _undo(client, [change.key for change in changes.of(field).removals])

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Take the routes away on both sides first; let go of what AWS does not delete."""
        if found.details["state"] in DEAD:
            aws.ec2.delete_tags(Resources=[found.id], Tags=[{"Key": key} for key in sorted(found.tags)])
            return
        for client, field in ((aws.ec2, "routes"), (_other_side(aws, found), "peer_routes")):
            _undo(client, found.fields.get(field, ()))
        aws.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=found.id)


def _other_side(aws: Aws, found: Observed) -> Any:
    """EC2 as the owner of the other side; None where we may not act for them."""
    account = found.fields["account"]
    return aws.ec2_of("" if account == found.details["own_account"] else account, found.fields["region"])


def _place(side: Item) -> tuple[str, str]:
    return side["OwnerId"], side.get("Region", "")


def _dns(side: Item) -> bool:
    return bool((side.get("PeeringOptions") or {}).get(DNS, False))


def _of(routes: Iterable[tuple[str, PeerRoute]], side: Item) -> frozenset[PeerRoute]:
    """Those in the tables of one side's VPC."""
    return frozenset(route for vpc, route in routes if vpc == side["VpcId"])


def _routes(client: Any, peerings: Sequence[str]) -> Mapping[str, list[tuple[str, PeerRoute]]]:
    """By the ids of the *peerings*, every route over them that *client* is shown, with its VPC."""
    wanted = [{"Name": "route.vpc-peering-connection-id", "Values": list(peerings)}]
    found: defaultdict[str, list[tuple[str, PeerRoute]]] = defaultdict(list)
    for page in client.get_paginator("describe_route_tables").paginate(Filters=wanted):
        for table in page["RouteTables"]:
            for route in table["Routes"]:
                if "DestinationCidrBlock" in route and (peering := route.get("VpcPeeringConnectionId")):
                    led = PeerRoute(table["RouteTableId"], route["DestinationCidrBlock"])
                    found[peering].append((table["VpcId"], led))
    return found


def _lead(client: Any, route: PeerRoute, peering: str) -> None:
    """Lead a table to the other side, in place of whatever else leads there."""
    arguments = {
        "RouteTableId": route.table,
        "DestinationCidrBlock": route.cidr,
        "VpcPeeringConnectionId": peering,
    }
    try:
        client.create_route(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != "RouteAlreadyExists":
            raise
        client.replace_route(**arguments)


def _undo(client: Any, routes: Iterable[PeerRoute]) -> None:
    for route in sorted(routes, key=str):
        with unless_gone():
            client.delete_route(RouteTableId=route.table, DestinationCidrBlock=route.cidr)
