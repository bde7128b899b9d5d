"""Web servers behind a load balancer, from `kubectl apply` to `kubectl delete`, seen with kubectl and aws."""

from __future__ import annotations

import json
import time

import pytest

from tests.support.live import LiveVpc, eventually

WEB = {"replicas": 2, "userData": "#!/bin/sh\necho ready", "loadBalancer": True}
REJECTED = "2 123456789012 eni-0a 203.0.113.9 10.1.0.5 40001 22 6 12 720 1790000000 1790000060 REJECT OK"


@pytest.fixture(scope="module")
def web(place) -> LiveVpc:
    """Two web servers in two zones behind a load balancer, with flow logs, Ready."""
    watchful = {"management": {"driftInterval": "1s"}}
    return place.labvpc("web", availabilityZones=2, webServer=WEB, flowLogs={}, **watchful).apply().ready()


def elb(place, *arguments):
    return json.loads(place.aws("elbv2", *arguments, "--output", "json"))


def healthy(web):
    group = web.ids()["TargetGroup/web-80"]
    told = elb(web.place, "describe-target-health", "--target-group-arn", group)["TargetHealthDescriptions"]
    return {t["Target"]["Id"] for t in told if t["TargetHealth"]["State"] == "healthy"}


def test_aws_shows_healthy_targets_behind_a_load_balancer_in_the_public_subnets(web, place):
    ids, status = web.ids(), web.status

    (balancer,) = elb(place, "describe-load-balancers", "--names", *_name(ids))["LoadBalancers"]

    assert {ids["Instance/web-a-1"], ids["Instance/web-b-1"]} == healthy(web)
    assert status["loadBalancerDnsName"] == balancer["DNSName"]
    assert set(status["publicSubnetIds"]) == {zone["SubnetId"] for zone in balancer["AvailabilityZones"]}
    assert ("active", "internet-facing") == (balancer["State"]["Code"], balancer["Scheme"])
    instances = place.ec2.describe_instances(InstanceIds=[ids["Instance/web-a-1"]])["Reservations"][0]["Instances"]
    assert instances[0]["PrivateIpAddress"] in status["webServerPrivateIps"]
    assert "required" == instances[0]["MetadataOptions"]["HttpTokens"]
    assert not instances[0].get("PublicIpAddress")


def _name(ids):
    return [ids["LoadBalancer/web"].split("/")[2]]


def test_flow_logs_are_asked_from_the_command_line(web, place):
    where = ["--log-group-name", web.status["flowLogGroup"], "--log-stream-name", "eni-0a-all"]
    place.aws("logs", "create-log-stream", *where)
    event = json.dumps([{"timestamp": int(time.time() * 1000) - 1000, "message": REJECTED}])
    place.aws("logs", "put-log-events", *where, "--log-events", event)

    told = place.command("awslab", "logs", "labvpc/web", "-n", web.namespace, "--rejected")

    assert "203.0.113.9" in told.splitlines()[1]


def test_a_third_server_comes_beside_the_others(web):
    before = web.ids()

    web.apply(webServer={**WEB, "replicas": 3}).ready()

    assert before.items() <= web.ids().items()
    assert {"Instance/web-a-2"} == set(web.ids()) - set(before)
    assert 3 == len(healthy(web))


def test_a_terminated_server_is_made_again(web, place):
    before = web.ids()

    place.aws("ec2", "terminate-instances", "--instance-ids", before["Instance/web-b-1"])
    eventually(lambda: [e for e in web.events("Repaired") if "Instance/web-b-1 existence" in e])
    web.ready()

    assert {"Instance/web-b-1"} == {address for address, id_ in web.ids().items() if id_ != before[address]}
    assert 3 == len(eventually(lambda: (found := healthy(web)) and len(found) == 3 and found))


def test_a_changed_listener_is_told_and_put_back(web, place):
    arn = web.ids()["Listener/web"]

    elb(place, "modify-listener", "--listener-arn", arn, "--port", "8080")
    told = eventually(lambda: [e for e in web.events("Drifted") if "Listener/web" in e])
    web.ready()

    assert ["Listener/web port: want 80, have 8080"] == told
    (listener,) = elb(place, "describe-listeners", "--listener-arns", arn)["Listeners"]
    assert 80 == listener["Port"]


def test_kubectl_delete_ends_when_aws_is_empty(web, place):
    web.delete()

    assert {} == web.in_aws()
    assert [] == elb(place, "describe-load-balancers")["LoadBalancers"]
    assert [] == elb(place, "describe-target-groups")["TargetGroups"]
    mine = [{"Name": "description", "Values": ["ELB app/*"]}]
    assert [] == place.ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
