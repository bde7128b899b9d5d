"""Writing and checking what is generated."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from awslab.codegen.__main__ import main
from awslab.codegen.files import differences, generated, stale, write

ROOT = Path(__file__).parents[3]


@pytest.fixture
def repository(tmp_path) -> Path:
    write(generated(), tmp_path)
    return tmp_path


def test_what_is_committed_is_what_the_models_say():
    assert differences(generated(), ROOT) == []


def test_generating_twice_gives_the_same():
    assert generated() == generated()


def test_what_was_just_written_differs_in_nothing(repository):
    assert differences(generated(), repository) == []


def test_an_edited_a_missing_and_a_stale_file_are_named(repository):
    (repository / "crds/awslab.dev_labvpcs.yaml").write_text("edited")
    (repository / "manifests/rbac/role.yaml").unlink()
    policy = (repository / "crds/awslab.dev_labvpcs_policy.yaml").read_text()
    (repository / "crds/awslab.dev_bygones.yaml").write_text(policy)

    assert differences(generated(), repository) == [
        "crds/awslab.dev_bygones.yaml",
        "crds/awslab.dev_labvpcs.yaml",
        "manifests/rbac/role.yaml",
    ]


def test_a_file_of_a_person_is_never_stale(repository):
    (repository / "docs/reference/by-hand.md").write_text("# By hand")

    assert stale(generated(), repository) == []


def test_writing_removes_what_is_stale(repository):
    bygone = repository / "docs/reference/bygone.md"
    bygone.write_text((repository / "docs/reference/labvpc.md").read_text())

    write(generated(), repository)

    assert not bygone.exists()


def test_check_writes_nothing_and_fails_with_the_list(tmp_path):
    result = CliRunner().invoke(main, ["--check", str(tmp_path)])

    assert result.exit_code == 1
    assert "  crds/awslab.dev_labvpcs.yaml" in result.stderr.splitlines()
    assert list(tmp_path.iterdir()) == []


def test_check_passes_after_writing(tmp_path):
    CliRunner().invoke(main, [str(tmp_path)])

    result = CliRunner().invoke(main, ["--check", str(tmp_path)])

    assert result.exit_code == 0, result.output
