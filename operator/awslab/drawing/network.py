"""A network as people draw it: the VPC, its zones as columns, its tiers as rows, gateways, routes as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from textwrap import wrap

from awslab.checks.index import is_supposed
from awslab.checks.model import GatewayKind, Interface, NatGateway, Network
from awslab.checks.reach import Verdict

from .lines import Lines
from .plan import CELL, HEADER, LABEL, MARGIN, PAD, ROUTE, TOP, VPC_HEAD, ZONE_HEAD, Cell, Plan
from .style import CSS, LEGEND, gravest
from .svg import ASPECT, SIZE, Box, Line, Shape, Text, document, fitted, width_of

SMALL, LARGE, TITLE = 11, 13, 15
LEADING = 18
INDENT = 17


def drawn(
    network: Network, title: str, *, states: Mapping[str, str] | None = None, verdict: Verdict | None = None
) -> str:
    """The first VPC of *network* as SVG; *states* by id give colors, *verdict* shows the way of a flow."""
    supposed = tuple(_supposed(verdict)) if verdict else ()
    whole = replace(network, interfaces=(*network.interfaces, *supposed))
    return _Drawing(Plan(whole), title, states or {}, verdict).text()


def _supposed(verdict: Verdict) -> Iterator[Interface]:
    """What the verdict supposes, so that it has a place on the page."""
    found = {h.id: h for h in verdict.hops if h.id.startswith("supposed/")}
    for hop in found.values():
        yield Interface(
            hop.id, hop.id.rpartition("/")[2], (), (), name=hop.name.partition(" in ")[0], hypothetical=True
        )


@dataclass(frozen=True)
class _Drawing:
    plan: Plan
    title: str
    states: Mapping[str, str]
    verdict: Verdict | None
    used: set[str] = field(default_factory=set)
    """The styles that the legend has to explain."""

    def text(self) -> str:
        shapes = [*self._frame(), *self._cells(), *self._lines(), *self._edge(), *self._beside()]
        foot = self.plan.outer.bottom + 26
        foot, legend = self._legend(foot)
        below = [*self._way(foot)]
        bottom = max([foot, *(t.y for t in below)]) + MARGIN
        page = Box(0, 0, self.plan.width, bottom, "page", radius=0)
        every: list[Shape] = [page, *shapes, *legend, *below]
        return document(every, self.plan.width, bottom, self.title, self._about(), CSS)

    def _about(self) -> str:
        vpc = self.plan.network.vpcs[0]
        tiers = ", ".join(dict.fromkeys(t or "other" for t, _ in self.plan.rows))
        told = f"VPC {', '.join(vpc.cidrs)} in the zones {', '.join(self.plan.zones)}; subnets: {tiers}."
        return f"{told} {self.verdict.flow}: {self.verdict.decided_by}." if self.verdict else told

    def _style(self, base: str, id_: str, *parts: str) -> str:
        """A box's class: its kind, its state and that of its *parts*, and whether a flow passes it or ends there."""
        styles = [base, gravest(self.states.get(i, "") for i in (id_, *parts)), self._passing(id_)]
        self.used.update(filter(None, styles[1:]))
        return " ".join(filter(None, styles))

    def _passing(self, id_: str) -> str:
        here = [h for h in (self.verdict.hops if self.verdict else ()) if id_ in (h.id, h.subnet)]
        if any(not h.passed for h in here):
            return "closed"
        return "path" if here else ""

    def _frame(self) -> Iterator[Shape]:
        outer, vpc = self.plan.outer, self.plan.network.vpcs[0]
        yield Text(MARGIN, 24, fitted(self.title, outer.width, TITLE), "head", TITLE)
        yield replace(outer, style=self._style("vpc", vpc.id))
        room = min([b.x for b in self._lines_of.edge_gateways().values()], default=outer.right) - outer.x - 2 * PAD
        words = " ".join(["VPC", *(w for w in (vpc.name, vpc.id) if w not in {"", "vpc"})])
        yield Text(outer.x + PAD, TOP + 20, fitted(words, room, LARGE), "head", LARGE)
        yield Text(outer.x + PAD, TOP + 38, fitted(", ".join(vpc.cidrs), room, SMALL), "mono", SMALL)
        for zone in self.plan.zones:
            left = next(c.box.x for c in self.plan.cells.values() if c.subnet.zone == zone)
            yield Text(left, TOP + VPC_HEAD + ZONE_HEAD - 8, fitted(zone, CELL), "head")
        yield from self._tiers()

    @property
    def _lines_of(self) -> Lines:
        return Lines(self.plan)

    def _tiers(self) -> Iterator[Shape]:
        for number, (tier, row) in enumerate(self.plan.rows):
            cell = next(c for c in self.plan.cells.values() if c.row == number)
            yield Text(MARGIN + PAD, cell.box.y + 18, fitted(tier or "other", LABEL, LARGE), "head", LARGE)
            ids = {s.id for s in row.values()}
            acls = sorted({a.name or a.id for a in self.plan.network.acls if a.subnets & ids})
            for line, acl in enumerate(acls[:3]):
                yield Text(
                    MARGIN + PAD, cell.box.y + 36 + line * ROUTE, fitted(f"ACL {acl}", LABEL, SMALL), "note", SMALL
                )

    def _lines(self) -> Iterator[Line]:
        hops = self.verdict.hops if self.verdict else ()
        passed = {(h.subnet, h.id) for h in hops}
        targets = {h.id for h in hops}
        lines = [*self._to_the_internet()]
        for cell, route, line in self._lines_of.routes():
            table = self.plan.table(cell.subnet)
            on_way = table and (cell.subnet.id, table.id) in passed and route.target in targets
            lines.append(replace(line, style="line path") if on_way else line)
        yield from sorted(lines, key=lambda line: line.style)

    def _to_the_internet(self) -> Iterator[Line]:
        internet = self._internet()
        for box in self._lines_of.edge_gateways().values():
            middle, level = box.x + box.width / 2, internet.y + internet.height / 2
            if abs(middle - internet.x - internet.width / 2) < 1:
                yield Line([(middle, box.y), (middle, internet.bottom)])
            else:
                side = internet.x if middle < internet.x else internet.right
                yield Line([(middle, box.y), (middle, level), (side, level)])

    def _internet(self) -> Box:
        """Above the internet gateway, if there is one."""
        first = next(iter(self._lines_of.edge_gateways().values()), None)
        outer = self.plan.outer
        middle = first.x + first.width / 2 if first else outer.x + outer.width / 2
        return Box(middle - 55, 36, 110, 26, "edge", radius=13)

    def _cells(self) -> Iterator[Shape]:
        for cell in self.plan.cells.values():
            yield from self._cell(cell)

    def _cell(self, cell: Cell) -> Iterator[Shape]:
        subnet, box, network = cell.subnet, cell.box, self.plan.network
        table = self.plan.table(subnet)
        parts = (table.id if table else "", *(a.id for a in network.acls if subnet.id in a.subnets))
        yield replace(box, style=self._style("cell", subnet.id, *parts), title=subnet.id)
        room = CELL - 2 * PAD
        yield Text(box.x + PAD, box.y + 18, fitted(subnet.name or subnet.id, room, LARGE), "head", LARGE)
        yield Text(box.x + PAD, box.y + 34, fitted(", ".join(subnet.cidrs), room, SMALL), "mono", SMALL)
        for line, route in enumerate(cell.shown_routes):
            level = box.y + HEADER + (line + 1) * ROUTE - 5
            yield Text(box.x + PAD, level, fitted(self._named(route), room, SMALL), "mono", SMALL)
        for place, held in enumerate(cell.shown_interfaces):
            yield from self._interface(cell.item(place), held)
        for nat in cell.nats:
            yield from self._nat(cell.nat_box(nat), nat)

    def _named(self, route: str) -> str:
        """A route with the name of its target, which is shorter than its id."""
        destination, arrow, rest = route.partition(" → ")
        target, space, more = rest.partition(" ")
        named = {n.id: f"NAT {n.name}" for n in self.plan.network.nats if n.name}
        named |= {g.id: g.name for g in self.plan.network.gateways if g.name}
        named |= {e.id: f"endpoint {e.name or e.service}" for e in self.plan.network.endpoints}
        return f"{destination}{arrow}{named.get(target, target)}{space}{more}"

    def _interface(self, box: Box, held: Interface | str) -> Iterator[Shape]:
        if isinstance(held, str):
            yield from _labeled(replace(box, style="box"), held)
            return
        base = "box supposed" if held.hypothetical else "box"
        if held.hypothetical:
            self.used.add("supposed")
        address = f" {held.addresses[0]}" if held.addresses else ""
        style = self._style(base, held.id, held.instance) if held.id else base
        about = " ".join(filter(None, (held.id, held.instance, *held.addresses, held.public_ip)))
        yield from _labeled(replace(box, style=style, title=about), f"{held.name or held.id}{address}")

    def _nat(self, box: Box, nat: NatGateway) -> Iterator[Shape]:
        style = self._style("edge", nat.id)
        seen = "" if is_supposed(nat.public_ip) else nat.public_ip or "private"
        yield from _labeled(replace(box, style=style, title=nat.id), f"NAT {nat.name or nat.id} {seen}".rstrip())

    def _edge(self) -> Iterator[Shape]:
        yield from _labeled(self._internet(), "internet", centered=True)
        names = {g.id: (g.name, g.kind) for g in self.plan.network.gateways}
        for id_, box in self._lines_of.edge_gateways().items():
            name, kind = names[id_]
            what = "IGW" if kind is GatewayKind.INTERNET else "egress-only"
            label = f"{what} {name}" if name and name.lower() != what.lower() else what
            yield from _labeled(replace(box, style=self._style("edge", id_), title=id_), label, centered=True)

    def _beside(self) -> Iterator[Shape]:
        for id_, box in self._lines_of.beside().items():
            kind, about = self._stranger(id_)
            yield replace(box, style=self._style("edge", id_), title=id_)
            room = box.width - 2 * PAD
            yield Text(box.x + PAD, box.y + 18, fitted(kind, room), "text")
            yield Text(box.x + PAD, box.y + 35, fitted(about, room, SMALL), "mono", SMALL)

    def _stranger(self, id_: str) -> tuple[str, str]:
        """What something beside the VPC is, and which one."""
        network = self.plan.network
        if peering := next((p for p in network.peerings if p.id == id_), None):
            other = 1 - peering.vpcs.index(self.plan.vpc) if self.plan.vpc in peering.vpcs else 1
            return f"peering, {peering.state}", ", ".join(peering.cidrs[other]) or peering.vpcs[other]
        if endpoint := next((e for e in network.endpoints if e.id == id_), None):
            return f"endpoint {endpoint.service}", id_
        return ("transit gateway" if id_.startswith("tgw-") else "VPN gateway"), id_

    def _legend(self, top: float) -> tuple[float, list[Shape]]:
        """What the colors mean that are used; with the place below it."""
        shapes: list[Shape] = []
        left = float(MARGIN)
        for style, words in LEGEND.items():
            if style in self.used:
                width = 34 + width_of(words, SMALL) + 18
                if left + width > self.plan.width - MARGIN and left > MARGIN:
                    left, top = MARGIN, top + LEADING
                shapes += [
                    Box(left, top - 10, 24, 12, f"cell {style}", radius=3),
                    Text(left + 32, top, words, "note", SMALL),
                ]
                left += width
        return (top + LEADING if shapes else top - LEADING), shapes

    def _way(self, top: float) -> Iterator[Text]:
        """The verdict, and its hops as sentences."""
        if self.verdict is None:
            return
        room = int((self.plan.width - 2 * MARGIN - INDENT) / (SIZE * ASPECT))
        sentences = [f"{self.verdict.flow}: {self.verdict.decided_by}"]
        sentences += [f"{'←' if h.answer else '→'} {h.text}" for h in self.verdict.hops]
        lines = [(n, part, line) for n, s in enumerate(sentences) for part, line in enumerate(wrap(s, room))]
        for place, (number, part, line) in enumerate(lines):
            left = MARGIN + (INDENT if part else 0)
            yield Text(left, top + 8 + place * LEADING, line, "text" if number else "head")


def _labeled(box: Box, label: str, *, centered: bool = False) -> Iterator[Shape]:
    yield box
    left, anchor = (box.x + box.width / 2, "middle") if centered else (box.x + 8, "start")
    yield Text(left, box.y + box.height / 2 + 4, fitted(label, box.width - 16), "text", anchor=anchor)
