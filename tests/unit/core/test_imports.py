"""The core needs nothing but Python."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import awslab.core

SOURCES = Path(awslab.core.__file__).parents[2]
PROGRAM = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_the_core_imports_no_library():
    modules = [f"awslab.core.{m.name}" for m in pkgutil.iter_modules(awslab.core.__path__)]

    # -S: no site-packages, so that an import of a library fails; -I: nothing from the environment.
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, str(SOURCES), *modules],
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stderr == ""
    assert set(json.loads(run.stdout)) - sys.stdlib_module_names - {"__main__"} == {"awslab"}
