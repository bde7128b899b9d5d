"""The reference of the permissions."""

from __future__ import annotations

from collections.abc import Iterable

from awslab.codegen.yamldoc import NOTICE
from awslab.core.ownership import OWNER_TAG

from .documents import INSTANCE
from .ec2 import CHANGES, CREATES, DELETES, READS, TAGS


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
    "| `labvpc-policy.json` | what LabVpcs need in EC2 |",
    "| `labvpc-services-policy.json` | to look at EC2, and other services: roles, log groups, load balancers |",
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
    "A role that an AwsAccount names gets both policies of LabVpcs in its own account, and a trust policy with the",
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
    "aws iam put-role-policy --role-name awslab-operator --policy-name labvpc-services \\",
    "  --policy-document file://manifests/iam/labvpc-services-policy.json",
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
    "aws iam put-role-policy --role-name awslab-operator --policy-name labvpc-services \\",
    "  --policy-document file://manifests/iam/labvpc-services-policy.json",
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
