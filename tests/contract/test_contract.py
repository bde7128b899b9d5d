"""What every AWS type must do; a new type needs only a new example."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import boto3
import pytest

from awslab.core.graph import Graph
from awslab.core.ownership import OWNER_TAG, RESOURCE_TAG, UID_TAG
from awslab.core.plan import Action, Step
from awslab.core.resource import Ids
from awslab.core.values import FrozenMap
from awslab.engine import carry_out
from tests.contract.examples import EXAMPLES
from tests.support.lab import REGION, TYPES, with_references

DRIFTS = [pytest.param(e, f, id=f"{e}.{f}") for e in EXAMPLES for f in sorted(type(e.resource).mutable)]
every_type = pytest.mark.parametrize("example", EXAMPLES, ids=str)


def test_every_type_has_an_example_and_every_mutable_field_a_drift():
    assert set(TYPES) == {type(e.resource) for e in EXAMPLES}
    assert {str(e): set(type(e.resource).mutable) for e in EXAMPLES} == {str(e): set(e.drifts) for e in EXAMPLES}


@every_type
class TestEveryType:
    def test_is_made_and_then_left_alone(self, lab, example):
        graph = with_references(example.resource)
        first = lab.settle(graph)
        since = lab.control.last_call()

        again = lab.once(graph)

        assert [s.id for s in first.steps] == [s.id for s in again.steps]
        assert lab.writes(since) == []

    def test_reports_every_field_that_is_wanted(self, lab, example):
        lab.settle(with_references(example.resource))

        found = lab.seen(example.resource.address)

        assert set(example.resource.wishes) - example.resource.unobserved == set(found.fields)

    def test_is_deleted_with_everything_it_needs(self, lab, example, ec2):
        lab.settle(with_references(example.resource))

        lab.settle(Graph())

        assert lab.found() == {}
        assert [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]] == []

    def test_is_deleted_twice_without_error(self, lab, example):
        lab.settle(with_references(example.resource))
        found = lab.seen(example.resource.address)
        lab.settle(Graph())

        again = carry_out(Step(Action.DELETE, found.address, found=found), lab.aws, Ids())

        assert again.error is None

    def test_is_invisible_to_other_owners(self, lab, example):
        lab.settle(with_references(example.resource))

        assert lab.stranger().found() == {}
        assert lab.stranger(instance="other").found() == {}

    def test_is_never_touched_when_it_belongs_to_another(self, lab, example):
        lab.settle(with_references(example.resource))
        found = replace(lab.seen(example.resource.address), owner="somebody/LabVpc/else/s")
        since = lab.control.last_call()

        outcomes = [carry_out(Step(a, found.address, found=found), lab.aws, Ids()) for a in ("Update", "Delete")]

        assert all("belongs to somebody/LabVpc/else/s" in str(o.error) for o in outcomes)
        assert lab.writes(since) == []

    def test_is_found_though_filters_return_too_much(self, lab, example, monkeypatch):
        lab.settle(with_references(example.resource))
        stranger = lab.stranger()
        monkeypatch.setattr(type(stranger.aws), "owned", [])

        assert stranger.found() == {}


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.resource.taggable], ids=str)
class TestEveryTypeWithTags:
    def test_is_tagged_as_ours_from_the_first_moment(self, lab, example):
        lab.settle(with_references(example.resource))

        tags = lab.seen(example.resource.address).tags

        assert lab.owner.key == tags[OWNER_TAG]
        assert lab.owner.uid == tags[UID_TAG]
        assert example.resource.address == tags[RESOURCE_TAG]

    def test_gets_a_new_tag_and_loses_one_that_is_no_longer_wanted(self, lab, example):
        tagged = replace(example.resource, tags=FrozenMap({"team": "red", "cost": "1"}))
        lab.settle(with_references(tagged))
        lab.hints = replace(lab.hints, applied_tags=frozenset({"team", "cost"}))

        lab.settle(with_references(replace(example.resource, tags=FrozenMap({"team": "blue"}))))

        tags = lab.seen(example.resource.address).tags
        assert (tags.get("team"), tags.get("cost")) == ("blue", None)

    def test_keeps_the_tags_that_others_gave_it(self, lab, example):
        graph = with_references(example.resource)
        lab.settle(graph)
        found = lab.seen(example.resource.address)
        lab.tag(found, foreign="1")
        since = lab.control.last_call()

        assert lab.once(graph).settled
        assert lab.writes(since) == []

    def test_gets_back_its_name(self, lab, example):
        graph = with_references(example.resource)
        lab.settle(graph)
        found = lab.seen(example.resource.address)
        lab.tag(found, Name="mine now")

        first = lab.drifted(graph).first

        assert [c.path for s in first for c in s.changes] == ["tags.Name"]
        assert found.tags == lab.seen(found.address).tags


@pytest.mark.parametrize(("example", "field"), DRIFTS)
def test_drift_is_found_named_and_mended(lab, example, field):
    graph = with_references(example.resource)
    before = lab.settle(graph)
    clean_up = example.drifts[field](partial(boto3.client, region_name=REGION), lab.seen(example.resource.address))

    first = lab.drifted(graph).first
    after = lab.settle(graph)

    changes = [c for s in first if s.address == example.resource.address for c in s.changes]
    assert field in {c.field for c in changes}
    assert {s.id for s in before.steps} == {s.id for s in after.steps}
    assert all(s.action is Action.KEEP for s in lab.once(graph).steps)
    if callable(clean_up):
        clean_up()
