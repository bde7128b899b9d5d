"""What only a cluster with nodes can show: pods from the image, as the chart makes them."""

from __future__ import annotations

import json

import pytest

from awslab.local.kubernetes.client import OPERATOR_NAMESPACE
from tests.support.live import eventually


@pytest.fixture
def pods(place, kubectl):
    def ask() -> list[dict]:
        selector = "--selector=app.kubernetes.io/name=awslab-operator"
        return json.loads(kubectl("get", "pods", "--namespace", OPERATOR_NAMESPACE, selector, "--output=json"))["items"]

    return ask


def test_both_replicas_are_ready_and_none_was_restarted(pods):
    containers = [status for pod in pods() for status in pod["status"]["containerStatuses"]]

    assert [(status["ready"], status["restartCount"]) for status in containers] == [(True, 0), (True, 0)]


def test_the_other_replica_goes_on_when_the_leader_is_deleted(place, kubectl):
    lease = ("get", "lease", "awslab-operator", "--namespace", OPERATOR_NAMESPACE)
    holder = ("--output=jsonpath={.spec.holderIdentity}",)
    before = kubectl(*lease, *holder)
    leader = next(
        name
        for name in kubectl("get", "pods", "-n", OPERATOR_NAMESPACE, "--output=name").split()
        if name.removeprefix("pod/") in before
    )

    kubectl("delete", leader, "--namespace", OPERATOR_NAMESPACE)
    eventually(lambda: kubectl(*lease, *holder) not in {"", before})

    place.labvpc().apply().ready()
