"""The reference of the permissions."""

from __future__ import annotations

from collections.abc import Iterable

from awslab.codegen.yamldoc import NOTICE
from awslab.core.ownership import OWNER_TAG

from . import named
from .documents import INSTANCE
from .ec2 import CHANGES, CREATES, DELETES, READS, TAGS
from .named import GRANTS, Grant


def iam_page() -> str:
    """The reference of the permissions, in Markdown."""
    return "\n".join((f"<!-- {NOTICE} -->", *_INTRODUCTION, *_ec2_table(), "", *_NAMED, *_named_table(), ""))


_INTRODUCTION = (
    "# The operator's permissions in AWS",
    "",
    "The policies in `manifests/iam/` allow what the operator really calls and nothing else: tests live through the",
    "whole life of a LabVpc and of DataPipelines (made, changed by others and mended, changed, taken over, blocked,",
    "deleted) and fail for a call that is not allowed and for a permission that is never used. For DataPipelines the",
    "operator acts in a role with the policy, and the local AWS asks about every call as IAM would.",
    "",
    "| file | what |",
    "|---|---|",
    "| `labvpc-policy.json` | what LabVpcs need in EC2 |",
    "| `labvpc-services-policy.json` | to look at EC2, and other services: roles, log groups, load balancers |",
    "| `labvpc-adoption-policy.json` | besides, for `spec.adopt` and to give back an owner tag that somebody removed |",
    "| `datapipeline-policy.json` | what DataPipelines need |",
    "| `existing-buckets-policy.json` | besides, for `spec.source.existingBucket`: write its name for `${BUCKET}` |",
    "| `function-code-policy.json` | besides, for steps with `s3` code or `layers`: whose they are to be taken |",
    "| `trust-irsa.json` | trust policy of the role, for IAM Roles for Service Accounts |",
    "| `assume-role-policy.json` | for objects of AwsAccounts: to take roles whose names begin with `awslab-` |",
    "| `trust-pod-identity.json` | trust policy of the role, for EKS Pod Identity |",
    "",
    "## What the conditions do",
    "",
    f"- Whatever is made carries `{OWNER_TAG}` from the creating call on; without it the call is denied.",
    f"- Only what carries `{OWNER_TAG}` of this operator and kind can be changed or deleted, and used to make more in",
    "  it. So even a fault of the operator cannot touch what others own in the account.",
    "- The owner tag itself can be set to a value of this operator and kind only, and what has another owner keeps it.",
    "- In EC2 an owner tag on something that has none can be set for security groups and network ACLs, as AWS makes",
    "  the default ones untagged; for other types the adoption policy allows it. Leave that one out where nothing is",
    "  ever taken over.",
    "- Elsewhere IAM cannot tell the tags of a creation from those of something that is there and nobody's: if its",
    "  name begins with `awslab-`, it can be taken over without that policy.",
    "- For buckets and dashboards there are no such conditions. Their names begin with `awslab-`: keep those names for",
    "  the operator in accounts that it works in.",
    "- `Describe*` calls know no conditions in EC2: they see the whole region.",
    "- Roles can be made, and passed to the services that need them, only below a path of the kind's own, as",
    f"  `/awslab/{INSTANCE}/DataPipeline/`. What they allow is what specs ask for: whoever may write a DataPipeline",
    "  with `permissions` may do in the account what these say, with code of their own. Put a service control policy",
    "  on that path, or an admission policy on that field, where not everybody should.",
    "",
    f"The policies are for the operator instance `{INSTANCE}`; where `--instance` says otherwise, write that name in",
    f"place of `{INSTANCE}/` in conditions and paths. In the partitions `aws-cn` and `aws-us-gov`, write these for",
    "`aws` in the ARNs.",
    "",
    "A role that an AwsAccount names gets these policies in its own account, those of the kinds that are used there,",
    "and a trust policy with the operator's role as principal (and the external id, where the AwsAccount has one).",
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
    "aws iam put-role-policy --role-name awslab-operator --policy-name datapipeline \\",
    "  --policy-document file://manifests/iam/datapipeline-policy.json",
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
    "aws iam put-role-policy --role-name awslab-operator --policy-name datapipeline \\",
    "  --policy-document file://manifests/iam/datapipeline-policy.json",
    'aws eks create-pod-identity-association --cluster-name "$CLUSTER" --namespace awslab-system \\',
    "  --service-account awslab-operator --role-arn arn:aws:iam::$ACCOUNT_ID:role/awslab-operator",
    "```",
    "",
    "## Every action in EC2, for LabVpcs",
    "",
)


def _ec2_table() -> Iterable[str]:
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


_NAMED = (
    "## Every action in other services",
    "",
    "Each kind's policy has those of the types that it makes; `KIND` stands for its name. *Ours* has the operator's",
    "tag; *new* has no owner before, and the call gives it ours; *by name* is whatever has such a name. A function in",
    "a VPC has Lambda look at the network with the caller's permissions.",
    "",
    "An image in another account's repository, or in one without a policy, needs that policy to let Lambda take it:",
    "see [AWS's own page](https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#images-permissions).",
    "",
)


def _named_table() -> Iterable[str]:
    yield "| action | on | condition |"
    yield "|---|---|---|"
    rows = {(action, "everything", "none") for action in named.ALWAYS}
    rows |= {row for grant in GRANTS.values() for row in _rows(grant)}
    services = sorted(f"`{grant.passed_to}`" for grant in GRANTS.values() if grant.passed_to)
    rows.add(("iam:PassRole", _arns(GRANTS["Role"].arns), f"to {' or '.join(services)}"))
    for action, where, condition in sorted(rows):
        yield f"| `{action}` | {where} | {condition} |"


def _rows(grant: Grant) -> Iterable[tuple[str, str, str]]:
    yield from ((action, "everything", "none") for action in (*grant.lists, *grant.unbound))
    yield from ((action, _arns((*grant.arns, *grant.missing)), "by name") for action in grant.reads)
    changes, creates = {*grant.tags, *grant.changes}, {*grant.creates, *grant.tags[:1]}
    where = _arns((*grant.arns, *grant.parts))
    for action in changes | creates:
        words = ["new"] * (action in creates) + ["ours"] * (action in changes)
        yield action, where, " or ".join(words) if grant.conditioned else "by name"
    yield from ((action, where, "by name") for action in grant.untagged)


def _arns(patterns: Iterable[str]) -> str:
    return ", ".join(f"`{arn.format(kind='KIND')}`" for arn in patterns)
