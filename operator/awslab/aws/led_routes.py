"""Routes that belong to a way between networks: made with it, in every table that leads there, and gone before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from awslab.core.resource import Resource

from .ec2 import unless_gone


@dataclass(frozen=True)
class LedRoute:
    """A route over such a way: in which table, to where."""

    table: Resource | str
    cidr: str

    def __str__(self) -> str:
        return f"{self.cidr} in {getattr(self.table, 'address', self.table)}"


@dataclass(frozen=True)
class Way:
    """What EC2 calls one type of way in its routes."""

    key: str
    filter: str


Found = Mapping[str, Sequence[tuple[str, LedRoute]]]
"""By the ids of ways, the routes over them, each with the VPC of its table."""

OVER_PEERING = Way("VpcPeeringConnectionId", "route.vpc-peering-connection-id")
OVER_TRANSIT_GATEWAY = Way("TransitGatewayId", "route.transit-gateway-id")


def routes_over(client: Any, way: Way, ids: Sequence[str]) -> Found:
    """Every route over the ways with these *ids* that *client* is shown."""
    wanted = [{"Name": way.filter, "Values": list(ids)}]
    found: defaultdict[str, list[tuple[str, LedRoute]]] = defaultdict(list)
    for page in client.get_paginator("describe_route_tables").paginate(Filters=wanted):
        for table in page["RouteTables"]:
            for route in table["Routes"]:
                if "DestinationCidrBlock" in route and (id_ := route.get(way.key)):
                    led = LedRoute(table["RouteTableId"], route["DestinationCidrBlock"])
                    found[id_].append((table["VpcId"], led))
    return found


def inside(routes: Iterable[tuple[str, LedRoute]], vpc: str) -> frozenset[LedRoute]:
    """Those in the tables of one VPC."""
    return frozenset(route for of, route in routes if of == vpc)


def lead(client: Any, way: Way, route: LedRoute, id_: str) -> None:
    """Lead a table over a way, in place of whatever else leads there."""
    put(client, {"RouteTableId": route.table, "DestinationCidrBlock": route.cidr, way.key: id_})


def put(client: Any, arguments: Mapping[str, Any]) -> None:
    """Make a route, in place of one to the same destination."""
    try:
        client.create_route(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != "RouteAlreadyExists":
            raise
        client.replace_route(**arguments)


def undo(client: Any, way: Way, id_: str, routes: Iterable[LedRoute]) -> None:
    """Take routes away, but for those that lead over another way by now."""
    wanted = frozenset(routes)
    there = {route for _, route in routes_over(client, way, [id_]).get(id_, ())} if wanted else ()
    for route in sorted(wanted.intersection(there), key=str):
        with unless_gone():
            client.delete_route(RouteTableId=route.table, DestinationCidrBlock=route.cidr)
