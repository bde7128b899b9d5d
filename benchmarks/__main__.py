"""Measure, and write docs/benchmarks.md: ``python -m benchmarks [ready] [drift] [many] [checks]``; without a name all.

What is not measured anew is kept as it was measured last, in benchmarks/results.json.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import checks, drift, many, ready
from .page import page

PARTS: dict[str, Callable[[], Any]] = {
    "ready": ready.measure,
    "drift": drift.measure,
    "many": many.measure,
    "checks": checks.measure,
}
RESULTS = Path(__file__).with_name("results.json")
DOCS = Path(__file__).parent.parent / "docs"


def main(names: list[str]) -> int:
    """Run the parts that are named, and write all that is known."""
    if unknown := set(names) - set(PARTS):
        print(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    results: dict[str, Any] = {}
    for name in names or PARTS:
        machine, found = _machine(), PARTS[name]()
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        results[name] = {"when": datetime.now(UTC).date().isoformat(), "machine": machine, "found": found}
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    for path, text in page(results).items():
        (DOCS / path).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / path).write_text(text)
    return 0


def _machine() -> str:
    load = f"load {os.getloadavg()[0]:.1f} from elsewhere"
    return f"{os.cpu_count()} processors ({load}), {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
