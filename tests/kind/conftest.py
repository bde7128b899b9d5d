"""A kind cluster with the operator as a Deployment, from its image and chart; AWS is the local one, on this machine."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from awslab.local import gotools
from awslab.local.aws.server import Server
from awslab.local.aws.world import Settings, World
from awslab.local.kubernetes.client import OPERATOR_NAMESPACE, Kubectl
from tests.support.live import REGION, ROOT, Place

IMAGE, TAG = "awslab-operator", "kind"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
TIME_SCALE = 0.01
_MINUTES = 60


def pytest_collection_modifyitems(items):
    """Mark what is in this folder; an image and a cluster take their time."""
    for item in items:
        if "kind" in item.path.parts:
            item.add_marker(pytest.mark.kind)
            item.add_marker(pytest.mark.timeout(30 * _MINUTES))


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory) -> Iterator[Kubectl]:
    """kubectl for a new cluster, which is gone afterwards."""
    if missing := what_is_missing():
        pytest.skip(missing)
    name, kubeconfig = f"awslab-{secrets.token_hex(3)}", tmp_path_factory.mktemp("kind") / "kubeconfig"
    try:
        command("kind", "create", "cluster", "--name", name, "--kubeconfig", str(kubeconfig), "--wait", "3m")
        command("docker", "build", "--tag", f"{IMAGE}:{TAG}", str(ROOT))
        command("kind", "load", "docker-image", f"{IMAGE}:{TAG}", "--name", name)
        yield Kubectl(Path(shutil.which("kubectl")), kubeconfig)
    finally:
        command("kind", "delete", "cluster", "--name", name)


@pytest.fixture(scope="session")
def local_aws(kubectl) -> Iterator[str]:
    """The address of a strict local AWS at which pods and this machine reach it."""
    server = Server(World(Settings(TIME_SCALE, 0, 100)), 0, host=bridge())
    server.start()
    yield server.endpoint
    server.stop()


@pytest.fixture(scope="session")
def place(kubectl, local_aws, tmp_path_factory) -> Place:
    """The cluster with the operator, ready."""
    values = tmp_path_factory.mktemp("chart") / "values.json"
    values.write_text(json.dumps(chart_values(local_aws)))
    install = ("upgrade", "--install", "awslab-operator", str(ROOT / "charts/awslab-operator"), "--wait")
    where = ("--namespace", OPERATOR_NAMESPACE, "--create-namespace", "--kubeconfig", str(kubectl.kubeconfig))
    command(str(gotools.helm()), *install, *where, "--values", str(values), "--timeout", "5m")

    def new_namespace() -> str:
        name = f"test-{secrets.token_hex(4)}"
        kubectl("create", "namespace", name)
        return name

    environment = {**CREDENTIALS, "AWS_ENDPOINT_URL": local_aws, "KUBECONFIG": str(kubectl.kubeconfig)}
    return Place(kubectl, local_aws, environment, new_namespace)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the end of the operator's log with whatever fails."""
    report = yield
    kubectl = getattr(item, "funcargs", {}).get("kubectl")
    if report.failed and kubectl:
        log = kubectl("logs", "--namespace", OPERATOR_NAMESPACE, "deployment/awslab-operator", "--tail=60")
        report.sections.append(("the operator's log", log))
    return report


def chart_values(endpoint: str) -> dict:
    """The chart's values for this test: our image, and the local AWS for AWS."""
    return {
        "image": {"repository": IMAGE, "tag": TAG, "pullPolicy": "Never"},
        "settings": {"timeScale": TIME_SCALE, "consistencyWindow": 2, "logFormat": "console"},
        "extraEnv": [{"name": n, "value": v} for n, v in (CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint}).items()],
    }


def what_is_missing() -> str:
    """Why there can be no cluster here; "" where there can."""
    for name in ("docker", "kind", "kubectl"):
        if not shutil.which(name):
            return f"no `{name}` on the PATH: install it to run these tests"
    asked = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    return "" if asked.returncode == 0 else f"Docker does not run: {asked.stderr.strip().splitlines()[-1]}"


def bridge() -> str:
    """The address of this machine in the network of kind's nodes."""
    networks = json.loads(command("docker", "network", "inspect", "kind"))
    gateways = [entry.get("Gateway", "") for entry in networks[0]["IPAM"]["Config"]]
    return next(address for address in gateways if "." in address)


def command(*arguments: str) -> str:
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{' '.join(arguments)}: {result.stderr}"
    return result.stdout
