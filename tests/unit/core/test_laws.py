"""Laws of planning, over random compositions and random findings."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from awslab.core.graph import Graph
from awslab.core.plan import Action, plan
from awslab.core.resource import Phase, Ref
from awslab.core.values import FrozenMap
from tests.unit.core.fakes import HINTS, Annex, Door, Host, Link, Net, World, graph_of, id_of, seen

many = settings(max_examples=100, deadline=None)
luck = st.integers(0, 2**32).map(Random)

NAMES = "abcdef"


@st.composite
def graphs(draw):
    """A composition: nets with doors and annexes, and hosts that use what came before and befriend each other."""
    nets = [Net(name=name) for name in draw(st.lists(st.sampled_from("xy"), unique=True, max_size=2))]
    others = [Annex(name=net.name, net=net) for net in nets if draw(st.booleans())]
    others += [Door(name=net.name) for net in nets if draw(st.booleans())]
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))
    graph = graph_of(*nets, *others)
    friends = st.frozensets(st.sampled_from([Ref("Host", name) for name in names])) if names else st.nothing()
    for name in names:
        graph.add(_host(draw, name, [r for r in graph if not isinstance(r, Annex)], friends))
    return graph


def _host(draw, name, before, friends):
    some = st.frozensets(st.sampled_from(before), max_size=2) if before else st.just(frozenset())
    return Host(
        name=name,
        uses=draw(some),
        size=draw(st.integers(1, 2)),
        friends=draw(friends),
        links=FrozenMap({Link(80, peer): "" for peer in draw(friends)}),
        after=draw(st.sampled_from([None, *before])),
    )


@st.composite
def findings(draw, graph, phases=(Phase.READY, Phase.READY, Phase.PENDING, Phase.FAILED, Phase.DELETING)):
    """What AWS may have: some of what is wanted, changed or not, some twice, and what nobody wants any more."""
    found = []
    for resource in graph:
        for number in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
            if number and isinstance(resource, Annex):
                continue  # AWS itself makes one a net
            found.append(_observed(draw, resource, id_of(resource.address, number + 1), phases))
    if draw(st.booleans()):
        found.append(seen(Host(name="orphan", friends=frozenset(r for r in graph if isinstance(r, Host)))))
    return draw(st.permutations(found))


def _observed(draw, resource, id_, phases):
    fields = {}
    if isinstance(resource, Host):
        fields = {"size": draw(st.integers(1, 3))} | draw(st.sampled_from([{}, {"friends": frozenset()}]))
    if isinstance(resource, (Host, Annex)):
        phases = phases if isinstance(resource, Host) else (Phase.READY,)
    phase = draw(st.sampled_from(phases))
    tags = draw(st.sampled_from([{}, {"foreign": "tag"}]))
    found = seen(resource, id=id_, phase=phase, fields=fields, created=draw(st.sampled_from("123")))
    return replace(found, tags={**found.tags, **tags})


@st.composite
def situations(draw):
    graph = draw(graphs())
    return graph, draw(findings(graph))


@many
@given(situations())
def test_a_plan_depends_on_its_arguments_and_changes_none_of_them(situation):
    graph, found = situation
    before, digest = deepcopy(found), graph.digest

    assert plan(graph, found, HINTS) == plan(graph, found, HINTS)
    assert (before, digest) == (found, graph.digest)


@many
@given(situations(), luck)
def test_a_plan_does_not_depend_on_the_order_of_listing(situation, random):
    graph, found = situation
    shuffled = random.sample(found, len(found))

    assert _decisions(plan(graph, found, HINTS)) == _decisions(plan(graph, shuffled, HINTS))


def _decisions(steps):
    return {s.key: (s.action, set(s.changes), set(s.waits_for)) for s in steps}


@many
@given(situations())
def test_every_resource_that_is_wanted_or_found_has_one_step(situation):
    graph, found = situation

    steps = plan(graph, found, HINTS)

    assert [r.address for r in graph] == [s.address for s in steps if s.desired]
    assert sorted(o.id for o in found) == sorted(s.id for s in steps if s.found)
    assert len(steps) == len({s.key for s in steps})


@many
@given(graphs())
def test_what_is_exactly_as_wanted_is_kept(graph):
    steps = plan(graph, [seen(r) for r in graph], HINTS)

    assert {Action.KEEP} >= {s.action for s in steps}


@many
@given(situations())
def test_every_wait_has_a_reason(situation):
    graph, found = situation

    assert [s for s in plan(graph, found, HINTS) if s.action is Action.WAIT and not s.reason] == []


@many
@given(situations(), luck)
def test_every_deletion_comes_to_its_end_in_whatever_order_steps_are_carried_out(situation, random):
    _, found = situation
    world = World(list(found))

    for _ in range(5 * len(found) + 1):
        steps = [s for s in world.plan(Graph()) if s.acts]
        busy = any(o.phase is Phase.DELETING for o in world.found)
        assert steps or busy or not world.found, "nothing acts and nothing is under way"
        for step in _some_of(steps, random):
            world.carry_out(step)  # asserts that nothing is deleted that another one mentions
        world.passes()

    assert world.found == []


@many
@given(graphs(), luck)
def test_every_composition_is_made_from_nothing_in_as_many_rounds_as_it_has_resources(graph, random):
    world = World()

    for _ in range(len(graph) + 1):  # the last one fills late fields
        steps = [s for s in world.plan(graph) if s.acts]
        for step in random.sample(steps, len(steps)):
            world.carry_out(step)
        world.passes()

    assert {Action.KEEP} >= {s.action for s in world.plan(graph)}
    assert len(graph) == len(world.found)


@many
@given(situations(), luck)
def test_every_finding_becomes_what_is_wanted_and_nothing_else(situation, random):
    graph, found = situation
    world = World(list(found), count=10)
    assume(not _needs_a_replacement(graph, found))

    for _ in range(8 * (len(graph) + len(found)) + 1):
        steps = world.plan(graph)
        if {Action.KEEP} >= {s.action for s in steps}:
            break
        for step in _some_of([s for s in steps if s.acts], random):
            world.carry_out(step)
        world.passes()

    assert {Action.KEEP} >= {s.action for s in steps}
    assert sorted(r.address for r in graph) == sorted(o.address for o in world.found)


def _needs_a_replacement(graph, found):
    """Whether something wanted is bound for life to what is not there, or will not be."""
    ours = [s.found for s in plan(graph, found, HINTS) if s.desired and s.found]
    stays = {o.id for o in ours if o.phase in {Phase.READY, Phase.PENDING}}
    return any({*o.fields.get("uses", ()), o.fields.get("net", None)} - {None} - stays for o in ours)


def _some_of(steps, random):
    """At least one of the steps, in any order: the others failed, or the operator was stopped."""
    return random.sample(steps, random.randint(1, len(steps))) if steps else []
