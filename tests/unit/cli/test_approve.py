"""`awslab approve`: the plan is shown, and just that plan is approved."""

from __future__ import annotations

import pytest

PLAN_ONLY = {"management": {"mode": "PlanOnly"}}


@pytest.fixture
def waiting(cluster):
    """A LabVpc whose plan waits for approval."""
    return cluster.worked_on(**PLAN_ONLY)


def hash_of(handle):
    return handle.obj["status"]["plan"]["hash"]


def test_the_plan_is_shown_and_approved_when_answered_yes(waiting, cluster, awslab):
    result = awslab("approve", "labvpc/production", "-n", "lab", input="y\n")

    assert "+ Vpc/vpc" in result.stdout
    assert f"plan {hash_of(waiting)}" in result.stdout
    assert {"awslab.dev/approve": hash_of(waiting)} == cluster.annotations()
    assert 0 == result.exit_code


def test_nothing_is_approved_unless_answered_yes(waiting, cluster, awslab):
    result = awslab("approve", "labvpc/production", "-n", "lab", input="\n")

    assert {} == cluster.annotations()
    assert (1, True) == (result.exit_code, "nothing was approved" in result.stderr)


def test_yes_may_be_said_beforehand_and_the_kind_in_every_way(waiting, cluster, awslab):
    for kind in ("labvpc", "labvpcs", "lvpc"):
        assert 0 == awslab("approve", f"{kind}/production", "-n", "lab", "--yes").exit_code

    assert {"awslab.dev/approve": hash_of(waiting)} == cluster.annotations()


def test_a_plan_that_changed_meanwhile_is_not_approved(waiting, cluster, awslab, monkeypatch):
    def look_away(*_, **__):
        plan = {**waiting.obj["status"]["plan"], "hash": "another"}
        cluster.move_on({**waiting.obj["status"], "plan": plan})
        return True

    monkeypatch.setattr("click.confirm", look_away)

    result = awslab("approve", "labvpc/production", "-n", "lab")

    assert "the plan has changed while you looked at it; nothing was approved" in result.stderr
    assert {} == cluster.annotations()


def test_an_object_that_moved_on_with_the_same_plan_is_approved(waiting, cluster, awslab, monkeypatch):
    def touch(*_, **__):
        cluster.move_on({**waiting.obj["status"], "zones": []})
        return True

    monkeypatch.setattr("click.confirm", touch)

    assert 0 == awslab("approve", "labvpc/production", "-n", "lab").exit_code
    assert {"awslab.dev/approve": hash_of(waiting)} == cluster.annotations()


def test_a_plan_of_an_older_spec_is_not_approved(waiting, cluster, awslab):
    cluster.api.edit("labvpcs", "lab", "production", {"spec": {"tags": {"a": "b"}}})

    result = awslab("approve", "labvpc/production", "-n", "lab", "--yes")

    assert "the operator has not yet looked at the newest spec of LabVpc lab/production" in result.stderr
    assert {} == cluster.annotations()


def test_where_nothing_is_planned_there_is_nothing_to_approve(cluster, awslab):
    cluster.worked_on(passes=0)

    result = awslab("approve", "labvpc/production", "-n", "lab", "--yes")

    assert "nothing is planned for LabVpc lab/production: Everything is as the spec asks." in result.stderr


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("labvpc/nowhere", "there is no labvpc nowhere in namespace lab; see: kubectl get labvpcs -A"),
        ("pod/x", "pod/x is no object; say KIND/NAME, with a kind of labvpc"),
        ("labvpc", "labvpc is no object; say KIND/NAME"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(cluster, awslab, reference, said):
    result = awslab("approve", reference, "-n", "lab")

    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_cluster_that_does_not_answer_is_said_in_a_sentence(cluster, awslab):
    cluster.api.stop()

    result = awslab("approve", "labvpc/production", "-n", "lab")

    assert "the API server does not answer" in result.stderr
    assert 1 == result.exit_code
