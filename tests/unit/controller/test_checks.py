"""What a network promises is proved in its status: kept, broken by hand and named, kept again once mended."""

from __future__ import annotations

import pytest

from awslab import metrics
from awslab.kinds import network_checks
from tests.support.memory import lab_vpc, reconciler, until

EVERYWHERE = "0.0.0.0/0"
REPORTED = {"drift": "Report"}
TWO_ZONES = {"availabilityZones": 2, "natGateways": "PerZone"}


@pytest.fixture
def made(local_aws):
    """A network of two zones that is Ready, and only tells of drift."""
    handle = lab_vpc(**TWO_ZONES, management=REPORTED)
    until(handle, lambda: handle.ready)
    return handle


def checks(handle):
    return {c["name"]: c for c in handle.obj["status"].get("checks", ())}


def failed(handle):
    return {name for name, check in checks(handle).items() if not check["passed"]}


def id_of(handle, address):
    return next(r["id"] for r in handle.obj["status"]["resources"] if r["address"] == address)


def drifting(handle):
    return {(d["resource"], d["field"]) for d in handle.obj["status"].get("drift", ())}


def events(handle, reason):
    return [message for _, r, message in handle.events if r == reason]


def gauge():
    return metrics.REGISTRY.get_sample_value(
        "awslab_checks_failed", {"kind": "LabVpc", "namespace": "lab", "name": "production"}
    )


def look(handle):
    reconciler().reconcile(handle)


def mended(handle):
    """Let the operator put things back, until all is well."""
    handle.change(management={"drift": "Correct"})
    until(handle, lambda: handle.ready and not failed(handle))


def test_the_checks_of_the_document_come_by_themselves_and_pass(made):
    assert {
        "internet to load-balancer, tcp 80": "open",
        "internet to load-balancer, tcp 443": "open",
        "internet to web, tcp 80": "closed",
        "load-balancer to web, tcp 80": "open",
        "app to data, tcp 5432": "open",
        "web to s3, tcp 443": "open",
        "web to dynamodb, tcp 443": "open",
        "web to internet, tcp 443": "open",
        "private-a to internet, tcp 443, without security groups": "open",
        "private-b to internet, tcp 443, without security groups": "open",
        "data to internet, tcp 443, without security groups": "closed",
        "internet to data, tcp 5432, without security groups": "closed",
    } == {name: c["expect"] for name, c in checks(made).items()}
    assert set() == failed(made)
    assert ("True", "All 12 checks pass.") == (
        made.condition("ChecksPassed")["status"],
        made.condition("ChecksPassed")["message"],
    )


def test_a_verdict_names_the_nat_gateway_of_the_zone_and_the_way(made):
    check = checks(made)["private-b to internet, tcp 443, without security groups"]

    nat = id_of(made, "NatGateway/b")
    assert f"open through NAT gateway {nat} (b)" == check["message"]
    tables = [id_of(made, f"RouteTable/{name}") for name in ("private-b", "public")]
    way = [f"{tables[0]} (private-b)", f"{nat} (b)", f"{tables[1]} (public)"]
    assert way == [hop for hop in check["path"] if hop.startswith(("rtb-", "nat-"))]


def test_a_route_that_was_removed_is_named_by_drift_and_by_the_checks(made, ec2):
    table = id_of(made, "RouteTable/private-a")

    ec2.delete_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE)
    look(made)

    assert ("RouteTable/private-a", f"routes.{EVERYWHERE}") in drifting(made)
    assert {"web to internet, tcp 443", "private-a to internet, tcp 443, without security groups"} == failed(made)
    assert (
        f"closed by {table} (private-a): no route to the internet"
        == (checks(made)["private-a to internet, tcp 443, without security groups"]["message"])
    )
    mended(made)
    assert set() == drifting(made)


def test_a_rule_that_was_revoked_is_named_by_drift_and_by_the_check(made, ec2):
    group = id_of(made, "SecurityGroup/data")
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]

    rules = [r["SecurityGroupRuleId"] for r in found if not r["IsEgress"]]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=rules)
    look(made)

    assert {"SecurityGroup/data"} == {resource for resource, _ in drifting(made)}
    assert {"app to data, tcp 5432"} == failed(made)
    assert f"closed by {group} (data): no rule lets tcp 5432 in" in checks(made)["app to data, tcp 5432"]["message"]
    mended(made)
    assert set() == drifting(made)


def test_a_nat_gateway_that_was_deleted_is_named_by_drift_and_by_the_checks(made, ec2):
    nat = id_of(made, "NatGateway/b")

    ec2.delete_nat_gateway(NatGatewayId=nat)
    until(made, lambda: failed(made))

    assert ("NatGateway/b", "existence") in drifting(made)
    assert {"web to internet, tcp 443", "private-b to internet, tcp 443, without security groups"} == failed(made)
    assert (
        id_of(made, "RouteTable/private-b")
        in checks(made)["private-b to internet, tcp 443, without security groups"]["message"]
    )
    mended(made)
    assert nat != id_of(made, "NatGateway/b")


def deny(ec2, acl):
    """Somebody's entry in a network ACL; returns how to take it away."""
    where = {"NetworkAclId": acl, "RuleNumber": 50, "Egress": True}
    ports = {"From": 1024, "To": 65535}
    ec2.create_network_acl_entry(**where, Protocol="6", RuleAction="deny", CidrBlock=EVERYWHERE, PortRange=ports)
    return lambda: ec2.delete_network_acl_entry(**where)


def test_an_entry_of_a_network_acl_that_denies_is_named_by_drift_and_by_the_checks(made, ec2):
    acl = id_of(made, "NetworkAcl/public")

    deny(ec2, acl)
    look(made)

    assert {("NetworkAcl/public", "egress.50")} == drifting(made)
    assert {f"internet to load-balancer, tcp {port}" for port in (80, 443)} <= failed(made)
    check = checks(made)["internet to load-balancer, tcp 443"]
    assert f"closed by {acl} (public): rule 50 denies tcp 1024-65535 out to the internet" == check["message"]
    mended(made)
    assert set() == drifting(made)


@pytest.fixture
def foreign(local_aws, ec2):
    """A network whose subnets have an ACL that is not ours; and that one's id."""
    handle = lab_vpc(**TWO_ZONES, networkAcls="Default", management=REPORTED)
    until(handle, lambda: handle.ready)
    filters = [{"Name": "vpc-id", "Values": [handle.obj["status"]["vpcId"]]}]
    (acl,) = ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    return handle, acl["NetworkAclId"]


def test_what_is_no_drift_and_breaks_a_promise_makes_it_not_ready_and_is_named(foreign, ec2):
    made, acl = foreign
    undo = deny(ec2, acl)

    look(made)

    ready = made.condition("Ready")
    assert ("False", "CheckFailed") == (ready["status"], ready["reason"])
    assert "internet to load-balancer, tcp 80, has to be open, and is not: " in ready["message"]
    assert f"closed by {acl} (default): rule 50 denies tcp 1024-65535 out" in ready["message"]
    assert ("True", "False") == (made.condition("Stalled")["status"], made.condition("ChecksPassed")["status"])
    assert set() == drifting(made)
    undo()
    look(made)
    assert made.ready
    assert "True" == made.condition("ChecksPassed")["status"]


def test_breaking_and_mending_are_events_and_a_gauge_each_told_once(foreign, ec2):
    made, acl = foreign
    undo = deny(ec2, acl)

    look(made)
    told, count = events(made, "CheckFailed"), gauge()
    look(made)

    assert len(failed(made)) == len(told) == count == gauge()
    assert told == events(made, "CheckFailed")
    undo()
    look(made)
    assert (len(told), 0) == (len(events(made, "CheckPassed")), gauge())


def test_drift_that_is_mended_at_once_is_told_with_what_it_broke(local_aws, ec2):
    handle = lab_vpc(**TWO_ZONES)
    until(handle, lambda: handle.ready)

    ec2.delete_route(RouteTableId=id_of(handle, "RouteTable/private-a"), DestinationCidrBlock=EVERYWHERE)
    look(handle)

    assert handle.ready
    assert set() == failed(handle)
    flow = "private-a to internet, tcp 443, without security groups"
    assert any(message.startswith(f"{flow}, has to be open") for message in events(handle, "CheckFailed"))
    assert any(message.startswith(f"{flow}: open") for message in events(handle, "CheckPassed"))


def test_a_check_of_a_persons_own_is_told_and_counts_for_ready(local_aws):
    own = [
        {"from": "bastoin", "to": "web", "port": 22},
        {"from": "app", "to": "data", "port": 22, "expect": "closed"},
        {"from": "private-a", "to": "10.0.0.0/24", "protocol": "icmp", "expect": "closed"},
    ]
    handle = lab_vpc(availabilityZones=1, natGateways="None", checks=own)

    until(handle, lambda: handle.condition("ChecksPassed")["status"] == "False")

    assert {"bastoin to web, tcp 22"} == failed(handle)
    assert "unknown" == checks(handle)["bastoin to web, tcp 22"]["result"]
    assert "bastoin is nothing in this network; say internet, " in handle.condition("Ready")["message"]
    handle.change(checks=own[1:])
    until(handle, lambda: handle.ready)
    assert {"app to data, tcp 22", "private-a to 10.0.0.0/24, ping"} <= set(checks(handle))


def test_an_operator_that_may_not_look_keeps_what_was_known_and_says_so(made, local_aws):
    before = checks(made)
    local_aws.fault("deny", "DescribeNetworkInterfaces")

    look(made)

    assert before == checks(made)
    assert made.ready
    assert any("DescribeNetworkInterfaces" in message for message in events(made, "Failed"))


def test_a_gauge_goes_with_its_object(made):
    made.delete()
    until(made, lambda: made.gone)

    assert gauge() is None


@pytest.fixture
def proofs(monkeypatch):
    """Of which VPC each proof was that was made."""
    made, prove = [], network_checks.proofs

    def proving(spec, zones, peers, network):
        made.append(network.vpcs[0].id)
        return prove(spec, zones, peers, network)

    monkeypatch.setattr(network_checks, "proofs", proving)
    return made


def test_what_is_as_it_was_is_not_proved_again(made, ec2, proofs):
    using, vpc = reconciler(), made.obj["status"]["vpcId"]
    for _ in range(3):
        using.reconcile(made)
    assert [vpc] == proofs

    ec2.create_security_group(GroupName="theirs", Description="of somebody else", VpcId=vpc)
    for _ in range(3):
        using.reconcile(made)
    assert [vpc] * 2 == proofs

    made.change(checks=[{"from": "private-a", "to": "internet", "port": 443, "expect": "open"}])
    until(made, lambda: made.ready, using)
    proofs.clear()
    using.reconcile(made)
    assert len(proofs) <= 1
    assert "private-a to internet, tcp 443" in checks(made)


def test_a_promise_that_is_not_kept_is_proved_at_each_look(foreign, ec2, proofs):
    made, acl = foreign
    deny(ec2, acl)
    using = reconciler()
    proofs.clear()

    for _ in range(3):
        using.reconcile(made)

    assert 3 == len(proofs)
