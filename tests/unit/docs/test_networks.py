"""The page of networks shows every example as it is, and what it says can be typed and applied."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from awslab.cli.main import main
from awslab.codegen.networks_page import BLOCK, networks_page
from awslab.core.ownership import Owner
from awslab.kinds.labvpc import LAB_VPC

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/networks.md").read_text()
EXAMPLES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("examples/vpc*.yaml"))
PIECES = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)]
COMMANDS = [line.partition("  #")[0].strip() for line in re.findall(r"^\$ awslab (.*)$", PAGE, re.MULTILINE)]
OWNER = Owner("test", "LabVpc", "lab", "production")


def typed(command):
    return CliRunner().invoke(main, shlex.split(command))


@pytest.fixture(autouse=True)
def _beside_the_examples(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_every_drawing_of_an_example_is_shown():
    drawn = {path.name for path in (ROOT / "docs/images").glob("labvpc*.svg")}

    assert drawn == set(re.findall(r"\(images/([^)]+)\)", PAGE))


def test_every_example_is_shown_with_what_it_costs():
    assert set(EXAMPLES) == {block["example"] for block in BLOCK.finditer(PAGE)}
    assert networks_page() == PAGE


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_sum_is_that_of_the_command(example):
    told = json.loads(typed(f"cost -f {example} -o json").stdout)

    (shown,) = (block[0] for block in BLOCK.finditer(PAGE) if block["example"] == example)
    monthly = sum(one["monthly"] for one in told)
    assert (f"**${monthly:,.2f}**" if monthly else "Nothing in it is paid by the hour.") in shown


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: next(iter(piece)))
def test_every_piece_of_a_spec_is_valid_and_can_be_composed(piece):
    least = {"region": "us-east-1", "cidr": "10.0.0.0/16"}

    spec = LAB_VPC.spec_of({"spec": {**least, **piece}})

    assert len(LAB_VPC.compose(spec, LAB_VPC.guess(spec, OWNER)))


@pytest.mark.parametrize("command", [c for c in COMMANDS if " -f " in c and not c.startswith("plan")])
def test_every_command_that_needs_no_aws_works(command):
    result = typed(command)

    assert (0, "") == (result.exit_code, result.stderr)


def test_every_command_that_is_named_exists():
    named = {command.split()[0] for command in COMMANDS} | set(re.findall(r"`awslab ([a-z]+)", PAGE))

    assert {"graph", "cost", "reach", "logs", "import", "trace"} <= named
    assert set() == named - set(main.list_commands(None))
