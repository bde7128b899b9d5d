"""The page of conditions and reasons."""

from __future__ import annotations

from awslab.codegen.conditions_page import conditions_page
from awslab.core import conditions, errors
from awslab.core.conditions import APPROVABLE, MEANINGS, REASONS, WHAT_TO_DO, Type


def kinds_of(error):
    return {error.reason} | {r for kind in error.__subclasses__() for r in kinds_of(kind)}


def test_every_condition_and_every_reason_is_explained():
    page = conditions_page()

    assert set(Type) == set(MEANINGS)
    assert [] == [name for name in (*Type, *REASONS) if f"| `{name}` |" not in page]


def test_whatever_only_people_can_mend_says_what_to_do():
    for_people = kinds_of(errors.Denied) | kinds_of(errors.Rejected) | APPROVABLE | {"OwnedByAnother", "NonConverging"}

    assert set() == for_people - WHAT_TO_DO.keys()


def test_nothing_is_advised_for_a_reason_that_there_is_not():
    assert set() == WHAT_TO_DO.keys() - conditions.REASONS.keys()
