"""`awslab graph` draws what a manifest is made of, without AWS and without a cluster."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from awslab.cli.main import main
from awslab.kinds import KINDS
from tests.unit.kinds.specs import composed

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("vpc*.yaml"))
VPC = next(e for e in EXAMPLES if e.name == "vpc.yaml")
every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)


def drawn(example, output="text", stdin=None):
    result = CliRunner().invoke(main, ["graph", "-f", str(example), "-o", output], input=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch):
    """Any call to AWS fails: nobody listens there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")


def test_as_text_it_lists_every_resource_after_what_it_needs():
    title, *lines = drawn(VPC)

    graph = composed()
    assert title == "LabVpc lab/production"
    assert [line.split()[0] for line in lines] == [r.address for r in graph]
    assert "  NatGateway/a  <- Eip/nat-a, InternetGateway/igw, Subnet/public-a" in lines
    assert "  Vpc/vpc" in lines


def test_as_mermaid_every_reference_is_an_arrow_between_nodes():
    lines = drawn(VPC, "mermaid")

    assert lines[:4] == ["---", "title: LabVpc lab/production", "---", "flowchart LR"]
    nodes = {match[1] for line in lines if (match := re.fullmatch(r'  (\w+)\["[^"]+"\]', line))}
    arrows = [line.split(" --> ") for line in lines if " --> " in line]
    assert len(nodes) == len(composed())
    assert {end.strip() for arrow in arrows for end in arrow} <= nodes
    assert "  NatGateway_a --> Subnet_public_a" in lines


def test_as_dot_it_is_one_digraph():
    lines = drawn(VPC, "dot")

    assert (lines[0], lines[-1]) == ('digraph "LabVpc lab/production" {', "}")
    assert '  "RouteTable/public" -> "InternetGateway/igw";' in lines


@every_example
@pytest.mark.parametrize("output", ["text", "mermaid", "dot"])
def test_every_example_can_be_drawn(example, output):
    assert len(drawn(example, output)) > len(composed(natGateways="None"))


def test_a_manifest_may_come_from_standard_input():
    assert drawn("-", stdin=VPC.read_text()) == drawn(VPC)


def test_a_manifest_without_a_namespace_is_of_the_default_one():
    manifest = VPC.read_text().replace("  namespace: lab\n", "")

    assert drawn("-", stdin=manifest)[0] == "LabVpc default/production"


def test_of_a_kind_that_draws_itself_its_own_drawing_is_shown_unless_resources_are_asked_for(monkeypatch):
    (kind,) = (kind for kind in KINDS if kind.name == "LabVpc")
    drawing = replace(kind, drawings={"text": lambda spec, title: f"{title}: {spec.cidr}"})
    monkeypatch.setattr("awslab.cli.manifests.KINDS", (drawing,))

    assert drawn(VPC) == ["LabVpc lab/production: 10.0.0.0/16"]
    result = CliRunner().invoke(main, ["graph", "-f", str(VPC), "--resources"])
    assert len(result.stdout.splitlines()) == len(composed()) + 1
