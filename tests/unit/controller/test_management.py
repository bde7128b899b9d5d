"""What management promises: modes, approval, drift, convergence, deletion, adoption; on the strict local AWS."""

from __future__ import annotations

import json
import time

import pytest

from awslab.aws.calls import is_read
from awslab.aws.network import Subnet
from awslab.core.ownership import OWNER_TAG, RESOURCE_TAG, UID_TAG
from awslab.cost.prices import AS_OF
from tests.support.memory import lab_vpc, reconciler, until

SMALL = {"availabilityZones": 1, "natGateways": "None", "subnets": {"data": {"enabled": False}}}
"""A LabVpc that is made quickly."""

MOVED = {
    "public": {"cidrs": {"us-east-1a": "10.0.28.0/22", "us-east-1b": "10.0.48.0/21"}},
    "data": {"enabled": False},
}
"""The public subnet of zone a elsewhere, that of zone b where it is."""

SSH = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


@pytest.fixture
def using(local_aws):
    return reconciler()


@pytest.fixture
def ready(using):
    """Make LabVpcs that are Ready."""

    def make(name="production", **spec):
        handle = lab_vpc(name, **{**SMALL, **spec})
        until(handle, lambda: handle.ready, using)
        return handle

    return make


def manage(handle, **management):
    handle.change(management={**handle.obj["spec"].get("management", {}), **management})


def annotate(handle, hash_):
    handle.obj["metadata"] = {**handle.obj["metadata"], "annotations": {"awslab.dev/approve": hash_}}


def passes(handle, using, count=3):
    for _ in range(count):
        using.reconcile(handle)


def actions(control, since):
    return [c["action"] for c in control.calls(since)]


def writes(control, since):
    return [a for a in actions(control, since) if not is_read(a)]


def ids(handle):
    return {r["address"]: r["id"] for r in handle.obj["status"]["resources"] if r.get("id")}


def plan(handle):
    return handle.obj["status"]["plan"]


def planned(handle):
    return {(s["action"], s["resource"]) for s in plan(handle)["steps"]}


def reasons(handle):
    return [reason for _, reason, _ in handle.events]


def tags_of(ec2, id_):
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [id_]}])["Tags"]
    return {t["Key"]: t["Value"] for t in found}


def untag(ec2, *ids_):
    ec2.delete_tags(Resources=list(ids_), Tags=[{"Key": k} for k in (OWNER_TAG, RESOURCE_TAG, UID_TAG)])


def vpcs(ec2):
    return [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]


class TestCost:
    def test_is_told_part_by_part(self, using):
        handle = lab_vpc(**{**SMALL, "natGateways": "Single"}, expect={"natGb": 100})

        until(handle, lambda: handle.ready, using)

        parts = [
            {"part": "Eip", "count": 1, "monthly": "$3.65"},
            {"part": "NatGateway", "count": 1, "monthly": "$32.85"},
            {"part": "NAT gateways", "monthly": "$4.50"},
        ]
        told = handle.obj["status"]["cost"]
        assert (told["monthly"], told["parts"]) == ("$41.00", parts)
        assert told["pricesAsOf"] == AS_OF

    def test_of_a_plan_is_the_difference_to_what_stands_there(self, ready, using):
        handle = ready(natGateways="Single")
        handle.change(natGateways="None", management={"mode": "PlanOnly"})

        using.reconcile(handle)

        assert plan(handle)["cost"] == {"before": "$36.50", "after": "$0.00", "difference": "-$36.50"}


class TestObserve:
    def test_never_writes_and_shows_the_plan(self, using, local_aws):
        handle = lab_vpc(**SMALL, management={"mode": "Observe"})
        since = local_aws.last_call()

        passes(handle, using)

        assert [] == writes(local_aws, since)
        assert [] == handle.obj["metadata"].get("finalizers", [])
        assert ("Create", "Vpc/vpc") in planned(handle)
        assert ("False", "ObserveOnly") == (handle.condition("Ready")["status"], handle.condition("Ready")["reason"])

    def test_sees_drift_and_leaves_it(self, ready, using, local_aws, ec2):
        handle = ready()
        manage(handle, mode="Observe")
        ec2.delete_route(RouteTableId=ids(handle)["RouteTable/public"], DestinationCidrBlock="0.0.0.0/0")
        since = local_aws.last_call()

        passes(handle, using)

        assert [] == writes(local_aws, since)
        assert ["routes.0.0.0.0/0"] == [d["field"] for d in handle.obj["status"]["drift"]]
        assert "True" == handle.condition("Drifted")["status"]

    def test_a_deleted_object_is_let_go_and_aws_stays(self, ready, using, local_aws, ec2):
        handle = ready()
        manage(handle, mode="Observe")
        handle.delete()
        since = local_aws.last_call()

        until(handle, lambda: handle.gone, using)

        assert [] == writes(local_aws, since)
        assert 1 == len(vpcs(ec2))


class TestPlanOnly:
    def test_does_nothing_until_the_plan_is_approved(self, using, local_aws):
        handle = lab_vpc(**SMALL, management={"mode": "PlanOnly"})
        since = local_aws.last_call()

        passes(handle, using)

        pending = handle.condition("PlanPending")
        assert [] == writes(local_aws, since)
        assert ("True", "PlanOnly") == (pending["status"], pending["reason"])
        assert plan(handle)["hash"] in pending["message"]

    def test_carries_the_plan_to_its_end_once_the_spec_approves_it(self, using):
        handle = lab_vpc(management={"mode": "PlanOnly"})
        using.reconcile(handle)

        manage(handle, approval=plan(handle)["hash"])
        until(handle, lambda: handle.ready, using)

        assert "plan" not in handle.obj["status"]
        assert "approved" not in handle.obj["status"]

    def test_the_annotation_approves_as_well(self, using):
        handle = lab_vpc(management={"mode": "PlanOnly"})
        using.reconcile(handle)

        annotate(handle, plan(handle)["hash"])
        until(handle, lambda: handle.ready, using)

        assert 1 == len([r for r in handle.obj["status"]["resources"] if r["address"] == "NatGateway/b"])

    def test_another_hash_approves_nothing_and_the_condition_says_so(self, using, local_aws):
        handle = lab_vpc(**SMALL, management={"mode": "PlanOnly"})
        using.reconcile(handle)
        old = plan(handle)["hash"]
        since = local_aws.last_call()

        handle.change(tags={"team": "network"})
        manage(handle, approval=old)
        passes(handle, using)

        assert [] == writes(local_aws, since)
        assert old != plan(handle)["hash"]
        assert f"{old} was approved, but the plan has changed since" in handle.condition("PlanPending")["message"]

    def test_a_changed_spec_stops_what_was_approved_for_the_old_one(self, using, local_aws):
        handle = lab_vpc(management={"mode": "PlanOnly"})
        using.reconcile(handle)
        annotate(handle, plan(handle)["hash"])
        using.reconcile(handle)  # the NAT gateways are still being made
        handle.change(tags={"team": "network"})
        since = local_aws.last_call()

        passes(handle, using)

        assert [] == writes(local_aws, since)
        assert "True" == handle.condition("PlanPending")["status"]

    def test_an_approved_replacement_takes_along_what_refers_to_the_replaced(self, ready, using):
        handle = ready(availabilityZones=2, natGateways="PerZone")
        manage(handle, mode="PlanOnly")
        handle.change(subnets=MOVED)
        using.reconcile(handle)
        assert {("Update", "RouteTable/public"), ("Update", "RouteTable/private-a")} <= planned(handle)

        annotate(handle, plan(handle)["hash"])
        until(handle, lambda: handle.ready, using)

        assert "plan" not in handle.obj["status"]

    def test_drift_waits_for_approval_too(self, ready, using, local_aws, ec2):
        handle = ready()
        manage(handle, mode="PlanOnly")
        ec2.delete_route(RouteTableId=ids(handle)["RouteTable/public"], DestinationCidrBlock="0.0.0.0/0")
        since = local_aws.last_call()
        passes(handle, using)
        assert [] == writes(local_aws, since)

        annotate(handle, plan(handle)["hash"])
        until(handle, lambda: handle.ready, using)

        assert ["CreateRoute"] == writes(local_aws, since)


class TestReplacement:
    @pytest.fixture
    def moved(self, ready, using):
        """A LabVpc whose public subnet in zone a is to have other addresses."""
        handle = ready(availabilityZones=2, natGateways="PerZone")
        handle.before = ids(handle)
        handle.change(subnets=MOVED)
        using.reconcile(handle)
        return handle

    def test_waits_for_approval(self, moved, using, local_aws):
        since = local_aws.last_call()

        passes(moved, using)

        assert [] == writes(local_aws, since)
        assert {("Replace", "Subnet/public-a"), ("Replace", "NatGateway/a")} == {
            step for step in planned(moved) if step[0] == "Replace"
        }
        assert "ApprovalNeeded" == moved.condition("PlanPending")["reason"]
        assert ("False", "True") == (moved.condition("Ready")["status"], moved.condition("Synced")["status"])

    def test_says_what_it_interrupts_and_why(self, moved):
        subnet, nat = (
            next(s for s in plan(moved)["steps"] if s["resource"] == a) for a in ("Subnet/public-a", "NatGateway/a")
        )

        assert subnet["interrupts"] is nat["interrupts"] is True
        assert [{"field": "cidr", "from": "10.0.16.0/21", "to": "10.0.28.0/22"}] == subnet["changes"]
        assert "it is bound to what is replaced: Subnet/public-a" == nat["reason"]

    def test_other_changes_go_on_meanwhile(self, moved, using, ec2):
        moved.change(tags={"team": "network"})

        passes(moved, using)

        assert "network" == tags_of(ec2, moved.before["Vpc/vpc"])["team"]
        assert moved.before == ids(moved)
        assert "ApprovalNeeded" == moved.condition("PlanPending")["reason"]

    def test_is_carried_out_once_approved_and_everything_else_stays(self, moved, using, ec2):
        annotate(moved, plan(moved)["hash"])

        until(moved, lambda: moved.ready, using)

        after = ids(moved)
        assert {"Subnet/public-a", "NatGateway/a"} == {a for a in after if after[a] != moved.before[a]}
        (nat,) = ec2.describe_nat_gateways(NatGatewayIds=[after["NatGateway/a"]])["NatGateways"]
        assert after["Subnet/public-a"] == nat["SubnetId"]
        assert after["Eip/nat-a"] == nat["NatGatewayAddresses"][0]["AllocationId"]

    def test_no_nat_gateway_is_made_in_the_subnet_that_goes(self, moved, using, local_aws):
        annotate(moved, plan(moved)["hash"])
        since = local_aws.last_call()

        until(moved, lambda: moved.ready, using)

        order = [w for w in writes(local_aws, since) if w.endswith(("NatGateway", "Subnet"))]
        assert ["DeleteNatGateway", "DeleteSubnet", "CreateSubnet", "CreateNatGateway"] == order


class TestPaused:
    def test_makes_no_call_at_all(self, ready, using, local_aws):
        handle = ready()
        manage(handle, mode="Paused")
        since = local_aws.last_call()

        passes(handle, using)

        assert [] == actions(local_aws, since)
        assert ("Unknown", "Paused") == (handle.condition("Synced")["status"], handle.condition("Synced")["reason"])

    def test_an_object_that_was_ready_stays_so(self, ready, using):
        handle = ready()
        manage(handle, mode="Paused")

        using.reconcile(handle)

        assert "True" == handle.condition("Ready")["status"]
        assert "Paused" in handle.obj["status"]["summary"]["message"]

    def test_a_new_object_says_that_it_is_paused(self, using):
        handle = lab_vpc(**SMALL, management={"mode": "Paused"})

        using.reconcile(handle)

        assert ("False", "Paused") == (handle.condition("Ready")["status"], handle.condition("Ready")["reason"])

    def test_a_deletion_says_why_it_waits_and_ends_once_the_mode_allows(self, ready, using, local_aws, ec2):
        handle = ready()
        manage(handle, mode="Paused")
        handle.delete()
        since = local_aws.last_call()

        passes(handle, using)

        assert not handle.gone
        assert [] == actions(local_aws, since)
        assert "set spec.management.mode to Manage" in handle.condition("Ready")["message"]
        manage(handle, mode="Manage")
        until(handle, lambda: handle.gone, using)
        assert [] == vpcs(ec2)


class TestDriftPolicy:
    def test_report_tells_since_when_and_writes_nothing(self, ready, using, local_aws, ec2):
        handle = ready()
        manage(handle, drift="Report")
        until(handle, lambda: handle.ready, using)
        ec2.delete_route(RouteTableId=ids(handle)["RouteTable/public"], DestinationCidrBlock="0.0.0.0/0")
        since = local_aws.last_call()
        using.reconcile(handle)
        (first,) = handle.obj["status"]["drift"]
        time.sleep(1.1)

        passes(handle, using)

        assert [] == writes(local_aws, since)
        assert [first] == handle.obj["status"]["drift"]
        assert ("RouteTable/public", "routes.0.0.0.0/0") == (first["resource"], first["field"])
        assert "DriftReported" == handle.condition("Ready")["reason"]
        assert 1 == reasons(handle).count("Drifted")

    def test_reported_drift_that_somebody_mends_is_gone(self, ready, using, ec2):
        handle = ready(management={"drift": "Report"})
        table, gateway = ids(handle)["RouteTable/public"], ids(handle)["InternetGateway/igw"]
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        using.reconcile(handle)

        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        using.reconcile(handle)

        assert handle.ready
        assert "drift" not in handle.obj["status"]
        assert 1 == reasons(handle).count("Repaired")

    def test_a_changed_spec_is_applied_though_drift_is_only_reported(self, ready, using, ec2):
        handle = ready(management={"drift": "Report"})

        handle.change(tags={"team": "network"})
        until(handle, lambda: handle.ready, using)

        assert "network" == tags_of(ec2, ids(handle)["Vpc/vpc"])["team"]

    def test_ignored_fields_belong_to_others(self, ready, using, local_aws, ec2):
        handle = ready(tags={"team": "network"}, management={"ignoreFields": ["Subnet/public-*.tags.team"]})
        public, private = ids(handle)["Subnet/public-a"], ids(handle)["Subnet/private-a"]
        ec2.create_tags(Resources=[public, private], Tags=[{"Key": "team", "Value": "others"}])

        until(handle, lambda: handle.ready and "Repaired" in reasons(handle), using)

        assert ("others", "network") == (tags_of(ec2, public)["team"], tags_of(ec2, private)["team"])


class TestConvergence:
    @pytest.fixture
    def deaf(self):
        """Undone within a test, AWS takes the attribute again."""
        with pytest.MonkeyPatch.context() as patch:
            yield patch

    @pytest.fixture
    def stubborn(self, ready, using, ec2, deaf):
        """A LabVpc with a subnet whose attribute AWS does not take; ``attempts`` are the writes."""
        handle = ready()
        handle.attempts = []
        deaf.setattr(Subnet, "modify", lambda aws, found, changes: handle.attempts.append(found.address))
        ec2.modify_subnet_attribute(SubnetId=ids(handle)["Subnet/public-a"], MapPublicIpOnLaunch={"Value": False})
        until(handle, lambda: handle.condition("Stalled")["status"] == "True", using)
        return handle

    def test_a_field_is_left_alone_after_three_writes_without_effect(self, stubborn, using):
        passes(stubborn, using)

        (entry,) = stubborn.obj["status"]["nonConverging"]
        assert ["Subnet/public-a"] * 3 == stubborn.attempts
        assert ("Subnet/public-a", "public_ips", "True", "False", 3) == tuple(
            entry[k] for k in ("resource", "field", "wanted", "seen", "writes")
        )
        stalled = stubborn.condition("Stalled")
        assert "NonConverging" == stalled["reason"]
        assert "public_ips was set to True 3 times and stays False" in stalled["message"]

    def test_other_fields_go_on(self, stubborn, using, ec2):
        subnet, table = ids(stubborn)["Subnet/public-a"], ids(stubborn)["RouteTable/public"]
        ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": "theirs"}])
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")

        passes(stubborn, using)

        assert "production-public-a" == tags_of(ec2, subnet)["Name"]
        (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        assert "0.0.0.0/0" in [r["DestinationCidrBlock"] for r in found["Routes"]]
        assert 3 == len(stubborn.attempts)
        assert "NonConverging" == stubborn.condition("Stalled")["reason"]

    def test_a_failure_elsewhere_in_the_resource_does_not_forget_it(self, stubborn, using, local_aws, ec2):
        ec2.create_tags(Resources=[ids(stubborn)["Subnet/public-a"]], Tags=[{"Key": "Name", "Value": "theirs"}])
        local_aws.fault("throttle", "CreateTags", count=1)

        passes(stubborn, using)

        assert 3 == len(stubborn.attempts)

    def test_a_changed_spec_tries_again(self, stubborn, using, deaf):
        deaf.undo()
        stubborn.change(tags={"team": "network"})

        until(stubborn, lambda: stubborn.ready, using)

        assert "nonConverging" not in stubborn.obj["status"]


class TestRetain:
    def test_aws_stays_and_the_object_is_let_go(self, ready, using, local_aws, ec2):
        handle = ready()
        manage(handle, deletion="Retain")
        handle.delete()
        since = local_aws.last_call()

        until(handle, lambda: handle.gone, using)

        assert [] == writes(local_aws, since)
        assert [ids(handle)["Vpc/vpc"]] == vpcs(ec2)

    def test_the_object_applied_again_attaches_itself(self, ready, using, local_aws):
        handle = ready(management={"deletion": "Retain"})
        handle.delete()
        until(handle, lambda: handle.gone, using)
        again = lab_vpc(**SMALL)
        since = local_aws.last_call()

        until(again, lambda: again.ready)

        assert [] == writes(local_aws, since)
        assert ids(handle) == ids(again)


class TestOwnership:
    def test_a_resource_that_lost_its_tags_is_found_by_its_recorded_id(self, ready, using, ec2):
        handle = ready()
        before = ids(handle)
        untag(ec2, before["Subnet/public-a"])

        until(handle, lambda: handle.ready and "Repaired" in reasons(handle), using)

        assert before == ids(handle)
        assert "default/LabVpc/lab/production" == tags_of(ec2, before["Subnet/public-a"])[OWNER_TAG]

    def test_lost_tags_ask_for_no_approval_whatever_else_drifted(self, ready, using, ec2):
        handle = ready()
        before = ids(handle)
        untag(ec2, before["Subnet/public-a"])
        ec2.delete_route(RouteTableId=before["RouteTable/public"], DestinationCidrBlock="0.0.0.0/0")

        until(handle, lambda: handle.ready and "Repaired" in reasons(handle), using)

        assert before == ids(handle)

    def test_of_two_with_one_address_the_recorded_one_stays(self, ready, using, ec2):
        handle = ready()
        before = ids(handle)
        ours = [{"Key": k, "Value": v} for k, v in tags_of(ec2, before["Vpc/vpc"]).items()]
        spare = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[spare], Tags=ours)

        until(handle, lambda: vpcs(ec2) == [before["Vpc/vpc"]], using)

        until(handle, lambda: handle.ready, using)
        assert before == ids(handle)


class TestAdoption:
    @pytest.fixture
    def orphaned(self, ready, using, ec2):
        """The ids, by address, of a network that nobody owns."""
        handle = ready(management={"deletion": "Retain"})
        handle.delete()
        until(handle, lambda: handle.gone, using)
        untag(ec2, *ids(handle).values())
        return ids(handle)

    @pytest.fixture
    def by_hand(self, ec2):
        """The ids, by address, of a VPC with two subnets that somebody made."""
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        zone = {"VpcId": vpc, "AvailabilityZone": "us-east-1a"}
        public = ec2.create_subnet(**zone, CidrBlock="10.0.16.0/21")["Subnet"]["SubnetId"]
        private = ec2.create_subnet(**zone, CidrBlock="10.0.0.0/20")["Subnet"]["SubnetId"]
        return {"Vpc/vpc": vpc, "Subnet/public-a": public, "Subnet/private-a": private}

    def test_what_is_as_the_spec_asks_only_gets_our_tags(self, orphaned, using, local_aws, ec2):
        handle = lab_vpc("taken", **SMALL, adopt={"ids": orphaned})
        since = local_aws.last_call()

        until(handle, lambda: handle.ready, using)

        assert {"CreateTags"} == set(writes(local_aws, since))
        assert orphaned == ids(handle)
        assert {"default/LabVpc/lab/taken"} == {tags_of(ec2, i)[OWNER_TAG] for i in orphaned.values()}

    def test_what_carries_the_tags_is_recognized_by_what_it_is(self, orphaned, using, local_aws, ec2):
        ec2.create_tags(Resources=list(orphaned.values()), Tags=[{"Key": "env", "Value": "prod"}])
        handle = lab_vpc("taken", **SMALL, adopt={"tags": {"env": "prod"}})
        since = local_aws.last_call()

        until(handle, lambda: handle.ready, using)

        assert {"CreateTags"} == set(writes(local_aws, since))
        assert orphaned == ids(handle)

    def test_what_carries_the_tags_but_is_something_else_is_left_alone(self, by_hand, using, ec2):
        other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[other, *by_hand.values()], Tags=[{"Key": "env", "Value": "prod"}])
        handle = lab_vpc(**SMALL, adopt={"tags": {"env": "prod"}})

        using.reconcile(handle)
        annotate(handle, plan(handle)["hash"])
        until(handle, lambda: handle.ready, using)

        assert by_hand.items() <= ids(handle).items()
        assert {"env": "prod"} == tags_of(ec2, other)

    def test_the_plan_is_shown_and_nothing_is_written_before_its_approval(self, by_hand, using, local_aws):
        handle = lab_vpc(**SMALL, adopt={"ids": by_hand})
        since = local_aws.last_call()

        passes(handle, using)

        assert [] == writes(local_aws, since)
        assert "AdoptionPending" == handle.condition("PlanPending")["reason"]
        assert {("Update", "Vpc/vpc"), ("Create", "InternetGateway/igw")} <= planned(handle)

    def test_an_approved_adoption_keeps_what_there_is(self, by_hand, using, ec2):
        handle = lab_vpc(**SMALL, adopt={"ids": by_hand})
        using.reconcile(handle)

        annotate(handle, plan(handle)["hash"])
        until(handle, lambda: handle.ready, using)

        assert by_hand.items() <= ids(handle).items()
        assert [by_hand["Vpc/vpc"]] == vpcs(ec2)

    def test_who_withdraws_an_adoption_gets_a_network_of_his_own(self, by_hand, using, ec2):
        handle = lab_vpc(**SMALL, adopt={"ids": by_hand})
        using.reconcile(handle)

        handle.change(adopt={})
        until(handle, lambda: handle.ready, using)

        assert not set(by_hand.values()) & set(ids(handle).values())
        assert {} == tags_of(ec2, by_hand["Vpc/vpc"])

    def test_a_withdrawn_and_deleted_object_leaves_what_it_never_owned(self, by_hand, using, local_aws, ec2):
        handle = lab_vpc(**SMALL, adopt={"ids": by_hand})
        using.reconcile(handle)
        since = local_aws.last_call()
        assert not handle.has_finalizer

        handle.delete()
        using.reconcile(handle)

        assert [] == writes(local_aws, since)
        assert [by_hand["Vpc/vpc"]] == vpcs(ec2)

    def test_what_another_owns_is_not_taken_and_the_owner_is_named(self, ready, using, local_aws):
        first = ready()
        second = lab_vpc("second", **SMALL, adopt={"ids": {"Vpc/vpc": ids(first)["Vpc/vpc"]}})
        since = local_aws.last_call()

        passes(second, using)

        stalled = second.condition("Stalled")
        assert [] == writes(local_aws, since)
        assert ("True", "OwnedByAnother") == (stalled["status"], stalled["reason"])
        assert "belongs to default/LabVpc/lab/production" in stalled["message"]

    def test_nothing_is_made_inside_of_what_another_owns_even_if_approved(self, ready, using, ec2):
        first = ready()
        second = lab_vpc("second", **SMALL, adopt={"ids": {"Vpc/vpc": ids(first)["Vpc/vpc"]}})
        using.reconcile(second)

        annotate(second, plan(second)["hash"])
        passes(second, using)

        inside = [{"Name": "vpc-id", "Values": [ids(first)["Vpc/vpc"]]}]
        assert 2 == len(ec2.describe_subnets(Filters=inside)["Subnets"])
        assert "OwnedByAnother" == second.condition("Stalled")["reason"]

    def test_an_address_that_is_none_is_refused_with_the_way_out(self, using):
        handle = lab_vpc(**SMALL, adopt={"ids": {"Subnet/nowhere": "subnet-1"}})

        using.reconcile(handle)

        assert (
            "spec.adopt.ids: Subnet/nowhere is no resource of this object; see awslab graph"
            in (handle.condition("Stalled")["message"])
        )


class TestBlockedDeletion:
    def test_a_foreign_instance_is_named_and_the_deletion_goes_on_when_it_is_gone(self, ready, using, ec2):
        handle = ready()
        subnet = ids(handle)["Subnet/public-a"]
        image = ec2.describe_images()["Images"][0]["ImageId"]
        run = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)
        instance = run["Instances"][0]["InstanceId"]
        handle.delete()

        until(handle, lambda: handle.condition("DeletionBlocked")["status"] == "True", using)

        blocked = handle.condition("DeletionBlocked")
        assert "InUseByOthers" == blocked["reason"]
        assert f"Subnet/public-a ({subnet}) is used by eni-" in blocked["message"]
        assert f"network interface of instance {instance}" in blocked["message"]
        assert "Delete these, or move them away; the deletion then goes on by itself." in blocked["message"]
        assert [instance] == _running(ec2)
        ec2.terminate_instances(InstanceIds=[instance])
        until(handle, lambda: handle.gone, using)
        assert [] == vpcs(ec2)

    def test_a_foreign_rule_about_a_group_is_named_and_left(self, ready, using, ec2):
        handle = ready()
        vpc, group = ids(handle)["Vpc/vpc"], ids(handle)["SecurityGroup/app"]
        other = ec2.create_security_group(VpcId=vpc, GroupName="theirs", Description="theirs")["GroupId"]
        pair = [{"IpProtocol": "tcp", "FromPort": 9, "ToPort": 9, "UserIdGroupPairs": [{"GroupId": group}]}]
        ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=pair)
        handle.delete()

        until(handle, lambda: handle.condition("DeletionBlocked")["status"] == "True", using)

        message = handle.condition("DeletionBlocked")["message"]
        assert f"SecurityGroup/app ({group}) is used by {other} (security group with a rule about it)" in message
        assert 1 == len(ec2.describe_security_groups(GroupIds=[other])["SecurityGroups"][0]["IpPermissions"])
        ec2.delete_security_group(GroupId=other)
        until(handle, lambda: handle.gone, using)

    def test_a_spec_that_is_no_longer_valid_stops_no_deletion(self, ready, using, ec2):
        handle = ready()
        handle.change(cidr="nonsense", availabilityZones={"a": 1})
        handle.delete()

        until(handle, lambda: handle.gone, using)

        assert [] == vpcs(ec2)


class TestIntents:
    def test_a_creation_is_written_down_before_it_is_asked_for(self, using, local_aws):
        handle = lab_vpc(**SMALL)
        written = []

        def write_status(status, write=handle.write_status):
            written.append((local_aws.last_call(), json.loads(json.dumps(status))))
            return write(status)

        handle.write_status = write_status
        using.reconcile(handle)

        first = next(c["n"] for c in local_aws.calls() if c["action"] == "CreateVpc")
        before = [status for call, status in written if call < first]
        assert "Vpc/vpc" in before[-1]["intents"]


def _running(ec2):
    found = ec2.describe_instances()["Reservations"]
    return [i["InstanceId"] for r in found for i in r["Instances"] if i["State"]["Name"] == "running"]


class TestUninstall:
    """docs/uninstall.md: the operator goes and comes back, AWS stays."""

    def test_a_paused_object_goes_on_when_the_operator_is_back(self, ready, using, local_aws):
        handle = ready()
        before = ids(handle)
        manage(handle, mode="Paused", deletion="Retain")
        using.reconcile(handle)
        since = local_aws.last_call()

        manage(handle, mode="Manage")
        until(handle, lambda: handle.ready, reconciler())

        assert [] == writes(local_aws, since)
        assert before == ids(handle)

    def test_an_object_that_was_paused_and_retained_is_let_go_without_a_call(self, ready, using, local_aws, ec2):
        handle = ready()
        manage(handle, mode="Paused", deletion="Retain")
        handle.delete()
        since = local_aws.last_call()

        until(handle, lambda: handle.gone, using)

        assert [] == actions(local_aws, since)
        assert [ids(handle)["Vpc/vpc"]] == vpcs(ec2)

    def test_applied_to_a_new_cluster_in_plan_only_the_plan_is_empty(self, ready, using, local_aws):
        handle = ready()
        manage(handle, mode="Paused", deletion="Retain")
        handle.delete()
        until(handle, lambda: handle.gone, using)
        again = lab_vpc(**SMALL, management={"mode": "PlanOnly"})
        again.obj["metadata"]["uid"] = "uid-in-a-new-cluster"
        since = local_aws.last_call()

        passes(again, reconciler())

        assert again.ready
        assert "plan" not in again.obj["status"]
        assert [] == writes(local_aws, since)
