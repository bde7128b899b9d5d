"""Where everything of a network stands on the page: zones are columns, tiers are rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from awslab.checks.model import LOCAL, GatewayKind, Interface, NatGateway, Network, Route, RouteTable, Subnet

from .svg import Box

MARGIN = 20
LABEL = 84
"""Pixels at the left for the tiers' names."""
CELL = 216
GUTTER = 44
"""Pixels between two columns, for lines."""
LANE = 9
"""Pixels between two lines side by side."""
PAD = 10
ROW_GAP = 22
ITEM = 24
ITEM_GAP = 6
HEADER = 42
"""Pixels of a subnet's name and CIDR."""
ROUTE = 15
TOP = 96
"""Pixels from the page's top to the VPC, for the title and the internet."""
VPC_HEAD = 66
"""Pixels of the VPC's own title and the lines to its gateways; the zones' names come below."""
ZONE_HEAD = 24
SIDE = 190
"""Pixels at the right for what stands beside the VPC."""
MOST_ITEMS, MOST_ROUTES = 6, 5
TIERS = ("public", "private", "data")


@dataclass(frozen=True)
class Cell:
    """A subnet on the page."""

    subnet: Subnet
    box: Box
    row: int
    routes: tuple[Route, ...]
    interfaces: tuple[Interface, ...]
    nats: tuple[NatGateway, ...]

    @property
    def items_top(self) -> float:
        """Where the boxes within it begin."""
        return self.box.y + HEADER + len(self.shown_routes) * ROUTE + 4

    @property
    def shown_routes(self) -> list[str]:
        """Its routes for people; those to the VPC itself are understood."""
        texts = [f"{r.destination} → {r.target}" + (" (blackhole)" if r.blackhole else "") for r in self.routes]
        more = [f"and {len(texts) - MOST_ROUTES + 1} more routes"] if len(texts) > MOST_ROUTES else []
        return [*texts[: MOST_ROUTES - len(more)], *more] or ["local only"]

    def item(self, place: int) -> Box:
        """The box of what stands at *place*; NAT gateways come last."""
        top = self.items_top + place * (ITEM + ITEM_GAP)
        return Box(self.box.x + PAD, top, CELL - 2 * PAD, ITEM)

    def nat_box(self, nat: NatGateway) -> Box:
        """The box of one of its NAT gateways."""
        return self.item(len(self.shown_interfaces) + self.nats.index(nat))

    @property
    def shown_interfaces(self) -> list[Interface | str]:
        """Its interfaces as far as there is room, and how many more there are."""
        if len(self.interfaces) <= MOST_ITEMS:
            return [*self.interfaces]
        rest = len(self.interfaces) - MOST_ITEMS + 1
        return [*self.interfaces[: MOST_ITEMS - 1], f"and {rest} more interfaces"]


@dataclass(frozen=True)
class Plan:
    """The page of the first VPC of a network."""

    network: Network

    @cached_property
    def vpc(self) -> str:
        """Whose page it is."""
        return self.network.vpcs[0].id

    @cached_property
    def subnets(self) -> tuple[Subnet, ...]:
        """The VPC's own, in the order in which they are read."""
        own = (s for s in self.network.subnets if s.vpc == self.vpc)
        return tuple(sorted(own, key=lambda s: (_tier(s), s.zone, s.name, s.id)))

    @cached_property
    def zones(self) -> list[str]:
        """The columns."""
        return sorted({s.zone for s in self.subnets})

    @cached_property
    def rows(self) -> list[tuple[str, dict[str, Subnet]]]:
        """The rows: a tier's name, and a subnet for each zone; a second one of a zone makes another row."""
        rows: list[tuple[str, dict[str, Subnet]]] = []
        for subnet in self.subnets:
            fitting = (row for tier, row in rows if tier == subnet.tier and subnet.zone not in row)
            row = next(fitting, None)
            if row is None:
                row = {}
                rows.append((subnet.tier, row))
            row[subnet.zone] = subnet
        return rows

    def table(self, subnet: Subnet) -> RouteTable | None:
        """The route table of a subnet."""
        own = next((t for t in self.network.tables if subnet.id in t.subnets), None)
        return own or next((t for t in self.network.tables if t.main and t.vpc == self.vpc), None)

    def _routes(self, subnet: Subnet) -> tuple[Route, ...]:
        table = self.table(subnet)
        return tuple(r for r in table.routes if r.target != LOCAL) if table else ()

    @cached_property
    def cells(self) -> Mapping[str, Cell]:
        """Every subnet's place by its id."""
        cells: dict[str, Cell] = {}
        top: float = TOP + VPC_HEAD + ZONE_HEAD
        for number, (_, row) in enumerate(self.rows):
            made = [self._cell(s, number, top) for s in row.values()]
            height = max(c.box.height for c in made)
            for cell in made:
                box = Box(cell.box.x, top, CELL, height)
                cells[cell.subnet.id] = Cell(cell.subnet, box, number, cell.routes, cell.interfaces, cell.nats)
            top += height + self.gap(number)
        return cells

    def _cell(self, subnet: Subnet, row: int, top: float) -> Cell:
        left = MARGIN + LABEL + GUTTER / 2 + self.zones.index(subnet.zone) * (CELL + GUTTER)
        held = sorted((i for i in self.network.interfaces if i.subnet == subnet.id), key=lambda i: (i.name, i.id))
        nats = sorted((n for n in self.network.nats if n.subnet == subnet.id), key=lambda n: (n.name, n.id))
        cell = Cell(subnet, Box(left, top, CELL, 0), row, self._routes(subnet), tuple(held), tuple(nats))
        items = len(cell.shown_interfaces) + len(nats)
        height = cell.items_top - top + items * (ITEM + ITEM_GAP) + PAD
        return Cell(subnet, Box(left, top, CELL, height), row, cell.routes, cell.interfaces, cell.nats)

    @cached_property
    def lanes(self) -> Mapping[tuple[int, str], float]:
        """How far below each row the line to each target runs that leaves or passes there."""
        used: dict[int, list[str]] = {}
        for row, target in sorted(set(self._crossings())):
            used.setdefault(row, []).append(target)
        return {(row, t): ROW_GAP / 2 + n * LANE for row, ts in used.items() for n, t in enumerate(ts)}

    def _crossings(self) -> Iterator[tuple[int, str]]:
        """The gaps below rows through which lines run, with their targets."""
        for number, (_, row) in enumerate(self.rows):
            for subnet in row.values():
                for route in self._routes(subnet):
                    yield (number - 1 if number and self.is_nat(route.target) else number), route.target

    def is_nat(self, target: str) -> bool:
        """Whether a route leads to a NAT gateway on this page."""
        return any(n.id == target and n.subnet in {s.id for s in self.subnets} for n in self.network.nats)

    def gap(self, row: int) -> float:
        """How much room there is below a row."""
        lanes = sum(1 for r, _ in self.lanes if r == row)
        return ROW_GAP + max(lanes - 1, 0) * LANE + (LANE if lanes else 0)

    def lane(self, row: int, target: str) -> float:
        """Where the line to *target* runs below a row."""
        bottom = max(c.box.bottom for c in self.cells.values() if c.row == row)
        return bottom + self.lanes[row, target]

    @cached_property
    def outer(self) -> Box:
        """The VPC itself."""
        columns = max(len(self.zones), 1)
        width = max(LABEL + columns * (CELL + GUTTER) + len(self.beside) * LANE, 480)
        last = max((c.row for c in self.cells.values()), default=0)
        bottom = max((c.box.bottom for c in self.cells.values()), default=TOP + VPC_HEAD)
        return Box(MARGIN, TOP, width, bottom + self.gap(last) - TOP + PAD, "vpc", radius=10)

    @cached_property
    def beside(self) -> Sequence[str]:
        """What stands at the right of the VPC: peerings, transit and VPN gateways, gateway endpoints, by their ids."""
        targets = {r.target for s in self.subnets for r in self._routes(s)}
        known = ("pcx-", "tgw-", "vgw-", "vpce-")
        peers = {p.id for p in self.network.peerings if self.vpc in p.vpcs}
        vpns = {g.id for g in self.network.gateways if g.vpc == self.vpc and g.kind is GatewayKind.VPN}
        return sorted({t for t in targets if t.startswith(known)} | peers | vpns)

    @property
    def width(self) -> float:
        """Of the page."""
        return self.outer.right + (SIDE if self.beside else 0) + MARGIN


def _tier(subnet: Subnet) -> int:
    return TIERS.index(subnet.tier) if subnet.tier in TIERS else len(TIERS)
