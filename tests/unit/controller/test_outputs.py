"""Outputs in ConfigMaps and Secrets: written, kept, and never over what is somebody else's."""

from __future__ import annotations

import base64

import pytest

from awslab.controller.kube import ApiDenied
from awslab.controller.outputs import flat
from tests.support.cluster import Cluster
from tests.support.memory import SETTINGS

SMALL = {"cidr": "10.0.0.0/24", "natGateways": "None", "availabilityZones": 1}
MAP = "/api/v1/namespaces/lab/configmaps/net"
SECRET = "/api/v1/namespaces/lab/secrets/net"
TO_MAP = {"configMap": {"name": "net"}}


@pytest.fixture
def cluster(local_aws):
    return Cluster()


@pytest.fixture
def vpc(cluster):
    """A LabVpc that is Ready and has its outputs in a ConfigMap."""
    vpc = cluster.lab_vpc(outputs=TO_MAP, **SMALL)
    cluster.until(lambda: vpc.ready, vpc)
    return vpc


def written(vpc):
    condition = vpc.condition("OutputsWritten")
    return condition["status"], condition["reason"], condition["message"]


def test_the_outputs_of_a_ready_object_stand_in_its_config_map(vpc, cluster):
    found, status = cluster.others[MAP], vpc.obj["status"]

    assert status["vpcId"] == found["data"]["vpcId"]
    assert "us-east-1" == found["data"]["region"]
    assert ",".join(status["publicSubnetIds"]) == found["data"]["publicSubnetIds"]
    assert status["securityGroupIds"]["app"] == found["data"]["securityGroupIds_app"]
    assert "subnets" not in found["data"]
    (owner,) = found["metadata"]["ownerReferences"]
    assert ("LabVpc", "production", "uid-of-production") == (owner["kind"], owner["name"], owner["uid"])
    assert ("True", "Written", "Written to ConfigMap net.") == written(vpc)
    assert [{"kind": "ConfigMap", "name": "net"}] == status["outputs"]


def test_outputs_that_are_as_wanted_cost_one_read_and_no_write(vpc, cluster):
    cluster.requests.clear()
    writes = vpc.writes

    cluster.once(vpc)

    assert [("get", MAP)] == cluster.requests
    assert writes == vpc.writes


def test_nothing_is_written_before_the_object_is_ready(cluster, local_aws):
    local_aws.fault("deny", "CreateSubnet")
    vpc = cluster.lab_vpc(outputs=TO_MAP, **SMALL)

    cluster.once(vpc)

    assert {} == cluster.others


def test_only_the_keys_that_were_asked_for_are_written(cluster):
    vpc = cluster.lab_vpc(outputs={"configMap": {"name": "net", "keys": ["vpcId", "zones"]}}, **SMALL)

    cluster.until(lambda: vpc.ready, vpc)

    assert {"vpcId", "zones"} == cluster.others[MAP]["data"].keys()


def test_what_somebody_changed_is_put_back(vpc, cluster):
    wanted = dict(cluster.others[MAP]["data"])
    cluster.others[MAP]["data"] = {"vpcId": "vpc-wrong", "more": "x"}

    cluster.once(vpc)

    assert wanted == cluster.others[MAP]["data"]


def test_what_somebody_deleted_is_made_again(vpc, cluster):
    del cluster.others[MAP]

    cluster.once(vpc)

    assert vpc.obj["status"]["vpcId"] == cluster.others[MAP]["data"]["vpcId"]


def test_what_is_not_ours_is_never_touched(cluster):
    theirs = {"metadata": {"name": "net", "resourceVersion": "7"}, "data": {"vpcId": "theirs"}}
    cluster.others[MAP] = theirs
    vpc = cluster.lab_vpc(outputs=TO_MAP, **SMALL)
    cluster.until(lambda: vpc.ready, vpc)

    again = cluster.once(vpc)

    sentence = "ConfigMap net exists and is not this object's: delete it, or let spec.outputs name another one"
    assert theirs is cluster.others[MAP]
    assert ("False", "NotOurs", sentence) == written(vpc)
    assert [("Warning", "OutputsFailed", sentence)] == [e for e in vpc.events if e[1] == "OutputsFailed"]
    assert "outputs" not in vpc.obj["status"]
    assert 60.0 == again


def test_what_the_spec_names_no_longer_is_removed(vpc, cluster):
    vpc.change(outputs={"configMap": {"name": "other"}})

    cluster.until(lambda: vpc.ready, vpc)

    assert ["/api/v1/namespaces/lab/configmaps/other"] == list(cluster.others)


def test_a_spec_without_outputs_leaves_none_and_no_condition(vpc, cluster):
    vpc.change(outputs={})

    cluster.until(lambda: vpc.ready, vpc)

    assert {} == cluster.others
    assert ("", "", "") == written(vpc)
    assert "outputs" not in vpc.obj["status"]


def test_a_successor_that_is_somebody_elses_is_not_removed(vpc, cluster):
    cluster.others[MAP]["metadata"]["ownerReferences"] = []
    vpc.change(outputs={})

    cluster.until(lambda: vpc.ready, vpc)

    assert [MAP] == list(cluster.others)


def test_an_output_that_there_is_not_is_named_with_those_that_there_are(cluster):
    vpc = cluster.lab_vpc(outputs={"configMap": {"name": "net", "keys": ["vpc"]}}, **SMALL)

    cluster.until(lambda: vpc.ready, vpc)

    status, reason, message = written(vpc)
    assert ("False", "UnknownOutput") == (status, reason)
    assert message.startswith(
        "ConfigMap net: there is no output vpc; there are bastionInstanceId, bastionPublicIp, cidr, "
    )


def test_secrets_are_written_only_where_the_operator_may(cluster):
    vpc = cluster.lab_vpc(outputs={"secret": {"name": "net"}}, **SMALL)

    cluster.until(lambda: vpc.ready, vpc)

    assert ("False", "SecretsOff") == written(vpc)[:2]
    assert [] == cluster.requests


def test_a_secret_has_the_outputs_as_kubernetes_encodes_them(local_aws):
    cluster = Cluster(settings=SETTINGS.model_copy(update={"secret_outputs": True}))
    vpc = cluster.lab_vpc(outputs={"secret": {"name": "net", "keys": ["vpcId"]}}, **SMALL)

    cluster.until(lambda: vpc.ready, vpc)

    vpc_id = base64.b64encode(vpc.obj["status"]["vpcId"].encode()).decode()
    assert {"vpcId": vpc_id} == cluster.others[SECRET]["data"]


def test_a_refusal_of_the_api_server_is_told_and_the_object_stays_ready(cluster):
    def refuse(*_, **__):
        raise ApiDenied("get configmaps: 403 forbidden", 403)

    vpc = cluster.lab_vpc(outputs=TO_MAP, **SMALL)
    vpc.request = refuse

    cluster.until(lambda: vpc.ready, vpc)

    assert ("False", "Denied", "ConfigMap net: get configmaps: 403 forbidden") == written(vpc)


def test_outputs_are_flat_texts():
    outputs = {"id": "x", "count": 2, "none": None, "empty": [], "list": ["a", "b"], "map": {"k": "v"}, "deep": [{}]}

    assert {"id": "x", "count": "2", "none": None, "empty": "", "list": "a,b", "map_k": "v"} == flat(outputs)
