"""The Helm chart: its values, its CRDs, and that it installs what the manifests do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from pydantic.alias_generators import to_camel

from awslab.api.kinds import API_KINDS
from awslab.settings import Settings, variable
from tests.support.manifests import CHART, documents, only, read, render

EVERYTHING = Path(__file__).parent / "values-everything.yaml"


@pytest.fixture(scope="module")
def default(helm):
    return documents(render(helm))


@pytest.fixture(scope="module")
def everything(helm):
    return documents(render(helm, "--values", str(EVERYTHING)))


def without_labels(manifest, *of_helm):
    """The manifest as if Helm had not labeled it."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in {"labels", *of_helm}}
    return manifest | {"metadata": metadata}


def kinds(manifests):
    return sorted({manifest["kind"] for manifest in manifests})


def container(manifests):
    (found,) = only(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    return found


def test_helm_finds_nothing_to_complain_about(helm):
    command = [str(helm), "lint", "--strict", str(CHART), "--values", str(EVERYTHING)]

    result = subprocess.run(command, check=False, capture_output=True, text=True)

    assert result.returncode == 0, result.stdout


def test_the_chart_installs_what_the_manifests_do(default):
    manifests = [m for m in read("manifests") if m["kind"] != "Namespace"]  # Helm makes its own

    def by_name(some):
        plain = [without_labels(manifest, "annotations") for manifest in some]
        return {(m["kind"], m["metadata"]["name"]): m for m in plain}

    assert by_name(default) == by_name(manifests)


def test_everything_belongs_to_the_release(helm):
    rendered = documents(render(helm, release="other"))

    spec = only(rendered, "Deployment", "other-awslab-operator")["spec"]
    labels = {"app.kubernetes.io/name": "awslab-operator", "app.kubernetes.io/instance": "other"}
    assert spec["selector"]["matchLabels"] == labels
    assert labels.items() <= spec["template"]["metadata"]["labels"].items()
    assert spec["template"]["spec"]["serviceAccountName"] == "other-awslab-operator"
    assert only(rendered, "ClusterRoleBinding")["roleRef"]["name"] == "other-awslab-operator"


def test_crds_are_upgraded_with_the_chart_and_kept_when_it_goes(default):
    """What stands in Helm's own crds/ folder is installed once and never upgraded."""
    crds = [m for m in default if m["kind"] == "CustomResourceDefinition"]

    assert not (CHART / "crds").exists()
    assert {crd["metadata"]["annotations"]["helm.sh/resource-policy"] for crd in crds} == {"keep"}
    assert len(crds) == len(API_KINDS)


def test_crds_go_with_the_chart_if_that_is_asked_for(everything):
    crds = [m for m in everything if m["kind"] == "CustomResourceDefinition"]

    assert [crd for crd in crds if "annotations" in crd["metadata"]] == []


def test_the_operator_may_read_no_secret_unless_that_is_asked_for(default, everything):
    def may_read_secrets(manifests):
        rules = [rule for m in manifests if m["kind"] in {"ClusterRole", "Role"} for rule in m["rules"]]
        return any("secrets" in rule["resources"] for rule in rules)

    assert not may_read_secrets(default)
    assert may_read_secrets(everything)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("crds.install", "CustomResourceDefinition"),
        ("admissionPolicies.install", "ValidatingAdmissionPolicy"),
        ("serviceAccount.create", "ServiceAccount"),
        ("rbac.create", "ClusterRole"),
        ("podDisruptionBudget.enabled", "PodDisruptionBudget"),
    ],
)
def test_what_another_team_installs_can_be_left_out(helm, default, value, kind):
    rendered = documents(render(helm, "--set", f"{value}=false"))

    assert kind in kinds(default)
    assert kind not in kinds(rendered)


def test_a_single_replica_has_no_budget_that_would_keep_its_node(helm):
    assert "PodDisruptionBudget" not in kinds(documents(render(helm, "--set", "replicaCount=1")))


def test_monitors_and_the_network_policy_are_there_when_asked_for(default, everything):
    optional = {"NetworkPolicy", "PodMonitor", "ServiceMonitor"}

    assert optional.isdisjoint(kinds(default))
    assert optional <= set(kinds(everything))
    assert only(everything, "PodMonitor")["spec"]["podMetricsEndpoints"] == [
        {"port": "http", "path": "/metrics", "interval": "15s"}
    ]
    assert only(everything, "ServiceMonitor")["metadata"]["labels"]["release"] == "prometheus"
    assert only(everything, "NetworkPolicy")["spec"]["egress"] == [
        {
            "ports": [
                {"port": 53, "protocol": "UDP"},
                {"port": 53, "protocol": "TCP"},
                {"port": 443, "protocol": "TCP"},
            ]
        }
    ]


def test_a_digest_wins_over_a_tag(helm, everything):
    tagged = documents(render(helm, "--set", "image.tag=1.2.3"))

    assert container(everything)["image"] == f"registry.example.com/awslab-operator@sha256:{'0' * 64}"
    assert container(tagged)["image"] == "awslab-operator:1.2.3"


def test_the_account_carries_the_role_for_aws(everything):
    annotations = only(everything, "ServiceAccount", "lab")["metadata"]["annotations"]

    assert annotations["eks.amazonaws.com/role-arn"].endswith(":role/awslab-operator")


def test_settings_become_the_variables_that_the_operator_reads(everything):
    assert container(everything)["env"] == [
        {"name": "AWSLAB_AWS_CONCURRENCY", "value": "64"},
        {"name": "AWSLAB_LEADER_ELECTION", "value": "true"},
        {"name": "AWSLAB_LOG_LEVEL", "value": "debug"},
        {"name": "AWSLAB_RESYNC", "value": "5000000"},
        {"name": "AWSLAB_SECRET_OUTPUTS", "value": "true"},
        {"name": "AWS_REGION", "value": "us-east-1"},
    ]


def test_every_setting_of_the_operator_can_be_given(helm):
    given = [f"settings.{to_camel(name)}=x" for name in Settings.model_fields]

    rendered = documents(render(helm, "--set", ",".join(given)))

    names = [entry["name"] for entry in container(rendered)["env"]]
    assert set(names) == {variable(name) for name in Settings.model_fields}


@pytest.mark.parametrize("wrong", ["replicas=2", "settings.lgoLevel=debug", "image.digest=abc", "crds.keep=perhaps"])
def test_a_wrong_value_is_refused(helm, wrong):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        render(helm, "--set", wrong)

    assert wrong.split("=")[0].rsplit(".", 1)[-1] in refused.value.stderr


def test_the_schema_knows_every_value_and_no_other():
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert sorted(schema["properties"].keys() - {"global"}) == sorted(values)


def test_the_test_of_all_values_gives_every_value():
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert sorted(yaml.safe_load(EVERYTHING.read_text())) == sorted(values)


def test_chart_and_package_have_one_version():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    package = (CHART.parents[1] / "pyproject.toml").read_text()

    assert f'version = "{chart["appVersion"]}"' in package
