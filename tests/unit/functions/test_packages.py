"""Packages have the same bytes for the same content, run where nothing of awslab is, and name what they need."""

from __future__ import annotations

import base64
import hashlib
import importlib
import io
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import boto3
import pytest

from awslab import functions
from awslab.functions import errors
from awslab.packages import BUILTINS, Part, When, accesses, builtin, inline, several
from tests.support.manifests import ROOT
from tests.unit.functions.conftest import SALES

HERE = Path(functions.__file__).parent


def contents(package) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.parametrize("name", BUILTINS)
def test_the_same_sources_are_the_same_bytes(name):
    first = builtin(name)
    builtin.cache_clear()

    assert first == builtin(name)


@pytest.mark.parametrize("name", BUILTINS)
def test_the_hash_is_the_one_that_lambda_tells(name):
    package = builtin(name)

    assert base64.b64encode(hashlib.sha256(package.body).digest()).decode() == package.sha256


def test_the_bytes_depend_on_neither_order_time_nor_compression():
    package = several({"b.py": "2", "a.py": "1"}, "a.handler")

    with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
        entries = [
            (entry.filename, entry.date_time, entry.external_attr >> 16, entry.create_system, entry.compress_type)
            for entry in archive.infolist()
        ]
    fixed = ((1980, 1, 1, 0, 0, 0), 0o100644, 3, zipfile.ZIP_STORED)
    assert [("a.py", *fixed), ("b.py", *fixed)] == entries
    assert package == several({"a.py": "1", "b.py": "2"}, "a.handler")


def test_the_hash_of_a_content_never_changes():
    """A golden value: were it another one, every function of every user would be uploaded again."""
    assert (
        "ss+P+zhFJ49nO/Kzj848yMsJ4vnVaShkrNByl79b7PY=" == inline("def handler(e, c): return e\n", "python3.13").sha256
    )


def test_another_content_is_another_hash():
    assert inline("a", "python3.13").sha256 != inline("b", "python3.13").sha256


@pytest.mark.parametrize("name", BUILTINS)
def test_only_sources_are_packed_and_only_those_that_are_imported(name):
    packed = {path.removeprefix("awslab_functions/") for path in contents(builtin(name))}

    assert packed <= {path.name for path in HERE.glob("*.py")}
    assert f"{BUILTINS[name].module}.py" in packed
    assert not packed & {f"{other.module}.py" for other in BUILTINS.values() if other.module != BUILTINS[name].module}


@pytest.mark.parametrize(
    ("runtime", "name"), [("python3.13", "index.py"), ("python3.x", "index.py"), ("nodejs22.x", "index.js")]
)
def test_inline_source_is_one_file_of_its_language(runtime, name):
    package = inline("code é\n", runtime)

    assert ("index.handler", {name: "code é\n"}) == (package.handler, contents(package))


@pytest.mark.parametrize("runtime", ["java21", "provided.al2023", ""])
def test_other_runtimes_run_no_source(runtime):
    with pytest.raises(ValueError, match="runs no inline source; python and nodejs do"):
        inline("code", runtime)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x.py", "a/../../x.py", "", "a\\b.py"])
def test_no_name_leads_out_of_the_zip(name):
    with pytest.raises(ValueError, match="is no name for a file in a zip"):
        several({name: "x"}, "x.handler")


def test_a_config_map_without_files_is_no_function():
    with pytest.raises(ValueError, match="there is no file"):
        several({}, "x.handler")


@pytest.mark.parametrize("name", BUILTINS)
def test_the_settings_that_are_told_are_those_that_are_known(name):
    module = importlib.import_module(f"awslab.functions.{BUILTINS[name].module}")

    assert set(getattr(module, "KNOWN", ())) == BUILTINS[name].settings


def test_every_module_of_the_functions_is_packed_somewhere():
    packed = {name.removeprefix("awslab_functions/") for each in BUILTINS for name in contents(builtin(each))}

    assert {path.name for path in HERE.glob("*.py")} == packed


def test_an_access_is_asked_for_where_it_is_used():
    versioned, plain = accesses("csv-validate"), accesses("csv-validate", versioned=False)

    assert [("s3:GetObjectVersion", Part.INPUT)] == [(access.action, access.part) for access in versioned]
    assert [("s3:GetObject", Part.INPUT)] == [(access.action, access.part) for access in plain]
    assert [When.ALWAYS] == [access.when for access in accesses("start")]
    assert [When.ALWAYS, When.EXPRESS] == [access.when for access in accesses("start", express=True)]


DRIVER = """
import importlib, json, sys
module, _, name = sys.argv[1].rpartition(".")
print(json.dumps(getattr(importlib.import_module(module), name)(json.load(sys.stdin), None)))
"""


def run(package, event, folder, **environment):
    """Run a package as Lambda does: unzipped, with boto3 beside it and nothing of ours."""
    with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
        archive.extractall(folder)
    site = Path(boto3.__file__).parent.parent
    paths = (
        f"import sys; sys.path = [{str(folder)!r}, {str(site)!r}, *[p for p in sys.path if 'site-packages' not in p]]"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{paths}\n{DRIVER}", package.handler],
        input=json.dumps(event),
        env={**{name: value for name, value in os.environ.items() if name.startswith("AWS_")}, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_an_unzipped_function_runs_without_awslab(pipeline, tmp_path):
    state = pipeline.upload(SALES)

    verdict = run(builtin("csv-validate"), state, tmp_path, AWSLAB_STEP='{"name": "V"}')

    assert (True, 3) == (verdict["valid"], verdict["rows"])


def test_a_step_too_long_for_a_variable_is_packed_with_the_function(pipeline, tmp_path):
    columns = [{"name": f"column {number}", "values": [str(number)]} for number in range(200)]
    state = pipeline.upload("\n".join([",".join(column["name"] for column in columns), ",".join(["1"] * 200)]))

    verdict = run(builtin("csv-validate", json.dumps({"name": "V", "columns": columns})), state, tmp_path)

    assert (1, 199) == (verdict["rows"], verdict["errorCount"])


def test_another_step_is_another_package():
    assert 3 == len({builtin("csv-validate", step).sha256 for step in ("", '{"name": "A"}', '{"name": "B"}')})


def test_an_unzipped_inline_source_runs(tmp_path):
    package = inline("def handler(event, context):\n    return {'twice': event['n'] * 2}\n", "python3.13")

    assert {"twice": 42} == run(package, {"n": 21}, tmp_path)


@pytest.mark.parametrize("name", BUILTINS)
def test_every_shipped_handler_can_be_imported_by_itself(name, tmp_path):
    package = builtin(name)
    module = package.handler.rpartition(".")[0]
    with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
        archive.extractall(tmp_path)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {module} as m; m.handler"

    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{code}; print(sorted(sys.modules))"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "'awslab'" not in done.stdout


def test_wheel_and_image_take_the_whole_package_in_which_the_sources_are():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert {"packages": ["operator/awslab"]} == wheel
    assert HERE == ROOT / "operator/awslab/functions"
    assert "!operator" in (ROOT / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize("name", BUILTINS)
def test_the_reference_names_every_setting_and_every_access(name):
    page = (ROOT / "docs/reference/functions.md").read_text()
    (section,) = re.findall(rf"(?ms)^## {name}\n(.*?)(?=^## |\Z)", page)

    told = set(re.findall(r"`([^`]+)`", section))
    settings = {setting.partition(".")[0] for setting in told}
    assert BUILTINS[name].settings <= settings
    assert {access.action for access in BUILTINS[name].accesses} == {
        word for word in told if re.match(r"\w+:[A-Z]", word)
    }


def test_the_reference_names_every_error():
    page = (ROOT / "docs/reference/functions.md").read_text()

    named = set(re.findall(r"(?m)^\| `([A-Z]\w+)` \|", page))
    assert {error.__name__ for error in errors.PipelineError.__subclasses__()} == named
