"""Rules of a bucket's lifecycle."""

from __future__ import annotations

import pytest

from awslab.aws.lifecycle import LifecycleRule, read, written
from awslab.core.values import FrozenMap

RULES = [
    LifecycleRule(prefix="work/", expire=7),
    LifecycleRule(expire_versions=30, abort_uploads=7),
    LifecycleRule(prefix="output/", transitions=((30, "STANDARD_IA"), (90, "GLACIER"))),
    LifecycleRule(drop_markers=True, expire_versions=1),
    LifecycleRule(expire=1, enabled=False),
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_what_is_written_is_read_as_the_same(rule):
    rules = FrozenMap({"one": rule})

    assert rules == read(written(rules))


def test_a_prefix_may_stand_in_two_places():
    old = {"ID": "a", "Prefix": "work/", "Status": "Enabled", "Expiration": {"Days": 1}}
    new = {"ID": "a", "Filter": {"Prefix": "work/"}, "Status": "Enabled", "Expiration": {"Days": 1}}

    assert read([old]) == read([new])


def test_a_rule_that_says_more_is_another_rule_and_is_kept_as_it_stands():
    tagged = {"ID": "a", "Filter": {"Tag": {"Key": "k", "Value": "v"}}, "Status": "Enabled", "Expiration": {"Days": 1}}

    found = read([tagged])

    assert found["a"] != LifecycleRule(expire=1)
    assert [tagged] == written(found)


def test_a_rule_is_told_in_a_sentence():
    assert "work/; deleted after 7 days" == str(RULES[0])
