"""Use a cluster that runs already (kind included), when AWSLAB_USE_CLUSTER=1 and KUBECONFIG say so."""

import os
import shutil

from awslab.local.errors import LocalWorldError
from awslab.local.kubernetes.binaries import cached_release
from awslab.local.kubernetes.client import Kubectl
from awslab.local.kubernetes.kubeconfig import write_private
from awslab.local.progress import Progress
from awslab.local.run import run

_PATIENCE = 20.0  # seconds


def is_asked_for() -> bool:
    """Return whether a running cluster is to be used."""
    return os.environ.get("AWSLAB_USE_CLUSTER", "") not in {"", "0", "false"}


def commands(progress: Progress) -> dict[str, str]:
    """Return the user's kubectl, or ours where there is none."""
    return {"kubectl": shutil.which("kubectl") or str(cached_release(progress) / "kubectl")}


def use(kubectl: Kubectl) -> None:
    """Make the user's current context the world's own, so that switching contexts later does not matter."""
    if not os.environ.get("KUBECONFIG"):
        raise LocalWorldError("AWSLAB_USE_CLUSTER is set: set KUBECONFIG to the kubeconfig of that cluster as well.")
    try:
        view = ("config", "view", "--minify", "--flatten", "--raw")
        write_private(kubectl.kubeconfig, run([str(kubectl.command), *view]))
        kubectl("get", "--raw", "/readyz", timeout=_PATIENCE)
    except LocalWorldError as error:
        raise LocalWorldError(
            f"The cluster of KUBECONFIG does not answer: start it, or unset AWSLAB_USE_CLUSTER. {error}"
        ) from error
