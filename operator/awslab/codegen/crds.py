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
    return _policy(kind, validations), _binding(kind)


def _policy(kind: ApiKind, validations: list[dict[str, str]]) -> Manifest:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": kind.crd_name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [GROUP],
                        "apiVersions": [VERSION],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": [kind.plural],
                        "scope": kind.scope,
                    }
                ]
            },
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


def _binding(kind: ApiKind) -> Manifest:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": kind.crd_name},
        "spec": {"policyName": kind.crd_name, "validationActions": ["Deny"]},
    }
