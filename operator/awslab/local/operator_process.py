"""The operator as a process of the world, with its ServiceAccount and the RBAC of `manifests/`."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from awslab.local import cloud
from awslab.local.errors import LocalWorldError
from awslab.local.kubernetes import kubeconfig
from awslab.local.kubernetes.client import OPERATOR_NAMESPACE, Cluster, Kubectl
from awslab.local.ports import LOOPBACK
from awslab.local.probe import answers
from awslab.local.processes import Component

COMMAND = (sys.executable, "-P", "-m", "awslab")
_SERVICE_ACCOUNT = "awslab-operator"
_TOKEN_LIFE = "8760h"  # noqa: S105 - a year, as a world may stay up for long; no token
_PATIENCE = 30.0  # seconds for the API server to serve new kinds


def default_manifests() -> Path:
    """Return the `manifests` folder of the repository that this package lies in."""
    return Path(__file__).resolve().parents[3] / "manifests"


def install(kubectl: Kubectl, manifests: Path) -> None:
    """Apply CRDs and RBAC, and wait until the API server serves our kinds."""
    if not manifests.is_dir():
        raise LocalWorldError(f"There are no manifests in {manifests}: run this in a checkout, or use --manifests.")
    for part in ("crds", "rbac"):
        kubectl("apply", "--server-side", "--force-conflicts", "--kustomize", str(manifests / part))
    deadline = time.monotonic() + _PATIENCE
    with Cluster(kubectl.kubeconfig) as cluster:
        while not cluster.kinds_are_served():
            if time.monotonic() > deadline:
                raise LocalWorldError("The API server does not serve our kinds: see `kubectl describe crd`.")
            time.sleep(0.1)


@dataclass(frozen=True)
class Operator:
    """What an operator's process needs to know of its world; *name* is that of the component."""

    name: str
    folder: Path
    kubectl: Kubectl
    aws_port: int
    metrics_port: int
    time_scale: float

    def component(self, command: Sequence[str], environment: Mapping[str, str]) -> Component:
        """Describe the process, `environment` before what the world sets; gets itself a fresh token."""
        address = f"{LOOPBACK}:{self.metrics_port}"
        ours = {
            "KUBECONFIG": str(self._log_in()),
            "AWSLAB_LOG_FORMAT": "console",
            "AWSLAB_METRICS_ADDRESS": address,
            "AWSLAB_TIME_SCALE": str(self.time_scale),
            "PYTHONUNBUFFERED": "1",
        }
        return Component(
            name=self.name,
            command=tuple(command),
            log=self.folder / "logs" / f"{self.name}.log",
            endpoint=f"http://{address}",
            environment=_inherited() | cloud.environment(self.aws_port) | ours | dict(environment),
            ready=lambda: answers(f"http://{address}/readyz"),
        )

    def _log_in(self) -> Path:
        path = self.folder / f"{self.name}.kubeconfig"
        token = self.kubectl(
            "create",
            "token",
            _SERVICE_ACCOUNT,
            f"--namespace={OPERATOR_NAMESPACE}",
            f"--duration={_TOKEN_LIFE}",
        )
        cluster = kubeconfig.cluster_of(self.kubectl.kubeconfig)
        kubeconfig.write(path, cluster, _SERVICE_ACCOUNT, token.strip(), OPERATOR_NAMESPACE)
        return path


def _inherited() -> dict[str, str]:
    """Leave out what would give the operator another cloud, another cluster or settings of the user's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AWSLAB_", "KUBE"))}
