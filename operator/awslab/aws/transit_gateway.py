"""The attachment of a VPC to somebody's transit gateway, with the routes that lead there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed, Phase, Usual

from .ec2 import VALUES, Ec2Resource, Filters, Item, pages
from .led_routes import OVER_TRANSIT_GATEWAY, LedRoute, inside, lead, routes_over, undo
from .network import Subnet, Vpc
from .session import Aws


@dataclass(frozen=True, kw_only=True)
class TransitGatewayAttachment(Ec2Resource):
    """A way to all networks behind a transit gateway, which has an interface in each of the subnets.

    Route tables leave routes over transit gateways alone: they are all here.
    """

    noun: ClassVar = "transit-gateway-attachment"
    id_key: ClassVar = "TransitGatewayAttachmentId"
    id_filter: ClassVar = "transit-gateway-attachment-id"
    usual: ClassVar = Usual(create=60, delete=60)
    mutable: ClassVar = frozenset({"subnets", "routes"})
    late: ClassVar = frozenset({"routes"})
    phases: ClassVar = {
        "available": Phase.READY,
        "deleting": Phase.DELETING,
        "deleted": Phase.GONE,
        "failed": Phase.FAILED,
        "rejected": Phase.FAILED,
    }

    gateway: str
    vpc: Vpc
    subnets: frozenset[Subnet]
    routes: frozenset[LedRoute] = frozenset()

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        """Every attachment, with the routes over its gateway in its VPC.

        AWS documents no filter for tags here; whose each is, is looked at by who asked.
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTransitGatewayVpcAttachments.html
        """
        wanted = [one for one in filters if not one["Name"].startswith("tag:")]
        key = "TransitGatewayVpcAttachments"
        found = pages(aws, "describe_transit_gateway_vpc_attachments", key, Filters=wanted)
        while some := list(islice(found, VALUES)):
            gateways = sorted({item["TransitGatewayId"] for item in some})
            routes = routes_over(aws.ec2, OVER_TRANSIT_GATEWAY, gateways)
            yield from ({**item, "Routes": routes.get(item["TransitGatewayId"], ())} for item in some)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        """What it shows; routes are compared once it is available."""
        fields = {"gateway": item["TransitGatewayId"], "vpc": item["VpcId"], "subnets": frozenset(item["SubnetIds"])}
        if item["State"] != "available":
            return fields
        return {**fields, "routes": inside(item.get("Routes", ()), item["VpcId"])}

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        waits = {"FailureMessage": f"waits for the owner of {item['TransitGatewayId']}, who accepts the attachment"}
        return super().read({**item, **(waits if item["State"] == "pendingAcceptance" else {})}, name)

    def create(self, aws: Aws, ids: Ids) -> Observed:
        answer = aws.ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=self.gateway,
            VpcId=ids.of(self.vpc),
            SubnetIds=sorted(ids.of(subnet) for subnet in self.subnets),
            TagSpecifications=aws.tagged(self, self.noun),
        )
        return self.made(aws, answer["TransitGatewayVpcAttachment"])

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Subnets first, since their tables may lead there next."""
        subnets = changes.of("subnets")
        if subnets:
            aws.ec2.modify_transit_gateway_vpc_attachment(
                TransitGatewayAttachmentId=found.id,
                AddSubnetIds=sorted(c.key for c in subnets.additions),
                RemoveSubnetIds=sorted(c.key for c in subnets.removals),
            )
        for change in changes.of("routes").additions:
            lead(aws.ec2, OVER_TRANSIT_GATEWAY, change.key, found.fields["gateway"])
        gone = [change.key for change in changes.of("routes").removals]
        undo(aws.ec2, OVER_TRANSIT_GATEWAY, found.fields["gateway"], gone)

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Take the routes away first: without the attachment they lead nowhere."""
        undo(aws.ec2, OVER_TRANSIT_GATEWAY, found.fields["gateway"], found.fields.get("routes", ()))
        aws.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=found.id)
