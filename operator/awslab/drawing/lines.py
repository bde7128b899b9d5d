"""Routes as lines: through the gaps between boxes, never through a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from awslab.checks.model import Gateway, GatewayKind, NatGateway, Route

from .plan import GUTTER, LANE, MARGIN, TOP, VPC_HEAD, Cell, Plan
from .svg import Box, Line

GATEWAY = (136, 34)
"""Width and height of a gateway on the VPC's edge."""
BUS = TOP + 52
"""Where the lines to the internet gateway meet; those to an egress-only one a lane below."""
BESIDE = (150, 44)


@dataclass(frozen=True)
class Lines:
    """The lines of one page."""

    plan: Plan

    def edge_gateways(self) -> Mapping[str, Box]:
        """The gateways on the VPC's upper edge by their ids."""
        kinds = (GatewayKind.INTERNET, GatewayKind.EGRESS_ONLY)
        own = [g for g in self.plan.network.gateways if g.vpc == self.plan.vpc and g.kind in kinds]
        width, height = GATEWAY
        left = MARGIN + (self.plan.outer.width - len(own) * (width + GUTTER) + GUTTER) / 2
        places = enumerate(sorted(own, key=_gateway_order))
        return {g.id: Box(left + n * (width + GUTTER), TOP - height / 2, width, height) for n, g in places}

    def beside(self) -> Mapping[str, Box]:
        """What stands at the right of the VPC by its id."""
        width, height = BESIDE
        left, top = self.plan.outer.right + GUTTER / 2, TOP + VPC_HEAD
        return {t: Box(left, top + n * (height + 14), width, height) for n, t in enumerate(self.plan.beside)}

    def nat_boxes(self) -> Mapping[str, tuple[Cell, NatGateway]]:
        """The NAT gateways on the page, with the cells in which they stand."""
        return {nat.id: (cell, nat) for cell in self.plan.cells.values() for nat in cell.nats}

    def routes(self) -> Iterator[tuple[Cell, Route, Line]]:
        """A line for each target of each subnet that is on the page."""
        edge, beside, nats = self.edge_gateways(), self.beside(), self.nat_boxes()
        for cell in self.plan.cells.values():
            for route in {r.target: r for r in cell.routes}.values():
                if route.target in edge:
                    yield cell, route, self._to_the_edge(cell, route, edge[route.target])
                elif route.target in nats:
                    yield cell, route, self._to_nat(cell, route, *nats[route.target])
                elif route.target in beside:
                    yield cell, route, self._aside(cell, route, beside[route.target])

    def _to_the_edge(self, cell: Cell, route: Route, gateway: Box) -> Line:
        """Out at the right, up beside the column, and along the bus."""
        lane = list(self.edge_gateways()).index(route.target) * LANE
        side, start, middle = cell.box.right + LANE + lane, cell.box.y + 16, gateway.x + gateway.width / 2
        bus = BUS + lane
        points = [(cell.box.right, start), (side, start), (side, bus), (middle, bus), (middle, gateway.bottom)]
        return Line(points, title=_about(cell, route))

    def _to_nat(self, cell: Cell, route: Route, home: Cell, nat: NatGateway) -> Line:
        """Straight up where the gateway stands just above; else by the gap and beside the gateway's column."""
        box = home.nat_box(nat)
        if home.row == cell.row - 1 and home.box.x == cell.box.x and nat == home.nats[-1]:
            middle = box.x + box.width / 2
            return Line([(middle, cell.box.y), (middle, box.bottom)], title=_about(cell, route))
        row, start = (cell.row - 1, cell.box.y) if cell.row else (0, cell.box.bottom)
        lane, left, side = self.plan.lane(row, route.target), cell.box.x + cell.box.width * 0.75, home.box.x - LANE
        level = box.y + box.height / 2
        points = [(left, start), (left, lane), (side, lane), (side, level), (box.x, level)]
        return Line(points, title=_about(cell, route))

    def _aside(self, cell: Cell, route: Route, box: Box) -> Line:
        """Down into the gap, right to the VPC's edge, and up to what stands beside it."""
        place = self.plan.beside.index(route.target)
        left, lane = cell.box.x + 24 + place * LANE, self.plan.lane(cell.row, route.target)
        trunk, level = self.plan.outer.right - LANE * (place + 1), box.y + box.height / 2
        points = [(left, cell.box.bottom), (left, lane), (trunk, lane), (trunk, level), (box.x, level)]
        return Line(points, title=_about(cell, route))


def _gateway_order(gateway: Gateway) -> tuple[bool, str]:
    return gateway.kind is not GatewayKind.INTERNET, gateway.id


def _about(cell: Cell, route: Route) -> str:
    return f"{cell.subnet.name or cell.subnet.id}: {route.destination} to {route.target}"
