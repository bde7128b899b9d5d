"""Drift: what is not as it was left."""

from __future__ import annotations

from awslab.core.drift import Drift, drift_in
from awslab.core.graph import Graph
from awslab.core.plan import plan
from awslab.core.resource import Phase
from awslab.core.values import FrozenMap
from tests.unit.core.fakes import HINTS, Host, Link, Net, graph_of, seen

NET = Net(name="net")
WEB = Host(name="web", links=FrozenMap({Link(443, "0.0.0.0/0"): "web"}))


def drift_of(*found):
    return drift_in(plan(graph_of(NET, WEB), list(found), HINTS))


def test_nothing_has_drifted_where_all_is_as_wanted():
    assert drift_of(seen(NET), seen(WEB)) == []


def test_each_part_that_differs_is_told_by_itself():
    drift = drift_of(seen(NET, fields={"dns": False}), seen(WEB, fields={"links": FrozenMap()}))

    assert drift == [
        Drift("Net/net", "dns", "True", "False"),
        Drift("Host/web", "links.443 0.0.0.0/0", "web", "none"),
    ]


def test_what_is_gone_is_drift_of_its_existence():
    assert drift_of(seen(NET)) == [Drift("Host/web", "existence", "present", "missing")]


def test_what_is_going_is_drift_of_its_existence():
    assert drift_of(seen(NET), seen(WEB, phase=Phase.DELETING)) == [
        Drift("Host/web", "existence", "present", "deleting")
    ]


def test_a_fixed_field_can_drift_too():
    assert drift_of(seen(NET, fields={"cidr": "10.9.0.0/16"}), seen(WEB)) == [
        Drift("Net/net", "cidr", "10.0.0.0/16", "10.9.0.0/16")
    ]


def test_what_nobody_wants_any_more_is_no_drift():
    assert drift_in(plan(Graph(), [seen(NET)], HINTS)) == []


def test_drift_reads_as_a_sentence():
    assert str(Drift("Net/net", "dns", "True", "False")) == "Net/net dns: want True, have False"
