"""Rows go through the whole pipeline in the same fraction of 512 MB however many they are, with the right numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from tests.unit.functions.conftest import BUCKET, COLUMNS

MILLION = 1_000_000
MOST_MEGABYTES = 100
"""Twice what Python and boto3 take for themselves; a hundred thousand rows as objects are more."""

DRIVER = r"""
import json, os, re, sys, time
from pathlib import Path
from awslab.functions import csv_statistics, csv_transform, csv_validate, write_output

def step(module, name, **settings):
    os.environ["AWSLAB_STEP"] = json.dumps({"name": name, "columns": given["columns"], "with": settings})
    began = time.process_time()
    state["steps"][name] = module.handler(state, None)
    seconds[name] = time.process_time() - began

given, seconds = json.load(sys.stdin), {}
state = given["state"]
step(csv_validate, "Validate")
step(csv_transform, "Transform", compute={"total": "quantity * price"})
step(csv_statistics, "Statistics", fields=["total"], groupBy=["region"])
step(write_output, "Write")
# Not ru_maxrss: that of a child begins with its parent's.
most = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({"megabytes": most, "seconds": seconds, "steps": state["steps"]}))
"""


def price(number: int) -> Decimal:
    return Decimal(number % 10_000) / 100


def content(count: int) -> bytes:
    """A file with that many rows; one in four has a quoted comma and a newline."""
    products = ["widget", "gadget", "gizmo", '"thing, ""big""\nor small"']
    lines = [
        f"2024-{i % 12 + 1:02d}-01,{'south' if i % 3 else 'north'},{products[i % 4]},{i % 9 + 1},{price(i):.2f}\n"
        for i in range(count)
    ]
    return ("date,region,product,quantity,price\n" + "".join(lines)).encode()


@pytest.mark.parametrize("rows", [MILLION // 5, pytest.param(MILLION, marks=pytest.mark.all_faults)])
def test_rows_are_processed_within_the_memory(pipeline, rows):
    state = pipeline.upload(content(rows))

    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps({"state": state, "columns": COLUMNS}),
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=280,
        check=True,
    )

    told = json.loads(done.stdout.splitlines()[-1])
    print(told["megabytes"], {name: round(rows / seconds) for name, seconds in told["seconds"].items()})  # noqa: T201
    summary = json.loads(pipeline.read("output/processing_summary.json"), parse_float=Decimal)
    numbers = summary["statistics"]["Statistics"]
    sums = {"north": Decimal(0), "south": Decimal(0)}
    for i in range(rows):
        sums["south" if i % 3 else "north"] += (i % 9 + 1) * price(i)
    assert told["megabytes"] < MOST_MEGABYTES
    assert {"valid": True, "rows": rows}.items() <= told["steps"]["Validate"].items()
    assert (rows, sum(sums.values())) == (summary["records"], numbers["fields"]["total"]["sum"])
    assert sums == {group["key"]["region"]: group["fields"]["total"]["sum"] for group in numbers["groups"]}
    (output,) = pipeline.s3.list_objects_v2(Bucket=BUCKET, Prefix="output/processed_sales_data")["Contents"]
    assert output["Size"] > told["steps"]["Transform"]["bytes"] + rows - 1  # a comma between records, and the head
