"""The drawings of the examples: one for each network, readable."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from awslab.codegen.drawings import EXAMPLES, drawings
from tests.unit.drawing.test_network import assert_readable

DRAWN = dict(drawings())


def test_every_network_among_the_examples_is_drawn():
    manifests = [m for path in EXAMPLES.glob("*.yaml") for m in yaml.safe_load_all(path.read_text())]

    assert len(DRAWN) == sum(m["kind"] == "LabVpc" for m in manifests)


@pytest.mark.parametrize("path", DRAWN)
def test_no_text_touches_another_one_or_a_line(path):
    assert Path(path).name.startswith("labvpc")
    assert_readable(DRAWN[path])
