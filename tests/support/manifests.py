"""Read the YAML of this repository, and what Helm makes of the chart."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts/awslab-operator"
KUBE_VERSION = "1.36.0"
"""For which Helm renders: built from source it takes itself for one of 1.20."""


def documents(text: str) -> list[dict[str, Any]]:
    """The documents of a YAML text that are not empty."""
    return [document for document in yaml.safe_load_all(text) if document]


def read(*folders_or_files: str) -> list[dict[str, Any]]:
    """The manifests of folders (with their subfolders) and files, without kustomize's own."""
    paths = [path for name in folders_or_files for path in ([ROOT / name] if name.endswith(".yaml") else files(name))]
    found = [document for path in paths for document in documents(path.read_text(encoding="utf-8"))]
    return [manifest for manifest in found if manifest["kind"] != "Kustomization"]


def files(folder: str) -> list[Path]:
    """The YAML files of a folder, in order."""
    return sorted((ROOT / folder).rglob("*.yaml"))


def only(manifests: list[dict[str, Any]], kind: str, name: str | None = None) -> dict[str, Any]:
    """The one manifest of *kind* (and *name*)."""
    (found,) = [m for m in manifests if m["kind"] == kind and name in {None, m["metadata"]["name"]}]
    return found


def render(helm: Path, *arguments: str, release: str = "awslab-operator") -> str:
    """What ``helm template`` makes of the chart; CalledProcessError with Helm's words when it refuses."""
    command = [str(helm), "template", release, str(CHART), "-n", "awslab-system", "--kube-version", KUBE_VERSION]
    return subprocess.run([*command, *arguments], check=True, capture_output=True, text=True).stdout
