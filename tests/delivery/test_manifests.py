"""The manifests for kustomize."""

from __future__ import annotations

import pytest
import yaml

from awslab.settings import Settings
from tests.support.manifests import ROOT, documents, files, only, read


@pytest.fixture(scope="module")
def pod():
    return only(read("manifests"), "Deployment")["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def container(pod):
    (found,) = pod["containers"]
    return found


@pytest.mark.parametrize("path", files("manifests"), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_is_part_of_its_kustomization(path):
    kustomization = path.with_name("kustomization.yaml")
    resources = yaml.safe_load(kustomization.read_text())["resources"]

    assert path == kustomization or path.name in resources


def test_every_folder_is_part_of_the_whole():
    """What Kubernetes reads; the policies for AWS are JSON."""
    folders = sorted({path.parent.name for path in (ROOT / "manifests").glob("*/*.yaml")})

    (whole,) = documents((ROOT / "manifests/kustomization.yaml").read_text())

    assert sorted(whole["resources"]) == folders


def test_the_pod_has_no_privilege(pod, container):
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_what_kubernetes_asks_is_what_the_operator_answers(container):
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert container["ports"] == [{"name": "http", "containerPort": 8080}]


def test_the_pod_ends_after_the_operator_has_drained(pod):
    assert pod["terminationGracePeriodSeconds"] == Settings().grace + 20


def test_the_service_and_the_budget_find_the_pods():
    manifests = read("manifests")
    labels = only(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]

    assert only(manifests, "Service")["spec"]["selector"] == labels
    assert only(manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels


def test_the_namespace_admits_only_pods_without_privileges():
    labels = only(read("manifests"), "Namespace", "awslab-system")["metadata"]["labels"]

    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
