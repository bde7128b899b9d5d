"""Every rule has a test, and the document tells of every rule."""

import re
from pathlib import Path

import pytest

from awslab.local.aws import docs
from awslab.local.aws.ec2 import patches
from awslab.local.aws.families import load_rules
from awslab.local.aws.rules import REGISTRY, Book
from awslab.local.aws.times import USUAL_SECONDS

ROOT = Path(__file__).parents[3]
TESTED = re.compile(r"@rule\(([^)]*)\)", re.DOTALL)

load_rules()


def proved():
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    return {name for names in TESTED.findall(text) for name in re.findall(r'"([a-z-]+)"', names)}


@pytest.mark.parametrize("rule", REGISTRY.values(), ids=REGISTRY)
def test_a_rule_says_what_aws_does_and_where_that_stands(rule):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
    assert rule.does.endswith(".")
    assert rule.see.startswith("https://docs.aws.amazon.com/")
    assert rule.actions


def test_every_rule_has_a_test_and_every_tested_rule_is_one():
    assert set(REGISTRY) == proved()


def test_the_document_is_what_the_registry_says():
    assert docs.render() == (ROOT / docs.PATH).read_text()


def test_an_id_is_given_once():
    book = Book("ec2")
    enter = book.behaves(next(iter(REGISTRY)), "X", does="x.", see="https://docs.aws.amazon.com/")

    with pytest.raises(ValueError, match="two rules"):
        enter(print)


def test_another_moto_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(patches, "PATCHED", ((patches.Subnet, "no_such_name"),))

    with pytest.raises(patches.PatchError, match=r"without Subnet\.no_such_name; install the locked dependencies"):
        patches.check()


def test_every_change_that_comes_by_itself_has_its_usual_time(aws):
    waits = {"token-forgotten", "event-retried", "event-retried-again", "event-throttled"}

    assert set(aws.world.changes) == set(USUAL_SECONDS) - waits
