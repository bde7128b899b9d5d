"""What is wrong is told in one sentence that names the place, with exit code 1 and no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from awslab.cli.main import _COMMANDS, main

HEAD = "apiVersion: awslab.dev/v1alpha1\nkind: LabVpc\nmetadata: {name: production}\n"

WRONG = {
    "not YAML": ("{", "FILE: is no YAML: expected the node content, but found '<stream end>', line 1"),
    "not a mapping": ("- a\n- b\n", "FILE: has no object of awslab.dev; its kinds are LabVpc, DataPipeline"),
    "nothing of ours": ("kind: ConfigMap\n", "FILE: has no object of awslab.dev; its kinds are LabVpc, DataPipeline"),
    "empty": ("", "FILE: has no object of awslab.dev; its kinds are LabVpc, DataPipeline"),
    "unknown kind": (HEAD.replace("LabVpc", "LabVpx"), "kind: LabVpx is no kind of awslab.dev"),
    "no spec": (HEAD, "LabVpc/production: spec.region: is required; spec.cidr: is required"),
    "empty spec": (HEAD + "spec:\n", "LabVpc/production: spec.region: is required; spec.cidr: is required"),
    "too small": (
        HEAD + "spec: {region: us-east-1, cidr: 10.0.0.0/25}",
        "LabVpc/production: spec.cidr: must be between /16 and /24, for example 10.0.0.0/16",
    ),
    "misspelled": (
        HEAD + "spec: {region: us-east-1, cidr: 10.0.0.0/16, natGateway: None}",
        "LabVpc/production: spec.natGateway: is not known: is it misspelled, or of another version?",
    ),
    "no CIDR for a zone": (
        HEAD + "spec: {region: us-east-1, cidr: 10.0.0.0/16, subnets: {public: {cidrs: {us-east-1a: 10.0.9.0/24}}}}",
        (
            "LabVpc/production: spec.subnets.public.cidrs: has no CIDR for us-east-1b; "
            "give one for every zone, or for none"
        ),
    ),
}


def said(command, path):
    result = CliRunner().invoke(main, [command, "-f", str(path)])
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize("command", ["graph", "plan"])
@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_manifest_is_refused_in_a_sentence(tmp_path, local_aws, command, text, sentence):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)

    assert said(command, path) == f"Error: {sentence.replace('FILE', str(path))}\n"


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "missing.yaml"

    assert said("graph", path) == f"Error: {path}: cannot be read: No such file or directory\n"


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "binary.yaml"
    path.write_bytes(b"\xff\xfe\x00\xb1")

    assert said("graph", path) == f"Error: {path}: cannot be read: it is no text in UTF-8\n"


def test_a_zone_that_the_account_does_not_have(tmp_path, local_aws):
    path = tmp_path / "zone.yaml"
    path.write_text(HEAD + "spec: {region: us-east-1, cidr: 10.0.0.0/16, availabilityZones: [us-east-1z]}")

    message = said("plan", path)

    assert message.startswith("Error: LabVpc/production: spec.availabilityZones: us-east-1z is no zone of us-east-1")


def test_an_aws_that_cannot_be_reached(tmp_path, local_aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    path = tmp_path / "vpc.yaml"
    path.write_text(HEAD + "spec: {region: us-east-1, cidr: 10.0.0.0/16}")

    assert said("plan", path).startswith("Error: LabVpc/production: AWS cannot be reached: ")


def test_help_lists_every_command_without_loading_any():
    program = (
        "import sys; from awslab.cli.main import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    *shown, modules = run.stdout.partition("Commands:")[2].strip().splitlines()
    assert [line.split()[0] for line in shown] == sorted(_COMMANDS)
    assert {"boto3", "kopf", "moto"} & set(modules.split()) == set()
