"""An AwsAccount, an object in it and its outputs, with the operator's own ServiceAccount and a real API server."""

from __future__ import annotations

import json
import time

import pytest

ACCOUNT = """
apiVersion: awslab.dev/v1alpha1
kind: AwsAccount
metadata: {name: dev}
spec:
  roleArn: arn:aws:iam::111122223333:role/awslab
  allowedNamespaces: {matchLabels: {tier: dev}}
"""
VPC = """
apiVersion: awslab.dev/v1alpha1
kind: LabVpc
metadata: {name: small}
spec:
  region: us-east-1
  cidr: 10.0.0.0/24
  availabilityZones: 1
  natGateways: None
  outputs: {configMap: {name: net, keys: [vpcId]}}
"""


@pytest.fixture
def namespace(operated):
    """A namespace whose objects are made in the account dev."""
    name = operated.new_namespace()
    operated.kubectl("annotate", "namespace", name, "awslab.dev/account=dev")
    operated.kubectl("label", "namespace", name, "tier=dev")
    return name


def seen(world, *what):
    return json.loads(world.kubectl("get", *what, "-o", "json"))


def until(done, seconds=30):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.5)


def test_an_object_lives_in_the_account_of_its_namespace_and_holds_it(operated, namespace):
    kubectl = operated.kubectl
    kubectl("apply", "-f", "-", stdin=ACCOUNT)
    kubectl("apply", "-n", namespace, "-f", "-", stdin=VPC)
    kubectl("wait", "--for=condition=Ready", "awsacc/dev", "--timeout=30s")
    kubectl("wait", "-n", namespace, "--for=condition=Ready", "labvpc/small", "--timeout=60s")

    status = seen(operated, "-n", namespace, "labvpc/small")["status"]
    assert {"name": "dev", "id": "111122223333"} == status["account"]
    assert {"vpcId": status["vpcId"]} == seen(operated, "-n", namespace, "configmap/net")["data"]

    kubectl("delete", "awsacc/dev", "--wait=false")
    kubectl("wait", "--for=condition=DeletionBlocked", "awsacc/dev", "--timeout=30s")
    kubectl("delete", "-n", namespace, "labvpc/small", "--timeout=60s")

    kubectl("wait", "--for=delete", "awsacc/dev", "--timeout=30s")
    until(lambda: "net" not in kubectl("get", "-n", namespace, "configmaps", "-o", "name"))
