"""`awslab trace`: the tree of resources, and what they wait for."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from awslab.cli import trace
from tests.support.memory import reconciler, until


def ask(awslab, *more):
    return awslab("trace", "labvpc/production", "-n", "lab", *more)


def indent(text, address):
    line = next(line for line in text.splitlines() if address in line)
    return len(line) - len(line.lstrip(" │├└─"))


def test_each_resource_stands_below_what_it_is_bound_to(cluster, awslab):
    cluster.worked_on(passes=0, natGateways="PerZone")

    shown = ask(awslab).stdout

    depths = [indent(shown, a) for a in ("Vpc/vpc", "Subnet/public-a", "NatGateway/a")]
    assert sorted(set(depths)) == depths
    assert (
        indent(shown, "Subnet/public-a") == indent(shown, "InternetGateway/igw") == indent(shown, "RouteTable/public")
    )


def test_it_begins_with_the_conditions_that_matter(cluster, awslab):
    cluster.worked_on(passes=0)

    lines = ask(awslab).stdout.splitlines()

    assert ["LabVpc lab/production", "  Ready True Ready: Everything is as the spec asks."] == lines[:2]
    assert "  ChecksPassed True Passed: All 7 checks pass." == lines[2]
    assert lines[3].startswith("Vpc/vpc  vpc-")


def test_what_is_waited_for_and_what_failed_is_told(cluster, awslab, local_aws):
    local_aws.fault("deny", "CreateInternetGateway")
    cluster.worked_on(passes=1)

    shown = ask(awslab).stdout

    assert "  Ready False Denied: InternetGateway/igw: CreateInternetGateway: You are not authorized" in shown
    assert "  Stalled True Denied" in shown
    (line,) = [line for line in shown.splitlines() if "InternetGateway/igw  Failed" in line]
    assert "CreateInternetGateway: You are not authorized" in line


def test_zones_that_a_drawing_does_not_know_have_their_place_too(cluster, awslab):
    handle = cluster.worked_on(passes=0)
    resources = handle.obj["status"]["resources"]
    handle.obj["status"]["resources"] = [
        {**r, "address": r["address"].replace("public-a", "public-q")} for r in resources
    ]
    cluster.apply(handle)

    shown = ask(awslab).stdout

    assert indent(shown, "Subnet/public-q") == indent(shown, "Subnet/private-a")


def test_watching_ends_when_it_is_ready_and_tells_each_change_once(cluster, awslab, monkeypatch):
    monkeypatch.setattr(trace, "EVERY", 0.05)
    handle, using = cluster.worked_on(natGateways="PerZone"), reconciler()
    assert not handle.ready

    def work():
        until(handle, lambda: handle.ready, using)
        cluster.apply(handle)

    worker = threading.Timer(0.3, work)
    worker.start()
    result = ask(awslab, "--watch")
    worker.join()

    lines = [line.partition(" ")[2] for line in result.stdout.splitlines()]
    assert 0 == result.exit_code
    assert "Ready True Ready: Everything is as the spec asks." in lines
    assert len(lines) == len(set(lines))


def test_watching_a_stalled_object_ends_with_a_failure(cluster, awslab, local_aws):
    local_aws.fault("deny", "CreateVpc")
    cluster.worked_on(passes=1)

    result = ask(awslab, "--watch")

    assert 1 == result.exit_code
    assert "Stalled True Denied" in result.stdout


def test_watching_ends_when_the_object_is_gone(cluster, awslab, monkeypatch):
    monkeypatch.setattr(trace, "EVERY", 0.05)
    cluster.worked_on(natGateways="PerZone")
    threading.Timer(0.3, cluster.api.vanish, ("labvpcs", "lab", "production")).start()

    result = ask(awslab, "--watch")

    assert "LabVpc lab/production is gone" in result.stdout
    assert 0 == result.exit_code


def test_an_interrupted_watch_ends_quietly(cluster, awslab, monkeypatch):
    cluster.worked_on(natGateways="PerZone")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(trace, "_follow", interrupt)

    assert 0 == ask(awslab, "--watch").exit_code


@pytest.mark.parametrize(
    ("seconds", "said"), [(5, "5s"), (119, "119s"), (120, "2m"), (7200, "2h"), (90000, "25h"), (200000, "2d")]
)
def test_ages_are_written_as_kubectl_does(seconds, said):
    assert said == trace.age(timedelta(seconds=seconds))
