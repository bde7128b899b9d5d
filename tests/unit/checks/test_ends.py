"""What people mean by the names of a flow's ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from awslab.checks.ends import UnknownEnd, find
from awslab.checks.model import Endpoint, GroupRule, Interface, Listener, LoadBalancer, PrefixList, Subnet, Vpc
from awslab.checks.reach import Flow, Result, reach, reach_all
from tests.unit.checks.networks import VPC, production, with_group, with_interfaces

NETWORK = production(bastion=True, web=True)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("bastion", ["eni-bastion"]),
        ("web", ["eni-web-a", "eni-web-b"]),
        ("app", ["eni-web-a", "eni-web-b"]),
        ("private", ["eni-web-a", "eni-web-b"]),
        ("public", ["eni-bastion"]),
        ("private-a", ["eni-web-a"]),
        ("subnet-private-b", ["eni-web-b"]),
        ("i-web-a", ["eni-web-a"]),
        ("web-b", ["eni-web-b"]),
        ("eni-web-b", ["eni-web-b"]),
        ("10.0.16.20", ["eni-web-a"]),
        ("10.0.16.0/23", ["eni-web-a", "eni-web-b"]),
    ],
)
def test_a_name_means_the_interfaces_that_are_there(name, ids):
    end = find(NETWORK, name)

    assert ids == [i.id for i in end.interfaces]
    assert "" == end.assumed


@pytest.mark.parametrize("name", ["web", "private", "public-a", "data"])
def test_a_network_beside_it_with_the_same_names_is_not_meant(name):
    beside = replace(
        NETWORK,
        vpcs=(*NETWORK.vpcs, Vpc("vpc-2", ("10.9.0.0/16",))),
        subnets=(
            Subnet("subnet-theirs", "vpc-2", ("10.9.0.0/24",), "a", "data", "data-a"),
            *(replace(s, id=f"{s.id}-theirs", vpc="vpc-2") for s in NETWORK.subnets),
            *NETWORK.subnets,
        ),
        interfaces=(
            *(replace(i, id=f"{i.id}-theirs", subnet=f"{i.subnet}-theirs") for i in NETWORK.interfaces),
            *NETWORK.interfaces,
        ),
    )

    assert [i.subnet for i in find(NETWORK, name).interfaces] == [i.subnet for i in find(beside, name).interfaces]


@pytest.mark.parametrize(
    ("name", "places"),
    [("data", ["data-a", "data-b"]), ("load-balancer", ["public-a", "public-b"]), ("data-b", ["data-b"])],
)
def test_what_is_not_there_is_supposed_in_each_subnet_of_its_tier_and_said(name, places):
    end = find(NETWORK, name)

    assert [f"subnet-{p}" for p in places] == [i.subnet for i in end.interfaces]
    assert all(i.hypothetical for i in end.interfaces)
    assert ", ".join(places) in end.assumed
    assert end.assumed in reach(NETWORK, Flow("bastion", name, 443)).assumed


def test_without_public_subnets_a_bastion_is_supposed_in_the_private_ones():
    bare = production(bastion=True)
    bare = replace(bare, interfaces=(), subnets=tuple(s for s in bare.subnets if s.tier != "public"))

    assert {"subnet-private-a", "subnet-private-b"} == {i.subnet for i in find(bare, "bastion").interfaces}


def test_what_is_supposed_takes_no_address_that_somebody_has():
    taken = Interface("eni-last", "subnet-data-a", ("10.0.32.254",), ("sg-data",))

    (supposed, *_) = find(with_interfaces(NETWORK, taken), "data-b").interfaces

    assert ("10.0.33.254",) == supposed.addresses


def test_parts_that_are_supposed_in_one_subnet_do_not_share_an_address():
    network = production()

    web, app = (reach_all(network, [Flow("web", "app", 80), Flow("app", "web", 80)])[n] for n in (0, 1))

    assert Result.CLOSED is web.result is app.result
    assert "closed by sg-app (app): no rule lets tcp 80 in from web in private-a" == web.decided_by


def test_an_address_range_with_nobody_in_it_is_supposed_with_a_group_that_lets_everything_pass():
    verdict = reach(NETWORK, Flow("10.0.32.0/24", "internet", 443))

    assert "closed by rtb-data (data): no route to the internet" == verdict.decided_by
    assert "lets everything pass" in verdict.assumed[0]


def test_a_service_is_meant_by_its_endpoint():
    gateway = Endpoint("vpce-s3", VPC, "s3", "pl-s3")
    interface = Endpoint("vpce-ssm", VPC, "ssm", interfaces=("eni-ssm",))
    held = Interface("eni-ssm", "subnet-private-a", ("10.0.16.60",), ("sg-app",), "", "ssm")
    lists = (PrefixList("pl-s3", "com.amazonaws.us-east-1.s3", ("52.216.0.0/15",)),)
    network = replace(with_interfaces(NETWORK, held), endpoints=(gateway, interface), prefix_lists=lists)

    assert "pl-s3" == find(network, "s3").outside
    assert ("eni-ssm",) == tuple(i.id for i in find(network, "ssm").interfaces)


def test_a_load_balancer_is_reached_where_it_listens_only():
    held = Interface("eni-lb", "subnet-public-a", ("10.0.0.60",), ("sg-lb",), "54.0.0.7", "web", "load-balancer")
    network = with_interfaces(NETWORK, held)
    network = replace(network, balancers=(LoadBalancer("lb-1", "web", ("eni-lb",)),))

    verdict = reach(network, Flow("internet", "load-balancer", 443))

    assert "closed by eni-lb (web): the load balancer has no listener for tcp 443" == verdict.decided_by


@pytest.mark.parametrize("name", ["databse", "sg-app", "10.0.200.0/24", ""])
def test_a_name_that_means_nothing_is_refused_with_those_that_do(name):
    with pytest.raises(UnknownEnd, match=r"say internet, app, bastion|none of its subnets"):
        find(NETWORK, name)


def test_a_part_without_its_group_means_nothing():
    network = replace(NETWORK, groups=NETWORK.groups[:1], interfaces=())

    with pytest.raises(UnknownEnd):
        find(network, "bastion")


def test_a_flow_that_never_comes_near_is_refused():
    with pytest.raises(UnknownEnd, match="no packet of such a flow"):
        reach(NETWORK, Flow("internet", "8.8.8.8", 443))


def test_only_some_of_the_internet_is_told_as_that():
    network = with_group(NETWORK, "sg-app", *NETWORK.groups[1].rules[:4])
    limited = GroupRule(egress=True, peer="8.8.8.0/24", protocol="tcp", ports=(443, 443))
    network = with_group(network, "sg-app", *network.groups[1].rules, limited)

    verdict = reach(network, Flow("eni-web-a", "internet", 443))

    assert Result.PARTLY is verdict.result
    assert verdict.decided_by == (
        "open from 10.0.16.20 (web-a) to 8.8.8.0/24, but closed by sg-app (app): "
        "no rule lets tcp 443 out to the rest of the internet"
    )


def test_a_verdict_is_plain_data_on_the_wire():
    told = reach(NETWORK, Flow("web", "internet", 443)).on_wire()

    assert ("web", "internet", "tcp", 443, "open") == tuple(
        told[k] for k in ("from", "to", "protocol", "port", "result")
    )
    assert ["nat-a", "nat-b"] == told["natGateways"]
    assert {"id", "name", "text", "answer", "passed", "subnet"} == set(told["hops"][0])


def test_a_part_is_not_what_somebody_happened_to_give_its_name():
    network = production(web=True)
    balancer = LoadBalancer("lb-1", "web", ("eni-lb",), (Listener(80, "HTTP"),))
    face = Interface("eni-lb", "subnet-public-a", ("10.0.0.30",), ("sg-lb",), "54.0.0.9", "web", "load-balancer")

    end = find(replace(with_interfaces(network, face), balancers=(balancer,)), "web")

    assert {"eni-web-a", "eni-web-b"} == {i.id for i in end.interfaces}
