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


READS = (
    "DescribeAddresses",
    "DescribeAvailabilityZones",
    "DescribeInternetGateways",
    "DescribeNatGateways",
    "DescribeNetworkInterfaces",
    "DescribeRouteTables",
    "DescribeSecurityGroupRules",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeVpcAttribute",
    "DescribeVpcEndpoints",
    "DescribeVpcs",
)
"""Calls that only look: EC2 knows no conditions for them."""

CREATES: Mapping[str, Create] = {
    "AllocateAddress": Create("elastic-ip"),
    "CreateInternetGateway": Create("internet-gateway"),
    "CreateNatGateway": Create("natgateway", ("elastic-ip", "subnet")),
    "CreateRouteTable": Create("route-table", ("vpc",)),
    "CreateSecurityGroup": Create("security-group", ("vpc",)),
    "CreateSubnet": Create("subnet", ("vpc",)),
    "CreateVpc": Create("vpc"),
}

CHANGES: Mapping[str, tuple[str, ...]] = {
    "AssociateRouteTable": ("route-table", "subnet"),
    "AttachInternetGateway": ("internet-gateway", "vpc"),
    "AuthorizeSecurityGroupEgress": ("security-group",),
    "AuthorizeSecurityGroupIngress": ("security-group",),
    "CreateRoute": ("route-table",),
    "DeleteRoute": ("route-table",),
    "DetachInternetGateway": ("internet-gateway", "vpc"),
    "DisassociateRouteTable": ("route-table", "subnet"),
    "ModifySubnetAttribute": ("subnet",),
    "ModifyVpcAttribute": ("vpc",),
    "ReplaceRoute": ("route-table",),
    "ReplaceRouteTableAssociation": ("route-table", "subnet"),
    "RevokeSecurityGroupEgress": ("security-group",),
    "RevokeSecurityGroupIngress": ("security-group",),
    "UpdateSecurityGroupRuleDescriptionsEgress": ("security-group",),
    "UpdateSecurityGroupRuleDescriptionsIngress": ("security-group",),
}
"""Calls that change what is ours, by the types that IAM checks."""

DELETES: Mapping[str, str] = {
    "DeleteInternetGateway": "internet-gateway",
    "DeleteNatGateway": "natgateway",
    "DeleteRouteTable": "route-table",
    "DeleteSecurityGroup": "security-group",
    "DeleteSubnet": "subnet",
    "DeleteVpc": "vpc",
    "ReleaseAddress": "elastic-ip",
}

TAGS = ("CreateTags", "DeleteTags")

TYPES = tuple(sorted(create.makes for create in CREATES.values()))

ACTIONS = frozenset({*READS, *CREATES, *CHANGES, *DELETES, *TAGS})
"""Every action of EC2 that some policy allows."""


def statements(kind: str) -> list[Json]:
    """The permissions to make, keep and delete objects of *kind*, of what is its own only."""
    return [
        _statement("Look", READS),
        _statement("CreateTaggedAsOurs", CREATES, TYPES, requested(kind)),
        _statement(
            "CreateInsideOfOurs",
            [action for action, create in CREATES.items() if create.inside],
            {type_ for create in CREATES.values() for type_ in create.inside},
            tagged(kind),
        ),
        _statement("ChangeOurs", CHANGES, {t for types in CHANGES.values() for t in types}, tagged(kind)),
        _statement("DeleteOurs", DELETES, TYPES, tagged(kind)),
        _statement(
            "TagWhatIsMade",
            ["CreateTags"],
            TYPES,
            {"StringEquals": {"ec2:CreateAction": sorted(CREATES)}, **requested(kind)},
        ),
        _statement("TagOurs", TAGS, TYPES, ours(kind)),
        _statement("TakeTheDefaultGroup", ["CreateTags"], ["security-group"], nobodys(kind)),
    ]


def adoption(kind: str) -> list[Json]:
    """What adoption needs besides, and the repair of lost owner tags: to tag what nobody owns."""
    return [_statement("TakeWhatNobodyOwns", ["CreateTags"], TYPES, nobodys(kind))]


def _statement(
    sid: str, actions: Iterable[str], types: Iterable[str] = (), condition: Mapping[str, object] | None = None
) -> Json:
    arns = [f"arn:aws:ec2:*:*:{type_}/*" for type_ in types]
    return statement(sid, [f"ec2:{a}" for a in actions], arns, condition)
