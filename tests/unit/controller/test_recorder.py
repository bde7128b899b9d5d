import time

import pytest

from awslab import metrics
from awslab.controller.recorder import Allowance, EventRecorder
from tests.support.shell import eventually, lab


@pytest.fixture
def made(api):
    return api.create("labvpcs", lab("a"))


@pytest.fixture
def recorder(kube):
    recorder = EventRecorder(kube, instance="test")
    recorder.start()
    yield recorder
    recorder.stop()


def counted(type_, result):
    return metrics.EVENTS.labels(type_, result)._value.get()


def test_an_event_is_posted_as_kubectl_describe_wants_it(api, recorder, made):
    recorder.event(made, "Normal", "Created", "Vpc main is there")

    (event,) = eventually(lambda: api.all("events"))
    metadata = made["metadata"]
    involved = {
        "apiVersion": "awslab.dev/v1alpha1",
        "kind": "LabVpc",
        "namespace": "lab",
        "name": "a",
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }
    assert involved == event["involvedObject"]
    assert ("Normal", "Created", "Vpc main is there", 1) == (
        event["type"], event["reason"], event["message"], event["count"]
    )  # fmt: skip
    assert {"component": "awslab-operator"} == event["source"]
    assert "awslab-operator" == event["reportingComponent"]


def test_the_same_event_again_is_counted_up(api, recorder, made):
    for _ in range(3):
        recorder.event(made, "Warning", "Denied", "not allowed")
    recorder.stop()

    assert [3] == [event["count"] for event in api.all("events")]


def test_another_message_is_another_event(api, recorder, made):
    recorder.event(made, "Normal", "Drifted", "route a")
    recorder.event(made, "Normal", "Drifted", "route b")
    recorder.stop()

    assert ["route a", "route b"] == sorted(event["message"] for event in api.all("events"))


def test_after_a_restart_the_same_event_is_still_counted_up(api, kube, made):
    for _ in range(2):
        recorder = EventRecorder(kube)
        recorder.start()
        recorder.event(made, "Normal", "Created", "made")
        recorder.stop()

    assert [2] == [event["count"] for event in api.all("events")]


def test_an_event_that_the_api_server_forgot_is_posted_anew(api, recorder, made):
    recorder.event(made, "Normal", "Created", "made")
    (event,) = eventually(lambda: api.all("events"))
    api.delete("events", "lab", event["metadata"]["name"])
    recorder.event(made, "Normal", "Created", "made")
    recorder.stop()

    assert [1] == [event["count"] for event in api.all("events")]


def test_an_event_of_a_cluster_wide_object_lives_in_default(api, recorder):
    account = {
        "apiVersion": "awslab.dev/v1alpha1",
        "kind": "AwsAccount",
        "metadata": {"name": "prod", "uid": "u"},
    }
    recorder.event(account, "Normal", "Ready", "usable")
    recorder.stop()

    assert ["default"] == [event["metadata"]["namespace"] for event in api.all("events")]


def test_a_refused_event_harms_nobody(api, recorder, made):
    before = counted("Normal", "failed")
    api.fail(403)
    recorder.event(made, "Normal", "Deleted", "the namespace is terminating")
    recorder.event(made, "Normal", "Created", "this one comes through")
    recorder.stop()

    assert ["Created"] == [event["reason"] for event in api.all("events")]
    assert before + 1 == counted("Normal", "failed")


def test_a_talkative_object_is_limited(api, recorder, made):
    for number in range(40):
        recorder.event(made, "Normal", "Noise", f"number {number}")
    recorder.stop()

    assert 25 == len(api.all("events"))


def test_a_full_queue_drops_and_never_blocks(api, kube, made):
    recorder = EventRecorder(kube, capacity=2)
    before = counted("Normal", "dropped")
    began = time.monotonic()
    for number in range(5):
        recorder.event(made, "Normal", "Noise", f"number {number}")

    assert time.monotonic() - began < 0.1
    assert before + 3 == counted("Normal", "dropped")


def test_an_object_may_have_one_more_event_each_five_minutes():
    allowance = Allowance(at=0.0)

    first = [allowance.take(0.0) for _ in range(26)]
    later = [allowance.take(now) for now in (299.0, 301.0, 302.0)]

    assert [True] * 25 + [False] == first
    assert [False, True, False] == later
