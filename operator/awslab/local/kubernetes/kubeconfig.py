"""Write kubeconfig files."""

import base64
import os
from pathlib import Path
from typing import Any

import yaml

from awslab.local.errors import LocalWorldError


def write(path: Path, cluster: dict[str, Any], user: str, token: str, namespace: str = "default") -> None:
    """Write a kubeconfig that reaches `cluster` (server, authority) as `user`; only its owner can read it."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "awslab", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "awslab", "context": {"cluster": "awslab", "user": user, "namespace": namespace}}],
        "current-context": "awslab",
    }
    write_private(path, yaml.safe_dump(content, sort_keys=False))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.rename(path)


def local_cluster(server: str, authority: Path) -> dict[str, Any]:
    """Describe a cluster by its address and the certificate of its authority."""
    return {
        "server": server,
        "certificate-authority-data": base64.b64encode(authority.read_bytes()).decode(),
    }


def cluster_of(path: Path) -> dict[str, Any]:
    """Return the cluster that the current context of a kubeconfig means."""
    try:
        config = yaml.safe_load(path.read_text())
        contexts = {item["name"]: item["context"] for item in config["contexts"]}
        clusters = {item["name"]: item["cluster"] for item in config["clusters"]}
        found: dict[str, Any] = clusters[contexts[config["current-context"]]["cluster"]]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise LocalWorldError(
            f"{path} names no current cluster: choose one with `kubectl config use-context`."
        ) from error
    return found
