"""Networks."""

from __future__ import annotations

from dataclasses import replace

from awslab.aws.cidr_blocks import IPV6, Ipv6Block
from awslab.aws.nat import Eip, NatGateway
from awslab.aws.network import InternetGateway, Subnet, Vpc
from awslab.aws.routing import RouteTable
from awslab.aws.security_group import DefaultSecurityGroup, Rule, SecurityGroup
from awslab.aws.vpn_gateway import VpnGateway
from awslab.core.values import FrozenMap
from tests.contract.examples.example import Example

EVERYWHERE = "0.0.0.0/0"


VPC = Vpc(name="vpc", cidr="10.0.0.0/16")
IPV6_BLOCK = Ipv6Block(name=IPV6, vpc=VPC)
SUBNET = Subnet(name="public-a", vpc=VPC, cidr="10.0.0.0/20", zone="us-east-1a", public_ips=True)
DUAL = replace(SUBNET, ipv6=FrozenMap({3: IPV6_BLOCK}), gives_ipv6=True)
IGW = InternetGateway(name="igw", vpc=VPC)
EIP = Eip(name="nat-a")
NAT = NatGateway(name="a", subnet=SUBNET, eip=EIP, internet=IGW)
VPN_GATEWAY = "vgw-0123456789abcdef0"
"""Somebody else's; tests/contract/conftest.py makes it."""
VPN = VpnGateway(name="vpn", gateway=VPN_GATEWAY, vpc=VPC)
TABLE = RouteTable(
    name="public",
    vpc=VPC,
    routes=FrozenMap({EVERYWHERE: IGW}),
    subnets=frozenset({SUBNET}),
    propagated=frozenset({VPN}),
)
WEB = SecurityGroup(
    name="web",
    vpc=VPC,
    description="Web",
    ingress=FrozenMap({Rule.tcp(443, EVERYWHERE): "clients"}),
    egress=FrozenMap({Rule.tcp(443, EVERYWHERE): "web"}),
)
DEFAULT = DefaultSecurityGroup(name="default", vpc=VPC)

HTTP = [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}]


def _other_table(ec2, found):
    table = ec2.create_route_table(VpcId=found.fields["vpc"])["RouteTable"]["RouteTableId"]
    (association,) = found.details["associations"].values()
    ec2.replace_route_table_association(AssociationId=association, RouteTableId=table)
    return lambda: ec2.delete_route_table(RouteTableId=table)


def _without_ipv6(ec2, found):
    (association,) = found.details["ipv6_associations"].values()
    ec2.modify_subnet_attribute(SubnetId=found.id, AssignIpv6AddressOnCreation={"Value": False})
    ec2.disassociate_subnet_cidr_block(AssociationId=association)


def with_ec2(example):
    """Each drift of the example with EC2's client, which is all that these need."""

    def given(drift):
        return lambda aws, found: drift(aws("ec2"), found)

    return replace(example, drifts={field: given(drift) for field, drift in example.drifts.items()})


_EXAMPLES = [
    Example(
        VPC,
        {
            "dns_support": lambda ec2, o: (
                ec2.modify_vpc_attribute(VpcId=o.id, EnableDnsHostnames={"Value": False}),
                ec2.modify_vpc_attribute(VpcId=o.id, EnableDnsSupport={"Value": False}),
            ),
            "dns_hostnames": lambda ec2, o: ec2.modify_vpc_attribute(VpcId=o.id, EnableDnsHostnames={"Value": False}),
        },
    ),
    Example(
        DUAL,
        {
            "public_ips": lambda ec2, o: ec2.modify_subnet_attribute(
                SubnetId=o.id, MapPublicIpOnLaunch={"Value": False}
            ),
            "ipv6": _without_ipv6,
            "gives_ipv6": lambda ec2, o: ec2.modify_subnet_attribute(
                SubnetId=o.id, AssignIpv6AddressOnCreation={"Value": False}
            ),
        },
    ),
    Example(
        IGW,
        {"vpc": lambda ec2, o: ec2.detach_internet_gateway(InternetGatewayId=o.id, VpcId=o.fields["vpc"])},
    ),
    Example(VPN, {"vpc": lambda ec2, o: ec2.detach_vpn_gateway(VpnGatewayId=o.id, VpcId=o.fields["vpc"])}),
    Example(EIP),
    Example(NAT),
    Example(
        TABLE,
        {
            "routes": lambda ec2, o: ec2.delete_route(RouteTableId=o.id, DestinationCidrBlock=EVERYWHERE),
            "subnets": _other_table,
            "propagated": lambda ec2, o: ec2.disable_vgw_route_propagation(RouteTableId=o.id, GatewayId=VPN_GATEWAY),
        },
    ),
    Example(
        WEB,
        {
            "ingress": lambda ec2, o: ec2.authorize_security_group_ingress(GroupId=o.id, IpPermissions=HTTP),
            "egress": lambda ec2, o: ec2.authorize_security_group_egress(GroupId=o.id, IpPermissions=HTTP),
        },
    ),
    Example(
        DEFAULT,
        {
            "ingress": lambda ec2, o: ec2.authorize_security_group_ingress(GroupId=o.id, IpPermissions=HTTP),
            "egress": lambda ec2, o: ec2.authorize_security_group_egress(GroupId=o.id, IpPermissions=HTTP),
        },
    ),
]

EXAMPLES = [with_ec2(example) for example in _EXAMPLES]
