"""Web servers and their load balancer through their whole life, with the reconciler in this process."""

from __future__ import annotations

import boto3
import pytest

from tests.support.certificates import self_signed
from tests.support.memory import lab_vpc, reconciler, until

WEB = {"replicas": 2, "userData": "#!/bin/sh", "loadBalancer": True}


@pytest.fixture
def elb(local_aws):
    return boto3.client("elbv2", region_name="us-east-1")


@pytest.fixture
def using():
    return reconciler()


@pytest.fixture
def network(local_aws, using):
    """A network with two web servers behind a load balancer, Ready."""
    vpc = lab_vpc(natGateways="None", webServer=WEB)
    until(vpc, lambda: vpc.ready, using)
    return vpc


def ids(vpc):
    return {r["address"]: r["id"] for r in vpc.obj["status"]["resources"]}


def healthy(elb, vpc, port=80):
    told = elb.describe_target_health(TargetGroupArn=ids(vpc)[f"TargetGroup/web-{port}"])["TargetHealthDescriptions"]
    return {t["Target"]["Id"] for t in told if t["TargetHealth"]["State"] == "healthy"}


def test_ready_means_that_every_target_is_healthy(network, elb):
    status = network.obj["status"]

    assert {ids(network)["Instance/web-a-1"], ids(network)["Instance/web-b-1"]} == healthy(elb, network)
    assert 2 == len(status["webServerPrivateIps"])
    assert status["loadBalancerDnsName"].startswith("awslab-production-web-")


def test_a_target_that_cannot_be_reached_is_named_and_keeps_the_object_from_being_ready(network, elb, ec2, using):
    network.change(management={"drift": "Report"})
    group = ids(network)["SecurityGroup/app"]
    (rules,) = (g["IpPermissions"] for g in ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"])
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules)
    using.reconcile(network)

    told = next(r for r in network.obj["status"]["resources"] if r["address"] == "TargetGroup/web-80")

    assert not network.ready
    assert f"{ids(network)['Instance/web-a-1']} is unhealthy (Request timed out)" in told["message"]


def test_what_is_broken_by_hand_is_mended(network, elb, ec2, using):
    before = ids(network)
    ec2.terminate_instances(InstanceIds=[before["Instance/web-a-1"]])
    elb.delete_listener(ListenerArn=before["Listener/web"])
    using.reconcile(network)

    until(network, lambda: network.ready and len(healthy(elb, network)) == 2, using)

    after = ids(network)
    changed = {address for address in after if after[address] != before[address]}
    assert {"Instance/web-a-1", "Listener/web"} == changed
    assert {after["Instance/web-a-1"], after["Instance/web-b-1"]} == healthy(elb, network)


def test_another_port_is_served_before_the_old_one_goes(network, elb, using):
    arn = ids(network)["Listener/web"]
    network.change(securityGroups={"app": {"port": 8080}})

    until(network, lambda: network.ready and "TargetGroup/web-80" not in ids(network), using)

    (listener,) = elb.describe_listeners(ListenerArns=[arn])["Listeners"]
    assert ids(network)["TargetGroup/web-8080"] == listener["DefaultActions"][0]["TargetGroupArn"]
    assert 2 == len(healthy(elb, network, 8080))


def test_more_and_fewer_and_none_touch_only_what_comes_and_goes(network, elb, using, local_aws):
    before = ids(network)
    network.change(webServer={**WEB, "replicas": 3})
    until(network, lambda: network.ready, using)
    assert 3 == len(healthy(elb, network))
    network.change(webServer={**WEB, "replicas": 1})
    until(network, lambda: network.ready and "Instance/web-a-2" not in ids(network), using)
    assert {before["Instance/web-a-1"]} == healthy(elb, network)
    network.change(webServer=None)
    until(network, lambda: network.ready and not any("web" in a for a in ids(network)), using)

    assert [] == elb.describe_load_balancers()["LoadBalancers"] == elb.describe_target_groups()["TargetGroups"]
    assert {a: i for a, i in before.items() if "web" not in a} == ids(network)


def test_it_is_deleted_to_nothing_and_nobody_is_blamed_while_aws_takes_its_interfaces_away(network, elb, ec2, using):
    network.delete()
    blamed = set()

    until(network, lambda: blamed.add(network.condition("DeletionBlocked")["status"]) or network.gone, using)

    assert "True" not in blamed
    assert [] == elb.describe_load_balancers()["LoadBalancers"] == elb.describe_target_groups()["TargetGroups"]
    assert [] == [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]


def test_user_data_comes_from_a_config_map_and_is_waited_for(local_aws, ec2, using):
    vpc = lab_vpc(natGateways="None", webServer={"replicas": 1, "userDataFrom": {"name": "web"}})
    using.reconcile(vpc)
    waits = vpc.condition("Ready")["message"]
    vpc.config_maps["web"] = {"user-data": "#!/bin/sh\necho hi"}

    until(vpc, lambda: vpc.ready, using)

    assert "Waits for ConfigMap lab/web" in waits
    told = ec2.describe_instance_attribute(InstanceId=ids(vpc)["Instance/web-a-1"], Attribute="userData")
    assert told["UserData"]["Value"]


def test_a_certificate_brings_https_and_sends_http_there_until_it_is_taken_away(network, elb, using):
    before = ids(network)
    network.change(webServer=WEB | {"certificateArn": _certificate()})
    until(network, lambda: network.ready, using)
    checks = {c["name"]: c["passed"] for c in network.obj["status"]["checks"]}
    shown = _listeners(elb, network)

    network.change(webServer=WEB)
    until(network, lambda: network.ready, using)

    https = next(name for name in checks if name.startswith("internet") and "443" in name)
    assert checks[https]
    assert all(checks.values())
    assert {(443, "HTTPS", "forward"), (80, "HTTP", "redirect")} == shown
    assert {(80, "HTTP", "forward")} == _listeners(elb, network)
    assert before == ids(network)


def test_a_certificate_that_there_is_not_is_told_and_used_once_it_is_there(network, elb, using):
    good = _certificate()
    network.change(webServer=WEB | {"certificateArn": good.replace(good[-6:], "000000")})

    until(network, lambda: network.condition("Stalled")["status"] == "True", using)
    said = network.condition("Stalled")["message"]
    network.change(webServer=WEB | {"certificateArn": good})
    until(network, lambda: network.ready, using)

    assert "Listener/web-tls: CreateListener" in said
    assert "not found (CertificateNotFound)" in said
    assert {(443, "HTTPS", "forward"), (80, "HTTP", "redirect")} == _listeners(elb, network)


def _certificate():
    private, public = self_signed("shop.example.com")
    acm = boto3.client("acm", region_name="us-east-1")
    return acm.import_certificate(Certificate=public, PrivateKey=private)["CertificateArn"]


def _listeners(elb, network):
    found = elb.describe_listeners(LoadBalancerArn=ids(network)["LoadBalancer/web"])["Listeners"]
    return {(one["Port"], one["Protocol"], one["DefaultActions"][0]["Type"]) for one in found}
