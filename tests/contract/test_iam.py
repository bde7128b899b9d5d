"""The IAM policy allows what the operator calls in a LabVpc's whole life, and nothing else."""

from __future__ import annotations

import json
import re
import time
from fnmatch import fnmatchcase
from pathlib import Path

import boto3
import pytest

from awslab.aws import observed_network
from awslab.aws.calls import is_read
from awslab.codegen.iam import ec2 as iam
from awslab.codegen.iam import named
from awslab.codegen.iam.documents import MANAGED_POLICY_LIMIT
from awslab.core.ownership import OWNER_TAG, RESOURCE_TAG, UID_TAG
from awslab.kinds import LAB_VPC
from tests.support.manifests import ROOT
from tests.support.memory import lab_vpc, reconciler, until
from tests.support.networks import prefix_list

TYPE_OF_PREFIX = {
    "vpc": "vpc",
    "subnet": "subnet",
    "igw": "internet-gateway",
    "eipalloc": "elastic-ip",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "acl": "network-acl",
    "pcx": "vpc-peering-connection",
    "tgw-attach": "transit-gateway-attachment",
    "eigw": "egress-only-internet-gateway",
    "dopt": "dhcp-options",
    "vpce": "vpc-endpoint",
    "i": "instance",
    "key": "key-pair",
    "vgw": "vpn-gateway",
}
TARGETS = {"VpcPeeringConnectionId", "GatewayId", "NatGatewayId", "EgressOnlyInternetGatewayId"}
"""The parameters that name the target of a route."""
HTTP = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJm1LtPKEO0fTnB0RGzlVGMvn1MlQxVTsZ+qM4Ll7VIB somebody"
ONE = {"availabilityZones": 1}
UNCONDITIONED = {
    iam.LAUNCH, iam.PEER, iam.TRANSIT, named.UNBOUND, named.FIRST_BALANCER, "PassRolesOfOurs", "ByNameOnly",
}  # fmt: skip


@pytest.fixture(scope="module")
def calls(module_aws):
    """Every call that the operator makes in a life with everything that can happen."""
    ec2, using = boto3.client("ec2", region_name="us-east-1"), reconciler()
    vpc = lab_vpc(**ONE, bastion={"access": "SessionManager"}, flowLogs={})
    until(vpc, lambda: vpc.ready, using)
    _drift(ec2, vpc)
    until(vpc, lambda: vpc.ready and "drift" not in vpc.obj["status"], using)
    _change(ec2, vpc, using)
    adopter = _adopt(ec2, vpc, using)
    _delete_with_blockers(ec2, adopter, using)
    return [c for c in module_aws.calls() if "awslab-operator" in c["user_agent"]]


def _id(vpc, address):
    return next(r["id"] for r in vpc.obj["status"]["resources"] if r["address"] == address)


def _drift(ec2, vpc):
    """Change every field that has a call of its own, as somebody else would."""
    public, table, app = (_id(vpc, a) for a in ("Subnet/public-a", "RouteTable/public", "SecurityGroup/app"))
    ec2.modify_vpc_attribute(VpcId=_id(vpc, "Vpc/vpc"), EnableDnsHostnames={"Value": False})
    ec2.modify_subnet_attribute(SubnetId=public, MapPublicIpOnLaunch={"Value": False})
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.0.2.0/24", GatewayId=_id(vpc, "InternetGateway/igw"))
    other = ec2.create_route_table(VpcId=_id(vpc, "Vpc/vpc"))["RouteTable"]["RouteTableId"]
    (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    (mine,) = (a["RouteTableAssociationId"] for a in found["Associations"] if a.get("SubnetId") == public)
    ec2.replace_route_table_association(AssociationId=mine, RouteTableId=other)
    foreign = ec2.create_subnet(VpcId=_id(vpc, "Vpc/vpc"), CidrBlock="10.0.200.0/24")["Subnet"]["SubnetId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=foreign)
    _drift_of_rules(ec2, app, _id(vpc, "SecurityGroup/load-balancer"))
    _drift_of_entries(ec2, _id(vpc, "NetworkAcl/private"))
    ec2.create_tags(Resources=[public], Tags=[{"Key": "Name", "Value": "theirs"}])
    _drift_of_instances(ec2, _id(vpc, "Instance/bastion"), app)


def _drift_of_rules(ec2, group, balancer):
    peer = [{**HTTP, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=peer)
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=peer)
    theirs = [{**HTTP, "PrefixListIds": [{"PrefixListId": prefix_list(ec2, "192.0.2.0/24")}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=theirs)
    web = [{**HTTP, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "theirs"}]}]
    ec2.update_security_group_rule_descriptions_egress(GroupId=group, IpPermissions=web)
    ec2.update_security_group_rule_descriptions_ingress(GroupId=balancer, IpPermissions=web)


def _drift_of_entries(ec2, acl):
    entry = {"NetworkAclId": acl, "Egress": False}
    deny = {"Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}
    ec2.delete_network_acl_entry(**entry, RuleNumber=9000)
    ec2.create_network_acl_entry(**entry, RuleNumber=1, **deny)
    ec2.replace_network_acl_entry(**entry, RuleNumber=100, **deny)


def _drift_of_instances(ec2, instance, group):
    ec2.replace_iam_instance_profile_association(
        AssociationId=_association(ec2, instance), IamInstanceProfile={"Arn": _their_profile()}
    )
    ec2.modify_instance_attribute(InstanceId=instance, Groups=[group])
    ec2.modify_instance_metadata_options(InstanceId=instance, HttpTokens="optional")
    ec2.stop_instances(InstanceIds=[instance])


def _association(ec2, instance):
    of_it = [{"Name": "instance-id", "Values": [instance]}]
    (there,) = ec2.describe_iam_instance_profile_associations(Filters=of_it)["IamInstanceProfileAssociations"]
    return there["AssociationId"]


def _their_profile():
    """An instance profile that somebody else made."""
    iam_client, trust = boto3.client("iam"), {"Effect": "Allow", "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Principal": {"Service": "ec2.amazonaws.com"}}]}
    iam_client.create_role(RoleName="theirs", AssumeRolePolicyDocument=json.dumps(document))
    arn = iam_client.create_instance_profile(InstanceProfileName="theirs")["InstanceProfile"]["Arn"]
    iam_client.add_role_to_instance_profile(InstanceProfileName="theirs", RoleName="theirs")
    time.sleep(0.1)
    return arn


def _change(ec2, vpc, using):
    """Grow and shrink, with tags that come and go, and with another kind of bastion."""
    ec2.disassociate_iam_instance_profile(AssociationId=_association(ec2, _id(vpc, "Instance/bastion")))
    until(vpc, lambda: vpc.ready and "drift" not in vpc.obj["status"], using)
    vpc.change(availabilityZones=2, tags={"team": "network"}, bastion=None, flowLogs=None, ipv6=True)
    until(vpc, lambda: vpc.ready, using)
    theirs = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    table = ec2.create_route_table(VpcId=theirs)["RouteTable"]["RouteTableId"]
    peering = {"name": "theirs", "vpcId": theirs, "cidrs": ["10.9.0.0/16"], "routeTableIds": [table]}
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    vpn = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    vpc.change(transitGateway={"id": gateway, "routes": ["10.8.0.0/16"]}, vpnGateway={"id": vpn})
    until(vpc, lambda: vpc.ready, using)
    vpc.change(availabilityZones=3)
    until(vpc, lambda: vpc.ready, using)
    vpc.change(vpnGateway={"id": vpn, "propagateTo": []})
    until(vpc, lambda: vpc.ready, using)
    vpc.change(transitGateway=None, vpnGateway=None, availabilityZones=2)
    until(vpc, lambda: vpc.ready, using)
    vpc.change(ipv6=False, dhcpOptions={"domainName": "corp.example.com"}, peerings=[peering])
    until(vpc, lambda: vpc.ready, using)
    vpc.change(dhcpOptions=None, peerings=[])
    until(vpc, lambda: vpc.ready, using)
    by_ssh = {"access": "Ssh", "publicKey": KEY, "allowedCidrs": ["198.51.100.0/24"]}
    vpc.change(bastion=by_ssh, webServer={"replicas": 1, "loadBalancer": True})
    until(vpc, lambda: vpc.ready, using)
    profile = boto3.client("iam").get_instance_profile(InstanceProfileName="theirs")["InstanceProfile"]["Arn"]
    ec2.associate_iam_instance_profile(InstanceId=_id(vpc, "Instance/bastion"), IamInstanceProfile={"Arn": profile})
    using.reconcile(vpc)
    vpc.change(bastion=None, webServer=None)
    until(vpc, lambda: vpc.ready, using)
    vpc.change(natGateways="Single", tags={})
    until(vpc, lambda: vpc.ready and len(vpc.obj["status"]["resources"]) == 24, using)


def _adopt(ec2, vpc, using):
    """Let it go, and take it over under another name."""
    vpc.change(management={"deletion": "Retain"})
    vpc.delete()
    until(vpc, lambda: vpc.gone, using)
    ids = {r["address"]: r["id"] for r in vpc.obj["status"]["resources"]}
    ec2.delete_tags(Resources=list(ids.values()), Tags=[{"Key": k} for k in (OWNER_TAG, RESOURCE_TAG, UID_TAG)])
    adopter = lab_vpc("adopter", natGateways="Single", adopt={"ids": ids})
    until(adopter, lambda: adopter.ready, using)
    return adopter


def _delete_with_blockers(ec2, vpc, using):
    group = ec2.create_security_group(VpcId=_id(vpc, "Vpc/vpc"), GroupName="theirs", Description="x")["GroupId"]
    vpc.delete()
    until(vpc, lambda: vpc.condition("DeletionBlocked")["status"] == "True", using)
    ec2.delete_security_group(GroupId=group)
    mine = [{"Name": "vpc-id", "Values": [_id(vpc, "Vpc/vpc")]}]
    for subnet in ec2.describe_subnets(Filters=mine)["Subnets"]:
        if not any(t["Key"] == OWNER_TAG for t in subnet.get("Tags", ())):
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for table in ec2.describe_route_tables(Filters=mine)["RouteTables"]:
        main = any(a.get("Main") for a in table["Associations"])
        if not main and not any(t["Key"] == OWNER_TAG for t in table.get("Tags", ())):
            ec2.delete_route_table(RouteTableId=table["RouteTableId"])
    until(vpc, lambda: vpc.gone, using)


def test_every_call_is_allowed(calls):
    grants = [named.GRANTS[t.__name__] for t in LAB_VPC.types if t.__name__ in named.GRANTS]
    others = {a for g in grants for a in (*g.reads, *g.lists, *g.creates, *g.tags, *g.changes, *g.unbound)}
    anyway = {*named.ALWAYS, "ssm:GetParameter", "sts:GetCallerIdentity"}
    called = {f"{c['service']}:{c['action']}".replace("tagging:", "tag:") for c in calls}

    assert set() == called - {f"ec2:{a}" for a in iam.ACTIONS} - others - anyway


def test_nothing_is_allowed_that_is_never_called(calls):
    called = {c["action"] for c in calls if c["service"] == "ec2"}

    assert set() == iam.ACTIONS - called


def test_what_the_proof_asks_is_allowed():
    asked = re.findall(r"\b((?:describe|get)_[a-z_]+)\b", Path(observed_network.__file__).read_text())
    actions = {"".join(map(str.capitalize, name.split("_"))) for name in asked}

    balancers = {"DescribeListeners", "DescribeLoadBalancers", "DescribeTargetHealth"}
    assert {"GetPaginator"} | balancers == actions - iam.ACTIONS
    assert {f"elasticloadbalancing:{action}" for action in balancers} <= set(_of_balancers())


def _of_balancers():
    grants = (named.GRANTS[name] for name in ("Listener", "LoadBalancer", "TargetGroup"))
    return (action for grant in grants for action in (*grant.reads, *grant.lists))


def test_whatever_is_made_carries_the_owner_from_its_creation_on(calls):
    made = [c for c in calls if c["action"] in iam.CREATES]

    assert [] == [c["action"] for c in made if f"'{OWNER_TAG}'" not in str(c["params"])]


def test_every_call_names_only_types_on_which_it_is_allowed(calls):
    wrong = {(c["action"], t) for c in calls if not is_read(c["action"]) for t in _named(c) - _allowed(c["action"])}

    assert set() == wrong


def _named(call):
    """The types of the resources that a call names as itself, not as the target of a route or rule."""
    plain = {k: v for k, v in call["params"].items() if isinstance(v, str) and k not in TARGETS}
    if call["action"] in {"DeleteNatGateway", "DeleteEgressOnlyInternetGateway"}:
        plain = call["params"]
    found = re.findall(
        r"\b(vpce|vpc|subnet|pcx|dopt|tgw-attach|eigw|igw|eipalloc|nat|rtb|sg|acl|vgw)-[0-9a-f]{8,}", str(plain)
    )
    return {TYPE_OF_PREFIX[prefix] for prefix in found}


def _allowed(action):
    if action in iam.CREATES:
        return {iam.CREATES[action].makes, *iam.CREATES[action].inside}
    if action in iam.PEERINGS:
        return {"vpc", "vpc-peering-connection"}
    if action in iam.CHANGES:
        return set(iam.CHANGES[action])
    return {iam.DELETES[action]} if action in iam.DELETES else {*iam.TYPES, *iam.TAKES}


@pytest.mark.parametrize("name", ["labvpc-policy", "labvpc-services-policy", "labvpc-adoption-policy"])
class TestThePolicy:
    @pytest.fixture
    def policy(self, name):
        return json.loads((ROOT / f"manifests/iam/{name}.json").read_text())

    def test_fits_into_a_managed_policy(self, policy):
        assert len(json.dumps(policy, separators=(",", ":"))) <= MANAGED_POLICY_LIMIT

    def test_allows_every_change_under_a_condition_on_the_owner_only(self, policy):
        for statement in policy["Statement"]:
            reads = all(is_read(a.partition(":")[2]) for a in statement["Action"])
            assert reads or statement["Sid"] in UNCONDITIONED or OWNER_TAG in json.dumps(statement["Condition"])
            assert "*" not in statement["Resource"] or reads or statement["Sid"] == named.UNBOUND

    def test_has_no_wildcard_in_an_action(self, policy):
        assert not [a for s in policy["Statement"] for a in s["Action"] if "*" in a]

    def test_is_for_its_kind_only(self, policy):
        (pattern,) = set(re.findall(r"default/[^\"]*", json.dumps(policy)))

        assert fnmatchcase("default/LabVpc/lab/production", pattern)
        assert not fnmatchcase("default/LabOther/lab/production", pattern)


def test_the_roles_can_be_taken_by_the_operators_service_account_only():
    irsa = json.loads((ROOT / "manifests/iam/trust-irsa.json").read_text())
    pods = json.loads((ROOT / "manifests/iam/trust-pod-identity.json").read_text())

    assert "system:serviceaccount:awslab-system:awslab-operator" in json.dumps(irsa)
    assert {"awslab-system", "awslab-operator"} <= set(pods["Statement"][0]["Condition"]["StringEquals"].values())
