"""The AWS permissions that the operator needs, from one table of its calls.

tests/contract/test_iam.py holds the table against the calls of a LabVpc's whole life: none is
missing, none too many. Names, resources and conditions are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from awslab.core.ownership import OWNER_TAG

from .yamldoc import NOTICE

INSTANCE = "default"
"""The operator's name in the policies; whoever uses another writes it there."""

MANAGED_POLICY_LIMIT = 6144
"""Characters, without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

Json = dict[str, Any]


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
    "DescribeNetworkAcls",
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
    "CreateNetworkAcl": Create("network-acl", ("vpc",)),
    "CreateRouteTable": Create("route-table", ("vpc",)),
    "CreateSecurityGroup": Create("security-group", ("vpc",)),
    "CreateSubnet": Create("subnet", ("vpc",)),
    "CreateVpc": Create("vpc"),
    "CreateVpcEndpoint": Create("vpc-endpoint", ("route-table", "security-group", "subnet", "vpc")),
}

CHANGES: Mapping[str, tuple[str, ...]] = {
    "AssociateRouteTable": ("route-table", "subnet"),
    "AttachInternetGateway": ("internet-gateway", "vpc"),
    "AuthorizeSecurityGroupEgress": ("security-group",),
    "AuthorizeSecurityGroupIngress": ("security-group",),
    "CreateNetworkAclEntry": ("network-acl",),
    "CreateRoute": ("route-table",),
    "DeleteNetworkAclEntry": ("network-acl",),
    "DeleteRoute": ("route-table",),
    "DetachInternetGateway": ("internet-gateway", "vpc"),
    "DisassociateRouteTable": ("route-table", "subnet"),
    "ModifySubnetAttribute": ("subnet",),
    "ModifyVpcAttribute": ("vpc",),
    "ModifyVpcEndpoint": ("route-table", "security-group", "subnet", "vpc-endpoint"),
    "ReplaceNetworkAclAssociation": ("network-acl", "subnet"),
    "ReplaceNetworkAclEntry": ("network-acl",),
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
    "DeleteNetworkAcl": "network-acl",
    "DeleteRouteTable": "route-table",
    "DeleteSecurityGroup": "security-group",
    "DeleteSubnet": "subnet",
    "DeleteVpc": "vpc",
    "DeleteVpcEndpoints": "vpc-endpoint",
    "ReleaseAddress": "elastic-ip",
}

TAGS = ("CreateTags", "DeleteTags")

TYPES = tuple(sorted(create.makes for create in CREATES.values()))

ACTIONS = frozenset({*READS, *CREATES, *CHANGES, *DELETES, *TAGS})
"""Every action of EC2 that some policy allows."""


def policy(kind: str) -> Json:
    """The permissions to make, keep and delete objects of *kind*, of what is its own only."""
    return _document(
        _statement("Look", READS),
        _statement("CreateTaggedAsOurs", CREATES, TYPES, _requested(kind)),
        _statement(
            "CreateInsideOfOurs",
            [action for action, create in CREATES.items() if create.inside],
            {type_ for create in CREATES.values() for type_ in create.inside},
            _tagged(kind),
        ),
        _statement("ChangeOurs", CHANGES, {t for types in CHANGES.values() for t in types}, _tagged(kind)),
        _statement("DeleteOurs", DELETES, TYPES, _tagged(kind)),
        _statement(
            "TagWhatIsMade",
            ["CreateTags"],
            TYPES,
            {"StringEquals": {"ec2:CreateAction": sorted(CREATES)}, **_requested(kind)},
        ),
        _statement("TagOurs", TAGS, TYPES, {**_tagged(kind), "StringLikeIfExists": _owner("RequestTag", kind)}),
        _statement("TakeTheDefaults", ["CreateTags"], ["network-acl", "security-group"], _nobodys(kind)),
    )


def adoption_policy(kind: str) -> Json:
    """What adoption needs besides, and the repair of lost owner tags: to tag what nobody owns."""
    return _document(_statement("TakeWhatNobodyOwns", ["CreateTags"], TYPES, _nobodys(kind)))


def irsa_trust() -> Json:
    """Who may take the role where pods have their identity from the cluster's OIDC provider."""
    subject = "system:serviceaccount:awslab-system:awslab-operator"
    return _document(
        {
            "Sid": "TheOperatorByItsServiceAccount",
            "Effect": "Allow",
            "Principal": {"Federated": "arn:aws:iam::${ACCOUNT_ID}:oidc-provider/${OIDC_PROVIDER}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    "${OIDC_PROVIDER}:aud": "sts.amazonaws.com",
                    "${OIDC_PROVIDER}:sub": subject,
                }
            },
        }
    )


def pod_identity_trust() -> Json:
    """Who may take the role where the EKS Pod Identity agent gives pods their identity."""
    return _document(
        {
            "Sid": "TheOperatorByPodIdentity",
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {
                "StringEquals": {
                    "aws:SourceAccount": "${ACCOUNT_ID}",
                    "aws:RequestTag/kubernetes-namespace": "awslab-system",
                    "aws:RequestTag/kubernetes-service-account": "awslab-operator",
                },
                "ArnEquals": {"aws:SourceArn": "arn:aws:eks:${REGION}:${ACCOUNT_ID}:cluster/${CLUSTER}"},
            },
        }
    )


def assume_role_policy() -> Json:
    """What the operator's own role needs for AwsAccounts: to take the roles that these name."""
    return _document(
        {
            "Sid": "TakeTheRolesOfAwsAccounts",
            "Effect": "Allow",
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Resource": ["arn:aws:iam::*:role/awslab-*"],
        }
    )


def text(document: Json) -> str:
    """As it is written to a file."""
    return json.dumps(document, indent=2) + "\n"


def _document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(
    sid: str, actions: Iterable[str], types: Iterable[str] = (), condition: Mapping[str, Any] | None = None
) -> Json:
    resources = [f"arn:aws:ec2:*:*:{type_}/*" for type_ in sorted(types)] or ["*"]
    statement = {"Sid": sid, "Effect": "Allow", "Action": [f"ec2:{a}" for a in sorted(actions)], "Resource": resources}
    return statement | ({"Condition": dict(condition)} if condition else {})


def _owner(what: str, kind: str) -> dict[str, str]:
    return {f"aws:{what}/{OWNER_TAG}": f"{INSTANCE}/{kind}/*"}


def _requested(kind: str) -> Json:
    """The call itself gives the tag that makes it ours."""
    return {"StringLike": _owner("RequestTag", kind)}


def _tagged(kind: str) -> Json:
    """The resource has the tag that makes it ours."""
    return {"StringLike": _owner("ResourceTag", kind)}


def _nobodys(kind: str) -> Json:
    """The resource has no owner, and the call gives it ours."""
    return {"Null": {f"aws:ResourceTag/{OWNER_TAG}": "true"}, **_requested(kind)}


def iam_page() -> str:
    """The reference of the permissions, in Markdown."""
    return "\n".join((f"<!-- {NOTICE} -->", *_INTRODUCTION, *_table(), ""))


_INTRODUCTION = (
    "# The operator's permissions in AWS",
    "",
    "The policies in `manifests/iam/` allow what the operator really calls and nothing else: a test lives through",
    "the whole life of a LabVpc (made, changed by others and mended, changed, taken over, blocked, deleted) and fails",
    "for a call that is not allowed and for a permission that is never used.",
    "",
    "| file | what |",
    "|---|---|",
    "| `labvpc-policy.json` | what LabVpcs need |",
    "| `labvpc-adoption-policy.json` | besides, for `spec.adopt` and to give back an owner tag that somebody removed |",
    "| `trust-irsa.json` | trust policy of the role, for IAM Roles for Service Accounts |",
    "| `assume-role-policy.json` | for objects of AwsAccounts: to take roles whose names begin with `awslab-` |",
    "| `trust-pod-identity.json` | trust policy of the role, for EKS Pod Identity |",
    "",
    "## What the conditions do",
    "",
    f"- Whatever is made carries `{OWNER_TAG}` from the creating call on; without it the call is denied.",
    f"- Only what carries `{OWNER_TAG}` of this operator and kind can be changed or deleted, and used to make more in",
    "  it. So even a fault of the operator cannot touch what others own in the account.",
    "- The owner tag itself can be set to a value of this operator only.",
    "- An owner tag on something that has none can be set for security groups and network ACLs, as AWS makes the",
    "  default ones untagged; for other types the adoption policy allows it. Leave that one out where nothing is ever",
    "  taken over.",
    "- `Describe*` calls know no conditions in EC2: they see the whole region.",
    "",
    f"The policies are for the operator instance `{INSTANCE}`; where `--instance` says otherwise, write that name in",
    f"place of `{INSTANCE}/` in the conditions. In the partitions `aws-cn` and `aws-us-gov`, write these for `aws` in",
    "the ARNs.",
    "",
    "A role that an AwsAccount names gets `labvpc-policy.json` in its own account, and a trust policy with the",
    "operator's role as principal (and the external id, where the AwsAccount has one).",
    "",
    "## IAM Roles for Service Accounts",
    "",
    "```bash",
    "export ACCOUNT_ID=$(aws sts get-caller-identity --query Account --output text)",
    'export OIDC_PROVIDER=$(aws eks describe-cluster --name "$CLUSTER" \\',
    "  --query cluster.identity.oidc.issuer --output text | sed 's|https://||')",
    "aws iam create-role --role-name awslab-operator \\",
    '  --assume-role-policy-document "$(envsubst < manifests/iam/trust-irsa.json)"',
    "aws iam put-role-policy --role-name awslab-operator --policy-name labvpc \\",
    "  --policy-document file://manifests/iam/labvpc-policy.json",
    "kubectl annotate serviceaccount -n awslab-system awslab-operator \\",
    "  eks.amazonaws.com/role-arn=arn:aws:iam::$ACCOUNT_ID:role/awslab-operator",
    "```",
    "",
    "## EKS Pod Identity",
    "",
    "```bash",
    "export REGION=... CLUSTER=... ACCOUNT_ID=$(aws sts get-caller-identity --query Account --output text)",
    "aws iam create-role --role-name awslab-operator \\",
    '  --assume-role-policy-document "$(envsubst < manifests/iam/trust-pod-identity.json)"',
    "aws iam put-role-policy --role-name awslab-operator --policy-name labvpc \\",
    "  --policy-document file://manifests/iam/labvpc-policy.json",
    'aws eks create-pod-identity-association --cluster-name "$CLUSTER" --namespace awslab-system \\',
    "  --service-account awslab-operator --role-arn arn:aws:iam::$ACCOUNT_ID:role/awslab-operator",
    "```",
    "",
    "## Every action",
    "",
)


def _table() -> Iterable[str]:
    yield "| action | on | condition |"
    yield "|---|---|---|"
    rows = dict.fromkeys(READS, ("everything", "none"))
    rows |= {
        action: (_of(c.makes, *c.inside), "tagged by the call; ours: " + _or_none(c.inside))
        for action, c in CREATES.items()
    }
    rows |= {action: (_of(*types), "ours") for action, types in CHANGES.items()}
    rows |= {action: (_of(type_), "ours") for action, type_ in DELETES.items()}
    rows |= dict.fromkeys(TAGS, ("every type above", "ours, or being made"))
    for action, (where, condition) in sorted(rows.items()):
        yield f"| `ec2:{action}` | {where} | {condition} |"


def _of(*types: str) -> str:
    return ", ".join(types)


def _or_none(types: Iterable[str]) -> str:
    return ", ".join(types) or "none"
