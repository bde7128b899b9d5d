"""Objects that build on others: they wait, they take what they need, and they hold what they stand on."""

from __future__ import annotations

import pytest

from awslab.api.references import LabVpcRef, references_in
from awslab.controller.cache import Cache
from awslab.controller.objects import Key
from awslab.controller.references import Targets
from tests.support.cluster import Cluster
from tests.support.kinds import KINDS, LabGroupSpec

SMALL = {"cidr": "10.0.0.0/24", "natGateways": "None", "availabilityZones": 1}
VPC = Key("LabVpc", "lab", "production")


@pytest.fixture
def cluster(local_aws):
    return Cluster(KINDS)


def group(cluster, name="web"):
    return cluster.apply("LabGroup", name, region="us-east-1", vpcRef={"name": "production"})


def elsewhere(cluster):
    """One of another namespace."""
    ref = {"name": "production", "namespace": "lab"}
    return cluster.apply("LabGroup", "web", "shop", region="us-east-1", vpcRef=ref)


def test_an_object_waits_for_one_that_does_not_exist_and_says_which(cluster):
    web = group(cluster)

    again = cluster.once(web)

    assert ("False", "Waiting") == (web.condition("Ready")["status"], web.condition("Ready")["reason"])
    assert "Waits for LabVpc lab/production: it does not exist" == web.condition("Ready")["message"]
    assert ("True", "False") == (web.condition("Reconciling")["status"], web.condition("Stalled")["status"])
    assert frozenset({VPC}) == cluster.referred[web.key]
    assert again is not None
    assert [] == web.events


def test_an_object_waits_for_one_that_is_not_ready_and_says_why(cluster, local_aws):
    local_aws.fault("deny", "CreateSubnet")
    vpc, web = cluster.lab_vpc(**SMALL), group(cluster)
    cluster.once(vpc)

    cluster.once(web)

    message = web.condition("Ready")["message"]
    assert message == f"Waits for LabVpc lab/production: not Ready ({vpc.condition('Ready')['message']})"
    assert "CreateSubnet" in message


def test_an_object_is_made_in_the_vpc_that_it_refers_to(cluster, ec2):
    vpc, web = cluster.lab_vpc(**SMALL), group(cluster)

    cluster.until(lambda: vpc.ready and web.ready)

    (found,) = ec2.describe_security_groups(GroupIds=[web.obj["status"]["groupId"]])["SecurityGroups"]
    assert vpc.obj["status"]["vpcId"] == found["VpcId"]


def test_whoever_stands_already_goes_on_while_its_ground_is_being_repaired(cluster, local_aws):
    vpc, web = cluster.lab_vpc(**SMALL), group(cluster)
    cluster.until(lambda: vpc.ready and web.ready)
    conditions = [{**c, "status": "False"} if c["type"] == "Ready" else c for c in vpc.obj["status"]["conditions"]]
    vpc.write_status({**vpc.obj["status"], "conditions": conditions})
    writes = web.writes

    cluster.once(web)

    assert web.ready
    assert writes == web.writes


def test_an_object_of_another_namespace_may_refer_only_where_it_is_allowed(cluster):
    vpc, web = cluster.lab_vpc(**SMALL), elsewhere(cluster)
    cluster.until(lambda: vpc.ready, vpc)

    cluster.once(web)

    stalled = web.condition("Stalled")
    assert ("True", "ReferenceNotAllowed") == (stalled["status"], stalled["reason"])
    assert (
        "spec.vpcRef: LabVpc lab/production does not exist or does not allow namespace shop: "
        "its owner adds it to spec.allowedNamespaces"
    ) == stalled["message"]

    vpc.change(allowedNamespaces={"names": ["shop"]})
    cluster.until(lambda: vpc.ready and web.ready)


def test_a_foreign_object_that_does_not_exist_is_told_no_other_than_one_that_does(cluster):
    web = elsewhere(cluster)

    cluster.once(web)

    assert "does not exist or does not allow" in web.condition("Stalled")["message"]


def test_an_object_that_others_refer_to_is_held_and_names_them(cluster, local_aws, ec2):
    vpc, web, api = cluster.lab_vpc(**SMALL), group(cluster), group(cluster, "api")
    cluster.until(lambda: vpc.ready and web.ready and api.ready)
    vpc.delete()
    since = local_aws.last_call()

    cluster.once(vpc)

    blocked = vpc.condition("DeletionBlocked")
    assert ("True", "Referenced") == (blocked["status"], blocked["reason"])
    assert blocked["message"].startswith("Still used by LabGroup lab/api, LabGroup lab/web. Delete these")
    assert [] == local_aws.calls(since)

    api.delete()
    web.delete()
    cluster.until(lambda: vpc.gone)
    assert [] == [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]


def test_a_held_object_costs_no_second_status_write(cluster):
    vpc, web = cluster.lab_vpc(**SMALL), group(cluster)
    cluster.until(lambda: vpc.ready and web.ready)
    vpc.delete()
    cluster.once(vpc)
    writes = vpc.writes

    cluster.once(vpc)

    assert writes == vpc.writes


def test_nobody_builds_upon_what_is_being_deleted(cluster):
    vpc = cluster.lab_vpc(**SMALL)
    cluster.until(lambda: vpc.ready, vpc)
    vpc.delete()
    web = group(cluster)

    cluster.once(web)

    assert "Waits for LabVpc lab/production: it is being deleted" == web.condition("Ready")["message"]


def test_a_deletion_that_has_begun_is_not_held_by_a_late_comer(cluster, ec2):
    vpc = cluster.lab_vpc(**SMALL)
    cluster.until(lambda: vpc.ready, vpc)
    ec2.create_security_group(VpcId=vpc.obj["status"]["vpcId"], GroupName="foreign", Description="x")
    vpc.delete()
    cluster.until(lambda: vpc.condition("DeletionBlocked")["status"] == "True", vpc)
    group(cluster)

    cluster.once(vpc)

    assert "InUseByOthers" == vpc.condition("DeletionBlocked")["reason"]


def test_references_are_found_in_the_model_wherever_they_stand():
    spec = {"vpcRef": {"name": "a"}, "moreRefs": [{"name": "b", "namespace": "x"}, {"nonsense": 1}], "region": 7}

    found = {r.field: r.ref for r in references_in(LabGroupSpec, spec)}

    assert {
        "spec.vpcRef": LabVpcRef.model_validate({"name": "a"}),
        "spec.moreRefs[0]": LabVpcRef.model_validate({"name": "b", "namespace": "x"}),
    } == found


class Due:
    """A queue that only remembers."""

    def __init__(self):
        self.keys = []

    def add(self, key, priority=None):
        self.keys.append(key)

    def add_after(self, key, delay, priority=None):
        pass

    def discard(self, key):
        pass


def web(**vpc_ref):
    meta = {"name": "web", "namespace": "lab", "uid": "w", "generation": 1, "resourceVersion": "1"}
    return {"kind": "LabGroup", "metadata": meta, "spec": {"vpcRef": {"name": "production", **vpc_ref}}}


def vpc(**more):
    meta = {"name": "production", "namespace": "lab", "uid": "v", "generation": 1, "resourceVersion": "1", **more}
    return {"kind": "LabVpc", "metadata": meta, "spec": {"accountRef": {"name": "dev"}}}


@pytest.fixture
def due():
    return Due()


@pytest.fixture
def cache(due):
    cache = Cache(due, resync=600, targets=Targets(KINDS))
    cache.activate()
    return cache


def test_who_refers_to_whom_is_known_before_the_first_pass(cache):
    cache.seen(Key("LabGroup", "lab", "web"), web())
    cache.seen(VPC, vpc())

    assert {Key("LabGroup", "lab", "web")} == cache.dependents(VPC)
    assert {VPC} == cache.dependents(Key("AwsAccount", "", "dev"))


def test_a_held_object_is_woken_when_the_last_one_that_refers_to_it_goes(cache, due):
    cache.seen(Key("LabGroup", "lab", "web"), web())
    cache.seen(VPC, vpc(deletionTimestamp="2026-01-01T00:00:00Z"))
    due.keys.clear()

    cache.gone(Key("LabGroup", "lab", "web"))

    assert [VPC] == due.keys
    assert frozenset() == cache.dependents(VPC)


def test_whoever_waits_is_woken_when_the_other_comes(cache, due):
    cache.seen(Key("LabGroup", "lab", "web"), web())
    due.keys.clear()

    cache.seen(VPC, vpc())

    assert Key("LabGroup", "lab", "web") in due.keys
