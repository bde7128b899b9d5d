"""What is decided for a resource that is wanted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from awslab.core.graph import Graph
from awslab.core.plan import Action, foreseen, plan
from awslab.core.resource import Phase, Ref
from awslab.core.values import UNTOLD, FrozenMap
from tests.unit.core.fakes import HINTS, OWNER, Annex, Door, Host, Link, Net, graph_of, id_of, seen, step_for

NET = Net(name="net")
HOST = Host(name="web", uses=frozenset({NET}))
BOTH = graph_of(NET, HOST)
WEB_PORT = Link(80, "0.0.0.0/0")


class TestCreation:
    def test_what_refers_to_nothing_is_created_at_once(self):
        assert step_for("Net/net", BOTH).action is Action.CREATE

    def test_what_refers_to_something_missing_waits_for_it(self):
        step = step_for("Host/web", BOTH)

        assert (step.action, step.reason, step.waits_for) == (Action.WAIT, "waits for Net/net", ("Net/net",))

    def test_what_refers_to_something_that_is_there_is_created(self):
        assert step_for("Host/web", BOTH, [seen(NET)]).action is Action.CREATE

    @pytest.mark.parametrize(
        "not_usable",
        [{"phase": Phase.PENDING}, {"phase": Phase.DELETING}, {"phase": Phase.FAILED}, {"usable": False}],
        ids=str,
    )
    def test_a_reference_counts_only_when_it_is_usable(self, not_usable):
        step = step_for("Host/web", BOTH, [seen(NET, **not_usable)])

        assert (step.action, step.waits_for) == (Action.WAIT, ("Net/net",))

    def test_a_creation_that_may_have_happened_is_looked_for_and_not_repeated(self):
        hints = replace(HINTS, unseen=frozenset({"Net/net"}))

        step = step_for("Net/net", BOTH, hints=hints)

        assert Action.WAIT is step.action
        assert step.reason == "its creation was begun; looking whether AWS shows it"

    def test_a_creation_that_has_become_visible_is_no_longer_waited_for(self):
        hints = replace(HINTS, unseen=frozenset({"Net/net"}))

        assert step_for("Net/net", BOTH, [seen(NET)], hints).action is Action.KEEP

    def test_what_aws_is_still_making_is_waited_for(self):
        step = step_for("Net/net", BOTH, [seen(NET, phase=Phase.PENDING)])

        assert (step.action, step.reason) == (Action.WAIT, "AWS is making it")

    def test_what_is_there_but_not_well_is_waited_for_and_says_why(self):
        step = step_for("Net/net", BOTH, [seen(NET, usable=False, message="web-a is unhealthy")])

        assert (step.action, step.reason) == (Action.WAIT, "web-a is unhealthy")

    def test_what_is_being_deleted_is_waited_for_before_it_is_made_anew(self):
        step = step_for("Net/net", BOTH, [seen(NET, phase=Phase.DELETING)])

        assert (step.action, step.reason) == (Action.WAIT, "AWS is deleting it")

    def test_what_aws_could_not_make_is_deleted_with_its_own_words(self):
        failed = seen(NET, phase=Phase.FAILED, message="no route to the internet")

        step = step_for("Net/net", BOTH, [failed])

        assert (step.action, step.reason) == (Action.DELETE, "AWS could not make it: no route to the internet")
        assert failed.id == step.id


class TestChange:
    def test_what_is_as_wanted_is_kept(self):
        steps = plan(BOTH, [seen(NET), seen(HOST)], HINTS)

        assert [s.action for s in steps] == [Action.KEEP, Action.KEEP]

    def test_only_what_differs_is_changed(self):
        found = seen(HOST, fields={"size": 3})

        step = step_for("Host/web", BOTH, [seen(NET), found])

        assert Action.UPDATE is step.action
        assert [str(c) for c in step.changes] == ["size: 3 -> 1"]

    def test_a_mapping_is_changed_part_by_part(self):
        peer, stranger = Link(80, NET), Link(22, "0.0.0.0/0")
        wanted = Host(name="web", links=FrozenMap({peer: "web", Link(443, "10.0.0.0/8"): "tls"}))
        have = FrozenMap({Link(80, id_of("Net/net")): "old words", stranger: ""})

        step = step_for("Host/web", graph_of(NET, wanted), [seen(NET), seen(wanted, fields={"links": have})])

        assert {
            "links.80 id-net-net-1: old words -> web",
            "links.443 10.0.0.0/8: none -> tls",
            "links.22 0.0.0.0/0: present -> none",
        } == {str(c) for c in step.changes}

    def test_a_set_is_changed_element_by_element(self):
        wanted = Host(name="web", friends=frozenset({NET}))

        step = step_for(
            "Host/web", graph_of(NET, wanted), [seen(NET), seen(wanted, fields={"friends": frozenset({"x"})})]
        )

        assert [(c.path, c.adds, c.removes) for c in step.changes] == [
            ("friends.id-net-net-1", True, False),
            ("friends.x", False, True),
        ]

    def test_what_aws_does_not_report_is_not_compared(self):
        found = seen(HOST)
        silent = replace(found, fields={f: v for f, v in found.fields.items() if f != "zone"})

        assert step_for("Host/web", BOTH, [seen(NET), silent]).action is Action.KEEP

    @pytest.mark.parametrize("wanted", [FrozenMap({WEB_PORT: "web"}), FrozenMap()], ids=["wanted", "not wanted"])
    def test_a_part_that_aws_does_not_tell_is_neither_changed_nor_taken_away(self, wanted):
        host = Host(name="web", links=wanted)
        found = seen(host, fields={"links": FrozenMap({WEB_PORT: UNTOLD})})

        assert step_for("Host/web", graph_of(host), [found]).action is Action.KEEP

    def test_a_field_that_only_orders_is_not_compared(self):
        ordered = Host(name="web", after=NET)

        assert step_for("Host/web", graph_of(NET, ordered), [seen(NET), seen(ordered)]).action is Action.KEEP

    def test_a_fixed_field_needs_a_replacement(self):
        step = step_for("Host/web", BOTH, [seen(NET), seen(HOST, fields={"zone": "b", "size": 2})])

        assert step.action is Action.REPLACE
        assert step.reason == "AWS cannot change in place: zone: b -> a"
        assert [c.field for c in step.changes] == ["zone"]
        assert (step.acts, step.needs_approval, step.interrupts) == (True, True, True)

    def test_what_is_bound_for_life_is_replaced_with_it_and_goes_first(self):
        found = [seen(NET, fields={"cidr": "10.9.0.0/16"}), seen(HOST)]

        [net, host] = plan(BOTH, found, HINTS)

        assert (net.action, net.acts, net.waits_for) == (Action.REPLACE, False, ("Host/web",))
        assert (host.action, host.acts) == (Action.REPLACE, True)
        assert host.reason == "it is bound to what is replaced: Net/net"

    def test_a_field_that_is_ignored_is_not_compared(self):
        found = [seen(NET), seen(HOST, fields={"size": 3})]

        assert step_for("Host/web", BOTH, found, replace(HINTS, ignored=("Host/*.size",))).action is Action.KEEP
        assert step_for("Host/web", BOTH, found, replace(HINTS, ignored=("Host/*.zone",))).action is Action.UPDATE

    def test_a_field_that_was_set_in_vain_is_left_alone_and_the_rest_is_changed(self):
        hints = replace(HINTS, tripped={("Host/web", "size"): "size was set 3 times"})
        only, both = seen(HOST, fields={"size": 3}), seen(HOST, fields={"size": 3, "friends": frozenset({"x"})})

        conflict = step_for("Host/web", BOTH, [seen(NET), only], hints)
        update = step_for("Host/web", BOTH, [seen(NET), both], hints)

        assert (conflict.action, conflict.cause, conflict.reason) == (
            Action.CONFLICT,
            "NonConverging",
            "size was set 3 times",
        )
        assert [c.path for c in update.changes] == ["friends.x"]

    def test_what_belongs_to_another_is_not_touched(self):
        step = step_for("Net/net", BOTH, [seen(NET, owner="other/LabVpc/lab/net", fields={"dns": False})])

        assert (step.action, step.acts, step.cause) == (Action.CONFLICT, False, "OwnedByAnother")

    def test_a_drifted_reference_does_not_unsettle_its_users(self):
        found = [seen(NET, fields={"dns": False}), seen(HOST)]

        assert [s.action for s in plan(BOTH, found, HINTS)] == [Action.UPDATE, Action.KEEP]

    def test_a_pending_reference_does_not_unsettle_its_users(self):
        found = [seen(NET, phase=Phase.PENDING), seen(HOST)]

        assert [s.action for s in plan(BOTH, found, HINTS)] == [Action.WAIT, Action.KEEP]


class TestLateFields:
    pair = graph_of(
        Host(name="a", friends=frozenset({Ref("Host", "b")})),
        Host(name="b", friends=frozenset({Ref("Host", "a")})),
    )

    def test_they_do_not_hold_up_creation(self):
        assert [s.action for s in plan(self.pair, [], HINTS)] == [Action.CREATE, Action.CREATE]

    def test_they_wait_for_what_they_refer_to(self):
        found = seen(self.pair["Host/a"], fields={"friends": frozenset()})

        step = step_for("Host/a", self.pair, [found])

        assert (step.action, step.waits_for) == (Action.WAIT, ("Host/b",))

    def test_they_are_filled_when_what_they_refer_to_is_usable(self):
        found = [seen(r, fields={"friends": frozenset()}) for r in self.pair]

        step = step_for("Host/a", self.pair, found)

        assert Action.UPDATE is step.action
        assert [id_of("Host/b")] == [c.key for c in step.changes]

    def test_what_can_be_changed_now_does_not_wait_for_the_rest(self):
        found = seen(self.pair["Host/a"], fields={"friends": frozenset(), "size": 9})

        step = step_for("Host/a", self.pair, [found])

        assert (step.action, [c.field for c in step.changes]) == (Action.UPDATE, ["size"])


class TestTags:
    tagged = replace(NET, tags=FrozenMap({"team": "platform"}))

    def step(self, tags, **hints):
        found = seen(self.tagged, tags={**OWNER.tags(self.tagged), **tags})
        return step_for("Net/net", graph_of(self.tagged), [found], replace(HINTS, **hints))

    def test_a_tag_of_somebody_else_is_left_alone(self):
        assert self.step({"cost-centre": "42", "aws:cloudformation:stack-id": "x"}).action is Action.KEEP

    def test_a_tag_that_we_set_once_and_nobody_wants_now_is_removed(self):
        step = self.step({"purpose": "demo"}, applied_tags=frozenset({"purpose"}))

        assert [(c.path, c.removes) for c in step.changes] == [("tags.purpose", True)]

    def test_a_tag_that_somebody_changed_is_set_back(self):
        assert [str(c) for c in self.step({"team": "blue"}).changes] == ["tags.team: blue -> platform"]

    def test_the_uid_of_an_object_that_was_restored_is_no_difference(self):
        assert self.step({"awslab.dev/uid": "of another cluster"}).action is Action.KEEP


class TestDuplicates:
    older = seen(NET, id="id-1", created="2026-01-01")
    newer = seen(NET, id="id-2", created="2026-01-02")

    def actions(self, *found, **hints):
        return {s.id: s.action for s in plan(graph_of(NET), list(found), replace(HINTS, **hints))}

    def test_the_oldest_is_ours_and_the_spare_is_deleted(self):
        assert self.actions(self.newer, self.older) == {"id-1": Action.KEEP, "id-2": Action.DELETE}

    def test_the_recorded_one_wins_over_the_oldest(self):
        known = {"Net/net": "id-2"}

        assert self.actions(self.older, self.newer, known=known) == {"id-2": Action.KEEP, "id-1": Action.DELETE}

    def test_one_that_is_there_wins_over_an_older_one_that_failed(self):
        failed = replace(self.older, phase=Phase.FAILED)

        assert self.actions(failed, self.newer) == {"id-2": Action.KEEP, "id-1": Action.DELETE}

    def test_steps_for_one_address_can_be_told_apart(self):
        steps = plan(graph_of(NET), [self.older, self.newer], HINTS)

        assert len({s.key for s in steps}) == 2
        assert {"Net/net"} == {s.address for s in steps}


class TestForeseen:
    def test_people_see_creations_and_not_what_they_wait_for(self):
        steps = foreseen(plan(BOTH, [], HINTS))

        assert [(s.action, s.reason) for s in steps] == [(Action.CREATE, ""), (Action.CREATE, "")]

    def test_people_see_late_changes_as_changes(self):
        wanted = Host(name="web", friends=frozenset({NET}))
        found = seen(wanted, fields={"friends": frozenset()})

        [net, host] = foreseen(plan(graph_of(NET, wanted), [found], HINTS))

        assert (net.action, host.action) == (Action.CREATE, Action.UPDATE)

    def test_people_see_deletions_and_not_their_order(self):
        steps = foreseen(plan(Graph(), [seen(NET), seen(HOST)], HINTS))

        assert [s.action for s in steps] == [Action.DELETE, Action.DELETE]

    def test_what_aws_is_busy_with_stays_a_wait(self):
        going, coming = seen(HOST, phase=Phase.DELETING), seen(NET, phase=Phase.PENDING)

        steps = foreseen(plan(graph_of(NET), [going, coming], HINTS))

        assert [s.action for s in steps] == [Action.WAIT, Action.WAIT]


class TestAroundAReplacement:
    def test_what_refers_to_the_replaced_in_a_late_field_changes_with_it(self):
        friend = Host(name="friend", friends=frozenset({NET}))
        found = [seen(NET, fields={"cidr": "10.9.0.0/16"}), seen(friend)]

        [net, host] = foreseen(plan(graph_of(NET, friend), found, HINTS))

        assert (Action.REPLACE, Action.UPDATE) == (net.action, host.action)
        assert {"friends.(Net/net)", f"friends.{id_of('Net/net')}"} == {c.path for c in host.changes}

    def test_what_refers_to_none_of_it_stays(self):
        other = Host(name="other", size=2)
        found = [seen(NET, fields={"cidr": "10.9.0.0/16"}), seen(other)]

        [_, host] = foreseen(plan(graph_of(NET, other), found, HINTS))

        assert host.action is Action.KEEP

    def test_nothing_new_is_bound_to_what_is_about_to_go(self):
        step = step_for("Host/web", BOTH, [seen(NET, fields={"cidr": "10.9.0.0/16"})])

        assert (Action.WAIT, ("Net/net",)) == (step.action, step.waits_for)


def test_nothing_is_made_in_what_belongs_to_another():
    foreign = seen(NET, owner="test/LabVpc/lab/other", adopted=True)

    [net, host] = plan(BOTH, [foreign], HINTS)

    assert (Action.CONFLICT, "OwnedByAnother") == (net.action, net.cause)
    assert (Action.WAIT, ("Net/net",)) == (host.action, host.waits_for)


def test_a_step_reads_as_a_sentence():
    steps = plan(graph_of(NET, HOST), [seen(NET, fields={"dns": False})], HINTS)

    assert [str(s) for s in steps] == ["Update Net/net: dns: False -> True", "Create Host/web"]


def test_every_type_of_the_fakes_can_be_kept():
    resources = NET, Door(name="door"), HOST, Annex(name="annex", net=NET)

    steps = plan(graph_of(*resources), [seen(r) for r in resources], HINTS)

    assert {Action.KEEP} == {s.action for s in steps}
