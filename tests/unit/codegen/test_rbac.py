"""What the operator may do, and no more."""

from __future__ import annotations

from awslab.api.kinds import API_KINDS
from awslab.codegen.rbac import cluster_rules, namespace_rules, secrets_role, user_roles


def verbs(resource: str) -> list[str]:
    rules = [*cluster_rules(), *namespace_rules()]
    return sorted(verb for rule in rules if resource in rule["resources"] for verb in rule["verbs"])


def test_the_operator_writes_only_the_finalizer_and_the_status_of_our_objects():
    for kind in API_KINDS:
        assert verbs(kind.plural) == ["get", "list", "patch", "watch"]
        assert verbs(f"{kind.plural}/status") == ["update"]


def test_the_operator_may_read_no_secret_and_nothing_by_a_wildcard():
    rules = [*cluster_rules(), *namespace_rules()]

    assert verbs("secrets") == []
    assert [rule for rule in rules if "*" in (*rule["verbs"], *rule["resources"], *rule["apiGroups"])] == []


def test_nobody_but_the_operator_gets_the_status():
    resources = [resource for role in user_roles() for rule in role["rules"] for resource in rule["resources"]]

    assert [resource for resource in resources if "/" in resource] == []


def test_what_belongs_to_no_namespace_is_left_to_the_administrator_of_the_cluster():
    resources = [resource for role in user_roles() for rule in role["rules"] for resource in rule["resources"]]

    assert "labvpcs" in resources
    assert "awsaccounts" not in resources


def test_what_outputs_are_written_to_is_never_listed():
    assert verbs("configmaps") == ["create", "delete", "get", "update"]
    assert [rule["verbs"] for rule in secrets_role()["rules"]] == [["get", "create", "update", "delete"]]
