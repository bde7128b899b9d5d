"""The web servers of a LabVpc, and their load balancer."""

from __future__ import annotations

import pytest

from awslab.aws.instance import Instance
from awslab.aws.load_balancer import LoadBalancer
from awslab.core.errors import SpecError, Waits
from awslab.core.ownership import Owner
from awslab.core.resource import Observed
from awslab.kinds.labvpc import compose, guess
from awslab.kinds.web_servers import balancer_ports, user_data, web_outputs
from tests.unit.kinds.specs import of, spec

OWNER = Owner("default", "LabVpc", "lab", "production")
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
FROM = {"name": "web", "key": "start.sh"}


def composed(owner=OWNER, **web):
    others = {name: web.pop(name) for name in ("availabilityZones", "securityGroups") if name in web}
    asked = spec(webServer=web, **others)
    return compose(asked, guess(asked, owner))


def servers(graph):
    return {name: one for name, one in of(graph, "Instance").items() if name.startswith("web-")}


def test_without_them_there_are_none():
    asked = spec()
    graph = compose(asked, guess(asked, OWNER))

    assert {} == of(graph, "Instance") == of(graph, "LoadBalancer") == of(graph, "TargetGroup")


def test_they_are_spread_over_the_private_subnets_of_all_zones():
    three = servers(composed(replicas=3))

    assert {"web-a-1": "private-a", "web-b-1": "private-b", "web-a-2": "private-a"} == {
        name: one.subnet.name for name, one in three.items()
    }
    assert all(one.tokens_only and one.encrypted for one in three.values())
    assert {("app",)} == {tuple(group.name for group in one.groups) for one in three.values()}


def test_more_of_them_move_none_that_there_is():
    few, many = servers(composed(replicas=2)), servers(composed(replicas=7))

    assert few.items() <= many.items()


def test_they_are_reached_by_session_manager_with_a_role_of_their_own():
    (role,) = {one.profile.role.name for one in servers(composed(replicas=2)).values()}

    assert "web" == role


class TestUserData:
    def test_without_any_a_server_answers_on_the_port_of_the_group(self):
        graph = composed(securityGroups={"app": {"port": 8080}})

        assert all("http.server 8080" in one.user_data for one in servers(graph).values())

    def test_is_what_the_spec_says(self):
        assert {"#!/bin/sh"} == {one.user_data for one in servers(composed(userData="#!/bin/sh")).values()}

    def test_comes_from_a_config_map_once_that_has_it(self):
        asked = spec(webServer={"userDataFrom": FROM})

        assert "hi" == user_data(asked, lambda name: {"start.sh": "hi"} if name == "web" else {})
        with pytest.raises(Waits, match=r"Waits for the key start\.sh in ConfigMap web: it has other"):
            user_data(asked, lambda _: {"other": "x"})
        with pytest.raises(SpecError, match="from 1 to 16384 bytes"):
            user_data(asked, lambda _: {"start.sh": "x" * 16385})


class TestLoadBalancer:
    graph = composed(loadBalancer=True)

    def test_stands_in_every_public_subnet_and_in_its_own_group(self):
        balancer = self.graph["LoadBalancer/web"]

        assert {"public-a", "public-b"} == {subnet.name for subnet in balancer.subnets}
        assert {"load-balancer"} == {group.name for group in balancer.groups}

    def test_listens_on_http_and_leads_to_every_server(self):
        listener = self.graph["Listener/web"]

        assert (80, "web-80") == (listener.port, listener.target.name)
        assert set(servers(self.graph)) == {one.name for one in listener.target.targets}

    def test_speaks_https_with_a_certificate_and_sends_http_there(self):
        graph = composed(loadBalancer=True, certificateArn=CERTIFICATE)
        tls, http = graph["Listener/web-tls"], graph["Listener/web"]

        assert (443, CERTIFICATE, "web-80") == (tls.port, tls.certificate, tls.target.name)
        assert "ELBSecurityPolicy-TLS13-1-2-2021-06" == tls.policy
        assert (80, "", None, "HTTPS:443 HTTP_301") == (http.port, http.certificate, http.target, http.redirect)

    def test_sends_nobody_to_https_where_http_is_not_open(self):
        groups = {"loadBalancer": {"ports": [443, 8080]}}
        graph = composed(loadBalancer=True, certificateArn=CERTIFICATE, securityGroups=groups)

        assert {"web-tls"} == set(of(graph, "Listener"))

    def test_listens_on_the_first_open_port_where_http_is_not_open(self):
        graph = composed(loadBalancer=True, securityGroups={"loadBalancer": {"ports": [8443, 443]}})

        assert 8443 == graph["Listener/web"].port

    def test_another_port_is_another_target_group(self):
        graph = composed(loadBalancer=True, securityGroups={"app": {"port": 8080}})

        assert {"web-8080"} == set(of(graph, "TargetGroup"))

    def test_checks_as_the_spec_says(self):
        check = {"path": "/healthz", "codes": "204", "intervalSeconds": 5, "healthyAfter": 3, "unhealthyAfter": 2}
        group = composed(loadBalancer=True, healthCheck=check)["TargetGroup/web-80"]

        wanted = {"path": "/healthz", "codes": "204", "interval": "5", "timeout": "4"}
        assert {**wanted, "healthyAfter": "3", "unhealthyAfter": "2"} == dict(group.check)

    @pytest.mark.parametrize("name", ["a-network-with-a-really-long-name", "network-", "a--b", "abcdefgh-ijklmnopqrst"])
    def test_names_fit_into_what_aws_allows(self, name):
        graph = composed(Owner("default", "LabVpc", "lab", name), loadBalancer=True)

        names = {graph["LoadBalancer/web"].called, graph["TargetGroup/web-80"].called}
        assert all(len(name) <= 32 and "--" not in name and not name.endswith("-") for name in names)
        assert 2 == len(names)

    def test_needs_two_zones(self):
        with pytest.raises(SpecError, match="needs two availability zones"):
            composed(loadBalancer=True, availabilityZones=1)


def test_outputs_are_addresses_and_the_name():
    owner = OWNER.key
    server = Observed(Instance, "web-a-1", "i-1", owner=owner, details={"private_ip": "10.0.16.5"})
    bastion = Observed(Instance, "bastion", "i-2", owner=owner, details={"private_ip": "10.0.0.5"})
    balancer = Observed(LoadBalancer, "web", "arn", owner=owner, details={"dns_name": "web-1.elb.amazonaws.com"})

    assert {"webServerPrivateIps": [], "loadBalancerDnsName": None} == web_outputs([bastion])
    assert {"webServerPrivateIps": ["10.0.16.5"], "loadBalancerDnsName": "web-1.elb.amazonaws.com"} == web_outputs(
        [bastion, server, balancer]
    )


def test_the_load_balancer_is_promised_where_it_listens_and_nowhere_else():
    asked = {"securityGroups": {"loadBalancer": {"ports": [80, 443]}}}

    assert (80, 443) == balancer_ports(spec(**asked))
    assert (80,) == balancer_ports(spec(**asked, webServer={"loadBalancer": True}))
    assert (443, 80) == balancer_ports(spec(**asked, webServer={"loadBalancer": True, "certificateArn": CERTIFICATE}))
