"""Write what each example network costs into docs/networks.md, which is otherwise written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from awslab.core.ownership import Owner
from awslab.cost.estimate import total, words
from awslab.cost.prices import AS_OF
from awslab.kinds.labvpc import LAB_VPC

ROOT = Path(__file__).parents[3]
PAGE = "docs/networks.md"
BLOCK = re.compile(
    r"^(?P<begin><!-- the cost of (?P<example>\S+), by `make generate` -->\n).*?^(?P<end><!-- end -->)$",
    re.MULTILINE | re.DOTALL,
)


def networks_page() -> str:
    """The page, its blocks of costs as they are now."""
    return BLOCK.sub(_filled, (ROOT / PAGE).read_text(encoding="utf-8"))


def _filled(block: re.Match[str]) -> str:
    text = (ROOT / block["example"]).read_text(encoding="utf-8")
    rows = [row for manifest in yaml.safe_load_all(text) for row in _rows(manifest)]
    amounts = [amount for *_, amount in rows]
    said = [f"| {part} | {what} | {words(amount) or 'not known'} |" for part, what, amount in rows]
    table = ["| part | what | a month |", "|---|---|---:|", *said, f"| **all** | | **{words(total(amounts))}** |"]
    about = (
        f"By list prices of {AS_OF} in the example's region; `awslab cost -f {block['example']}` says what they go by."
    )
    body = [*table, "", about] if rows else ["Nothing in it is paid by the hour."]
    return "\n".join([block["begin"], *body, "", block["end"]])


def _rows(manifest: dict[str, Any]) -> Iterator[tuple[str, str, float | None]]:
    """Each part with its names and what it costs, then what the expected traffic costs."""
    spec, owner = LAB_VPC.spec_of(manifest), Owner("", LAB_VPC.name, "", manifest["metadata"]["name"])
    estimate = LAB_VPC.estimate(spec, LAB_VPC.compose(spec, LAB_VPC.guess(spec, owner)))
    for line in estimate.standing:
        yield f"{line.type} x{len(line.names)}", ", ".join(line.names), line.monthly
    for service, amount in (estimate.work or {}).items():
        yield service, "expected traffic", amount
