"""IPv6 in a network, and further blocks of addresses."""

from __future__ import annotations

from awslab.aws.cidr_blocks import IPV6, Ipv6Block, SecondaryCidr
from awslab.aws.dhcp import DhcpOptions
from awslab.aws.network import EgressOnlyGateway
from tests.contract.examples.example import Example
from tests.contract.examples.network import VPC, with_ec2

BLOCK = Ipv6Block(name=IPV6, vpc=VPC)

OPTIONS = DhcpOptions(
    name="corp", vpc=VPC, domain_name="corp.example.com", servers=("10.0.0.2", "10.1.0.2"), ntp_servers=("10.0.0.3",)
)

_EXAMPLES = [
    Example(BLOCK),
    Example(EgressOnlyGateway(name="out", vpc=VPC)),
    Example(SecondaryCidr(name="100.64.0.0/16", vpc=VPC, cidr="100.64.0.0/16")),
    Example(
        OPTIONS,
        {"vpc": lambda ec2, o: ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=o.fields["vpc"])},
    ),
]

EXAMPLES = [with_ec2(example) for example in _EXAMPLES]
