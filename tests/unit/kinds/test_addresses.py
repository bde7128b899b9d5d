"""Further addresses and DHCP options of a LabVpc."""

from __future__ import annotations

import pytest

from awslab.core.errors import SpecError
from tests.unit.kinds.specs import composed, of

MORE = "100.64.0.0/16"


def test_a_subnet_in_further_addresses_waits_for_them():
    inside = {"cidrs": {"us-east-1a": "100.64.0.0/20"}}
    graph = composed(secondaryCidrs=[MORE], availabilityZones=["us-east-1a"], subnets={"private": inside})

    assert f"SecondaryCidr/{MORE}" in {r.address for r in graph["Subnet/private-a"].references}
    assert f"SecondaryCidr/{MORE}" not in {r.address for r in graph["Subnet/public-a"].references}


def test_further_addresses_are_of_the_vpc_for_its_network_acls_and_endpoints():
    graph = composed(secondaryCidrs=[MORE], endpoints={"interfaces": {"logs": {}}})

    entries = of(graph, "NetworkAcl")["private"].ingress.values()
    assert MORE in {e.cidr for e in entries}
    assert f"tcp 443 {MORE}" in {str(r) for r in graph["SecurityGroup/endpoints"].ingress}


@pytest.mark.parametrize("cidr", ["172.16.0.0/16", "192.168.0.0/20", "198.19.1.0/24", "169.254.0.0/20"])
def test_addresses_that_aws_would_not_add_are_refused_with_a_way_out(cidr):
    with pytest.raises(SpecError, match=rf"spec\.secondaryCidrs: {cidr} .*; take addresses of .*100\.64\.0\.0/10"):
        composed(secondaryCidrs=[cidr])


def test_other_options_are_another_set_and_the_same_ones_the_same():
    def name(**asked):
        (options,) = of(composed(dhcpOptions=asked), "DhcpOptions").values()
        return options.name

    assert name(domainName="a") == name(domainName="a", domainNameServers=["AmazonProvidedDNS"])
    assert name(domainName="a") != name(domainName="b")


def test_without_any_there_is_no_set():
    assert {} == of(composed(), "DhcpOptions")
