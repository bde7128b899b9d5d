"""Peering: the way between two VPCs, with the routes on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed, Phase, Resource, Usual

from .ec2 import VALUES, Ec2Resource, Filters, Item, pages
from .led_routes import OVER_PEERING, LedRoute, inside, lead, routes_over, undo
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

DNS = "AllowDnsResolutionFromRemoteVpc"


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
    routes: frozenset[LedRoute] = frozenset()
    peer_routes: frozenset[LedRoute] = frozenset()

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        """Every connection, with the routes over it that this account has in this region."""
        found = pages(aws, "describe_vpc_peering_connections", "VpcPeeringConnections", Filters=filters)
        while some := list(islice(found, VALUES)):
            routes = routes_over(aws.ec2, OVER_PEERING, [item[cls.id_key] for item in some])
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
        mine = {"dns": _dns(own), "routes": inside(item["Routes"], own["VpcId"])}
        theirs = {"peer_dns": _dns(other), "peer_routes": inside(item["Routes"], other["VpcId"])}
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
        routes = routes_over(other, OVER_PEERING, [found.id]).get(found.id, ())
        return replace(
            found, fields={**found.fields, "peer_dns": _dns(side), "peer_routes": inside(routes, side["VpcId"])}
        )

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
                lead(client, OVER_PEERING, change.key, found.id)
            undo(client, OVER_PEERING, found.id, [change.key for change in changes.of(field).removals])

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Take the routes away on both sides first; let go of what AWS does not delete."""
        if found.details["state"] in DEAD:
            aws.ec2.delete_tags(Resources=[found.id], Tags=[{"Key": key} for key in sorted(found.tags)])
            return
        for client, field in ((aws.ec2, "routes"), (_other_side(aws, found), "peer_routes")):
            undo(client, OVER_PEERING, found.id, found.fields.get(field, ()))
        aws.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=found.id)


def _other_side(aws: Aws, found: Observed) -> Any:
    """EC2 as the owner of the other side; None where we may not act for them."""
    account = found.fields["account"]
    return aws.ec2_of("" if account == found.details["own_account"] else account, found.fields["region"])


def _place(side: Item) -> tuple[str, str]:
    return side["OwnerId"], side.get("Region", "")


def _dns(side: Item) -> bool:
    return bool((side.get("PeeringOptions") or {}).get(DNS, False))
