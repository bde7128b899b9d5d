"""Drawings of networks: complete, the same each time, and every text with a place of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings

from awslab.checks.model import Interface
from awslab.checks.reach import Flow, reach
from awslab.drawing.network import drawn
from tests.unit.checks.networks import production
from tests.unit.checks.test_aws_documents import dual_stack, peered, with_endpoint
from tests.unit.checks.topologies import networks

TITLE = "LabVpc lab/production"
SVG = "{http://www.w3.org/2000/svg}"
WIDTH = 0.61
"""A letter's width by its height, at most."""


def crowded():
    """A subnet with more in it than there is room for, and long names everywhere."""
    network = production("abc", nats="single", bastion=True, web=True)
    more = tuple(
        Interface(f"eni-{n}", "subnet-private-a", (f"10.0.16.{40 + n}",), ("sg-app",), "", f"a-rather-long-name-{n}")
        for n in range(12)
    )
    return replace(network, interfaces=(*network.interfaces, *more))


NETWORKS = {
    "two-zones": production,
    "six-zones": lambda: production("abcdef", bastion=True, web=True),
    "one-nat": lambda: production("abc", nats="single"),
    "no-nat": lambda: production(nats=None),
    "peered": lambda: with_endpoint(peered()),
    "ipv6": lambda: dual_stack("eigw-1"),
    "crowded": crowded,
}
every_network = pytest.mark.parametrize("network", [make() for make in NETWORKS.values()], ids=list(NETWORKS))


@dataclass(frozen=True)
class Area:
    left: float
    top: float
    right: float
    bottom: float
    text: str = ""

    def meets(self, other):
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def texts(svg):
    for element in ET.fromstring(svg).iter(f"{SVG}text"):
        x, y, size = (float(element.get(k)) for k in ("x", "y", "font-size"))
        width = len(element.text) * size * WIDTH
        left = x - width / 2 if element.get("text-anchor") == "middle" else x
        yield Area(left, y - size * 0.8, left + width, y + size * 0.25, element.text)


def segments(svg):
    """The lines as thin areas."""
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        if "line" in path.get("class"):
            points = [tuple(map(float, p.split(","))) for p in re.split(r" L|M", path.get("d"))[1:]]
            for (a, b), (c, d) in pairwise(points):
                yield Area(min(a, c) - 0.5, min(b, d) - 0.5, max(a, c) + 0.5, max(b, d) + 0.5)


def page(svg):
    root = ET.fromstring(svg)
    return Area(0, 0, float(root.get("width")), float(root.get("height")))


def assert_readable(svg):
    areas = [*texts(svg)]
    assert [] == [(a.text, b.text) for a, b in combinations(areas, 2) if a.meets(b)]
    whole = page(svg)
    assert [] == [a.text for a in areas if a.left < 0 or a.right > whole.right or a.bottom > whole.bottom]
    assert [] == [a.text for a in areas for line in segments(svg) if a.meets(line)]


@every_network
def test_no_text_touches_another_one_or_a_line_or_leaves_the_page(network):
    assert_readable(drawn(network, TITLE))


@every_network
def test_a_way_is_told_below_without_touching_anything(network):
    flow = Flow("private", "internet", 443)

    svg = drawn(network, TITLE, verdict=reach(network, flow))

    assert_readable(svg)
    assert any(t.text.startswith("private to internet, tcp 443: ") for t in texts(svg))


@given(networks())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_any_network_can_be_drawn_readably(network):
    assert_readable(drawn(network, TITLE))


@every_network
def test_the_same_network_is_the_same_text(network):
    shuffled = replace(network, subnets=network.subnets[::-1], nats=network.nats[::-1], tables=network.tables[::-1])

    assert drawn(network, TITLE) == drawn(shuffled, TITLE)


def test_everything_is_there():
    network = production(bastion=True, web=True)

    told = {t.text for t in texts(drawn(network, TITLE))}

    assert {TITLE, "internet", "IGW", "us-east-1a", "us-east-1b", "public", "private", "data"} <= told
    assert {s.name for s in network.subnets} <= told
    assert {s.cidrs[0] for s in network.subnets} <= told
    assert {"bastion 10.0.0.20", "NAT a 52.0.0.1", "0.0.0.0/0 → NAT b", "local only", "ACL default"} <= told


def test_zones_are_columns_and_tiers_are_rows():
    place = {t.text: (t.left, t.top) for t in texts(drawn(production(), TITLE))}

    assert place["public-a"][1] == place["public-b"][1] < place["private-a"][1] < place["data-a"][1]
    assert place["public-a"][0] == place["private-a"][0] == place["data-a"][0] < place["public-b"][0]


def test_each_private_subnet_has_a_line_to_its_nat_gateway():
    titles = [e.text for e in ET.fromstring(drawn(production(), TITLE)).iter(f"{SVG}title")]

    assert {"private-a: 0.0.0.0/0 to nat-a", "private-b: 0.0.0.0/0 to nat-b"} <= set(titles)


def classes(svg, title):
    for element in ET.fromstring(svg).iter(f"{SVG}rect"):
        if [t for t in element.iter(f"{SVG}title") if t.text == title]:
            return element.get("class").split()
    return []


def test_a_state_is_a_color_and_the_legend_says_which():
    svg = drawn(production(), TITLE, states={"nat-a": "Failed", "rtb-data": "Drifted", "subnet-data-a": "Ready"})

    assert ["edge", "failed"] == classes(svg, "nat-a")
    assert ["cell", "drifted"] == classes(svg, "subnet-data-a")
    told = {t.text for t in texts(svg)}
    assert {"failed", "changed by somebody else"} <= told
    assert "on its way" not in told


def test_the_way_of_a_flow_is_marked_and_so_is_where_it_is_closed():
    network = production(bastion=True, web=True)

    svg = drawn(network, TITLE, verdict=reach(network, Flow("bastion", "web", 8080)))

    assert "path" in classes(svg, "subnet-public-a")
    assert "closed" in classes(svg, "subnet-private-a")
    assert {"cell"} == set(classes(svg, "subnet-data-a"))


def test_what_is_supposed_is_drawn_so():
    network = production()

    svg = drawn(network, TITLE, verdict=reach(network, Flow("internet", "load-balancer", 443)))

    assert ["box", "supposed", "path"] == classes(svg, "supposed/load-balancer/subnet-public-a")


def test_texts_cannot_break_the_markup():
    network = production()
    named = replace(network, subnets=(replace(network.subnets[0], name='<b>&"'), *network.subnets[1:]))

    assert '<b>&"' in {t.text for t in texts(drawn(named, "a & b"))}


def test_light_and_dark_pages_have_their_own_colors():
    assert "@media (prefers-color-scheme: dark)" in drawn(production(), TITLE)
