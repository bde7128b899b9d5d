"""Build the control plane from the pinned Go modules beside this file.

`k8s.io/kubernetes` is an ordinary Go module whose staging modules are replaced by their releases, so that
no checkout is needed. go.sum verifies every module.
"""

import re
import shutil
from importlib.resources import as_file, files
from pathlib import Path

from awslab.local.cache import require_space
from awslab.local.golang import Go
from awslab.local.kubernetes.release import KUBERNETES_VERSION
from awslab.local.progress import Progress, Task

_SPACE = 6_000_000_000  # measured: modules 0.9 GB, compiled packages 3.0, linking 0.6, commands 0.3
_ETCD = "go.etcd.io/etcd/server/v3"
_PACKAGES = (
    _ETCD,
    *(f"k8s.io/kubernetes/cmd/{name}" for name in ("kube-apiserver", "kube-controller-manager", "kubectl")),
)


def build(folder: Path, progress: Progress) -> None:
    """Put all commands into `folder`; takes about ten minutes of processor time."""
    require_space(folder, _SPACE, "Building Kubernetes")
    title = f"Building Kubernetes {KUBERNETES_VERSION} (once; 4 GB of caches are deleted after)"
    with as_file(files("awslab.local.kubernetes") / "gomod") as module:
        needed = _minimum_go(module)
        with Go.opened(needed, folder / "scratch", progress) as go, progress.task(title) as task:
            _compile(go, shutil.copytree(module, folder / "scratch" / "module"), folder, task)
    (folder / "server").rename(folder / "etcd")  # etcd's package is called server, and so is its command


def _compile(go: Go, module: Path, folder: Path, task: Task) -> None:
    task.update("fetching modules")
    packages = len(go.run("list", "-deps", *_PACKAGES, folder=module))
    built = 0

    def told(line: str) -> None:
        nonlocal built
        built += 1
        task.update(f"compiling {line}", built / packages)

    options = ("-v", "-mod=readonly", "-trimpath", f"-ldflags={_linker_flags()}", "-o", str(folder))
    go.follow("build", *options, *_PACKAGES, folder=module, told=told)


def _minimum_go(module: Path) -> str:
    match = re.search(r"^go (\S+)$", (module / "go.mod").read_text(), re.MULTILINE)
    return match.group(1) if match else "1.0"


def _linker_flags() -> str:
    """Without a version every client that parses the server's fails."""
    major, minor, _ = KUBERNETES_VERSION.split(".")
    version = {"gitVersion": f"v{KUBERNETES_VERSION}", "gitMajor": major, "gitMinor": minor}
    values = (f"-X k8s.io/component-base/version.{name}={value}" for name, value in version.items())
    return " ".join(("-s", "-w", *values))
