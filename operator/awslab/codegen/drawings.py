"""The drawings of the example networks, for README and docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from awslab.core.ownership import Owner
from awslab.drawing.network import drawn
from awslab.kinds.as_network import as_network
from awslab.kinds.labvpc import LAB_VPC

from .yamldoc import NOTICE

EXAMPLES = Path(__file__).parents[3] / "examples"
FOLDER = "docs/images"


def drawings() -> Iterator[tuple[str, str]]:
    """A drawing of each LabVpc in ``examples/vpc*.yaml``, by its path; the second one of a file has its name too."""
    for path in sorted(EXAMPLES.glob("vpc*.yaml")):
        manifests = [m for m in yaml.safe_load_all(path.read_text(encoding="utf-8")) if m["kind"] == LAB_VPC.name]
        for number, manifest in enumerate(manifests):
            name = manifest["metadata"]["name"]
            stem = path.stem.replace("vpc", "labvpc", 1) + (f"-{name}" if number else "")
            spec, owner = LAB_VPC.spec_of(manifest), Owner("", LAB_VPC.name, "", name)
            network = as_network(LAB_VPC.compose(spec, LAB_VPC.guess(spec, owner)))
            picture = drawn(network, f"LabVpc {manifest['metadata']['namespace']}/{name}")
            yield f"{FOLDER}/{stem}.svg", f"{picture}<!-- {NOTICE} -->\n"
