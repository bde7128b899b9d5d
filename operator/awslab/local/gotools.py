"""Go commands that tests need, built once into the cache: helm, kubeconform."""

from pathlib import Path

from awslab.local.cache import architecture, cache_home, ensure, operating_system, require_space
from awslab.local.golang import Go
from awslab.local.progress import Progress, Quiet

_GO = "1.26.0"
_SPACE = 2_500_000_000


def go_tool(package: str, version: str, progress: Progress | None = None) -> Path:
    """Return the command that `go install package@version` makes; built where the cache has none."""
    told, name = progress or Quiet(), package.rsplit("/", 1)[-1]
    target = cache_home() / "go-tools" / f"{name}-{version}-{operating_system()}-{architecture()}"

    def install(folder: Path) -> None:
        require_space(folder, _SPACE, f"Building {name}")
        scratch = folder / "scratch"
        with Go.opened(_GO, scratch, told) as go, told.task(f"Building {name} {version} (once)") as task:
            go.follow(
                "install",
                "-v",
                f"{package}@{version}",
                folder=scratch,
                told=task.update,
                environment={"GOBIN": str(folder)},
            )

    return ensure(target, [name], install, told) / name


def helm(progress: Progress | None = None) -> Path:
    """Return helm."""
    return go_tool("helm.sh/helm/v3/cmd/helm", "v3.21.4", progress)


def kubeconform(progress: Progress | None = None) -> Path:
    """Return kubeconform."""
    return go_tool("github.com/yannh/kubeconform/cmd/kubeconform", "v0.8.0", progress)
