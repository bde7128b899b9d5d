"""Find the control plane's commands: KUBEBUILDER_ASSETS, the cache, the official release, a build of ours."""

import os
from pathlib import Path

from awslab.local.cache import architecture, cache_home, ensure, operating_system
from awslab.local.errors import LocalWorldError, UnavailableError
from awslab.local.kubernetes.build import build
from awslab.local.kubernetes.download import Mirrors, download
from awslab.local.kubernetes.release import COMMANDS, KUBERNETES_VERSION
from awslab.local.progress import Progress, Quiet


def find_binaries(progress: Progress | None = None) -> dict[str, Path]:
    """Return the path of each command; what is in KUBEBUILDER_ASSETS goes first, command by command.

    An envtest folder has no controller manager: then that one alone is ours.
    """
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    chosen = {name: Path(assets) / name for name in COMMANDS if (Path(assets) / name).is_file()} if assets else {}
    if missing := [name for name in COMMANDS if name not in chosen]:
        folder = cached_release(progress or Quiet())
        chosen |= {name: folder / name for name in missing}
    return chosen


def cached_release(progress: Progress) -> Path:
    """Return the cache's folder with all commands, filled first where it is not."""
    target = cache_home() / "kubernetes" / f"v{KUBERNETES_VERSION}-{operating_system()}-{architecture()}"
    return ensure(target, COMMANDS, lambda folder: _fill(folder, progress), progress)


def _fill(folder: Path, progress: Progress) -> None:
    reasons = []
    for source in (_download, build):
        try:
            return source(folder, progress)
        except UnavailableError as error:
            progress.note(f"  {error}")
            reasons.append(f"  - {error}")
    raise LocalWorldError(
        f"Kubernetes {KUBERNETES_VERSION} could be neither downloaded nor built:\n"
        + "\n".join(reasons)
        + "\nConnect to the internet (HTTPS_PROXY, GOPROXY), or set KUBEBUILDER_ASSETS to a folder with "
        + ", ".join(COMMANDS)
        + "."
    )


def _download(folder: Path, progress: Progress) -> None:
    download(folder, Mirrors.from_environment(), progress)
