"""DataPipeline specs for tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from awslab.api.datapipeline import DataPipelineSpec
from awslab.kinds.asl import definition
from awslab.kinds.asl_needs import Names
from tests.support.manifests import ROOT, documents

EXAMPLES = sorted((ROOT / "examples").glob("datapipeline*.yaml"))

NAMES = Names(
    pipeline="sales",
    partition="aws",
    success_topic="arn:aws:sns:us-east-1:123456789012:success",
    failure_topic="arn:aws:sns:us-east-1:123456789012:failure",
    input_bucket="the-input",
    output_bucket="the-output",
    work_bucket="the-work",
)


def function(name: str, **fields: Any) -> dict[str, Any]:
    """A step that calls a function."""
    return {"name": name, "builtin": "csv-validate", **fields}


def choice(name: str, *targets: str, default: str, **fields: Any) -> dict[str, Any]:
    """A step that chooses among several."""
    when = {"path": "$.input.size", "greaterThan": 5}
    return {"name": name, "choice": [{"when": when, "next": t} for t in targets], "default": default, **fields}


def wait(name: str, **fields: Any) -> dict[str, Any]:
    """A step that pauses."""
    return {"name": name, "wait": {"seconds": 5}, **fields}


def spec(*steps: dict[str, Any], **fields: Any) -> DataPipelineSpec:
    """The spec with these steps and *fields* as in YAML."""
    given = {"region": "us-east-1", **({"steps": list(steps)} if steps else {}), **fields}
    return DataPipelineSpec.model_validate(given)


def raw(machine: Any, *functions: str, **fields: Any) -> DataPipelineSpec:
    """The spec with raw ASL."""
    named = [{"name": name, "inline": {"code": "x"}} for name in functions]
    text = machine if isinstance(machine, str) else json.dumps(machine)
    return spec(asl=text, **({"functions": named} if named else {}), **fields)


def example(path) -> DataPipelineSpec:
    """The spec of an example."""
    (manifest,) = documents(path.read_text())
    return DataPipelineSpec.model_validate(manifest["spec"])


def machine(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The state machine of these steps, read."""
    read: dict[str, Any] = json.loads(definition(spec(*steps, **fields), NAMES).text)
    return read


def states(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The states of these steps."""
    found: dict[str, Any] = machine(*steps, **fields)["States"]
    return found


def machines(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The machine and every one within it."""
    yield whole
    for state in whole["States"].values():
        for inner in (*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])):
            yield from machines(inner)


def callable_text(text: str) -> str:
    """The definition as AWS gets it: with the ARNs of published versions."""
    return re.sub(r"\$\{(\w+)\}", r"arn:aws:lambda:us-east-1:123456789012:function:\1:1", text)
