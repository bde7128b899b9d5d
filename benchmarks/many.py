"""Memory, processor time and restart of the operator's process with many objects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import psutil
from tests.support.fakeapi import FakeApi
from tests.support.memory import lab_vpc
from tests.support.shell import LAB

from .operator_alone import NAME, copy_of
from .world import REGION, local_aws, operator_settings, reconciler, work

COUNTS = (1000, 5000)
RESYNC = 60.0
"""Seconds of a round: ten times as often as by default, so that a round can be waited for."""
LISTINGS = {
    "describe_vpcs": "Filters",
    "describe_subnets": "Filters",
    "describe_internet_gateways": "Filters",
    "describe_addresses": "Filters",
    "describe_nat_gateways": "Filter",
    "describe_route_tables": "Filters",
    "describe_security_groups": "Filters",
}


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
        tag = [{"Name": "tag:awslab.dev/owner", "Values": [f"default/LabVpc/lab/{NAME}"]}]
        found = {name: getattr(ec2, name)(**{argument: tag}) for name, argument in LISTINGS.items()}
        found["describe_availability_zones"] = ec2.describe_availability_zones()
    path = folder / "template.json"
    path.write_text(json.dumps({name: json.dumps(answer, default=str) for name, answer in found.items()}))
    return path, json.dumps(handle.obj)


def _measured(folder: Path, template: Path, obj: str, count: int) -> dict[str, Any]:
    with FakeApi((LAB,)) as api:
        for number in range(1, count + 1):
            copy = json.loads(copy_of(obj, number))
            del copy["metadata"]["uid"]
            api.create(LAB.plural, copy)
        changed = f"net-{count // 2}"
        api.edit(LAB.plural, "lab", changed, {"spec": {"tags": {"team": "network"}}})
        command = ["benchmarks.operator_alone", template, count, api.kubeconfig(folder), RESYNC]
        with _process(*map(str, command)) as operator:
            began = time.monotonic()
            while api.get(LAB.plural, "lab", changed)["status"]["observedGeneration"] == 1:  # type: ignore[index] # it is there
                time.sleep(0.02)
            useful = time.monotonic() - began
            return {"objects": count, "first_useful_pass": useful, **_rounds(api, operator)}


def _rounds(api: FakeApi, operator: psutil.Process) -> dict[str, Any]:
    """The second of two rounds; in the first all caches fill."""
    time.sleep(RESYNC)
    writes, before = len(api.writes("/labvpcs/")), operator.cpu_times()
    rss = []
    for _ in range(int(RESYNC)):
        time.sleep(1)
        rss.append(operator.memory_info().rss)
    after = operator.cpu_times()
    seconds = after.user + after.system - before.user - before.system
    return {"rss_mb": max(rss) / 2**20, "cpu_seconds_a_round": seconds, "writes": len(api.writes("/labvpcs/")) - writes}


@contextmanager
def _process(module: str, *arguments: str) -> Any:
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}  # as in the image
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)
