"""What is decided for a resource that nobody wants any more."""

from __future__ import annotations

from dataclasses import replace

from awslab.core.graph import Graph
from awslab.core.plan import Action, plan
from awslab.core.resource import Phase, Ref
from awslab.core.values import FrozenMap
from tests.unit.core.fakes import HINTS, Annex, Door, Host, Link, Net, graph_of, id_of, seen, step_for

NET = Net(name="net")
HOST = Host(name="web", uses=frozenset({NET}))


def test_users_go_before_what_they_use():
    found = [seen(NET), seen(HOST)]

    assert Action.DELETE is step_for("Host/web", Graph(), found).action
    net = step_for("Net/net", Graph(), found)
    assert (net.action, net.reason) == (Action.WAIT, "still used by Host/web")


def test_the_order_comes_from_what_aws_reports_and_not_from_names():
    stranger = replace(seen(HOST), name="no-longer-in-any-spec")

    assert Action.WAIT is step_for("Net/net", Graph(), [seen(NET), stranger]).action


def test_a_user_holds_until_it_is_gone_and_not_only_asked_to_go():
    found = [seen(NET), seen(HOST, phase=Phase.DELETING)]

    assert [s.action for s in plan(Graph(), found, HINTS)] == [Action.WAIT, Action.WAIT]


def test_what_left_the_composition_goes_while_the_rest_stays():
    steps = plan(graph_of(NET), [seen(NET), seen(HOST)], HINTS)

    assert [(s.address, s.action) for s in steps] == [("Net/net", Action.KEEP), ("Host/web", Action.DELETE)]


def test_what_a_wanted_resource_still_mentions_waits_until_it_is_changed():
    old = Host(name="old")
    wanted = Host(name="web")
    user = seen(wanted, fields={"friends": frozenset({id_of("Host/old")})})

    steps = {s.address: s.action for s in plan(graph_of(wanted), [user, seen(old)], HINTS)}

    assert steps == {"Host/web": Action.UPDATE, "Host/old": Action.WAIT}


def test_a_spare_waits_for_its_users_too():
    spare = replace(seen(NET), id="id-spare", created="9")
    user = seen(HOST, fields={"uses": frozenset({"id-spare"})})

    [step] = [s for s in plan(graph_of(NET, HOST), [seen(NET), spare, user], HINTS) if s.id == "id-spare"]

    assert Action.WAIT is step.action


def test_what_a_type_outlives_goes_first_though_it_mentions_nothing():
    found = [seen(NET), seen(Door(name="door"))]

    assert (
        step_for("Net/net", Graph(), found).action,
        step_for("Net/net", Graph(), found).waits_for,
    ) == (Action.WAIT, ("Door/door",))


def test_a_spare_does_not_wait_for_what_the_kept_one_outlives():
    spare = replace(seen(NET), id="id-spare", created="9")
    door = Door(name="door")

    steps = plan(graph_of(NET, door), [seen(NET), spare, seen(door)], HINTS)

    assert [s.action for s in steps] == [Action.KEEP, Action.KEEP, Action.DELETE]


class TestParts:
    annex = Annex(name="annex", net=NET)

    def test_a_part_goes_with_its_whole_and_does_not_hold_it(self):
        found = [seen(NET), seen(self.annex)]

        assert Action.DELETE is step_for("Net/net", Graph(), found).action
        part = step_for("Annex/annex", Graph(), found)
        assert (part.action, part.reason) == (Action.WAIT, "goes with its net")

    def test_a_part_whose_whole_stays_is_let_go_by_itself(self):
        found = [seen(NET), seen(self.annex)]

        assert Action.DELETE is step_for("Annex/annex", graph_of(NET), found).action

    def test_a_part_whose_whole_is_not_ours_any_more_is_let_go_by_itself(self):
        assert Action.DELETE is step_for("Annex/annex", Graph(), [seen(self.annex)]).action

    def test_a_part_holds_everything_else_that_it_mentions(self):
        other = Net(name="other")
        found = [seen(NET), seen(other), seen(self.annex, fields={"extra": id_of("Net/other")})]

        assert Action.WAIT is step_for("Net/other", Graph(), found).action


class TestTies:
    a = Host(name="a", links=FrozenMap({Link(80, Ref("Host", "b")): "", Link(22, "10.0.0.0/8"): "office"}))
    b = Host(name="b", friends=frozenset({Ref("Host", "a")}))

    def test_resources_that_mention_each_other_let_go_first(self):
        steps = plan(Graph(), [seen(self.a), seen(self.b)], HINTS)

        assert [(Action.UPDATE, [Link(80, id_of("Host/b"))]), (Action.UPDATE, [id_of("Host/a")])] == [
            (s.action, [c.key for c in s.changes]) for s in steps
        ]
        assert all(c.removes for s in steps for c in s.changes)

    def test_once_nothing_mentions_it_a_resource_goes_with_the_ties_it_has(self):
        untied = seen(self.b, fields={"friends": frozenset()})

        assert Action.DELETE is step_for("Host/a", Graph(), [seen(self.a), untied]).action

    def test_a_resource_that_mentions_itself_is_deleted_at_once(self):
        narcissus = Host(name="n", friends=frozenset({Ref("Host", "n")}))

        assert Action.DELETE is step_for("Host/n", Graph(), [seen(narcissus)]).action

    def test_fixed_fields_are_no_ties(self):
        user = Host(name="c", uses=frozenset({HOST}))

        assert Action.WAIT is step_for("Host/web", Graph(), [seen(HOST), seen(user)]).action
