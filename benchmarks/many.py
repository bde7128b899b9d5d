"""Memory, processor time and restart of the operator's process with many objects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import psutil
from tests.support.fakeapi import FakeApi
from tests.support.memory import lab_vpc
from tests.support.shell import LAB, PIPELINE

from .operator_alone import NAME, copy_of
from .world import REGION, free_port, local_aws, operator_settings, reconciler, work

COUNTS = (1000, 5000)
RESYNC = 0.05
"""Seconds of a round for each object: more often than by default, so that a round can be waited for."""
LISTINGS = (
    "describe_vpcs", "describe_subnets", "describe_internet_gateways", "describe_addresses", "describe_nat_gateways",
    "describe_route_tables", "describe_security_groups", "describe_network_acls", "describe_vpc_endpoints",
)  # fmt: skip
"""What the network has, by the tag of its owner."""
OF_VPC = (
    "describe_vpcs", "describe_subnets", "describe_internet_gateways", "describe_nat_gateways",
    "describe_route_tables", "describe_security_groups", "describe_network_acls", "describe_vpc_endpoints",
    "describe_network_interfaces",
)  # fmt: skip
"""What the proof of its promises asks for, by the VPC."""
BY = {"describe_internet_gateways": "attachment.vpc-id"}


def measure() -> list[dict[str, Any]]:
    """For each number of objects: a restart with one changed object, then two rounds."""
    with tempfile.TemporaryDirectory() as folder:
        template, obj = _template(Path(folder))
        return [_measured(Path(folder), template, obj, count) for count in COUNTS]


def _template(folder: Path) -> tuple[Path, str]:
    """One network in the strict local AWS: how AWS describes it, and its object."""
    with local_aws(time_scale=0.001):
        handle = lab_vpc(NAME, availabilityZones=2, natGateways="PerZone")
        work(handle, reconciler(operator_settings(time_scale=0.001)))
        ec2 = boto3.client("ec2", region_name=REGION)
        found = {name: _listed(ec2, name, "tag:awslab.dev/owner", f"default/LabVpc/lab/{NAME}") for name in LISTINGS}
        vpc = handle.obj["status"]["vpcId"]
        found |= {f"{name} of VPC": _listed(ec2, name, BY.get(name, "vpc-id"), vpc) for name in OF_VPC}
        found["describe_prefix_lists"] = ec2.describe_prefix_lists()
        found["describe_availability_zones"] = ec2.describe_availability_zones()
        found["get_caller_identity"] = boto3.client("sts", region_name=REGION).get_caller_identity()
    path = folder / "template.json"
    path.write_text(json.dumps({name: json.dumps(answer, default=str) for name, answer in found.items()}))
    return path, json.dumps(handle.obj)


def _listed(ec2: Any, name: str, by: str, value: str) -> Any:
    argument = "Filter" if name == "describe_nat_gateways" else "Filters"
    return getattr(ec2, name)(**{argument: [{"Name": by, "Values": [value]}]})


def _measured(folder: Path, template: Path, obj: str, count: int) -> dict[str, Any]:
    with FakeApi((LAB, PIPELINE)) as api:
        for number in range(1, count + 1):
            copy = json.loads(copy_of(obj, number))
            del copy["metadata"]["uid"]
            api.create(LAB.plural, copy)
        changed = f"net-{count // 2}"
        api.edit(LAB.plural, "lab", changed, {"spec": {"tags": {"team": "network"}}})
        metrics = free_port()
        command = ["benchmarks.operator_alone", template, count, api.kubeconfig(folder), RESYNC * count, metrics]
        with _process(*map(str, command)) as operator:
            began = time.monotonic()
            while api.get(LAB.plural, "lab", changed)["status"]["observedGeneration"] == 1:  # type: ignore[index] # it is there
                time.sleep(0.02)
            useful = time.monotonic() - began
            return {"objects": count, "first_useful_pass": useful, **_rounds(api, operator, metrics)}


def _rounds(api: FakeApi, operator: psutil.Process, metrics: int) -> dict[str, Any]:
    """A second round, after the first one, in which all caches fill."""
    count = len(api.all(LAB.plural))
    while _passes(metrics) < count:
        time.sleep(1)
    writes, before, passes = len(api.writes("/labvpcs/")), operator.cpu_times(), _passes(metrics)
    rss = []
    for _ in range(int(RESYNC * count)):
        time.sleep(1)
        rss.append(operator.memory_info().rss)
    after = operator.cpu_times()
    seconds = after.user + after.system - before.user - before.system
    passes = _passes(metrics) - passes
    writes = len(api.writes("/labvpcs/")) - writes
    return {"rss_mb": max(rss) / 2**20, "passes": passes, "cpu_seconds": seconds, "writes": writes}


def _passes(metrics: int) -> float:
    """How many passes the operator has made so far, as it tells itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("awslab_passes_total{"))


@contextmanager
def _process(module: str, *arguments: str) -> Any:
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}  # as in the image
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)
