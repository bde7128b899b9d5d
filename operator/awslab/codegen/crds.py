"""The custom resource definition of each kind, and the policy for what its schema cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.api.kinds import GROUP, VERSION

from .schema import structural_schema

if TYPE_CHECKING:
    from awslab.api.kinds import ApiKind, Column

Manifest = dict[str, Any]


def custom_resource_definition(kind: ApiKind) -> Manifest:
    """The CustomResourceDefinition of *kind*, with one version that is served and stored."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.crd_name},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.singular,
                "shortNames": list(kind.short_names),
                "categories": list(kind.categories),
            },
            "scope": kind.scope,
            "versions": [_version(kind)],
        },
    }


def _version(kind: ApiKind) -> Manifest:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [_printer_column(column) for column in kind.columns],
        "schema": {"openAPIV3Schema": _object_schema(kind)},
    }


def _printer_column(column: Column) -> Manifest:
    return {
        "name": column.name,
        "type": column.type,
        "description": column.description,
        "jsonPath": column.json_path,
    } | ({"priority": 1} if column.wide else {})


def _object_schema(kind: ApiKind) -> Manifest:
    return {
        "description": kind.description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"The version of the API: {kind.api_version}."},
            "kind": {"type": "string", "description": f"The kind of the object: {kind.kind}."},
            "metadata": {"type": "object"},
            "spec": structural_schema(kind.spec),
            "status": structural_schema(kind.status),
        },
    }


def admission_policy(kind: ApiKind) -> tuple[Manifest, ...]:
    """The policy with the rules of *kind* that no schema can say, and its binding; nothing if it has none.

    It looks only at a spec that is new or changed: an object from before a rule can still be
    labeled, and it can always be deleted.
    """
    validations = [
        {
            "expression": rule.cel,
            "message": f"spec.{'.'.join(rule.path)}: {rule.message}",
            "reason": "Invalid",
        }
        for rule in kind.spec.rules
        if rule.policy
    ]
    if not validations:
        return ()
    return _policy(kind, validations), _binding(kind.crd_name)


def protection_policy(kind: ApiKind) -> tuple[Manifest, ...]:
    """The policy that keeps whoever asks from deleting a protected object, and its binding.

    It holds for everybody: people, GitOps tools, and the namespace controller. Nothing where a kind
    makes nothing in AWS.
    """
    if "management" not in kind.spec.model_fields:
        return ()
    name = f"protect.{kind.crd_name}"
    management = "oldObject.spec.management"
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": _constraints(kind, "DELETE"),
            "matchConditions": [
                {"name": "is-not-being-deleted", "expression": "!has(oldObject.metadata.deletionTimestamp)"}
            ],
            "validations": [
                {
                    "expression": f"!has({management}) || !has({management}.protect) || !{management}.protect",
                    "message": "spec.management.protect is true: set it to false first, then delete the object",
                    "reason": "Forbidden",
                }
            ],
        },
    }
    return policy, _binding(name)


def _constraints(kind: ApiKind, *operations: str) -> Manifest:
    rule = {
        "apiGroups": [GROUP],
        "apiVersions": [VERSION],
        "operations": list(operations),
        "resources": [kind.plural],
        "scope": kind.scope,
    }
    return {"resourceRules": [rule]}


def _policy(kind: ApiKind, validations: list[dict[str, str]]) -> Manifest:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": kind.crd_name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": _constraints(kind, "CREATE", "UPDATE"),
            "matchConditions": [
                {"name": "is-not-being-deleted", "expression": "!has(object.metadata.deletionTimestamp)"},
                {
                    "name": "has-a-new-spec",
                    "expression": "oldObject == null || object.spec != oldObject.spec",
                },
            ],
            "variables": [{"name": "spec", "expression": "dyn(object.spec)"}],
            "validations": validations,
        },
    }


def _binding(name: str) -> Manifest:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
