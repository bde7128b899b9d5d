"""What the page of pipelines shows is accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from awslab.cli.main import main
from awslab.core.ownership import Owner
from awslab.kinds.datapipeline import DATA_PIPELINE

PAGE = (Path(__file__).parents[3] / "docs/pipelines.md").read_text()
PIECES = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)]
OWNER = Owner("test", "DataPipeline", "lab", "sales")


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: next(iter(piece)))
def test_every_piece_of_a_spec_is_valid_and_can_be_composed(piece):
    least = {"region": "us-east-1", "steps": [{"name": "WriteOutput", "builtin": "write-output"}]}

    spec = DATA_PIPELINE.spec_of({"spec": {**least, **piece}})

    assert len(DATA_PIPELINE.compose(spec, DATA_PIPELINE.guess(spec, OWNER)))


def test_every_command_that_is_named_exists():
    named = {words[0] for words in map(str.split, re.findall(r"awslab ([a-z]+ [^`\n]*)", PAGE))}

    assert {"run", "runs", "logs"} <= named
    assert set() == named - set(main.list_commands(None))
