"""What we deliver, judged by a real API server: manifests, chart, examples, and the operator's rights."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from awslab.local import gotools
from awslab.local.run import CommandError
from tests.support.manifests import ROOT, documents, render
from tests.support.openapi import write_schemas

pytestmark = pytest.mark.e2e

EVERYTHING = ROOT / "tests/delivery/values-everything.yaml"
OPERATOR = "system:serviceaccount:awslab-system:awslab-operator"
GROUP_VERSIONS = (
    "v1",
    "admissionregistration.k8s.io/v1",
    "apiextensions.k8s.io/v1",
    "apps/v1",
    "awslab.dev/v1alpha1",
    "networking.k8s.io/v1",
    "policy/v1",
    "rbac.authorization.k8s.io/v1",
)
OF_PROMETHEUS = ("PodMonitor", "ServiceMonitor")


@pytest.fixture(scope="module")
def kubectl(session_world):
    return session_world.kubectl


@pytest.fixture(scope="module")
def helm() -> Path:
    return gotools.helm()


@pytest.fixture(scope="module")
def schemas(kubectl, tmp_path_factory) -> str:
    return write_schemas(lambda path: kubectl("get", "--raw", path), GROUP_VERSIONS, tmp_path_factory.mktemp("schemas"))


@pytest.fixture(scope="module")
def conforms(schemas):
    """Judge a YAML text by kubeconform: its complaints, empty if there are none."""

    def ask(text: str) -> str:
        command = [str(gotools.kubeconform()), "-strict", "-schema-location", schemas, "-skip", ",".join(OF_PROMETHEUS)]
        result = subprocess.run([*command, "-"], input=text, check=False, capture_output=True, text=True)
        assert result.returncode in {0, 1}, result.stderr
        return result.stdout

    return ask


def all_texts(helm) -> dict[str, str]:
    return {
        "chart": render(helm),
        "chart with everything": render(helm, "--values", str(EVERYTHING)),
        **{str(path): path.read_text() for folder in ("crds", "examples") for path in (ROOT / folder).glob("*.yaml")},
    }


def test_kubeconform_has_no_complaint(kubectl, helm, conforms):
    texts = {**all_texts(helm), "manifests": kubectl("kustomize", str(ROOT / "manifests"))}

    complaints = {name: conforms(text) for name, text in texts.items()}

    assert complaints == dict.fromkeys(texts, "")


def test_kubeconform_would_complain(conforms):
    misspelled = (ROOT / "examples/vpc.yaml").read_text().replace("natGateways", "natGateway")
    wrong = (ROOT / "manifests/operator/deployment.yaml").read_text().replace("replicas: 2", "replicas: two")

    assert "natGateway" in conforms(misspelled)
    assert "replicas" in conforms(wrong)


def test_the_api_server_accepts_the_manifests(kubectl):
    kubectl("apply", "--dry-run=server", "-k", str(ROOT / "manifests"))


def test_the_api_server_accepts_the_examples(kubectl, lab):
    kubectl("apply", "--dry-run=server", "-f", str(ROOT / "examples"))


@pytest.mark.parametrize("values", [[], ["--values", str(EVERYTHING)]], ids=["default", "everything"])
def test_the_api_server_accepts_the_chart(kubectl, helm, values):
    rendered = [m for m in documents(render(helm, *values)) if m["kind"] not in OF_PROMETHEUS]

    kubectl("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump_all(rendered))


@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        ("get", "labvpcs.awslab.dev"),
        ("list", "labvpcs.awslab.dev"),
        ("watch", "labvpcs.awslab.dev"),
        ("patch", "labvpcs.awslab.dev"),
        ("update", "labvpcs.awslab.dev/status"),
        ("create", "events"),
        ("patch", "events"),
        ("list", "customresourcedefinitions"),
    ],
)
def test_the_operator_may_do_what_it_has_to_in_every_namespace(kubectl, verb, resource):
    assert kubectl("auth", "can-i", verb, *of(resource), "--as", OPERATOR, "-n", "default").strip() == "yes"


def test_the_operator_may_elect_a_leader_in_its_namespace_only(kubectl):
    ask = ("auth", "can-i", "update", "leases.coordination.k8s.io", "--as", OPERATOR)

    assert kubectl(*ask, "-n", "awslab-system").strip() == "yes"
    with pytest.raises(CommandError):
        kubectl(*ask, "-n", "default")


@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        ("get", "secrets"),
        ("create", "labvpcs.awslab.dev"),
        ("delete", "labvpcs.awslab.dev"),
        ("update", "customresourcedefinitions"),
        ("list", "pods"),
        ("list", "namespaces"),
    ],
)
def test_the_operator_may_do_nothing_else(kubectl, verb, resource):
    with pytest.raises(CommandError):
        kubectl("auth", "can-i", verb, *of(resource), "--as", OPERATOR, "-n", "default")


def of(resource: str) -> list[str]:
    name, _, subresource = resource.partition("/")
    return [name, *([f"--subresource={subresource}"] if subresource else [])]
