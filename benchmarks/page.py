"""Write what was measured as a page with tables and plots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from awslab.aws.slow_lane import DAY, HASTE

from .checks import RUNS

CALLS_PLOT = "benchmarks/calls.svg"
PER_OBJECT = 15
"""Calls of a round for each object, if each resource were asked for by itself."""

SLOW_LANE = 2 * HASTE * 600 / DAY
"""Calls of a round of 600 s for each VPC, at most."""

Results = Mapping[str, Mapping[str, Any]]


def page(results: Results) -> dict[str, str]:
    """The files below docs/, by their path."""
    parts = {"ready": _ready, "drift": _drift, "many": _many, "checks": _checks}
    sections = [line for name, write in parts.items() if name in results for line in write(results[name])]
    files = {"benchmarks.md": "\n".join([*HEAD, *sections, ""])}
    if "drift" in results:
        files[CALLS_PLOT] = _plot([(row["objects"], row["later"]["calls"]) for row in results["drift"]["found"]])
    return files


HEAD = (
    "# Benchmarks",
    "",
    "`make bench` measures all of this anew and writes this page. Times depend on the machine; the ratios and the",
    "numbers of calls are what counts.",
)


def _measured(part: Mapping[str, Any]) -> str:
    return f"Measured {part['when']}: {part['machine']}."


def _ready(part: Mapping[str, Any]) -> Iterator[str]:
    found = part["found"]
    yield from (
        "",
        "## Time to Ready",
        "",
        "A LabVpc with two zones and a NAT gateway in each, against a boto3 script that makes the network side by side",
        "as an expert would. Strict local AWS in a process of its own, 50 ms a call, NAT gateways in a tenth of AWS's",
        "usual time. The operator's passes begin when the operator itself chooses; its object is in memory, so that",
        "Kubernetes adds the time of its status writes. The medians of three runs.",
        "",
        "| | seconds |",
        "|---|---:|",
        f"| script | {found['script_seconds']:.2f} |",
        f"| operator | {found['seconds']:.2f} |",
        f"| **ratio** | **{found['ratio']:.2f}** (at most 1.15) |",
        "",
        f"The operator made {found['calls']} calls in {found['passes']} passes,",
        f"and wrote its object {found['status_writes']} times.",
        "The script reads nothing back, tags nothing, and would make everything twice if it were started twice.",
        "",
        _measured(part),
    )


def _drift(part: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        "",
        "## Calls of a round of routine looks",
        "",
        "Networks of one zone without NAT gateways, all as wanted: the first round of an operator that has just",
        "been started, in which it asks for some facts too, and the round after it. No call writes, and no status is",
        "written. By the call log of the strict local AWS, which allows pages no larger than AWS does. One call a",
        f"resource would be about {PER_OBJECT} calls an object.",
        "",
        f"![Calls by number of objects]({CALLS_PLOT})",
        "",
        "| objects | resources | calls after the start | calls of a round | one call a resource | status writes |",
        "|---:|---:|---:|---:|---:|---:|",
    )
    for row in part["found"]:
        objects, first, later = row["objects"], row["after_start"]["calls"], row["later"]["calls"]
        counts = f"{row['resources']:,} | {first} | **{later}** | {objects * PER_OBJECT:,} | {row['status_writes']}"
        yield f"| {objects:,} | {counts} |"
    yield from (
        "",
        f"In the long run the slow lane adds {SLOW_LANE:.3f} calls an object, which are {1000 * SLOW_LANE:.0f} for",
        "1,000 objects: each VPC's two DNS attributes once a day.",
        "",
        _measured(part),
    )


def _many(part: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        "",
        "## Many objects",
        "",
        "The operator's process against an API server in memory, networks of two zones with NAT gateways, all",
        "as wanted. A stub stands for boto3's client: what boto3 spends on HTTP and XML is missing, what the stub",
        "spends on making its answers is counted. Objects are looked at more often than by default; the share of a",
        "processor is what the looks of every ten minutes, the default, come to.",
        "The restart counts from the start of the process to the first word in the status of an object that was",
        "changed while no operator ran.",
        "",
        "| objects | memory (RSS, most) | processor, a look | share of a processor | restart to first useful pass |",
        "|---:|---:|---:|---:|---:|",
    )
    for row in part["found"]:
        look, restart = row["cpu_seconds"] / row["passes"], row["first_useful_pass"]
        memory, share = f"{row['rss_mb']:.0f} MB", f"{row['objects'] * look / 6:.1f} %"
        yield f"| {row['objects']:,} | {memory} | {1000 * look:.1f} ms | {share} | {restart:.1f} s |"
    yield from ("", _measured(part))


def _checks(part: Mapping[str, Any]) -> Iterator[str]:
    found = part["found"]
    yield from (
        "",
        "## The proof of a network",
        "",
        f"A network of {found['zones']} zones and {found['rules']} rules of network ACLs and security groups, as read",
        f"from AWS: all {found['checks']} flows that its spec promises open or closed, at once. Processor time.",
        "",
        "| | ms |",
        "|---|---:|",
        f"| **median** | **{found['median_ms']:.0f}** (at most 50) |",
        f"| longest of {RUNS} | {found['most_ms']:.0f} |",
        "",
        _measured(part),
    )


# A plot by hand: both axes logarithmic.

WIDTH, HEIGHT, LEFT, BOTTOM = 560, 300, 60, 40
MOST = (1000, 15_000)


def _plot(points: Sequence[tuple[int, int]]) -> str:
    """The calls against what one call a resource would cost, as SVG."""
    plain = [(objects, objects * PER_OBJECT) for objects, _ in points]
    lines = [*_axes(), *_line(plain, "#b91c1c", "one call a resource"), *_line(points, "#1d4ed8", "inventory")]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    return "\n".join([f'{head} font-size="12">', ground, *lines, "</svg>", ""])


def _at(objects: float, calls: float) -> tuple[float, float]:
    x = LEFT + (WIDTH - LEFT - 150) * math.log10(objects / 10) / math.log10(MOST[0] / 10)
    y = (HEIGHT - BOTTOM) - (HEIGHT - BOTTOM - 20) * math.log10(calls) / math.log10(MOST[1])
    return x, y


def _axes() -> Iterator[str]:
    for objects in (10, 100, 1000):
        x, y = _at(objects, 1)
        yield f'<text x="{x:.0f}" y="{y + 16:.0f}" text-anchor="middle">{objects:,}</text>'
    for calls in (1, 10, 100, 1000, 10_000):
        x, y = _at(10, calls)
        yield f'<line x1="{x:.0f}" y1="{y:.0f}" x2="{WIDTH - 150}" y2="{y:.0f}" stroke="#ddd"/>'
        yield f'<text x="{x - 8:.0f}" y="{y + 4:.0f}" text-anchor="end">{calls:,}</text>'
    yield f'<text x="{LEFT}" y="{HEIGHT - 6}">objects (across), calls a round (up)</text>'


def _line(points: Sequence[tuple[int, int]], color: str, name: str) -> Iterator[str]:
    places = [_at(*point) for point in points]
    path = " ".join(f"{x:.0f},{y:.0f}" for x, y in places)
    yield f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>'
    for (x, y), (_, calls) in zip(places, points, strict=True):
        yield f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="{color}"><title>{calls:,} calls</title></circle>'
    x, y = places[-1]
    yield f'<text x="{x + 8:.0f}" y="{y + 4:.0f}" fill="{color}">{name}</text>'
