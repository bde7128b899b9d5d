"""Somebody's VPN gateway, attached to a VPC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.errors import Rejected
from awslab.core.ownership import OWNER_TAG, PREFIX
from awslab.core.resource import Ids, Observed, Phase, Usual

from . import blockers
from .ec2 import Ec2Resource, Filters, Item, unless_gone
from .network import Vpc
from .session import Aws

ATTACHING: dict[str, Phase] = {"attaching": Phase.PENDING, "detaching": Phase.DELETING}


@dataclass(frozen=True, kw_only=True)
class VpnGateway(Ec2Resource):
    """A VPN gateway that exists, while it serves our VPC; it is never made or deleted here.

    AWS gives an attachment neither an id nor tags, so the gateway itself bears ours for as long as we have it;
    what else stands on it, its name too, is its owner's.
    """

    noun: ClassVar = "vpn-gateway"
    id_key: ClassVar = "VpnGatewayId"
    id_filter: ClassVar = "vpn-gateway-id"
    usual: ClassVar = Usual(create=10, delete=10)
    mutable: ClassVar = frozenset({"vpc"})
    taggable: ClassVar = False
    phases: ClassVar = {**Ec2Resource.phases, "deleting": Phase.DELETING, "deleted": Phase.GONE}

    gateway: str
    vpc: Vpc

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        """Every gateway; AWS lists them on one page."""
        return list(aws.ec2.describe_vpn_gateways(Filters=filters)["VpnGateways"])

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {"gateway": item["VpnGatewayId"], "vpc": _place(item).get("VpcId")}

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        """Read one description, without the tags of its owner; others may refer to it once it is attached."""
        found, state = super().read(item, name), _place(item).get("State")
        phase = ATTACHING.get(str(state), Phase.READY) if found.phase is Phase.READY else found.phase
        return replace(found, tags=_ours(found.tags), phase=phase, usable=state == "attached")

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Take the gateway; it is attached next, as one that somebody has detached would be.

        Raises Rejected where it serves another VPC, or another object.
        """
        item = next(iter(self.describe(aws, blockers.filters(self.id_filter, self.gateway))), None)
        if item is None or item["State"] != "available":
            raise Rejected(f"{self.gateway} is no VPN gateway of this account and region; name one that exists")
        _check_free(aws, item, ids.of(self.vpc))
        tags = [{"Key": key, "Value": value} for key, value in sorted(_ours(aws.owner.birth_tags(self)).items())]
        aws.ec2.create_tags(Resources=[self.gateway], Tags=tags)
        return self.made(aws, item)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Attach it, unless somebody has given it to another VPC meanwhile."""
        if elsewhere := found.fields["vpc"]:
            raise Rejected(_elsewhere(found.id, elsewhere))
        aws.ec2.attach_vpn_gateway(VpnGatewayId=found.id, VpcId=changes.desired("vpc"))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Detach it from a VPC of ours; let it go once it is attached no more, or to somebody's VPC."""
        vpc = found.fields["vpc"]
        if vpc and _is_ours(aws, vpc):
            with unless_gone():
                aws.ec2.detach_vpn_gateway(VpnGatewayId=found.id, VpcId=vpc)
        else:
            aws.ec2.delete_tags(Resources=[found.id], Tags=[{"Key": key} for key in sorted(found.tags)])


def _place(item: Item) -> Item:
    """Its attachment, for it has one at most; one that has been undone is none."""
    return next((a for a in item.get("VpcAttachments", ()) if a["State"] != "detached"), {})


def _ours(tags: Any) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key.startswith(PREFIX)}


def _is_ours(aws: Aws, vpc: str) -> bool:
    found = aws.ec2.describe_vpcs(Filters=[*blockers.filters("vpc-id", vpc)])["Vpcs"]
    return any(blockers.owner(item) == aws.owner.key for item in found)


def _check_free(aws: Aws, item: Item, vpc: str) -> None:
    """Raise Rejected where the gateway is not to be had for *vpc*."""
    id_, there, owner = item["VpnGatewayId"], _place(item).get("VpcId"), blockers.owner(item)
    if there and there != vpc:
        raise Rejected(_elsewhere(id_, f"{there} (of {owner})" if owner else there))
    if owner not in {"", aws.owner.key}:
        raise Rejected(f"{id_} belongs to {owner}, as its tag {OWNER_TAG} says; let that one go first, or name another")


def _elsewhere(gateway: str, place: str) -> str:
    only = "and a VPN gateway serves one VPC at a time"
    return f"{gateway} is attached to {place}, {only}; detach it there, or name another gateway"
