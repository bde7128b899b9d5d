"""Each other example of a LabVpc: applied as it is, Ready, proved, changed, deleted with all that it made.

They are made at once and share one account. With whom the full example is connected is made first; the ids that the
example has for them are replaced.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import boto3
import pytest
import yaml

from awslab.local.demo import account
from tests.support.certificates import self_signed
from tests.support.live import REGION, ROOT, SMALL, LiveVpc, Place, eventually, ours
from tests.support.live_pipeline import client

NAMES = {"full": "production", "private": "vault", "peered": "office", "ipv6": "dual"}
PARTNER, STRANGER = "333344445555", "222233334444"


def role(number: str) -> str:
    return f"arn:aws:iam::{number}:role/awslab"


@dataclass(frozen=True)
class Around:
    """What the full example is connected with."""

    partner: str
    partner_table: str
    stranger: str
    transit: str
    vpn: str
    certificate: str

    def put_into(self, example: str) -> str:
        """The example with these ids."""
        ids = {
            "vpc-0123456789abcdef0": self.partner,
            "rtb-0123456789abcdef0": self.partner_table,
            "vpc-0123456789abcdef1": self.stranger,
            "tgw-0123456789abcdef0": self.transit,
            "vgw-0123456789abcdef0": self.vpn,
            "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef": self.certificate,
        }
        for id_, theirs in ids.items():
            assert id_ in example
            example = example.replace(id_, theirs)
        return example


def of_account(place: Place, number: str, region: str = REGION):
    """EC2 as people of another account use it."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    sts = boto3.client("sts", region_name=REGION, endpoint_url=place.aws_endpoint, **keys)
    found = sts.assume_role(RoleArn=role(number), RoleSessionName="test")["Credentials"]
    theirs = {"aws_access_key_id": found["AccessKeyId"], "aws_secret_access_key": found["SecretAccessKey"]}
    token = found["SessionToken"]
    return boto3.client("ec2", region_name=region, endpoint_url=place.aws_endpoint, aws_session_token=token, **theirs)


@pytest.fixture(scope="module")
def around(place) -> Around:
    """Networks of two other accounts, and in the own one two gateways and a certificate."""
    partner, stranger = of_account(place, PARTNER, "eu-west-1"), of_account(place, STRANGER)
    vpc = partner.create_vpc(CidrBlock="10.64.0.0/16")["Vpc"]["VpcId"]
    table = partner.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    strange = stranger.create_vpc(CidrBlock="10.65.0.0/16")["Vpc"]["VpcId"]
    transit = place.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    vpn = place.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    private, public = self_signed("shop.example.com")
    certificate = client(place, "acm").import_certificate(Certificate=public, PrivateKey=private)["CertificateArn"]
    return Around(vpc, table, strange, transit, vpn, certificate)


@pytest.fixture(scope="module")
def accounts(place) -> None:
    """The accounts that the full example names."""
    own = json.loads(place.aws("sts", "get-caller-identity", "--output", "json"))["Account"]
    for name, number in (("production", own), ("partner", PARTNER)):
        spec = {"roleArn": role(number), "allowedNamespaces": {"names": ["lab"]}}
        manifest = {"apiVersion": "awslab.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": name}, "spec": spec}
        place.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


@pytest.fixture(scope="module")
def shop(place) -> LiveVpc:
    """The network in another namespace that the full example names."""
    place.kubectl("create", "namespace", "shop")
    others = {"allowedNamespaces": {"names": ["lab"]}, "connectedCidrs": ["10.0.0.0/16", "100.64.0.0/16"]}
    yield LiveVpc(place, "shop", "shop", {**SMALL, "cidr": "10.67.0.0/20", **others}).apply()
    place.kubectl("delete", "namespace", "shop", "--wait=false")


@pytest.fixture(scope="module")
def examples(place, lab, accounts, shop, around) -> dict[str, LiveVpc]:
    """All of them at once, since they take AWS no longer than one; and one with the addresses of another."""
    full = around.put_into((ROOT / "examples/vpc-full.yaml").read_text())
    place.kubectl("apply", "-f", "-", stdin=full)
    for name in NAMES.keys() - {"full"}:
        place.kubectl("apply", "-f", str(ROOT / f"examples/vpc-{name}.yaml"))
    same = LiveVpc(place, "lab", "same", {**SMALL, "cidr": "10.8.0.0/16"}).apply()
    return {name: LiveVpc(place, "lab", of) for name, of in NAMES.items()} | {"same": same}


@pytest.fixture(scope="module")
def full(examples, place) -> LiveVpc:
    """The full example, once the stranger has accepted the peering."""
    full, theirs = examples["full"], of_account(place, STRANGER)
    asked = eventually(lambda: full.status.get("peeringIds", {}).get("stranger"))
    eventually(lambda: _peering(place, asked)["Status"]["Code"] == "pending-acceptance")
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=asked)
    return full.ready()


def _peering(place, id_: str) -> dict:
    (found,) = place.ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[id_])["VpcPeeringConnections"]
    return found


def manifest(name: str) -> dict:
    """The example that has the most to say in its file."""
    return list(yaml.safe_load_all((ROOT / f"examples/vpc-{name}.yaml").read_text()))[-1]


def changed(vpc: LiveVpc, **spec) -> set[str]:
    """The addresses that came with a change of the spec; all others have kept their ids, but those that are gone."""
    before = vpc.ids()
    vpc.kubectl("patch", "labvpc", vpc.name, "--type=merge", f"--patch={json.dumps({'spec': spec})}")
    vpc.settled()
    after = vpc.ids()
    assert {a: id_ for a, id_ in before.items() if a in after} == {a: id_ for a, id_ in after.items() if a in before}
    return after.keys() - before.keys()


TARGETS = ("VpcPeeringConnectionId", "TransitGatewayId", "EgressOnlyInternetGatewayId", "NatGatewayId", "GatewayId")


def routes(ec2, table: str) -> dict[str, str]:
    """The destinations of a route table, of either family, with what they lead to; the VPC's own left out."""
    (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    led = {
        route.get("DestinationCidrBlock")
        or route.get("DestinationIpv6CidrBlock")
        or route["DestinationPrefixListId"]: (next(route[kind] for kind in TARGETS if route.get(kind)))
        for route in found["Routes"]
    }
    return {destination: target for destination, target in led.items() if target != "local"}


def table(vpc: LiveVpc, name: str) -> dict[str, str]:
    """The routes of one of its tables."""
    return routes(vpc.place.ec2, vpc.status["routeTableIds"][name])


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("name", NAMES)
def test_an_example_becomes_ready_and_keeps_what_it_promises(examples, name):
    vpc = examples[name].ready()

    checks = vpc.status["checks"]
    assert [] == [c["name"] + c["message"] for c in checks if not c["passed"]]
    assert "True" == vpc.condition("ChecksPassed")["status"]
    assert ours(vpc) <= set(vpc.ids().values())
    assert f"{vpc.status['summary']['monthlyCost']}" in vpc.kubectl("get", "labvpc", vpc.name)


# The full one


def test_the_full_example_has_its_addresses_tags_and_clients(full, place):
    spec = manifest("full")["spec"]

    assert {s["name"]: s["cidr"] for s in full.status["subnets"]} == {
        f"{tier}-{zone[-1]}": cidr for tier, wish in spec["subnets"].items() for zone, cidr in wish["cidrs"].items()
    }
    (subnet,) = place.ec2.describe_subnets(SubnetIds=[full.ids()["Subnet/data-a"]])["Subnets"]
    tags = {tag["Key"]: tag["Value"] for tag in subnet["Tags"]}
    assert spec["tags"].items() <= tags.items()
    assert "databases" == tags["purpose"]
    group = full.ids()["SecurityGroup/load-balancer"]
    (balancer,) = place.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    access = spec["securityGroups"]["loadBalancer"]
    assert {(rule["FromPort"], e["CidrIp"]) for rule in balancer["IpPermissions"] for e in rule["IpRanges"]} == {
        (port, source) for port in access["ports"] for source in access["from"]
    }


def test_the_full_example_has_a_way_to_each_network_that_it_names(full, shop, place, around):
    peerings = full.status["peeringIds"]

    assert {
        "10.67.0.0/20": peerings["shop"],
        "10.64.0.0/16": peerings["partner"],
        "10.65.0.0/16": peerings["stranger"],
        "10.128.0.0/16": around.transit,
    }.items() <= table(full, "private-a").items()
    assert {"active"} == {_peering(place, id_)["Status"]["Code"] for id_ in peerings.values()}
    assert peerings["shop"] == table(shop, "private-a")["10.0.0.0/16"]
    (vpn,) = place.ec2.describe_vpn_gateways(VpnGatewayIds=[around.vpn])["VpnGateways"]
    assert [full.status["vpcId"]] == [attachment["VpcId"] for attachment in vpn["VpcAttachments"]]
    partner = of_account(place, PARTNER, "eu-west-1")
    assert peerings["partner"] == routes(partner, around.partner_table)["10.0.0.0/16"]


def test_the_load_balancer_of_the_full_example_speaks_https_with_its_certificate(full, place, around):
    elb = client(place, "elbv2")
    listeners = elb.describe_listeners(LoadBalancerArn=full.ids()["LoadBalancer/web"])["Listeners"]

    by_port = {listener["Port"]: listener for listener in listeners}
    assert around.certificate == by_port[443]["Certificates"][0]["CertificateArn"]
    assert {80: "redirect", 443: "forward"} == {p: one["DefaultActions"][0]["Type"] for p, one in by_port.items()}


def test_every_output_is_what_aws_has(full, place):
    status, ids = full.status, full.ids()
    mine = [{"Name": "tag:awslab.dev/owner", "Values": [full.owner]}]
    instances = {id_: facts for id_, facts in full.in_aws().items() if id_.startswith("i-")}
    nats = place.ec2.describe_nat_gateways(Filter=mine)["NatGateways"]
    (balancer,) = client(place, "elbv2").describe_load_balancers()["LoadBalancers"]
    groups = client(place, "logs").describe_log_groups()["logGroups"]

    assert status["vpcId"] == ids["Vpc/vpc"]
    for tier in ("public", "private", "data"):
        assert status[f"{tier}SubnetIds"] == [ids[f"Subnet/{tier}-{letter}"] for letter in "ab"]
    assert status["natGatewayIps"] == [n["NatGatewayAddresses"][0]["PublicIp"] for n in sorted(nats, key=_name)]
    assert status["bastionPublicIp"] == instances[status["bastionInstanceId"]]["PublicIpAddress"]
    servers = [instances[ids[f"Instance/web-{letter}-1"]] for letter in "ab"]
    assert status["webServerPrivateIps"] == [server["PrivateIpAddress"] for server in servers]
    assert status["loadBalancerDnsName"] == balancer["DNSName"]
    assert status["flowLogGroup"] in {group["logGroupName"] for group in groups}


def _name(item: dict) -> str:
    return next(tag["Value"] for tag in item["Tags"] if tag["Key"] == "Name")


def test_a_network_that_the_full_example_no_longer_names_is_parted_from_it(full, place):
    peerings = [p for p in full.object["spec"]["peerings"] if p["name"] != "stranger"]
    parted = full.status["peeringIds"]["stranger"]

    assert set() == changed(full, peerings=peerings)

    assert "deleted" == _peering(place, parted)["Status"]["Code"]
    assert {"shop", "partner"} == set(full.status["peeringIds"])
    assert "10.65.0.0/16" not in table(full, "private-a")


# The one without internet


def test_the_private_example_has_no_way_to_the_internet_and_endpoints_instead(examples, place):
    vault = examples["private"].ready()
    attached = f"Name=attachment.vpc-id,Values={vault.status['vpcId']}"

    gateways = place.aws("ec2", "describe-internet-gateways", "--filters", attached, "--output", "text")

    assert "" == gateways
    assert {"private", "data"} == {subnet["tier"] for subnet in vault.status["subnets"]}
    assert {"vpce"} == {target.partition("-")[0] for target in table(vault, "private-a").values()}
    assert {"ssm", "ssmmessages", "ec2messages", "kms", "s3"} <= set(vault.status["endpointIds"])
    assert vault.status["bastionInstanceId"]
    assert "bastionPublicIp" not in vault.status


def test_the_private_example_gets_another_endpoint(examples):
    vault = examples["private"].ready()

    came = changed(vault, endpoints={"interfaces": {"sqs": {}}})

    assert {"InterfaceEndpoint/sqs"} == came
    assert "web to sqs, tcp 443" in {c["name"] for c in vault.status["checks"] if c["passed"]}


# The two that are peered


def test_a_third_zone_of_a_peered_network_is_reached_too(examples, place):
    office, shop = examples["peered"].ready(), LiveVpc(place, "lab", "shop").ready()

    came = changed(office, availabilityZones=3)

    assert {"Subnet/public-c", "Subnet/private-c", "Subnet/data-c", "RouteTable/private-c"} == came
    peering = office.status["peeringIds"]["shop"]
    assert peering == table(office, "private-c")["10.1.0.0/16"]
    assert peering == table(shop, "private-b")["10.2.0.0/16"]
    assert "10.1.0.0/16" not in table(office, "data")


# The one with both families, and another one with its addresses


def test_a_third_zone_of_the_dual_example_has_a_range_of_its_own(examples):
    dual = examples["ipv6"].ready()
    before = {s["name"]: s["ipv6Cidr"] for s in dual.status["subnets"]}

    changed(dual, availabilityZones=3)

    after = {s["name"]: s["ipv6Cidr"] for s in dual.status["subnets"]}
    assert before.items() <= after.items()
    assert 9 == len(set(after.values()))
    assert dual.ids()["EgressOnlyGateway/out"] == table(dual, "private-c")["::/0"]


def test_networks_with_the_same_addresses_work_and_are_not_peered(examples):
    dual, same = examples["ipv6"].ready(), examples["same"].ready()

    same.apply(peerings=[{"name": "dual", "vpcRef": {"name": "dual"}}])
    same.kubectl("wait", "--for=condition=Stalled", "labvpc/same", "--timeout=30s")

    message = same.condition("Stalled")["message"]
    assert "spec.peerings.dual: 10.8.0.0/16 of this network and 10.8.0.0/16 of LabVpc lab/dual overlap" in message
    assert "remove the peering, or make one of the two anew with other addresses" in message
    assert "True" == dual.condition("Ready")["status"]
    assert ours(same) <= set(same.ids().values())


def test_deleting_them_all_empties_the_account(examples, full, shop, place, around):
    everyone = [*examples.values(), LiveVpc(place, "lab", "shop"), shop]

    place.kubectl("delete", "labvpcs", "--all", "--namespace=lab", "--timeout=120s")
    shop.delete()

    peerings = place.ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
    attachments = place.ec2.describe_transit_gateway_vpc_attachments()["TransitGatewayVpcAttachments"]
    assert {} == {vpc.owner: left for vpc in everyone if (left := vpc.in_aws())}
    assert [] == account.leftovers(place.ec2)
    assert {"deleted"} == {p["Status"]["Code"] for p in peerings}
    assert {"deleted"} >= {a["State"] for a in attachments}
    (vpn,) = place.ec2.describe_vpn_gateways(VpnGatewayIds=[around.vpn])["VpnGateways"]
    assert {"detached"} == {attachment["State"] for attachment in vpn["VpcAttachments"]}
    assert [] == client(place, "elbv2").describe_load_balancers()["LoadBalancers"]
    assert [] == client(place, "logs").describe_log_groups()["logGroups"]
    assert {} == routes(of_account(place, PARTNER, "eu-west-1"), around.partner_table)
