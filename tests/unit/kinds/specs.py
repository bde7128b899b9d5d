"""LabVpc specs for tests."""

from __future__ import annotations

from awslab.api.labvpc import LabVpcSpec
from awslab.kinds.labvpc import Facts, compose

REGION = "us-east-1"
FACTS = Facts(tuple(REGION + letter for letter in "abcdef"))


def spec(**fields):
    """The spec with *fields* as in YAML, the rest as it is by default."""
    return LabVpcSpec.model_validate({"region": REGION, "cidr": "10.0.0.0/16", **fields})


def composed(facts=FACTS, **fields):
    """The graph of the spec with *fields*."""
    return compose(spec(**fields), facts)


def of(graph, kind):
    """The resources of one type by name."""
    return {r.name: r for r in graph if type(r).__name__ == kind}
