"""Listeners of HTTPS in the local AWS."""

from __future__ import annotations

import pytest
from tests.support.certificates import self_signed

rule = pytest.mark.rule
POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
NOBODYS = "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture
def elb(aws):
    return aws.client("elbv2")


@pytest.fixture
def balancer(aws, elb):
    vpc, _, one = aws.public_network()
    subnets = [one, aws.subnet(vpc, "10.0.2.0/24", "b")]
    return elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]


@pytest.fixture
def certificate(aws):
    private, public = self_signed("example.com")
    return aws.client("acm").import_certificate(Certificate=public, PrivateKey=private)["CertificateArn"]


def listener(balancer, *certificates, **more):
    redirect = {"Protocol": "HTTPS", "Port": "8443", "StatusCode": "HTTP_301"}
    actions = [{"Type": "redirect", "RedirectConfig": redirect}]
    wish = {"Protocol": "HTTPS", "Port": 443, "DefaultActions": actions} | more
    given = {"Certificates": [{"CertificateArn": arn} for arn in certificates]} if certificates else {}
    return {"LoadBalancerArn": balancer, **given, **wish}


@rule("listener-certificate", "listener-certificate-known", "listener-plain", "listener-policy")
def test_a_listener_that_cannot_be_is_refused(aws, elb, balancer, certificate, refused):
    waiting = aws.client("acm").request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"]
    of_iam = NOBODYS.replace("acm", "iam")
    create = elb.create_listener

    refused("ValidationError", create, **listener(balancer))
    refused("CertificateNotFound", create, **listener(balancer, NOBODYS))
    refused("CertificateNotFound", create, **listener(balancer, of_iam))
    refused("CertificateNotFound", create, **listener(balancer, certificate.replace("eu-west-1", "us-east-1")))
    refused("UnsupportedCertificate", create, **listener(balancer, waiting))
    refused("IncompatibleProtocols", create, **listener(balancer, certificate, Protocol="HTTP"))
    refused("IncompatibleProtocols", create, **listener(balancer, Protocol="HTTP", SslPolicy=POLICY))
    refused("SSLPolicyNotFound", create, **listener(balancer, certificate, SslPolicy="ELBSecurityPolicy-Mine"))
    create(**listener(balancer, certificate, SslPolicy=POLICY))


@rule("listener-without-tls", "listener-certificate")
def test_a_listener_loses_certificate_and_policy_with_https_and_gets_them_back(elb, balancer, certificate, refused):
    made = elb.create_listener(**listener(balancer, certificate, SslPolicy=POLICY))["Listeners"][0]
    arn = made["ListenerArn"]
    plain = elb.create_listener(**listener(balancer, Protocol="HTTP", Port=80))["Listeners"][0]

    elb.modify_listener(ListenerArn=arn, Protocol="HTTP")
    lost = elb.describe_listeners(ListenerArns=[arn])["Listeners"][0]
    refused("ValidationError", elb.modify_listener, ListenerArn=arn, Protocol="HTTPS")
    back = [{"CertificateArn": certificate}]
    elb.modify_listener(ListenerArn=arn, Protocol="HTTPS", SslPolicy=POLICY, Certificates=back)
    again = elb.describe_listeners(ListenerArns=[arn])["Listeners"][0]

    assert [certificate] == [one["CertificateArn"] for one in made["Certificates"]]
    assert [(None, []), (None, [])] == [(o.get("SslPolicy"), o.get("Certificates", [])) for o in (plain, lost)]
    assert (POLICY, certificate) == (again["SslPolicy"], again["Certificates"][0]["CertificateArn"])
