"""What the operator's process tells of itself."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import OPERATOR, place_in
from tests.support.live import eventually

METRICS = {
    "awslab_aws_calls", "awslab_aws_call_seconds", "awslab_aws_throttles", "awslab_passes", "awslab_pass_seconds",
    "awslab_queue_depth", "awslab_queue_wait_seconds", "awslab_resources", "awslab_drift_found",
    "awslab_drift_mended", "awslab_time_to_ready_seconds", "awslab_build_info",
}  # fmt: skip


@pytest.fixture
def place(world):
    world.start_operator(env=OPERATOR)
    return place_in(world)


def answer(world, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{world.operator_endpoint}/{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(world) -> dict[tuple[str, frozenset], float]:
    families = text_string_to_metric_families(answer(world, "metrics")[1])
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def test_the_metrics_tell_of_calls_passes_resources_and_drift(place, world):
    vpc = place.labvpc(natGateways="Single").apply().ready()
    table = vpc.ids()["RouteTable/private-a"]
    place.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    vpc.nudge()
    eventually(lambda: vpc.events("Repaired"))

    found = samples(world)

    def value(name, **labels):
        return found.get((name, frozenset(labels.items())), 0)

    families = {family.name for family in text_string_to_metric_families(answer(world, "metrics")[1])}
    assert families >= METRICS
    assert value("awslab_aws_calls_total", service="ec2", operation="CreateVpc", code="OK") == 1
    assert value("awslab_resources", kind="LabVpc", type="Subnet", state="Ready") == 3
    assert value("awslab_time_to_ready_seconds_count", kind="LabVpc") == 1
    assert value("awslab_drift_found_total", kind="LabVpc", type="RouteTable") == 1
    assert value("awslab_drift_mended_total", kind="LabVpc", type="RouteTable") == 1


def test_readiness_tells_when_kubernetes_is_out_of_reach_and_health_asks_for_no_restart(place, world):
    before = answer(world, "readyz")[0]

    with world.outage("kube-apiserver"):
        unready = eventually(lambda: answer(world, "readyz") if answer(world, "readyz")[0] != 200 else None)
        health = answer(world, "healthz")[0]
    eventually(lambda: answer(world, "readyz")[0] == 200)

    assert before == 200
    assert unready[0] == 503
    assert unready[1]
    assert health == 200
