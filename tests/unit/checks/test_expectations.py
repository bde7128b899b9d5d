"""What a network promises follows from its intent; what breaks a promise is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from awslab.checks.expectations import Expectation, Intent, checked, expectations
from awslab.checks.logs import delivery
from awslab.checks.model import (
    Endpoint,
    FlowLog,
    Gateway,
    GatewayKind,
    Interface,
    Listener,
    LoadBalancer,
    Peering,
    PrefixList,
    Route,
)
from awslab.checks.reach import Flow
from tests.unit.checks.networks import EVERYWHERE, entry, production, tcp, with_acl, with_group, with_table

LOCAL = Route("10.0.0.0/16", "local")
ZONES = (("private-a", "us-east-1a"), ("private-b", "us-east-1b"))
INTENT = Intent(ZONES, bastion_ports=(22,))
NETWORK = production(bastion=True, web=True)


def failures(network, intent=INTENT):
    return {str(c.expectation.flow): c.message for c in checked(network, expectations(intent)) if not c.held}


def flows(intent):
    return {str(e.flow): e.expect for e in expectations(intent)}


def test_the_promises_of_a_whole_network():
    assert {
        "internet to load-balancer, tcp 80": "open",
        "internet to load-balancer, tcp 443": "open",
        "internet to web, tcp 80": "closed",
        "internet to bastion, tcp 22": "closed",
        "bastion to web, tcp 22": "open",
        "bastion to internet, tcp 443": "open",
        "load-balancer to web, tcp 80": "open",
        "app to data, tcp 5432": "open",
        "web to internet, tcp 443": "open",
        "private-a to internet, tcp 443": "open",
        "private-b to internet, tcp 443": "open",
        "data to internet, tcp 443": "closed",
        "internet to data, tcp 5432": "closed",
    } == flows(INTENT)


def test_what_is_not_wanted_is_not_promised():
    small = Intent(ZONES, nat="None", data_ports=(), balancer_ports=(), bastion_ports=())

    assert {"internet to web, tcp 80": "closed", "web to internet, tcp 443": "closed"} == flows(small)


def test_a_network_without_public_subnets_promises_to_be_closed_and_to_reach_its_endpoints():
    closed = Intent(
        ZONES,
        nat="None",
        data_ports=(),
        balancer_ports=(),
        bastion_ports=(22,),
        session_services=("ssm",),
        public=False,
        ipv6=True,
    )

    assert {
        "internet to web, tcp 80": "closed",
        "internet to bastion, tcp 22": "closed",
        "bastion to web, tcp 22": "open",
        "bastion to ssm, tcp 443": "open",
        "bastion to internet, tcp 443": "closed",
        "web to internet, tcp 443": "closed",
        "private-a to internet, tcp 443": "closed",
        "private-b to internet, tcp 443": "closed",
        "private to internet, tcp 443 over IPv6": "closed",
        "internet to private, tcp 443 over IPv6": "closed",
    } == flows(closed)


def test_where_only_some_may_come_the_promise_is_to_them():
    some = Intent(ZONES, balancer_ports=(443,), balancer_sources=("198.51.100.0/24",))

    assert "open" == flows(some)["198.51.100.0/24 to load-balancer, tcp 443"]
    assert "internet to load-balancer, tcp 443" not in flows(some)


@pytest.mark.parametrize(
    ("network", "intent"),
    [
        (NETWORK, INTENT),
        (production(), replace(INTENT, bastion_ports=())),
        (production(nats="single", web=True), replace(INTENT, nat="Single", nat_zone="us-east-1a")),
        (production("abcdef", nats=None), replace(INTENT, nat="None", bastion_ports=())),
    ],
    ids=["all", "nothing-started", "single-nat", "no-nat"],
)
def test_a_network_as_it_is_wanted_keeps_its_promises(network, intent):
    intent = intent if intent.nat != "Single" else replace(intent, bastion_ports=())

    assert {} == failures(network, intent)


def test_a_subnet_that_uses_another_zone_s_nat_gateway_is_named():
    crossed = with_table(NETWORK, "rtb-a", LOCAL, Route(EVERYWHERE, "nat-b"))

    assert {
        "private-a to internet, tcp 443": "open through NAT gateway nat-b (b), which is not in us-east-1a"
    } == failures(crossed)


def test_a_route_that_is_missing_is_named_by_each_promise_that_it_breaks():
    cut = with_table(NETWORK, "rtb-a", LOCAL)

    assert {
        "web to internet, tcp 443": "open from 10.0.17.20 (web-b) to the internet, but "
        "closed by rtb-a (private-a): no route to the internet",
        "private-a to internet, tcp 443": "closed by rtb-a (private-a): no route to the internet",
    } == failures(cut)


def test_a_data_tier_with_a_way_out_breaks_its_promise_even_while_its_group_is_closed():
    opened = with_table(NETWORK, "rtb-data", LOCAL, Route(EVERYWHERE, "nat-a"))

    assert {
        "data to internet, tcp 443": "open through NAT gateway nat-a (a): rtb-public (public): "
        "0.0.0.0/0 goes to igw-1 (igw)"
    } == failures(opened)


def test_an_acl_that_forgets_the_answers_is_named():
    public = ["subnet-public-a", "subnet-public-b"]
    forgetful = with_acl(NETWORK, "acl-2", public, entry(100, protocol="all"), entry(100, egress=True, ports=(0, 1023)))

    assert (
        "acl-2: no rule lets tcp 1024-65535 out to the internet"
        in failures(forgetful)["internet to load-balancer, tcp 443"]
    )


def test_a_group_that_lets_too_few_in_is_named():
    closed = with_group(NETWORK, "sg-data", tcp(3306, "sg-app"))

    assert ["app to data, tcp 5432"] == list(failures(closed))


def test_a_check_of_a_person_s_own_is_held_or_not_as_any_other():
    own = (Expectation(Flow("bastion", "web", 443), "open"), Expectation(Flow("bastion", "web", 8080), "closed"))

    first, second = checked(NETWORK, own)

    assert (False, True) == (first.held, second.held)
    assert "closed by sg-app (app): no rule lets tcp 443 in from 10.0.0.20 (bastion)" == first.message


def test_a_check_of_something_that_is_not_there_is_not_held_and_the_others_are():
    nowhere, there = checked(
        NETWORK, (Expectation(Flow("bastoin", "web", 22), "open"), Expectation(Flow("bastion", "web", 22), "open"))
    )

    assert (False, None) == (nowhere.held, nowhere.verdict)
    assert "bastoin is nothing in this network" in nowhere.message
    assert there.held


def test_a_check_is_plain_data_on_the_wire():
    (told,) = (c.on_wire() for c in checked(NETWORK, (Expectation(Flow("bastion", "web", 22), "open"),)))

    assert {
        "name": "bastion to web, tcp 22",
        "from": "bastion",
        "to": "web",
        "protocol": "tcp",
        "port": 22,
        "expect": "open",
        "result": "open",
        "passed": True,
        "message": "open",
        "path": ["eni-bastion (bastion)", "rtb-public (public)", "acl-1 (default)", "eni-web-a (web-a)"],
    } == told


def test_the_promises_of_endpoints_and_of_a_bastion_with_ssh():
    wider = replace(INTENT, services=("s3",), bastion_sources=("198.51.100.0/24",))

    more = {name: expect for name, expect in flows(wider).items() if name not in flows(INTENT)}

    assert {"web to s3, tcp 443": "open", "198.51.100.0/24 to bastion, tcp 22": "open"} == more


def test_a_web_server_that_is_promised_and_does_not_run_fails_what_is_open_to_it_only():
    promised = replace(INTENT, web_servers=("web-a", "web-b", "web-c"))

    assert {
        "bastion to web, tcp 22": "web-c is not there, or not running",
        "load-balancer to web, tcp 80": "web-c is not there, or not running",
        "app to data, tcp 5432": "web-c is not there, or not running",
        "web to internet, tcp 443": "web-c is not there, or not running",
    } == failures(NETWORK, promised)


def test_a_bastion_that_is_promised_is_not_supposed():
    assert {
        "bastion to web, tcp 22": "bastion is not there, or not running",
        "bastion to internet, tcp 443": "bastion is not there, or not running",
    } == failures(production(web=True), replace(INTENT, bastion=True))


def test_a_load_balancer_has_to_forward_to_each_web_server():
    own = Interface("eni-lb", "subnet-public-a", ("10.0.0.30",), ("sg-lb",), "52.0.1.1", "lb", "load-balancer")
    there = replace(NETWORK, interfaces=(*NETWORK.interfaces, own))
    (web_a, *_) = (i.instance for i in NETWORK.interfaces if i.name == "web-a")
    listeners = tuple(Listener(port, "HTTP", (web_a,)) for port in (80, 443))
    balanced = replace(there, balancers=(LoadBalancer("lb-1", "lb", ("eni-lb",), listeners),))
    promised = replace(INTENT, web_servers=("web-a", "web-b"), balancer=True)

    assert {"load-balancer to web, tcp 80": "closed by load balancer lb: no listener forwards to web-b"} == failures(
        balanced, promised
    )


def test_an_endpoint_is_the_way_to_its_service():
    promised = replace(INTENT, services=("s3",))
    listed = replace(NETWORK, prefix_lists=(PrefixList("pl-1", "com.amazonaws.us-east-1.s3", ("52.216.0.0/15",)),))
    ends = replace(listed, endpoints=(Endpoint("vpce-1", "vpc-1", "s3", "pl-1"),))
    through = (LOCAL, Route("pl-1", "vpce-1"))
    one = with_table(ends, "rtb-a", *through, Route(EVERYWHERE, "nat-a"))
    both = with_table(one, "rtb-b", *through, Route(EVERYWHERE, "nat-b"))
    deleting = replace(both, endpoints=(Endpoint("vpce-1", "vpc-1", "s3", "pl-1", state="deleting"),))

    said = [failures(network, promised).get("web to s3, tcp 443") for network in (both, one, deleting, listed)]

    assert [
        None,
        "open through NAT gateway nat-b (b), and not through the endpoint for s3",
        "endpoint vpce-1 for s3 is not available",
        "the VPC has no endpoint for s3",
    ] == said


def test_a_peering_leads_there_and_back_whoever_is_at_the_other_side():
    peering = Peering("pcx-1", ("vpc-1", "vpc-2"), (("10.0.0.0/16",), ("10.9.0.0/16",)))
    promised, led = replace(INTENT, beyond=("10.9.0.0/16",)), Route("10.9.0.0/16", "pcx-1")
    beside = replace(NETWORK, peerings=(peering,))
    for zone in "ab":
        beside = with_table(beside, f"rtb-{zone}", LOCAL, Route(EVERYWHERE, f"nat-{zone}"), led)

    cut = with_table(beside, "rtb-a", LOCAL, Route(EVERYWHERE, "nat-a"))
    inactive = replace(beside, peerings=(replace(peering, state="provisioning"),))

    assert {} == failures(beside, promised)
    assert {"private to 10.9.0.0/16, tcp 443", "10.9.0.0/16 to private, tcp 443"} == set(failures(cut, promised))
    assert "pcx-1 is not active" in failures(inactive, promised)["private to 10.9.0.0/16, tcp 443"]


def test_what_is_promised_without_security_groups_does_not_depend_on_who_is_there():
    odd = Interface("eni-odd", "subnet-private-a", ("10.0.16.99",), ("sg-data",), name="odd", part="")
    network = replace(NETWORK, interfaces=(*NETWORK.interfaces, odd))

    assert {} == failures(network)


@pytest.mark.parametrize(
    ("logs", "result", "message"),
    [
        ((), "missing", "vpc-1 has no flow log: what happens in it is written down nowhere"),
        ((FlowLog("fl-2", "vpc-2", "there"),), "missing", "vpc-1 has no flow log"),
        ((FlowLog("fl-1", "vpc-1", "there", "Access error"),), "failing", "fl-1 is not delivered to there: Access"),
        ((FlowLog("fl-0", "vpc-1", "x", "no"), FlowLog("fl-1", "vpc-1", "there")), "delivered", "delivered to there"),
    ],
)
def test_flow_logs_are_delivered_or_it_is_said_why_not(logs, result, message):
    found = delivery(replace(NETWORK, flow_logs=logs))

    assert (result, result == "delivered") == (found.result, found.held)
    assert message in found.message


def dual(network, private="eigw-1"):
    """The same with IPv6, whose way out of the private subnets is *private*."""
    parts = {s.id: f"2600:1f18:0:{number:x}::/64" for number, s in enumerate(network.subnets)}
    local = Route("2600:1f18::/56", "local")
    ways_out = {"public": ("igw-1",), "private-a": (private,), "private-b": (private,)}
    tables = [
        replace(t, routes=(*t.routes, local, *(Route("::/0", target) for target in ways_out.get(t.name, ()))))
        for t in network.tables
    ]
    rules = tuple(entry(100, egress=egress, protocol="all", cidr="::/0") for egress in (False, True))
    return replace(
        network,
        vpcs=(replace(network.vpcs[0], cidrs=("10.0.0.0/16", "2600:1f18::/56")),),
        subnets=tuple(replace(s, cidrs=(*s.cidrs, parts[s.id])) for s in network.subnets),
        tables=tuple(tables),
        gateways=(*network.gateways, Gateway("eigw-1", "vpc-1", GatewayKind.EGRESS_ONLY, "out")),
        acls=tuple(replace(a, rules=(*a.rules, *rules)) for a in network.acls),
    )


def test_over_ipv6_the_private_subnets_get_out_and_nobody_gets_in():
    promised = replace(INTENT, ipv6=True)

    said = [failures(dual(NETWORK, target), promised) for target in ("eigw-1", "igw-1", "eigw-9")]

    assert {} == said[0]
    assert {"internet to private, tcp 443 over IPv6"} == set(said[1])
    assert "closed: eigw-9 is not attached to the VPC" == said[2]["private to internet, tcp 443 over IPv6"]
