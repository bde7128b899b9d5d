import pytest

from awslab.controller.objects import (
    FINALIZER,
    Key,
    concerns_us,
    healthy,
    key_of,
    newer,
    stripped,
)
from tests.support.shell import ready_status


def obj(version="1", **metadata):
    data = {"name": "a", "namespace": "lab", "uid": "u", "generation": 1, "resourceVersion": version}
    return {"kind": "LabVpc", "metadata": {**data, **metadata}}


def test_a_key_names_kind_namespace_and_name():
    assert Key("LabVpc", "lab", "a") == key_of(obj())
    assert "LabVpc/lab/a" == str(key_of(obj()))


def test_a_cluster_wide_object_has_no_namespace_in_its_key():
    account = {"metadata": {"name": "prod"}}

    assert "AwsAccount/prod" == str(key_of(account, "AwsAccount"))


@pytest.mark.parametrize(
    "change",
    [
        {"generation": 2},
        {"uid": "other"},
        {"deletionTimestamp": "2026-01-01T00:00:00Z"},
        {"annotations": {"awslab.dev/reconcile-at": "now"}},
        {"finalizers": ["foreign.example.com/hold"]},
    ],
)
def test_what_a_user_can_wish_needs_a_pass(change):
    assert concerns_us(obj(), obj("2", **change))


@pytest.mark.parametrize(
    "change",
    [
        {"labels": {"team": "a"}},
        {"annotations": {"argocd.argoproj.io/tracking-id": "x"}},
        {"managedFields": [{"manager": "kubectl"}]},
        {"finalizers": [FINALIZER]},
    ],
)
def test_foreign_marks_and_our_own_finalizer_need_no_pass(change):
    assert not concerns_us(obj(), obj("2", **change))


def test_our_own_status_needs_no_pass():
    assert not concerns_us(obj(), {**obj("2"), "status": ready_status()})


def test_our_finalizer_taken_by_somebody_else_needs_a_pass():
    assert concerns_us(obj(finalizers=[FINALIZER]), obj("2"))


def test_our_finalizer_taken_off_at_the_end_needs_no_pass():
    gone = {"deletionTimestamp": "2026-01-01T00:00:00Z"}

    assert not concerns_us(obj(finalizers=[FINALIZER], **gone), obj("2", **gone))


@pytest.mark.parametrize(
    ("status", "metadata", "expected"),
    [
        (ready_status(1), {}, True),
        (ready_status(1), {"generation": 2}, False),
        ({}, {}, False),
        (ready_status(1), {"deletionTimestamp": "2026-01-01T00:00:00Z"}, False),
    ],
)
def test_healthy_is_ready_for_this_very_spec(status, metadata, expected):
    assert expected == healthy({**obj(**metadata), "status": status})


def test_versions_are_compared_as_numbers():
    assert newer(obj("10"), obj("9"))
    assert not newer(obj("9"), obj("10"))
    assert not newer(obj("9"), obj("9"))


def test_another_object_of_that_name_is_newer():
    assert newer(obj("1", uid="other"), obj("9"))


def test_versions_that_are_no_numbers_count_by_arrival():
    assert newer(obj("b"), obj("c"))
    assert not newer(obj("b"), obj("b"))


def test_managed_fields_are_not_kept():
    kept = stripped(obj(managedFields=[{"manager": "kubectl"}]))

    assert obj() == kept
