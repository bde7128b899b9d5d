"""A composition as the network that it will be."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from awslab.api.labvpc import LabVpcSpec
from awslab.checks.model import LOCAL
from awslab.checks.reach import Flow, reach
from awslab.core.errors import SpecError
from awslab.core.ownership import Owner
from awslab.kinds.as_network import address_ids, as_network
from awslab.kinds.labvpc import compose, guess, zones_of
from awslab.kinds.network_checks import promises, proofs
from tests.support.labvpc_cases import GOOD

from .specs import composed, spec

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("vpc*.yaml"))
OWNER = Owner("default", "LabVpc", "lab", "production")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA somebody"
BY_SSH = {"access": "Ssh", "publicKey": KEY, "allowedCidrs": ["198.51.100.0/24"]}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"natGateways": "Single", "availabilityZones": 3},
        {"natGateways": "None"},
        {"networkAcls": "Default"},
        {"bastion": {}},
        {"bastion": BY_SSH},
        {"endpoints": {"interfaces": {"ssm": {}, "ecr.api": {}}}, "natGateways": "None"},
        {"webServer": {"loadBalancer": True}, "bastion": {}},
        {"subnets": {"data": {"enabled": False}}},
        {"ipv6": True, "natGateways": "None"},
        {"subnets": {"public": {"enabled": False}}, "natGateways": "None", "ipv6": True, "bastion": {}},
        {"peerings": [{"name": "shop", "vpcId": "vpc-0123456789abcdef0", "cidrs": ["10.1.0.0/16"]}]},
        {"transitGateway": {"id": "tgw-0123456789abcdef0", "routes": ["10.8.0.0/16"]}, "flowLogs": {}},
        {"transitGateway": {"id": "tgw-0123456789abcdef0", "routes": ["10.0.0.0/8", "198.51.100.0/24"]}},
        {"securityGroups": {"loadBalancer": {"ports": [8443], "from": ["198.51.100.0/24"]}, "app": {"port": 8080}}},
    ],
    ids=lambda fields: "-".join(fields) or "default",
)
def test_every_composition_keeps_its_promises_before_it_is_made(fields):
    asked = spec(**fields)
    facts = guess(asked, OWNER)

    results = [*proofs(asked, zones_of(asked, facts), facts.peers, as_network(compose(asked, facts)))]

    assert [] == [(c.name, c.message) for c in results if not c.held]
    assert len(results) > 5


def kept(asked):
    """Every check that a network as *asked* fails, though AWS has all of it; but those that a person wrote."""
    facts = guess(asked, OWNER)
    asked = asked.model_copy(update={"checks": ()})
    results = proofs(asked, zones_of(asked, facts), facts.peers, as_network(compose(asked, facts)))
    return [(c.name, c.message) for c in results if not c.held]


def composes(asked):
    """Whether the region has what *asked* needs; what the API server cannot know."""
    try:
        compose(asked, guess(asked, OWNER))
    except SpecError:
        return False
    return True


@pytest.mark.parametrize("name", [name for name, s in GOOD.items() if composes(LabVpcSpec.model_validate(s))])
def test_no_spec_that_may_be_applied_asks_for_what_cannot_be_kept(name):
    assert [] == kept(LabVpcSpec.model_validate(GOOD[name]))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_keeps_its_promises(path):
    for manifest in yaml.safe_load_all(path.read_text()):
        assert [] == kept(LabVpcSpec.model_validate(manifest["spec"]))


def test_who_may_log_in_to_the_bastion_is_a_promise():
    told = {
        e.flow.source: e.expect for e in promises(spec(bastion=BY_SSH), ("us-east-1a",)) if e.flow.target == "bastion"
    }

    assert {"198.51.100.0/24": "open"} == told


def test_an_emptied_default_network_acl_is_told_with_what_it_closes():
    network = as_network(composed(emptyDefaultNetworkAcl=True))

    (default,) = (a for a in network.acls if a.name == "default")
    assert ((), frozenset()) == (default.rules, default.subnets)
    assert {"public", "private", "data", "default"} == {a.name for a in network.acls}


def test_every_table_has_the_local_route_that_nobody_composes():
    assert {True} == {
        any((r.destination, r.target) == ("10.0.0.0/16", LOCAL) for r in t.routes)
        for t in as_network(composed()).tables
    }


def test_ids_are_made_of_names():
    ids = address_ids(composed())

    assert ("vpc", "igw", "nat-a", "subnet-data-b", "rtb-private-a", "sg-app") == tuple(
        ids[a]
        for a in (
            "Vpc/vpc",
            "InternetGateway/igw",
            "NatGateway/a",
            "Subnet/data-b",
            "RouteTable/private-a",
            "SecurityGroup/app",
        )
    )
    assert len(composed()) == len(set(ids.values()))


def test_a_hop_has_the_name_of_its_resource():
    verdict = reach(as_network(composed()), Flow("data", "internet", 443, groups=False))

    assert "closed by rtb-data (data): no route to the internet" == verdict.decided_by
