import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from awslab.cli import local as module
from awslab.cli.main import main
from awslab.local.errors import LocalWorldError
from awslab.local.supervisor import State, Supervisor
from awslab.local.world import World


@pytest.fixture
def awslab(tmp_path, monkeypatch):
    """Run `awslab` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, arguments)


@pytest.fixture
def world_folder(tmp_path):
    folder = tmp_path / ".awslab" / "default"
    (folder / "logs").mkdir(parents=True)
    binaries = {"kubectl": "/opt/with space/kubectl"}
    Supervisor(folder, State("default", ports={"aws": 4566}, binaries=binaries)).save()
    return folder


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from awslab.cli.main import main; main(['--help'], standalone_mode=False); "
        "print(sorted({'boto3', 'moto', 'kopf', 'kubernetes', 'rich'} & set(sys.modules)))"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.splitlines()[-1] == "[]"
    assert "local" in printed


@pytest.mark.parametrize("command", ["status", "env", "logs", "reset"])
def test_a_missing_world_is_a_sentence_and_no_traceback(awslab, command):
    result = awslab("local", command)

    assert result.exit_code == 1
    assert result.output.startswith("Error: There is no world in ")
    assert "Traceback" not in result.output


def test_a_world_is_meant_by_name_or_folder(awslab, world_folder):
    by_name = awslab("local", "env")
    by_folder = awslab("local", "env", "--dir", str(world_folder))
    other = awslab("local", "env", "--name", "other")

    assert by_name.output == by_folder.output
    assert other.exit_code == 1


def test_env_can_be_evaluated_by_a_shell(awslab, world_folder, monkeypatch):
    exports = awslab("local", "env").output

    shown = subprocess.run(
        ["sh", "-c", f'{exports}\necho "$KUBECONFIG $AWS_ENDPOINT_URL $AWS_DEFAULT_REGION"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.split() == [str(world_folder / "kubeconfig"), "http://127.0.0.1:4566", "us-east-1"]


def test_env_adds_our_kubectl_where_there_is_none(awslab, world_folder, monkeypatch):
    monkeypatch.setattr(module.shutil, "which", lambda _: None)

    exports = awslab("local", "env").output

    path = subprocess.run(["sh", "-c", f'{exports}\necho "$PATH"'], capture_output=True, text=True, check=True).stdout
    assert path.strip() == f"/opt/with space:{os.environ['PATH']}"


def test_env_is_json_for_programs(awslab, world_folder):
    assert json.loads(awslab("local", "env", "--format", "json").output) == World.load(world_folder).environment


def test_the_status_of_a_stopped_world_is_an_exit_code(awslab, world_folder):
    result = awslab("local", "status")

    assert result.exit_code == 1
    assert "Not all of it runs: `awslab local up`" in result.output


def test_logs_of_several_components_are_told_apart(awslab, world_folder):
    (world_folder / "logs" / "aws.log").write_text("one\n")
    (world_folder / "logs" / "etcd.log").write_text("two\n")

    assert awslab("local", "logs").output == "aws  | one\netcd | two\n"
    assert awslab("local", "logs", "etcd").output == "two\n"


def test_down_without_a_world_is_no_failure(awslab):
    result = awslab("local", "down")

    assert result.exit_code == 0
    assert result.output.startswith("There is no world in ")


@pytest.mark.parametrize("error", [LocalWorldError("Make room."), OSError(28, "No space left on device", "/w")])
def test_what_goes_wrong_in_up_is_a_sentence(awslab, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(World, "create", fail)

    result = awslab("local", "up")

    assert result.exit_code == 1
    assert result.output in {
        "Error: Make room.\n",
        "Error: /w: No space left on device. Make room, or choose another folder with --dir.\n",
    }


def test_fetch_tells_where_everything_is(awslab, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "find_binaries", lambda _: {"etcd": tmp_path / "etcd"})
    for tool in ("helm", "kubeconform"):
        monkeypatch.setattr(module, tool, lambda _, tool=tool: tmp_path / tool)

    without, with_tools = awslab("local", "fetch").output, awslab("local", "fetch", "--tools").output

    assert without == f"etcd: {tmp_path}/etcd\n"
    assert with_tools == f"{without}helm: {tmp_path}/helm\nkubeconform: {tmp_path}/kubeconform\n"
