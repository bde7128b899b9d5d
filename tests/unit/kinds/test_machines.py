"""The bastion of a LabVpc."""

from __future__ import annotations

from types import SimpleNamespace
from typing import ClassVar

import pytest

from awslab.aws.instance import Image, Instance
from awslab.aws.security_group import Rule
from awslab.core.ownership import Owner
from awslab.core.resource import Observed, Ref
from awslab.kinds.kind import Situation
from awslab.kinds.labvpc import LAB_VPC, compose, guess, images
from tests.unit.kinds.specs import of, spec

OWNER = Owner("default", "LabVpc", "lab", "production")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJm1LtPKEO0fTnB0RGzlVGMvn1MlQxVTsZ+qM4Ll7VIB"
SSH = {"access": "Ssh", "publicKey": f"{KEY} somebody@home", "allowedCidrs": ["198.51.100.0/24"]}
SESSIONS = {"access": "SessionManager"}


def composed(**fields):
    asked = spec(**fields)
    return compose(asked, guess(asked, OWNER))


def test_without_one_there_is_none():
    graph = composed()

    assert {} == of(graph, "Instance") == of(graph, "Role") == of(graph, "InstanceProfile") == of(graph, "KeyPair")
    assert "SecurityGroup/bastion" not in graph


class TestSessionManager:
    graph = composed(bastion=SESSIONS)
    bastion = graph["Instance/bastion"]

    def test_nobody_can_begin_to_talk_to_it(self):
        assert {} == self.graph["SecurityGroup/bastion"].ingress
        assert not any(e.from_port == 22 for e in self.graph["NetworkAcl/public"].ingress.values())

    def test_it_has_a_role_that_allows_sessions_and_nothing_else(self):
        role = self.bastion.profile.role

        (statement,) = role.access.values()
        assert {a.partition(":")[0] for a in statement.actions} == {"ssm", "ssmmessages"}
        assert role.arn.startswith("arn:aws:iam::123456789012:role/awslab/default/LabVpc/lab/production/awslab-")
        assert self.bastion.key is None

    def test_it_stands_in_the_first_zone_s_public_subnet_encrypted_and_with_tokens_only(self):
        assert ("public-a", True, True) == (self.bastion.subnet.name, self.bastion.encrypted, self.bastion.tokens_only)

    def test_the_app_lets_it_in(self):
        bastion = Ref("SecurityGroup", "bastion")

        assert {Rule.tcp(22, bastion), Rule.tcp(80, bastion)} <= set(self.graph["SecurityGroup/app"].ingress)

    def test_without_nat_private_instances_are_reached_by_endpoints(self):
        graph = composed(bastion=SESSIONS, natGateways="None")

        assert ["ec2messages", "ssm", "ssmmessages"] == sorted(of(graph, "InterfaceEndpoint"))
        assert {} == of(self.graph, "InterfaceEndpoint")

    def test_without_public_subnets_it_stands_in_a_private_one(self):
        graph = composed(bastion=SESSIONS, natGateways="None", subnets={"public": {"enabled": False}})

        assert "private-a" == graph["Instance/bastion"].subnet.name
        assert ["ec2messages", "ssm", "ssmmessages"] == sorted(of(graph, "InterfaceEndpoint"))


class TestSsh:
    graph = composed(bastion=SSH)
    bastion = graph["Instance/bastion"]

    def test_the_named_networks_can_log_in(self):
        assert {"tcp 22 198.51.100.0/24"} == {str(r) for r in self.graph["SecurityGroup/bastion"].ingress}
        assert "allow tcp 22 198.51.100.0/24" in map(str, self.graph["NetworkAcl/public"].ingress.values())

    def test_it_has_the_key_and_no_role(self):
        assert KEY == self.bastion.key.public_key
        assert self.bastion.key_name == self.bastion.key.key_name
        assert self.bastion.profile is None

    def test_another_key_makes_another_instance_another_comment_does_not(self):
        other = composed(bastion=SSH | {"publicKey": KEY[:-1] + "C"})["Instance/bastion"]
        same = composed(bastion=SSH | {"publicKey": KEY + " elsewhere"})["Instance/bastion"]

        assert other.key_name != self.bastion.key_name
        assert same.key_name == self.bastion.key_name


class TestImages:
    def found(self, bastion, status):
        asked = []

        def fact(name, _look_up):
            asked.append(name)
            return Image("ami-new", "/dev/xvda", name.removeprefix("image "))

        situation = Situation(OWNER, SimpleNamespace(fact=fact), status=status)
        return images(spec(bastion=bastion), situation)["bastion"].id, asked

    X86 = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    PINNED: ClassVar = {"images": {"bastion": {"id": "ami-old", "rootDevice": "/dev/xvda", "source": X86}}}

    def test_the_newest_of_the_architecture_is_looked_for(self):
        assert ("ami-new", [f"image {self.X86}"]) == self.found({}, {})
        assert self.found({"instanceType": "t4g.micro"}, {})[1] == [f"image {self.X86.replace('x86_64', 'arm64')}"]

    def test_what_was_found_once_stays(self):
        assert ("ami-old", []) == self.found({}, self.PINNED)

    def test_a_newer_one_is_a_change_where_the_spec_wants_the_latest(self):
        assert "ami-new" == self.found({"amiRefresh": "Latest"}, self.PINNED)[0]

    def test_another_wish_is_a_change(self):
        assert "ami-new" == self.found({"instanceType": "m7g.large"}, self.PINNED)[0]
        assert "ami-new" == self.found({"ami": "/aws/service/debian/release/12/latest/amd64"}, self.PINNED)[0]

    @pytest.mark.parametrize(
        ("instance_type", "architecture"),
        [("t3.micro", "x86_64"), ("g4dn.xlarge", "x86_64"), ("m7gd.large", "arm64"), ("a1.medium", "arm64")],
    )
    def test_the_family_says_the_architecture(self, instance_type, architecture):
        assert self.found({"instanceType": instance_type}, {})[1][0].endswith(architecture)


def test_the_outputs_tell_the_bastion_and_the_image_that_stays():
    asked = spec(bastion=SESSIONS)
    found = Observed(Instance, "bastion", "i-1", details={"public_ip": "198.51.100.7", "private_ip": "10.0.16.4"})

    told = LAB_VPC.outputs(asked, guess(asked, OWNER), [found])

    assert ("i-1", "198.51.100.7") == (told["bastionInstanceId"], told["bastionPublicIp"])
    assert "198.51.100.7" == told["summary"]["bastionIp"]
    assert "ami-0" == told["images"]["bastion"]["id"]
