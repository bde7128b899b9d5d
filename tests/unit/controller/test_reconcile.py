"""From spec to status and back to nothing, on the strict local AWS."""

from __future__ import annotations

from datetime import timedelta

import pytest

from awslab.aws.calls import is_read
from awslab.controller.handle import Routine
from tests.support.memory import lab_vpc, reconciler, until

RULE = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


@pytest.fixture
def using(local_aws):
    return reconciler()


@pytest.fixture
def vpc(using):
    """A LabVpc that is Ready."""
    handle = lab_vpc()
    until(handle, lambda: handle.ready, using)
    return handle


def writes(control, since):
    return [c["action"] for c in control.calls(since) if not is_read(c["action"])]


def id_of(handle, address):
    return next(r["id"] for r in handle.obj["status"]["resources"] if r["address"] == address)


def reasons(handle):
    return [reason for _, reason, _ in handle.events]


def test_a_new_object_becomes_ready_with_its_ids_in_status(vpc):
    status = vpc.obj["status"]

    assert "True" == vpc.condition("Synced")["status"]
    assert status["vpcId"].startswith("vpc-")
    assert ["us-east-1a", "us-east-1b"] == status["zones"]
    assert (2, 2, 2) == tuple(len(status[f"{t}SubnetIds"]) for t in ("public", "private", "data"))
    assert 2 == len(status["natGatewayIps"])
    assert {"Ready"} == {r["state"] for r in status["resources"]}
    assert "intents" not in status


def test_a_healthy_object_costs_no_write_to_aws_or_kubernetes(vpc, using, local_aws):
    since, before = local_aws.last_call(), vpc.writes

    again = using.reconcile(vpc)

    assert isinstance(again, Routine)
    assert [] == writes(local_aws, since)
    assert before == vpc.writes


def test_a_restarted_operator_writes_nothing(vpc, local_aws):
    since, before = local_aws.last_call(), vpc.writes

    reconciler().reconcile(vpc)

    assert [] == writes(local_aws, since)
    assert before == vpc.writes


def test_an_object_applied_again_on_a_new_cluster_attaches_to_what_exists(vpc, local_aws):
    again = lab_vpc()
    again.obj["metadata"]["uid"] = "another-uid"
    since = local_aws.last_call()

    until(again, lambda: again.ready)

    assert [] == writes(local_aws, since)
    assert vpc.obj["status"]["vpcId"] == again.obj["status"]["vpcId"]
    assert again.has_finalizer


def test_a_deleted_route_is_told_as_drift_and_put_back(vpc, using, ec2):
    table = id_of(vpc, "RouteTable/public")
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    seen = []
    vpc.write_status = lambda status, write=vpc.write_status: (seen.append(status), write(status))[1]

    until(vpc, lambda: vpc.ready and "Repaired" in reasons(vpc), using)

    (drift,) = seen[0]["drift"]
    assert ("RouteTable/public", "routes.0.0.0.0/0") == (drift["resource"], drift["field"])
    assert (id_of(vpc, "InternetGateway/igw"), "none") == (drift["desired"], drift["observed"])
    assert "drift" not in vpc.obj["status"]
    assert "None" == vpc.obj["status"]["summary"]["drift"]
    assert 1 == reasons(vpc).count("Drifted") == reasons(vpc).count("Repaired")


def test_a_changed_spec_is_no_drift(vpc, using):
    vpc.change(tags={"team": "network"})

    until(vpc, lambda: vpc.ready, using)

    assert "Drifted" not in reasons(vpc)


def test_a_tag_that_leaves_the_spec_leaves_aws(vpc, using, ec2):
    def tags():
        return {t["Key"]: t["Value"] for t in ec2.describe_vpcs(VpcIds=[vpc.obj["status"]["vpcId"]])["Vpcs"][0]["Tags"]}

    vpc.change(tags={"team": "network"})
    until(vpc, lambda: vpc.ready, using)
    assert "network" == tags()["team"]

    vpc.change(tags={})
    until(vpc, lambda: vpc.ready, using)

    assert "team" not in tags()


def test_a_third_zone_touches_nothing_that_exists(vpc, using, local_aws):
    before = {r["address"]: r["id"] for r in vpc.obj["status"]["resources"]}
    since = local_aws.last_call()
    vpc.change(availabilityZones=3)

    until(vpc, lambda: vpc.ready, using)

    after = {r["address"]: r["id"] for r in vpc.obj["status"]["resources"]}
    assert before.items() <= after.items()
    taken = [w for w in writes(local_aws, since) if w.startswith(("Delete", "Disassociate", "Release", "Replace"))]
    assert ["ReplaceNetworkAclAssociation"] * 3 == taken, "a new subnet has the default ACL until it gets its own"


def test_routes_move_before_a_spare_nat_gateway_goes(vpc, using, local_aws):
    since = local_aws.last_call()
    vpc.change(natGateways="Single")

    until(vpc, lambda: vpc.ready and len(vpc.obj["status"]["resources"]) == 24, using)

    order = [w for w in writes(local_aws, since) if w in {"ReplaceRoute", "DeleteNatGateway", "ReleaseAddress"}]
    assert ["ReplaceRoute", "DeleteNatGateway", "ReleaseAddress"] == order


def test_a_deleted_object_leaves_nothing_and_is_let_go(vpc, using, ec2):
    vpc.delete()

    until(vpc, lambda: vpc.gone, using)

    assert [] == [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]
    assert [] == ec2.describe_addresses()["Addresses"]


def test_a_foreign_rule_in_the_default_group_is_taken_away(vpc, using, ec2):
    group = id_of(vpc, "DefaultSecurityGroup/default")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=RULE)

    until(vpc, lambda: vpc.ready and "Repaired" in reasons(vpc), using)

    assert [] == ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]


def test_a_deleted_nat_gateway_is_drift_until_its_successor_carries_the_route(vpc, using, ec2):
    old = id_of(vpc, "NatGateway/a")
    ec2.delete_nat_gateway(NatGatewayId=old)

    until(vpc, lambda: vpc.ready and id_of(vpc, "NatGateway/a") != old, using)

    assert "drift" not in vpc.obj["status"]
    (table,) = ec2.describe_route_tables(RouteTableIds=[id_of(vpc, "RouteTable/private-a")])["RouteTables"]
    assert id_of(vpc, "NatGateway/a") in {r.get("NatGatewayId") for r in table["Routes"]}


def test_a_wrong_zone_stalls_with_the_field_and_the_way_out(using):
    handle = lab_vpc(availabilityZones=["us-east-1z"])

    using.reconcile(handle)

    assert ("True", "InvalidSpec") == (handle.condition("Stalled")["status"], handle.condition("Stalled")["reason"])
    assert handle.condition("Ready")["message"].startswith("spec.availabilityZones: us-east-1z is no zone of us-east-1")


def test_a_name_that_no_tag_can_hold_is_refused_before_anything_is_made(using, local_aws):
    handle, since = lab_vpc("n" * 250), local_aws.last_call()

    using.reconcile(handle)

    assert handle.condition("Stalled")["message"].startswith("metadata.name: is too long")
    assert [] == writes(local_aws, since)


def test_a_denied_call_says_who_must_act(using, local_aws):
    local_aws.fault("deny", "CreateVpc")
    handle = lab_vpc()

    using.reconcile(handle)

    assert ("True", "Denied") == (handle.condition("Stalled")["status"], handle.condition("Stalled")["reason"])
    assert "CreateVpc" in handle.condition("Stalled")["message"]


def test_what_aws_is_much_too_long_about_is_told_once(using, local_aws):
    local_aws.configure({"time_scale": 100.0})
    handle, started = lab_vpc(), using.clock()
    using.reconcile(handle)

    using.clock = lambda: started + timedelta(seconds=60)
    using.reconcile(handle)
    using.reconcile(handle)

    local_aws.configure({"time_scale": 0.002})
    waits = sorted(message for _, reason, message in handle.events if reason == "Waiting")
    assert [f"NatGateway/{zone}: AWS is making it; it takes much longer than usual (100 s)" for zone in "ab"] == waits


def test_what_was_ready_stays_so_while_aws_throttles_for_a_moment(vpc, using, local_aws):
    local_aws.fault("throttle", "DescribeVpcs")

    again = using.reconcile(vpc)

    assert again is not None
    assert "True" == vpc.condition("Ready")["status"]
    assert ("False", "Throttled") == (vpc.condition("Synced")["status"], vpc.condition("Synced")["reason"])


def test_who_does_not_lead_changes_nothing(using, local_aws):
    handle = lab_vpc()
    handle.leads = lambda: False
    since = local_aws.last_call()

    using.reconcile(handle)

    assert [] == writes(local_aws, since)


def test_a_creation_that_aws_does_not_show_yet_is_not_repeated(using, local_aws, ec2):
    local_aws.fault("hide", "Create*", seconds=0.4)
    handle = lab_vpc()

    until(handle, lambda: handle.ready, using)

    assert 1 == len([v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]])
    assert 1 == len(ec2.describe_internet_gateways()["InternetGateways"])
