"""One pass, over types that live in this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import ClassVar

import pytest

from awslab.aws.session import Aws, Clients
from awslab.core.errors import InUse, LabError, NotFound, Retryable, Uncertain, Working
from awslab.core.graph import Graph
from awslab.core.ownership import Owner
from awslab.core.plan import Action, Hints, Step
from awslab.core.resource import Ids, Observed, Phase, Resource, Usual, resolved
from awslab.engine import Claims, Permit, carry_out, reconcile

OWNER = Owner("test", "LabVpc", "lab", "net", "uid-1")
HINTS = Hints(OWNER)
POOL = ThreadPoolExecutor(4)


@dataclass
class Cloud:
    """What the types below have made, the calls in their order, and what goes wrong."""

    found: dict[str, Observed] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    fails: dict[str, Exception] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def call(self, verb, address):
        self.calls.append(f"{verb} {address}")
        if error := self.fails.get(f"{verb} {address}"):
            raise error


class FakeAws(Aws):
    """The owner's session with a cloud in this process."""

    cloud: ClassVar[Cloud]


@dataclass(frozen=True, kw_only=True)
class Thing(Resource):
    """Made at once; knows what it was made with."""

    mutable: ClassVar = frozenset({"size"})

    uses: frozenset[Resource] = frozenset()
    size: int = 1

    @classmethod
    def observe(cls, aws):
        cloud = FakeAws.cloud
        cloud.calls.append(f"observe {cls.__name__}")
        yield from [o for o in cloud.found.values() if o.type is cls and o.address not in cloud.hidden]

    @classmethod
    def find(cls, aws, name, id):  # noqa: A002 - as the base class
        return FakeAws.cloud.found.get(id)

    def create(self, aws, ids):
        cloud = FakeAws.cloud
        cloud.call("create", self.address)
        made = self.made(ids, f"id-{self.name}-{len(cloud.calls)}")
        cloud.found[made.id] = made
        return made

    def made(self, ids, id_, **but):
        fields = {"uses": resolved(self.uses, ids), "size": self.size}
        return Observed(type(self), self.name, id_, fields=fields, tags=OWNER.birth_tags(self), owner=OWNER.key, **but)

    @classmethod
    def update(cls, aws, found, changes):
        FakeAws.cloud.call("update", found.address)
        for change in changes:
            FakeAws.cloud.found[found.id] = FakeAws.cloud.found[found.id].after(change)

    @classmethod
    def delete(cls, aws, found):
        FakeAws.cloud.call("delete", found.address)
        del FakeAws.cloud.found[found.id]


@dataclass(frozen=True, kw_only=True)
class Slow(Thing):
    """AWS takes its time to make or unmake one."""

    usual: ClassVar = Usual(create=100, delete=60)

    def create(self, aws, ids):
        made = replace(super().create(aws, ids), phase=Phase.PENDING)
        FakeAws.cloud.found[made.id] = made
        return made

    @classmethod
    def delete(cls, aws, found):
        FakeAws.cloud.call("delete", found.address)
        FakeAws.cloud.found[found.id] = replace(found, phase=Phase.DELETING)


@dataclass(frozen=True, kw_only=True)
class Part(Thing):
    """Made and deleted with the thing in *whole*."""

    part_of: ClassVar = "whole"

    whole: Thing

    def made(self, ids, id_, **but):
        made = super().made(ids, id_, **but)
        return replace(made, fields={**made.fields, "whole": ids.of(self.whole)})


A = Thing(name="a")
B = Thing(name="b", uses=frozenset({A}))
C = Thing(name="c", uses=frozenset({B}))
TYPES = (Thing, Slow, Part)


@pytest.fixture
def cloud():
    FakeAws.cloud = Cloud()
    return FakeAws.cloud


def graph_of(*resources):
    graph = Graph()
    for resource in resources:
        graph.add(resource)
    return graph


def run(graph, hints=HINTS, **options):
    return reconcile(graph, TYPES, FakeAws(Clients("us-east-1"), OWNER), hints, POOL, **options)


def writes(cloud):
    return [call for call in cloud.calls if not call.startswith("observe")]


def test_one_pass_makes_a_whole_chain(cloud):
    result = run(graph_of(A, B, C))

    assert writes(cloud) == ["create Thing/a", "create Thing/b", "create Thing/c"]
    assert result.settled


def test_a_pass_that_wrote_ends_with_another_look(cloud):
    run(graph_of(A))

    assert sorted(cloud.calls[-3:]) == ["observe Part", "observe Slow", "observe Thing"]


def test_a_second_pass_writes_nothing_and_looks_once(cloud):
    run(graph_of(A, B, C))
    cloud.calls.clear()

    result = run(graph_of(A, B, C))

    assert sorted(cloud.calls) == ["observe Part", "observe Slow", "observe Thing"]
    assert result.outcomes == ()


def test_what_was_recorded_goes_though_no_listing_shows_it(cloud):
    (made,) = run(graph_of(A)).found
    cloud.hidden.add(A.address)

    result = run(Graph(), claims=Claims(recorded={A.address: made.id}))

    assert {} == cloud.found
    assert result.settled


def test_what_was_recorded_and_belongs_to_another_now_is_left_alone(cloud):
    (made,) = run(graph_of(A)).found
    cloud.hidden.add(A.address)
    cloud.found[made.id] = replace(made, owner="somebody else")

    result = run(Graph(), claims=Claims(recorded={A.address: made.id}))

    assert {made.id} == cloud.found.keys()
    assert [] == result.steps


def test_what_is_not_done_in_one_pass_has_not_failed_and_is_not_tried_again_in_it(cloud):
    run(graph_of(A))
    cloud.calls.clear()
    cloud.fails["update Thing/a"] = Working("the rest comes next")

    result = run(graph_of(replace(A, size=2)))

    assert ["update Thing/a"] == writes(cloud)
    assert ([], ["Thing/a"]) == (result.errors, [o.step.address for o in result.begun])
    assert (False, False) == (result.settled, result.unfinished)


def test_one_pass_deletes_a_whole_chain_users_first(cloud):
    run(graph_of(A, B, C))
    cloud.calls.clear()

    result = run(Graph())

    assert writes(cloud) == ["delete Thing/c", "delete Thing/b", "delete Thing/a"]
    assert result.steps == []


def test_what_takes_aws_time_ends_the_pass_and_is_waited_for(cloud):
    slow = Slow(name="s")
    user = Thing(name="u", uses=frozenset({slow}))

    result = run(graph_of(slow, user))

    assert writes(cloud) == ["create Slow/s"]
    assert [(s.action, s.reason) for s in result.steps] == [
        (Action.WAIT, "AWS is making it"),
        (Action.WAIT, "waits for Slow/s"),
    ]


def test_what_goes_slowly_is_not_taken_for_gone(cloud):
    slow = Slow(name="s", uses=frozenset({A}))
    run(graph_of(A, slow))

    result = run(Graph())

    assert [str(s) for s in result.steps] == ["Wait Thing/a: still used by Slow/s", "Wait Slow/s: AWS is deleting it"]


def test_a_failure_holds_up_only_what_needs_it(cloud):
    cloud.fails["create Thing/a"] = InUse("not now")
    lonely = Thing(name="lonely")

    result = run(graph_of(A, B, lonely))

    assert set(writes(cloud)) == {"create Thing/a", "create Thing/lonely"}
    assert [(o.step.address, str(o.error)) for o in result.errors] == [("Thing/a", "not now")]


def test_what_failed_is_not_tried_again_in_the_same_pass(cloud):
    cloud.fails["create Thing/a"] = Retryable("not now")

    run(graph_of(A))

    assert writes(cloud) == ["create Thing/a"]


@pytest.mark.parametrize("error", [None, Uncertain("no answer")], ids=["answered", "no answer"])
def test_what_may_have_been_made_and_is_not_shown_is_not_made_again(cloud, error):
    cloud.hidden.add("Thing/a")
    if error:
        cloud.fails["create Thing/a"] = error

    result = run(graph_of(A))

    assert [s.reason for s in result.steps] == ["its creation was begun; looking whether AWS shows it"]


def test_what_was_refused_for_good_is_not_waited_for(cloud):
    cloud.fails["create Thing/a"] = InUse("not now")

    assert [s.action for s in run(graph_of(A)).steps] == [Action.CREATE]


def test_of_two_found_new_resources_refer_to_the_one_that_is_kept(cloud):
    for id_ in ("id-1", "id-2"):
        cloud.found[id_] = A.made(Ids(), id_, created=id_)

    result = run(graph_of(A, B))

    [b] = [o for o in result.found if o.name == "b"]
    assert b.fields["uses"] == {"id-1"}
    assert result.settled


def test_parts_are_gone_with_their_whole_and_cost_no_call(cloud):
    part = Part(name="p", whole=A)
    run(graph_of(A, part))
    cloud.calls.clear()

    run(Graph())

    assert writes(cloud) == ["delete Thing/a"]


def test_the_intents_are_told_before_the_first_write_and_only_then(cloud):
    told = []

    def begin(steps):
        told.append((list(cloud.calls), [s.address for s in steps]))
        return Permit()

    run(graph_of(A), begin=begin)
    run(graph_of(A), begin=begin)

    [(calls, addresses)] = told
    assert [c for c in calls if not c.startswith("observe")] == []
    assert addresses == ["Thing/a"]


def test_what_is_not_permitted_is_not_done(cloud):
    lonely = Thing(name="lonely")

    result = run(graph_of(A, lonely), begin=lambda _: Permit(allows=lambda step: step.address != "Thing/a"))

    assert writes(cloud) == ["create Thing/lonely"]
    assert [s.action for s in result.steps] == [Action.CREATE, Action.KEEP]


def test_without_a_permit_nothing_is_done(cloud):
    result = run(graph_of(A), begin=lambda _: None)

    assert writes(cloud) == []
    assert [s.action for s in result.steps] == [Action.CREATE]


def test_who_is_stopping_starts_nothing(cloud):
    result = run(graph_of(A), stopping=lambda: True)

    assert writes(cloud) == []
    assert not result.settled


class TestCarryingOut:
    found = A.made(Ids(), "id-1")

    def outcome(self, action, found=None, changes=()):
        aws = FakeAws(Clients("us-east-1"), OWNER)
        return carry_out(Step(action, "Thing/a", A, found or self.found, changes), aws, Ids())

    def test_to_a_deletion_not_found_is_success(self, cloud):
        cloud.fails["delete Thing/a"] = NotFound("DeleteThing: id-1 does not exist")

        assert self.outcome(Action.DELETE).error is None

    def test_not_found_of_something_else_is_no_success(self, cloud):
        cloud.fails["delete Thing/a"] = NotFound("DeleteThing: id-of-something-else does not exist")

        assert isinstance(self.outcome(Action.DELETE).error, Retryable)

    @pytest.mark.parametrize("action", [Action.UPDATE, Action.DELETE])
    @pytest.mark.parametrize("owner", ["test/LabVpc/lab/other", ""])
    def test_what_belongs_to_somebody_else_is_not_touched(self, cloud, action, owner):
        outcome = self.outcome(action, replace(self.found, owner=owner))

        assert type(outcome.error) is LabError
        assert "belongs to " + (owner or "nobody") in str(outcome.error)
        assert cloud.calls == []

    @pytest.mark.parametrize("action", [Action.KEEP, Action.WAIT, Action.CONFLICT])
    def test_a_step_that_does_nothing_cannot_be_carried_out(self, cloud, action):
        with pytest.raises(ValueError, match="is nothing to carry out"):
            self.outcome(action)
