"""The permissions in EC2 that the operator needs, from one table of its calls.

tests/contract/test_iam.py holds the table against the calls of a LabVpc's whole life: none is
missing, none too many. Names, resources and conditions are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .documents import Json, nobodys, ours, requested, statement, tagged


@dataclass(frozen=True)
class Create:
    """A call that makes something, tagged as ours in the same call."""

    makes: str
    inside: tuple[str, ...] = ()
    """The types, ours already, that it refers to."""
    also: tuple[str, ...] = ()
    """What else it makes, tagged as ours."""


READS = (
    "DescribeAddresses",
    "DescribeAvailabilityZones",
    "DescribeDhcpOptions",
    "DescribeEgressOnlyInternetGateways",
    "DescribeFlowLogs",
    "DescribeIamInstanceProfileAssociations",
    "DescribeImages",
    "DescribeInstanceAttribute",
    "DescribeInstances",
    "DescribeInternetGateways",
    "DescribeKeyPairs",
    "DescribeManagedPrefixLists",
    "DescribeNatGateways",
    "DescribeNetworkAcls",
    "DescribeNetworkInterfaces",
    "DescribePrefixLists",
    "DescribeRouteTables",
    "DescribeSecurityGroupRules",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeTransitGatewayVpcAttachments",
    "DescribeVolumes",
    "DescribeVpcAttribute",
    "DescribeVpcEndpoints",
    "DescribeVpcPeeringConnections",
    "DescribeVpcs",
    "DescribeVpnGateways",
    "GetManagedPrefixListEntries",
)
"""Calls that only look: EC2 knows no conditions for them."""

CREATES: Mapping[str, Create] = {
    "AllocateAddress": Create("elastic-ip"),
    "CreateDhcpOptions": Create("dhcp-options"),
    "CreateEgressOnlyInternetGateway": Create("egress-only-internet-gateway", ("vpc",)),
    "CreateFlowLogs": Create("vpc-flow-log", ("vpc",)),
    "CreateInternetGateway": Create("internet-gateway"),
    "CreateNatGateway": Create("natgateway", ("elastic-ip", "subnet")),
    "CreateNetworkAcl": Create("network-acl", ("vpc",)),
    "CreateRouteTable": Create("route-table", ("vpc",)),
    "CreateSecurityGroup": Create("security-group", ("vpc",)),
    "CreateSubnet": Create("subnet", ("vpc",)),
    "CreateVpc": Create("vpc"),
    "ImportKeyPair": Create("key-pair"),
    "RunInstances": Create("instance", ("key-pair", "security-group", "subnet"), ("volume",)),
    "CreateVpcPeeringConnection": Create("vpc-peering-connection", ("vpc",)),
    "CreateTransitGatewayVpcAttachment": Create("transit-gateway-attachment", ("subnet", "vpc")),
    "CreateVpcEndpoint": Create("vpc-endpoint", ("route-table", "security-group", "subnet", "vpc")),
}

CHANGES: Mapping[str, tuple[str, ...]] = {
    "AcceptVpcPeeringConnection": ("vpc",),
    "AssociateDhcpOptions": ("dhcp-options", "vpc"),
    "AssociateIamInstanceProfile": ("instance",),
    "AssociateRouteTable": ("route-table", "subnet"),
    "AssociateSubnetCidrBlock": ("subnet",),
    "AssociateVpcCidrBlock": ("vpc",),
    "AttachInternetGateway": ("internet-gateway", "vpc"),
    "AttachVpnGateway": ("vpc", "vpn-gateway"),
    "AuthorizeSecurityGroupEgress": ("security-group",),
    "AuthorizeSecurityGroupIngress": ("security-group",),
    "CreateNetworkAclEntry": ("network-acl",),
    "CreateRoute": ("route-table",),
    "DeleteNetworkAclEntry": ("network-acl",),
    "DeleteRoute": ("route-table",),
    "DetachInternetGateway": ("internet-gateway", "vpc"),
    "DetachVpnGateway": ("vpc", "vpn-gateway"),
    "DisableVgwRoutePropagation": ("route-table", "vpn-gateway"),
    "DisassociateIamInstanceProfile": ("instance",),
    "DisassociateRouteTable": ("route-table", "subnet"),
    "DisassociateSubnetCidrBlock": ("subnet",),
    "DisassociateVpcCidrBlock": ("vpc",),
    "EnableVgwRoutePropagation": ("route-table", "vpn-gateway"),
    "ModifyInstanceAttribute": ("instance", "security-group"),
    "ModifyInstanceMetadataOptions": ("instance",),
    "ModifySubnetAttribute": ("subnet",),
    "ModifyVpcAttribute": ("vpc",),
    "ModifyTransitGatewayVpcAttachment": ("subnet", "transit-gateway-attachment"),
    "ModifyVpcEndpoint": ("route-table", "security-group", "subnet", "vpc-endpoint"),
    "ReplaceIamInstanceProfileAssociation": ("instance",),
    "ReplaceNetworkAclAssociation": ("network-acl", "subnet"),
    "ReplaceNetworkAclEntry": ("network-acl",),
    "ReplaceRoute": ("route-table",),
    "ReplaceRouteTableAssociation": ("route-table", "subnet"),
    "RevokeSecurityGroupEgress": ("security-group",),
    "RevokeSecurityGroupIngress": ("security-group",),
    "StartInstances": ("instance",),
    "UpdateSecurityGroupRuleDescriptionsEgress": ("security-group",),
    "UpdateSecurityGroupRuleDescriptionsIngress": ("security-group",),
}
"""Calls that change what is ours, by the types that IAM checks."""

DELETES: Mapping[str, str] = {
    "DeleteDhcpOptions": "dhcp-options",
    "DeleteEgressOnlyInternetGateway": "egress-only-internet-gateway",
    "DeleteFlowLogs": "vpc-flow-log",
    "DeleteInternetGateway": "internet-gateway",
    "DeleteKeyPair": "key-pair",
    "DeleteNatGateway": "natgateway",
    "DeleteNetworkAcl": "network-acl",
    "DeleteRouteTable": "route-table",
    "DeleteSecurityGroup": "security-group",
    "DeleteSubnet": "subnet",
    "DeleteVpc": "vpc",
    "DeleteVpcEndpoints": "vpc-endpoint",
    "DeleteTransitGatewayVpcAttachment": "transit-gateway-attachment",
    "DeleteVpcPeeringConnection": "vpc-peering-connection",
    "ReleaseAddress": "elastic-ip",
    "TerminateInstances": "instance",
}

TAGS = ("CreateTags", "DeleteTags")

PEERINGS = ("AcceptVpcPeeringConnection", "ModifyVpcPeeringConnectionOptions")
PEER = "AcceptPeerings"
"""The statement about connections as their accepter sees them: without our tags, which are on the other side."""

TYPES = tuple(sorted({type_ for create in CREATES.values() for type_ in (create.makes, *create.also)}))

ACTIONS = frozenset({*READS, *CREATES, *CHANGES, *DELETES, *TAGS, *PEERINGS})
"""Every action of EC2 that some policy allows."""


EVERY_TYPE = ("*",)
"""Where the owner's tag is asked for anyway, a list of types would only make the policy too long for AWS."""

LAUNCH = "LaunchFromAnyImage"
"""The statement about what has no tags of ours when an instance is launched: its image, and its interface."""


TAKES = ("network-acl", "security-group", "vpn-gateway")
TAKEN = "TakeDefaultsAndVpnGateways"
"""The statement about what we tag though we do not make it, as long as nobody has it."""

TRANSIT = "AttachToAnyTransitGateway"
"""The statement about the transit gateways of others, to which we attach."""


def statements(kind: str) -> list[Json]:
    """The permissions to make, keep and delete objects of *kind*, of what is its own only."""
    return [
        _statement("CreateTaggedAsOurs", CREATES, TYPES, requested(kind)),
        _statement(
            "CreateInsideOfOurs",
            [action for action, create in CREATES.items() if create.inside],
            EVERY_TYPE,
            tagged(kind),
        ),
        _statement(LAUNCH, ["RunInstances"], ["image", "network-interface"]),
        _statement(TRANSIT, ["CreateTransitGatewayVpcAttachment"], ["transit-gateway"]),
        _statement(PEER, PEERINGS, ["vpc-peering-connection"]),
        statement("FindImages", ["ssm:GetParameter"], ["arn:aws:ssm:*::parameter/aws/service/*"]),
        _statement("ChangeOurs", CHANGES, EVERY_TYPE, tagged(kind)),
        _statement("DeleteOurs", DELETES, EVERY_TYPE, tagged(kind)),
        _statement(
            "TagWhatIsMade",
            ["CreateTags"],
            TYPES,
            {"StringEquals": {"ec2:CreateAction": sorted(CREATES)}, **requested(kind)},
        ),
        _statement("TagOurs", TAGS, EVERY_TYPE, ours(kind)),
        _statement(TAKEN, ["CreateTags"], TAKES, nobodys(kind)),
    ]


def looking() -> list[Json]:
    """The permissions to look, which stand apart: with them the policy of changes would be too long for AWS."""
    return [_statement("Look", READS)]


def adoption(kind: str) -> list[Json]:
    """What adoption needs besides, and the repair of lost owner tags: to tag what nobody owns."""
    return [_statement("TakeWhatNobodyOwns", ["CreateTags"], TYPES, nobodys(kind))]


def _statement(
    sid: str, actions: Iterable[str], types: Iterable[str] = (), condition: Mapping[str, object] | None = None
) -> Json:
    arns = [f"arn:aws:ec2:*:*:{type_}/*" for type_ in types]
    return statement(sid, [f"ec2:{a}" for a in actions], arns, condition)
