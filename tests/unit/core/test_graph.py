"""A graph is complete, in order, and has a digest that says when the wish has changed."""

from __future__ import annotations

import pytest

from awslab.core.resource import Ref
from awslab.core.values import FrozenMap
from tests.unit.core.fakes import Host, Link, Net, graph_of

NET = Net(name="net")


def test_a_graph_keeps_the_order_of_creation():
    graph = graph_of(NET, Host(name="b", uses=frozenset({NET})), Host(name="a"))

    assert [r.address for r in graph] == ["Net/net", "Host/b", "Host/a"]


def test_no_two_resources_have_one_address():
    with pytest.raises(ValueError, match=r"Net/net is already in the graph"):
        graph_of(NET, NET)


def test_a_resource_is_added_after_what_it_refers_to():
    with pytest.raises(ValueError, match=r"Host/web refers to Net/net, which is not in the graph"):
        graph_of(Host(name="web", uses=frozenset({NET})))


def test_a_late_field_may_refer_to_what_is_added_later():
    graph = graph_of(Host(name="a", friends=frozenset({Ref("Host", "b")})), Host(name="b"))

    graph.check()

    assert len(graph) == 2


def test_a_late_field_may_not_refer_to_what_is_never_added():
    graph = graph_of(Host(name="a", links=FrozenMap({Link(80, Ref("Host", "b")): ""})))

    with pytest.raises(ValueError, match="Host/a refers to Host/b"):
        graph.check()


def test_equal_wishes_have_one_digest_whatever_the_order():
    friends = [Ref("Host", n) for n in "abc"]
    links = [(Link(port, peer), str(port)) for port in (80, 443) for peer in friends]

    one = graph_of(NET, Host(name="a", friends=frozenset(friends), links=FrozenMap(links)))
    other = graph_of(Host(name="a", friends=frozenset(friends[::-1]), links=FrozenMap(links[::-1])), NET)

    assert one.digest == other.digest


@pytest.mark.parametrize(
    "other",
    [
        Host(name="b", uses=frozenset({NET})),
        Host(name="a"),
        Host(name="a", uses=frozenset({NET}), size=2),
        Host(name="a", uses=frozenset({NET}), friends=frozenset({NET})),
        Host(name="a", uses=frozenset({NET}), links=FrozenMap({Link(80, NET): ""})),
        Host(name="a", uses=frozenset({NET}), tags=FrozenMap({"team": "blue"})),
    ],
    ids=str,
)
def test_different_wishes_have_different_digests(other):
    one = Host(name="a", uses=frozenset({NET}))

    assert graph_of(NET, one).digest != graph_of(NET, other).digest
