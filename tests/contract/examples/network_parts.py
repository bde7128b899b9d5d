"""What stands around a network's subnets."""

from __future__ import annotations

from awslab.aws.endpoint import GatewayEndpoint, InterfaceEndpoint, canonical
from awslab.aws.network_acl import DefaultNetworkAcl, Entry, NetworkAcl
from awslab.core.values import FrozenMap
from tests.contract.examples.example import Example
from tests.contract.examples.network import EVERYWHERE, SUBNET, TABLE, VPC, WEB, with_ec2

READ_ONLY = canonical(
    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}]}
)
OTHER = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}

DEFAULT_ACL = DefaultNetworkAcl(name="default", vpc=VPC, emptied=True)
ACL = NetworkAcl(
    name="public",
    vpc=VPC,
    ingress=FrozenMap(
        {
            100: Entry.allow("10.0.0.0/16"),
            900: Entry.allow(EVERYWHERE, "tcp", (1024, 65535)),
            910: Entry.allow(EVERYWHERE, "icmp", (3, 4)),
        }
    ),
    egress=FrozenMap({100: Entry.allow(EVERYWHERE)}),
    subnets=frozenset({SUBNET}),
)
GATEWAY = GatewayEndpoint(
    name="s3", vpc=VPC, service="com.amazonaws.us-east-1.s3", tables=frozenset({TABLE}), policy=READ_ONLY
)
INTERFACE = InterfaceEndpoint(
    name="ssm",
    vpc=VPC,
    service="com.amazonaws.us-east-1.ssm",
    subnets=frozenset({SUBNET}),
    groups=frozenset({WEB}),
)


def _own_acl(ec2, found):
    acl = ec2.create_network_acl(VpcId=found.fields["vpc"])["NetworkAcl"]["NetworkAclId"]
    (association,) = found.details["associations"].values()
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    return lambda: ec2.delete_network_acl(NetworkAclId=acl)


def _another_subnet(ec2, found):
    subnet = ec2.create_subnet(VpcId=found.fields["vpc"], CidrBlock="10.0.64.0/20")["Subnet"]["SubnetId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=found.id, AddSubnetIds=[subnet])
    return lambda: ec2.delete_subnet(SubnetId=subnet)


def _another_group(ec2, found):
    group = ec2.create_security_group(VpcId=found.fields["vpc"], GroupName="theirs", Description="x")["GroupId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=found.id, AddSecurityGroupIds=[group])
    return lambda: ec2.delete_security_group(GroupId=group)


_ALLOW = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": EVERYWHERE}

_EXAMPLES = [
    Example(
        DEFAULT_ACL,
        {
            "emptied": lambda ec2, o: ec2.create_network_acl_entry(
                NetworkAclId=o.id, RuleNumber=1, Egress=True, **_ALLOW
            )
        },
    ),
    Example(
        ACL,
        {
            "ingress": lambda ec2, o: (
                ec2.delete_network_acl_entry(NetworkAclId=o.id, RuleNumber=900, Egress=False),
                ec2.create_network_acl_entry(NetworkAclId=o.id, RuleNumber=50, Egress=False, **_ALLOW),
            ),
            "egress": lambda ec2, o: ec2.replace_network_acl_entry(
                NetworkAclId=o.id, RuleNumber=100, Egress=True, **_ALLOW | {"RuleAction": "deny"}
            ),
            "subnets": _own_acl,
        },
    ),
    Example(
        GATEWAY,
        {
            "tables": lambda ec2, o: ec2.modify_vpc_endpoint(
                VpcEndpointId=o.id, RemoveRouteTableIds=sorted(o.fields["tables"])
            ),
            "policy": lambda ec2, o: ec2.modify_vpc_endpoint(VpcEndpointId=o.id, PolicyDocument=canonical(OTHER)),
        },
    ),
    Example(
        INTERFACE,
        {
            "subnets": _another_subnet,
            "groups": _another_group,
            "private_dns": lambda ec2, o: ec2.modify_vpc_endpoint(VpcEndpointId=o.id, PrivateDnsEnabled=False),
            "policy": lambda ec2, o: ec2.modify_vpc_endpoint(VpcEndpointId=o.id, PolicyDocument=canonical(OTHER)),
        },
    ),
]

EXAMPLES = [with_ec2(example) for example in _EXAMPLES]
