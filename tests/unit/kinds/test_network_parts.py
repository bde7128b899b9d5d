"""Network ACLs and endpoints of a LabVpc."""

from __future__ import annotations

import pytest

from awslab.aws.network_acl import Entry
from awslab.core.errors import SpecError
from awslab.core.ownership import Owner
from awslab.kinds.labvpc import LAB_VPC
from tests.unit.kinds.specs import composed, of, spec

EVERYWHERE = "0.0.0.0/0"


def lines(entries):
    return [f"{number} {entry}" for number, entry in sorted(entries.items())]


class TestNetworkAcls:
    def test_each_tier_has_one_for_all_of_its_subnets(self):
        acls = of(composed(), "NetworkAcl")

        assert {
            "public": {"public-a", "public-b"},
            "private": {"private-a", "private-b"},
            "data": {"data-a", "data-b"},
        } == {name: {s.name for s in acl.subnets} for name, acl in acls.items()}

    def test_public_subnets_admit_clients_and_answers_and_no_other_stranger(self):
        public = of(composed(), "NetworkAcl")["public"]

        strangers = sorted(str(e) for e in public.ingress.values() if e.cidr == EVERYWHERE)
        assert [
            "allow icmp 3-4 0.0.0.0/0",
            "allow tcp 1024-65535 0.0.0.0/0",
            "allow tcp 443 0.0.0.0/0",
            "allow tcp 80 0.0.0.0/0",
            "allow udp 1024-65535 0.0.0.0/0",
        ] == strangers
        assert ["100 allow all 0.0.0.0/0"] == lines(public.egress)

    def test_private_subnets_admit_the_vpc_and_answers(self):
        private = of(composed(), "NetworkAcl")["private"]

        assert [
            "100 allow all 10.0.0.0/16",
            "9000 allow tcp 1024-65535 0.0.0.0/0",
            "9010 allow udp 1024-65535 0.0.0.0/0",
            "9020 allow icmp 3-4 0.0.0.0/0",
        ] == lines(private.ingress)

    def test_data_subnets_talk_with_the_private_ones_and_each_other_in_both_directions(self):
        data = of(composed(), "NetworkAcl")["data"]

        assert data.ingress == data.egress
        assert [
            "200 allow all 10.0.0.0/20",
            "210 allow all 10.0.32.0/20",
            "300 allow all 10.0.24.0/22",
            "310 allow all 10.0.56.0/22",
        ] == lines(data.ingress)

    def test_another_zone_moves_no_entry(self):
        before, after = (of(composed(availabilityZones=count), "NetworkAcl") for count in (2, 3))

        for name in before:
            assert before[name].ingress.items() <= after[name].ingress.items()
            assert before[name].egress.items() <= after[name].egress.items()

    def test_another_client_moves_no_entry(self):
        def public(*ports):
            graph = composed(securityGroups={"loadBalancer": {"ports": list(ports)}})
            return of(graph, "NetworkAcl")["public"]

        assert public(80, 443).ingress.items() <= public(22, 80, 443, 993).ingress.items()

    def test_more_sources_than_entries_are_left_to_the_security_group(self):
        sources = [f"198.51.100.{n}/32" for n in range(30)]
        public = of(composed(securityGroups={"loadBalancer": {"ports": [443], "from": sources}}), "NetworkAcl")[
            "public"
        ]

        assert Entry.allow(EVERYWHERE, "tcp", (443, 443)) in public.ingress.values()
        assert len(public.ingress) <= 20

    @pytest.mark.parametrize("zones", range(1, 7))
    def test_no_direction_has_more_entries_than_aws_allows(self, zones):
        graph = composed(availabilityZones=zones, securityGroups={"loadBalancer": {"ports": list(range(1, 11))}})

        assert max(len(way) for a in of(graph, "NetworkAcl").values() for way in (a.ingress, a.egress)) <= 20

    def test_by_default_aws_s_own_one_serves_nobody_and_is_left_as_it_is(self):
        assert not composed()["DefaultNetworkAcl/default"].emptied
        assert composed(emptyDefaultNetworkAcl=True)["DefaultNetworkAcl/default"].emptied

    def test_in_the_mode_default_there_is_no_other(self):
        graph = composed(networkAcls="Default")

        assert {} == of(graph, "NetworkAcl")
        assert "DefaultNetworkAcl/default" in graph


class TestEndpoints:
    def test_the_private_tables_lead_to_s3_and_dynamodb(self):
        endpoints = of(composed(), "GatewayEndpoint")

        assert {"s3": "com.amazonaws.us-east-1.s3", "dynamodb": "com.amazonaws.us-east-1.dynamodb"} == {
            name: e.service for name, e in endpoints.items()
        }
        assert {"private-a", "private-b"} == {t.name for t in endpoints["s3"].tables}

    def test_there_may_be_none(self):
        graph = composed(endpoints={"gateways": []})

        assert {} == of(graph, "GatewayEndpoint") == of(graph, "InterfaceEndpoint")
        assert "SecurityGroup/endpoints" not in graph

    def test_an_interface_endpoint_is_in_every_private_subnet_and_open_to_the_vpc_only(self):
        graph = composed(endpoints={"interfaces": {"ecr.api": {"privateDns": False}, "logs": {}}})
        endpoints = of(graph, "InterfaceEndpoint")

        assert [("ecr.api", False), ("logs", True)] == [(n, e.private_dns) for n, e in endpoints.items()]
        assert {"private-a", "private-b"} == {s.name for s in endpoints["logs"].subnets}
        assert {graph["SecurityGroup/endpoints"]} == endpoints["logs"].groups
        assert {"tcp 443 10.0.0.0/16"} == {str(r) for r in graph["SecurityGroup/endpoints"].ingress}
        assert {} == graph["SecurityGroup/endpoints"].egress

    def test_a_full_name_stays_as_it_is(self):
        name = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"

        assert name == of(composed(endpoints={"interfaces": {name: {}}}), "InterfaceEndpoint")[name].service

    def test_a_policy_is_one_text_however_it_is_written(self):
        one = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}], "Version": "x"}
        other = {"Version": "x", "Statement": [dict(reversed(one["Statement"][0].items()))]}

        policies = {
            of(composed(endpoints={"policies": {"s3": policy}}), "GatewayEndpoint")["s3"].policy
            for policy in (one, other)
        }
        assert 1 == len(policies)

    def test_a_policy_without_an_endpoint_is_refused(self):
        with pytest.raises(SpecError, match=r"spec\.endpoints\.policies\.logs: has no endpoint"):
            composed(endpoints={"policies": {"logs": {}}})


def test_the_outputs_tell_their_ids():
    graph = composed(endpoints={"interfaces": {"logs": {}}})
    found = [
        type(graph[a]).read(item, a.partition("/")[2])
        for a, item in {
            "NetworkAcl/public": {"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": False},
            "InterfaceEndpoint/logs": {
                "VpcEndpointId": "vpce-1",
                "VpcEndpointType": "Interface",
                "VpcId": "vpc-1",
                "ServiceName": "logs",
                "State": "Available",
            },
        }.items()
    ]

    told = LAB_VPC.outputs(spec(), LAB_VPC.guess(spec(), Owner("", "", "", "")), found)

    assert ({"public": "acl-1"}, {"logs": "vpce-1"}) == (told["networkAclIds"], told["endpointIds"])
