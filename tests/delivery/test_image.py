"""The Dockerfile's promises, read from it: small, locked, without root."""

from __future__ import annotations

import re

import pytest

from tests.support.manifests import ROOT, only, read


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    """Instruction and arguments, comments and continued lines resolved."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / "Dockerfile").read_text())
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in lines if line)]


def arguments(instructions, word) -> list[str]:
    return [rest for instruction, rest in instructions if instruction == word]


def test_the_last_stage_runs_as_a_number_that_is_not_root(instructions):
    last_stage = instructions[max(i for i, (word, _) in enumerate(instructions) if word == "FROM") :]

    (user,) = arguments(last_stage, "USER")

    assert re.fullmatch(r"[1-9][0-9]*:[1-9][0-9]*", user)


def test_the_user_is_the_one_that_the_manifests_name(instructions):
    context = only(read("manifests"), "Deployment")["spec"]["template"]["spec"]["securityContext"]

    assert arguments(instructions, "USER") == [f"{context['runAsUser']}:{context['runAsGroup']}"]


def test_only_what_is_locked_is_installed_and_nothing_of_the_local_world(instructions):
    syncs = [run for run in arguments(instructions, "RUN") if "uv" in run]

    assert syncs
    assert [run for run in syncs if "uv sync --locked --no-dev" not in run] == []
    assert [run for run in syncs if re.search(r"--extra|--all-extras|--group|--all-groups|pip", run)] == []


def test_every_base_takes_a_digest(instructions):
    bases = [rest.split()[0] for rest in arguments(instructions, "FROM")]
    given = [rest.partition("=")[0] for rest in arguments(instructions, "ARG")]

    assert [base for base in bases if not re.fullmatch(r"\$\{(\w+)_IMAGE\}\$\{\1_DIGEST\}", base)] == []
    assert given == ["PYTHON_IMAGE", "PYTHON_DIGEST", "UV_IMAGE", "UV_DIGEST"]


def test_no_base_is_whatever_is_latest(instructions):
    images = [rest for rest in arguments(instructions, "ARG") if "_IMAGE=" in rest]

    assert [image for image in images if not re.search(r":[0-9][^:]*$", image)] == []


def test_uv_is_the_one_that_the_makefile_uses(instructions):
    (version,) = re.findall(r"(?m)^UV_VERSION := (\S+)", (ROOT / "Makefile").read_text())

    assert [rest for rest in arguments(instructions, "ARG") if rest.endswith(f"/uv:{version}")] != []


def test_probes_are_left_to_kubernetes(instructions):
    assert arguments(instructions, "HEALTHCHECK") == []


def test_all_that_is_copied_is_let_into_the_build(instructions):
    copied = [rest.split()[:-1] for rest in arguments(instructions, "COPY") if not rest.startswith("--from")]
    let_in = re.findall(r"(?m)^!(.+)$", (ROOT / ".dockerignore").read_text())

    assert [name.removeprefix("./") for names in copied for name in names] == let_in
