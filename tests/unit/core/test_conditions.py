"""What the user is told: every reason is in the table, and every message stays while the situation stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from awslab.core import conditions, errors
from awslab.core.conditions import READY, REASONS, Condition, Type, Verdict, after_work, before_work, listed, of_error
from awslab.core.drift import Drift
from awslab.core.graph import Graph
from awslab.core.outcome import Blocker, Outcome, Pass
from awslab.core.plan import Action, plan
from awslab.core.proposal import Proposal
from awslab.core.resource import Phase
from tests.unit.core.fakes import HINTS, Host, Net, graph_of, seen

NET = Net(name="net")
HOSTS = [Host(name=name, uses=frozenset({NET})) for name in "ab"]
ALL = graph_of(NET, *HOSTS)

BY_THE_CONTROLLER = {"Unreachable", "Referenced", "Written", "NotOurs", "UnknownOutput", "SecretsOff"}
"""Reasons that a look at one pass cannot give; the controller's tests prove them."""


def subclasses(kind):
    return [kind, *(below for direct in kind.__subclasses__() for below in subclasses(direct))]


TRIPPED = replace(HINTS, tripped={("Net/net", "dns"): "dns was set 3 times"})


def passed(*found, desired=ALL, failed=(), hints=HINTS):
    """A pass that did nothing but fail as *failed* tells: pairs of address and error."""
    steps = plan(desired, list(found), hints)
    outcomes = [Outcome(s, s.found, error) for address, error in failed for s in steps if s.address == address]
    return Pass(steps, outcomes, steps, list(found))


ALL_SEEN = [seen(NET), *map(seen, HOSTS)]
PENDING = replace(seen(NET), phase=Phase.PENDING)


class TestBeforeWork:
    def test_what_is_missing_is_told_as_created(self):
        verdict = before_work(plan(ALL, [seen(NET)], HINTS), drift=False)

        assert (verdict.reason, verdict.message) == ("Creating", "Creating Host/{a, b}")

    def test_what_differs_is_told_as_updated(self):
        verdict = before_work(plan(ALL, [seen(NET, fields={"dns": False}), *map(seen, HOSTS)], HINTS), drift=False)

        assert (verdict.reason, verdict.message) == ("Updating", "Updating Net/net")

    def test_what_somebody_changed_is_told_as_repaired(self):
        verdict = before_work(plan(ALL, [seen(NET, fields={"dns": False}), *map(seen, HOSTS)], HINTS), drift=True)

        assert (verdict.reason, verdict.message) == ("Repairing", "Repairing Net/net")

    def test_of_a_pruning_only_what_goes_is_told(self):
        verdict = before_work(plan(graph_of(NET, HOSTS[0]), ALL_SEEN, HINTS), drift=False)

        assert (verdict.reason, verdict.message) == ("Deleting", "Deleting Host/b")


class TestAfterWork:
    def test_all_is_ready_when_all_is_kept(self):
        assert after_work(passed(*ALL_SEEN)) == READY

    def test_what_is_left_over_does_not_unsettle_what_is_wanted(self):
        assert after_work(passed(*ALL_SEEN, desired=graph_of(NET))) == READY

    def test_people_read_what_all_the_waiting_is_for_in_the_end(self):
        verdict = after_work(passed(PENDING))

        assert (verdict.ready, verdict.reason, verdict.message) == (False, "Waiting", "Waiting for Net/net")

    def test_the_message_does_not_change_while_the_situation_does_not(self):
        assert after_work(passed(PENDING)) == after_work(passed(PENDING, seen(HOSTS[0])))

    def test_what_belongs_to_somebody_else_stalls_and_names_the_owner(self):
        verdict = after_work(passed(seen(NET, owner="other/LabVpc/lab/net"), *map(seen, HOSTS)))

        assert (verdict.stalled, verdict.reason) == (True, "OwnedByAnother")
        assert verdict.message == "Net/net: id-net-net-1 belongs to other/LabVpc/lab/net; let that one go first"

    def test_a_field_that_does_not_become_as_it_was_set_stalls_with_what_was_seen(self):
        verdict = after_work(passed(seen(NET, fields={"dns": False}), *map(seen, HOSTS), hints=TRIPPED))

        assert (verdict.stalled, verdict.reason) == (True, "NonConverging")
        assert verdict.message == "Net/net: dns was set 3 times"

    def test_of_several_failures_the_one_that_people_must_mend_is_told(self):
        throttled = errors.Throttled("slow down")
        rejected = errors.Rejected("no such zone")

        verdict = after_work(passed(seen(NET), failed=[("Host/a", throttled), ("Host/b", rejected)]))

        assert (rejected, "Host/b: no such zone") == (verdict.error, verdict.message)

    def test_who_is_denied_goes_before_who_is_only_retried(self):
        denied = errors.Denied("not allowed")

        verdict = after_work(passed(seen(NET), failed=[("Host/a", errors.Retryable("x")), ("Host/b", denied)]))

        assert denied == verdict.error


class TestErrors:
    @pytest.mark.parametrize("kind", subclasses(errors.LabError), ids=lambda k: k.__name__)
    def test_every_error_has_a_reason_of_the_table(self, kind):
        assert kind.reason in REASONS

    @pytest.mark.parametrize(
        ("error", "stalled"),
        [
            (errors.LabError("x"), False),
            (errors.NotFound("x"), False),
            (errors.Retryable("x"), False),
            (errors.Uncertain("x"), False),
            (errors.InUse("x"), False),
            (errors.Throttled("x"), False),
            (errors.Fenced("x"), False),
            (errors.Denied("x"), True),
            (errors.Waits("x"), False),
            (errors.QuotaReached("x"), True),
            (errors.Rejected("x"), True),
            (errors.SpecError("spec.cidr", "x"), True),
        ],
        ids=lambda v: type(v).__name__,
    )
    def test_only_what_people_must_mend_stalls(self, error, stalled):
        assert stalled == of_error(error).stalled

    def test_a_spec_error_names_its_field(self):
        error = errors.SpecError("spec.cidr", "is too small")

        assert (error.field, of_error(error).message) == ("spec.cidr", "spec.cidr: is too small")

    def test_a_failure_names_the_resource(self):
        assert of_error(errors.InUse("has dependencies"), "Net/net").message == "Net/net: has dependencies"


HELD = ("ApprovalNeeded", "AdoptionPending", "PlanOnly", "ObserveOnly", "DriftReported")
"""Why a plan is not carried out."""


def reasons_of_verdicts():
    """Every verdict that the core can give."""
    created, kept = plan(ALL, [], HINTS), plan(ALL, ALL_SEEN, HINTS)
    changed = plan(ALL, [seen(NET, fields={"dns": False})], HINTS)
    going = plan(Graph(), ALL_SEEN, HINTS)
    yield from (before_work(created, drift=False), before_work(going, drift=False))
    yield from (before_work(changed[:1], drift=False), before_work(changed[:1], drift=True))
    yield from (conditions.deleting(kept), after_work(passed(*ALL_SEEN)), after_work(passed(PENDING)))
    yield after_work(passed(seen(NET, owner="other/LabVpc/lab/net")))
    yield after_work(passed(seen(NET, fields={"dns": False}), hints=TRIPPED))
    yield from (conditions.pending(reason, Proposal.of(changed)) for reason in HELD)
    yield from (
        conditions.paused(),
        conditions.paused_deletion(),
        conditions.unkept("a to b is closed", settling=False),
    )
    yield from (of_error(k("x", "y") if k is errors.SpecError else k("x")) for k in subclasses(errors.LabError))


def test_every_reason_of_the_table_can_be_reached_and_no_other():
    drift = [Drift("Net/net", "dns", "True", "False")]
    told = [c for v in reasons_of_verdicts() for d in ((), drift) for c in v.conditions(d)]

    told += [conditions.blocked(in_use()), conditions.checks_passed([], 7)]

    assert {c.reason for c in told} == set(REASONS) - BY_THE_CONTROLLER


def in_use():
    """The deletion of a net that somebody else's interface is in."""
    [step] = steps = plan(Graph(), [seen(NET)], HINTS)
    interface = Blocker("eni-1", "network interface of instance i-1", "other/LabVpc/lab/net")
    return Pass(steps, [Outcome(step, step.found, errors.InUse("x"), (interface,))], steps, [])


def test_a_blocked_deletion_names_what_is_in_the_way():
    told = conditions.blocked(in_use())

    assert (told.type, told.status) == ("DeletionBlocked", True)
    assert told.message == (
        "Net/net (id-net-net-1) is used by eni-1 (network interface of instance i-1 of other/LabVpc/lab/net). "
        "Delete these, or move them away; the deletion then goes on by itself."
    )


def test_a_deletion_that_nothing_blocks_is_not_blocked():
    assert conditions.blocked(passed(*ALL_SEEN)).status is False


class TestPending:
    proposal = Proposal.of(plan(ALL, [seen(NET)], HINTS))

    def test_it_names_the_plan_that_is_to_be_approved(self):
        verdict = conditions.pending("PlanOnly", self.proposal)

        assert verdict.message.endswith(f" Planned: 2 to create (plan {self.proposal.hash})")

    def test_it_says_that_another_plan_was_approved(self):
        verdict = conditions.pending("PlanOnly", self.proposal, "0123456789ab")

        assert verdict.message.endswith("; 0123456789ab was approved, but the plan has changed since")

    @pytest.mark.parametrize(("reason", "helps"), list(zip(HELD, (True, True, True, False, False), strict=True)))
    def test_only_what_an_approval_helps_is_pending(self, reason, helps):
        told = {str(c.type): c.status for c in conditions.pending(reason, self.proposal).conditions()}

        assert (told["PlanPending"], told["Reconciling"], told["Stalled"]) == (helps, False, False)


class TestConditions:
    def statuses(self, verdict, drift=()):
        return {str(c.type): c.status for c in verdict.conditions(drift)}

    def test_every_object_has_every_condition(self):
        for verdict in reasons_of_verdicts():
            always = set(Type) - {Type.DELETION_BLOCKED, Type.OUTPUTS_WRITTEN, Type.CHECKS_PASSED}
            assert always == {c.type for c in verdict.conditions()}

    def test_who_is_ready_is_neither_busy_nor_stalled(self):
        assert self.statuses(READY) == {
            "Ready": True, "Synced": True, "Reconciling": False, "Stalled": False, "Drifted": False,
            "PlanPending": False,
        }  # fmt: skip

    def test_who_is_stalled_is_not_busy(self):
        assert self.statuses(of_error(errors.Rejected("x"))) == {
            "Ready": False, "Synced": False, "Reconciling": False, "Stalled": True, "Drifted": False,
            "PlanPending": False,
        }  # fmt: skip

    def test_who_waits_is_busy_and_synced(self):
        waiting = Verdict(ready=False, reason="Waiting", message="Waiting for Net/net")

        assert self.statuses(waiting) == {
            "Ready": False, "Synced": True, "Reconciling": True, "Stalled": False, "Drifted": False,
            "PlanPending": False,
        }  # fmt: skip

    def test_drift_is_told_by_its_first_difference_and_their_number(self):
        one = Drift("Net/net", "dns", "True", "False")

        assert conditions.drifted([one]).message == "Net/net dns: want True, have False"
        assert conditions.drifted([one, one, one]).message == "Net/net dns: want True, have False and 2 more"

    def test_the_time_of_transition_stays_while_the_status_stays(self):
        before = [{"type": "Ready", "status": "False", "lastTransitionTime": "early"}]
        still = Condition(Type.READY, status=False, reason="Waiting", message="x")
        changed = Condition(Type.READY, status=True, reason="Ready", message="x")
        unsure = Condition(Type.READY, status=None, reason="Unreachable", message="x")

        assert still.on_wire(1, "now", before)["lastTransitionTime"] == "early"
        assert changed.on_wire(1, "now", before)["lastTransitionTime"] == "now"
        assert unsure.on_wire(1, "now", before)["status"] == "Unknown"

    def test_on_the_wire_a_condition_is_as_kubernetes_defines_it(self):
        assert READY.conditions()[0].on_wire(7, "now", []) == {
            "type": "Ready",
            "status": "True",
            "reason": "Ready",
            "message": "Everything is as the spec asks.",
            "observedGeneration": 7,
            "lastTransitionTime": "now",
        }


class TestChecks:
    def test_the_first_broken_promise_is_told_and_how_many_more_there_are(self):
        one, more = conditions.checks_passed(["a is closed"], 7), conditions.checks_passed(["a is closed", "b", "c"], 7)

        assert (False, "a is closed") == (one.status, one.message)
        assert "a is closed; and 2 more in status.checks" == more.message

    def test_a_broken_promise_needs_people_unless_aws_is_still_settling(self):
        assert conditions.unkept("a is closed", settling=False).stalled
        assert not conditions.unkept("a is closed", settling=True).stalled


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        ([], ""),
        (["Vpc/vpc"], "Vpc/vpc"),
        (["Subnet/b", "Vpc/vpc", "Subnet/a"], "Subnet/{a, b}, Vpc/vpc"),
        (["Subnet/a", "Subnet/a"], "Subnet/a"),
    ],
    ids=str,
)
def test_addresses_are_listed_by_type(addresses, said):
    assert said == listed(addresses)


class TestPass:
    def test_it_is_unfinished_while_there_is_something_to_do_that_did_not_fail(self):
        failed = errors.InUse("x")

        assert passed(seen(NET)).unfinished
        assert not passed(seen(NET), failed=[("Host/a", failed), ("Host/b", failed)]).unfinished
        assert not passed(PENDING).unfinished

    def test_it_is_settled_when_all_is_kept(self):
        assert passed(*ALL_SEEN).settled
        assert not passed(seen(NET)).settled
        assert {Action.KEEP} == {s.action for s in passed(*ALL_SEEN).steps}
