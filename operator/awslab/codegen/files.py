"""Everything that is generated, by its path in the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awslab.api.kinds import API_KINDS, GROUP
from awslab.kinds import KINDS

from . import iam, rbac
from .conditions_page import conditions_page
from .crds import admission_policy, custom_resource_definition, protection_policy
from .drawings import drawings
from .iam import named, page, trust
from .iam.documents import document, text
from .metrics_page import metrics_page
from .networks_page import PAGE, networks_page
from .reference import reference
from .settings_page import settings_page
from .slow_lane_page import slow_lane_page
from .yamldoc import NOTICE, documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from awslab.api.kinds import ApiKind

CHART_FILES = "charts/awslab-operator/files"
KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}

SECRETS = "components/secret-outputs"

FOLDERS = ("crds", "manifests/crds", "manifests/rbac", CHART_FILES, SECRETS, "docs/reference", "docs/images")
"""Where generated files stand: one that bears the notice and is no longer generated is stale."""


def generated() -> dict[str, str]:
    """The text of every generated file by its path."""
    files = dict(_rbac())
    files["docs/reference/conditions.md"] = conditions_page()
    files |= dict(drawings())
    files |= dict(_iam())
    files["docs/reference/metrics.md"] = metrics_page()
    files[PAGE] = networks_page()
    files["docs/reference/settings.md"] = settings_page()
    files["docs/reference/slow-lane.md"] = slow_lane_page()
    for kind in API_KINDS:
        files |= dict(_of_kind(kind))
    files["manifests/crds/kustomization.yaml"] = _kustomization(files, "manifests/crds")
    files["manifests/rbac/kustomization.yaml"] = _kustomization(files, "manifests/rbac")
    return dict(sorted(files.items()))


def _of_kind(kind: ApiKind) -> Iterator[tuple[str, str]]:
    name = f"{GROUP}_{kind.plural}"
    crd = documents([custom_resource_definition(kind)])
    policy = (*admission_policy(kind), *protection_policy(kind))
    # kustomize reads nothing outside its folder and Helm nothing outside the chart, so each has a copy.
    for folder in ("crds", "manifests/crds", f"{CHART_FILES}/crds"):
        yield f"{folder}/{name}.yaml", crd
    for folder in ("crds", "manifests/crds", f"{CHART_FILES}/policies") if policy else ():
        yield f"{folder}/{name}_policy.yaml", documents(policy)
    yield f"docs/reference/{kind.singular}.md", reference(kind)


def _iam() -> Iterator[tuple[str, str]]:
    yield "docs/reference/iam.md", page.iam_page()
    yield "manifests/iam/trust-irsa.json", text(trust.irsa_trust())
    yield "manifests/iam/trust-pod-identity.json", text(trust.pod_identity_trust())
    yield "manifests/iam/assume-role-policy.json", text(trust.assume_role_policy())
    yield "manifests/iam/existing-buckets-policy.json", text(document(*named.existing_buckets()))
    yield "manifests/iam/function-code-policy.json", text(document(*named.function_code()))
    for kind in KINDS:
        name = f"manifests/iam/{kind.api.singular}"
        yield f"{name}-policy.json", text(iam.policy(kind))
        if services := iam.services_policy(kind):
            yield f"{name}-services-policy.json", text(services)
        if adoption := iam.adoption_policy(kind):
            yield f"{name}-adoption-policy.json", text(adoption)


def _rbac() -> Iterator[tuple[str, str]]:
    yield "manifests/rbac/namespace.yaml", documents([rbac.namespace()])
    yield "manifests/rbac/service_account.yaml", documents([rbac.service_account()])
    yield "manifests/rbac/bindings.yaml", documents(rbac.bindings())
    yield f"{SECRETS}/rbac.yaml", documents([rbac.secrets_role(), rbac.secrets_binding()])
    yield f"{CHART_FILES}/rbac/secrets_role.yaml", documents([rbac.secrets_role()])
    for folder in ("manifests/rbac", f"{CHART_FILES}/rbac"):
        yield f"{folder}/cluster_role.yaml", documents([rbac.cluster_role()])
        yield f"{folder}/role.yaml", documents([rbac.role()])
        yield f"{folder}/user_roles.yaml", documents(rbac.user_roles())


def _kustomization(files: Iterable[str], folder: str) -> str:
    resources = sorted(path.removeprefix(f"{folder}/") for path in files if path.startswith(f"{folder}/"))
    return documents([KUSTOMIZATION | {"resources": resources}])


def write(files: Mapping[str, str], root: Path) -> None:
    """Bring the repository at *root* to what is generated, stale files removed."""
    for path in stale(files, root):
        (root / path).unlink()
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")


def differences(files: Mapping[str, str], root: Path) -> list[str]:
    """The files below *root* that are missing, edited or stale, in order."""
    changed = [path for path, text in files.items() if _read(root / path) != text]
    return sorted([*changed, *stale(files, root)])


def stale(files: Mapping[str, str], root: Path) -> list[str]:
    """The files that were generated once and are not any more."""
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file())
    names = {path.relative_to(root).as_posix() for path in found if NOTICE in (_read(path) or "")}
    return sorted(names - files.keys())


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
