"""The workflows: least rights, a limit of time, and only commands that there are."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.support.manifests import ROOT

WORKFLOWS = [pytest.param(path, id=path.name) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))]


@pytest.mark.parametrize("path", WORKFLOWS)
def test_a_workflow_may_only_read_unless_a_job_says_more(path):
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("path", WORKFLOWS)
def test_a_job_ends_some_day(path):
    jobs = yaml.safe_load(path.read_text())["jobs"]

    assert [name for name, job in jobs.items() if "timeout-minutes" not in job] == []


@pytest.mark.parametrize("path", WORKFLOWS)
def test_every_action_has_a_version(path):
    used = re.findall(r"uses: (\S+)", path.read_text())

    assert [action for action in used if not re.search(r"@(v[0-9]|[0-9a-f]{40})", action)] == []


@pytest.mark.parametrize("path", WORKFLOWS)
def test_every_make_target_is_there(path):
    targets = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text())

    called = re.findall(r"run: make (\S+)", path.read_text())

    assert [target for target in called if target not in targets] == []
