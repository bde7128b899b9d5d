"""What the operator may do in Kubernetes, and what is offered to the cluster's own view and edit roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.api.kinds import API_KINDS, GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable

Manifest = dict[str, Any]

NAME = "awslab-operator"
SECRETS = f"{NAME}-secret-outputs"
NAMESPACE = "awslab-system"
RBAC = "rbac.authorization.k8s.io"


def namespace() -> Manifest:
    """The operator's namespace, which admits only pods without privileges."""
    level = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": level}}


def service_account() -> Manifest:
    """The account as which the operator speaks to Kubernetes, and by IRSA or Pod Identity to AWS."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
    }


def cluster_rules() -> list[Manifest]:
    """What the operator does in every namespace; each verb is one that its code uses."""
    plurals = [kind.plural for kind in API_KINDS]
    return [
        _rule(GROUP, plurals, "get", "list", "watch", "patch"),  # patch: the finalizer
        _rule(GROUP, [f"{plural}/status" for plural in plurals], "update"),
        _rule("", ["namespaces"], "get"),  # their labels, and the account that they name
        _rule("", ["events"], "create", "get", "patch"),  # patch: the count of one that is told again
        _rule("", ["configmaps"], "get", "create", "update", "delete"),  # spec.outputs: no list, no watch
        _rule("apiextensions.k8s.io", ["customresourcedefinitions"], "list", "watch"),  # to await a kind
    ]


def namespace_rules() -> list[Manifest]:
    """What the operator does in its own namespace: it elects a leader."""
    return [_rule("coordination.k8s.io", ["leases"], "create", "get", "update")]


def cluster_role() -> Manifest:
    """The operator's rights in every namespace."""
    return _role("ClusterRole", {"name": NAME}, cluster_rules())


def secrets_role() -> Manifest:
    """What writing outputs into Secrets needs besides; given only where it is wanted."""
    rules = [_rule("", ["secrets"], "get", "create", "update", "delete")]
    return _role("ClusterRole", {"name": SECRETS}, rules)


def secrets_binding() -> Manifest:
    """Give the role for Secrets to the operator's account."""
    binding = _binding("ClusterRoleBinding", {"name": SECRETS}, "ClusterRole")
    return binding | {"roleRef": binding["roleRef"] | {"name": SECRETS}}


def role() -> Manifest:
    """The operator's rights in its own namespace."""
    return _role("Role", {"name": NAME, "namespace": NAMESPACE}, namespace_rules())


def bindings() -> tuple[Manifest, Manifest]:
    """Give both roles to the operator's account."""
    return (
        _binding("ClusterRoleBinding", {"name": NAME}, "ClusterRole"),
        _binding("RoleBinding", {"name": NAME, "namespace": NAMESPACE}, "Role"),
    )


def user_roles() -> tuple[Manifest, Manifest]:
    """Let whoever may view or edit a namespace view or edit our objects in it.

    What belongs to no namespace, as AwsAccount, is the cluster administrator's alone.
    """
    plurals = [kind.plural for kind in API_KINDS if kind.namespaced]
    read = _rule(GROUP, plurals, "get", "list", "watch")
    write = _rule(GROUP, plurals, "create", "update", "patch", "delete", "deletecollection")
    return (
        _role("ClusterRole", _aggregated("view", ("view", "edit", "admin")), [read]),
        _role("ClusterRole", _aggregated("edit", ("edit", "admin")), [read, write]),
    )


def _rule(group: str, resources: list[str], *verbs: str) -> Manifest:
    return {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}


def _role(kind: str, metadata: Manifest, rules: list[Manifest]) -> Manifest:
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules}


def _aggregated(name: str, into: Iterable[str]) -> Manifest:
    labels = {f"{RBAC}/aggregate-to-{role}": "true" for role in into}
    return {"name": f"awslab-{name}", "labels": labels}


def _binding(kind: str, metadata: Manifest, role_kind: str) -> Manifest:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": role_kind, "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
    }
