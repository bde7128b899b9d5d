"""The permissions for what we name ourselves, by type: from one table of the calls that the types make.

tests/contract/test_iam_named.py holds the table against the calls of a life of every type. Names, resources and
conditions are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .documents import INSTANCE, Json, nobodys, ours, statement


@dataclass(frozen=True)
class Grant:
    """What the operator calls for one type."""

    arns: tuple[str, ...]
    """Patterns that fit our names only; ``{kind}`` stands for the kind of the owner."""
    parts: tuple[str, ...] = ()
    """Further patterns, for what is inside and is changed with it."""
    missing: tuple[str, ...] = ()
    """What IAM asks about where there is nothing of that name."""
    reads: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    """Calls for which IAM knows no resource: reads, and what is nothing without a permission of the service itself."""
    creates: tuple[str, ...] = ()
    """Calls that make it, with the owner's tag; IAM cannot tell its tagging from that of what is there and nobody's."""
    tags: tuple[str, ...] = ()
    """Calls that set and take tags; the first is what a tagged creation needs besides."""
    changes: tuple[str, ...] = ()
    unbound: tuple[str, ...] = ()
    """Calls that change it and for which IAM knows no resource."""
    conditioned: bool = True
    """Whether IAM knows conditions on its tags."""
    untagged: tuple[str, ...] = ()
    """Changes that are asked about where there are no tags yet."""
    passed_to: str = ""
    """The service that is given a role of ours for it."""


GRANTS: Mapping[str, Grant] = {
    "Alarm": Grant(
        ("arn:aws:cloudwatch:*:*:alarm:awslab-*",),
        reads=("cloudwatch:ListTagsForResource",),
        lists=("cloudwatch:DescribeAlarms",),
        creates=("cloudwatch:PutMetricAlarm",),
        tags=("cloudwatch:TagResource", "cloudwatch:UntagResource"),
        changes=("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"),
    ),
    "Bucket": Grant(
        ("arn:aws:s3:::awslab-*",),
        parts=("arn:aws:s3:::awslab-*/*",),
        reads=(
            "s3:GetBucketNotification",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:ListBucketVersions",
        ),
        creates=("s3:CreateBucket",),
        tags=("s3:TagResource", "s3:PutBucketTagging"),
        changes=(
            "s3:DeleteBucket",
            "s3:DeleteObjectVersion",
            "s3:PutBucketNotification",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
        ),
        conditioned=False,
    ),
    "BucketEvents": Grant((), lists=("tag:UntagResources",)),  # and the untagging of the rule, which has the mark
    "Dashboard": Grant(
        ("arn:aws:cloudwatch::*:dashboard/awslab-*",),
        reads=("cloudwatch:GetDashboard",),
        lists=("cloudwatch:ListDashboards",),
        changes=("cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"),
        conditioned=False,
    ),
    "FlowLog": Grant((), passed_to="vpc-flow-logs.amazonaws.com"),
    "Function": Grant(
        ("arn:aws:lambda:*:*:function:awslab-*",),
        reads=("lambda:GetFunction", "lambda:ListTags"),
        # Lambda asks for these where a function is in a VPC.
        lists=("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
        creates=("lambda:CreateFunction",),
        tags=("lambda:TagResource", "lambda:UntagResource"),
        changes=(
            "lambda:DeleteFunction",
            "lambda:DeleteFunctionConcurrency",
            "lambda:PutFunctionConcurrency",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ),
        passed_to="lambda.amazonaws.com",
    ),
    "InstanceProfile": Grant(
        (f"arn:aws:iam::*:instance-profile/awslab/{INSTANCE}/{{kind}}/*",),
        reads=("iam:GetInstanceProfile",),
        lists=("iam:ListInstanceProfiles",),
        creates=("iam:CreateInstanceProfile",),
        tags=("iam:TagInstanceProfile", "iam:UntagInstanceProfile"),
        changes=(
            "iam:AddRoleToInstanceProfile",
            "iam:DeleteInstanceProfile",
            "iam:RemoveRoleFromInstanceProfile",
        ),
        passed_to="ec2.amazonaws.com",
    ),
    "Listener": Grant(
        ("arn:aws:elasticloadbalancing:*:*:listener/app/awslab-*/*/*",),
        lists=("elasticloadbalancing:DescribeListeners",),
        creates=("elasticloadbalancing:CreateListener",),
        tags=("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"),
        changes=("elasticloadbalancing:DeleteListener", "elasticloadbalancing:ModifyListener"),
    ),
    "LoadBalancer": Grant(
        ("arn:aws:elasticloadbalancing:*:*:loadbalancer/app/awslab-*/*",),
        lists=(
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
        ),
        creates=("elasticloadbalancing:CreateLoadBalancer",),
        tags=("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"),
        changes=(
            "elasticloadbalancing:DeleteLoadBalancer",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
        ),
    ),
    "LogGroup": Grant(
        ("arn:aws:logs:*:*:log-group:/aws/*/awslab-*",),
        reads=("logs:FilterLogEvents", "logs:ListTagsForResource"),
        lists=("logs:DescribeLogGroups",),
        creates=("logs:CreateLogGroup",),
        tags=("logs:TagResource", "logs:UntagResource"),
        changes=("logs:DeleteLogGroup", "logs:PutRetentionPolicy"),
    ),
    "Queue": Grant(
        ("arn:aws:sqs:*:*:awslab-*",),
        reads=("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"),
        creates=("sqs:CreateQueue",),
        tags=("sqs:TagQueue", "sqs:UntagQueue"),
        changes=("sqs:DeleteQueue", "sqs:SetQueueAttributes"),
    ),
    "Release": Grant(
        ("arn:aws:lambda:*:*:function:awslab-*",),
        reads=(
            "lambda:GetAlias",
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
            "lambda:ListVersionsByFunction",
        ),
        changes=(
            "lambda:AddPermission",
            "lambda:CreateAlias",
            "lambda:PublishVersion",
            "lambda:RemovePermission",
            "lambda:UpdateAlias",
        ),
    ),
    "Role": Grant(
        (f"arn:aws:iam::*:role/awslab/{INSTANCE}/{{kind}}/*",),
        missing=("arn:aws:iam::*:role/awslab-*",),  # a role that is not there has no path
        reads=("iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"),
        lists=("iam:GetAccountAuthorizationDetails", "iam:ListRoles"),
        creates=("iam:CreateRole",),
        tags=("iam:TagRole", "iam:UntagRole"),
        changes=(
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PutRolePolicy",
            "iam:UpdateAssumeRolePolicy",
        ),
    ),
    "Rule": Grant(
        ("arn:aws:events:*:*:rule/awslab-*",),
        reads=("events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"),
        creates=("events:PutRule",),
        tags=("events:TagResource", "events:UntagResource"),
        changes=("events:DeleteRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets"),
    ),
    "SavedQuery": Grant(
        (),
        lists=("logs:DescribeQueryDefinitions",),
        unbound=("logs:DeleteQueryDefinition", "logs:PutQueryDefinition"),
    ),
    "StateMachine": Grant(
        ("arn:aws:states:*:*:*:awslab-*",),
        reads=(
            "states:DescribeExecution",
            "states:DescribeStateMachine",
            "states:GetExecutionHistory",
            "states:ListExecutions",
            "states:ListStateMachineVersions",
            "states:ListTagsForResource",
        ),
        creates=("states:CreateStateMachine",),
        tags=("states:TagResource", "states:UntagResource"),
        changes=(
            "states:DeleteStateMachine",
            "states:DeleteStateMachineVersion",
            "states:StopExecution",
            "states:UpdateStateMachine",
        ),
        untagged=("states:PublishStateMachineVersion",),
        passed_to="states.amazonaws.com",
    ),
    "Table": Grant(
        ("arn:aws:dynamodb:*:*:table/awslab-*",),
        reads=(
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:ListTagsOfResource",
        ),
        creates=("dynamodb:CreateTable",),
        tags=("dynamodb:TagResource", "dynamodb:UntagResource"),
        changes=(
            "dynamodb:DeleteTable",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTable",
            "dynamodb:UpdateTimeToLive",
        ),
    ),
    "TargetGroup": Grant(
        ("arn:aws:elasticloadbalancing:*:*:targetgroup/awslab-*/*",),
        lists=(
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ),
        creates=("elasticloadbalancing:CreateTargetGroup",),
        tags=("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"),
        changes=(
            "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:DeregisterTargets",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:RegisterTargets",
        ),
    ),
    "Topic": Grant(
        ("arn:aws:sns:*:*:awslab-*",),
        reads=(
            "sns:GetSubscriptionAttributes",
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTagsForResource",
        ),
        creates=("sns:CreateTopic",),
        tags=("sns:TagResource", "sns:UntagResource"),
        changes=(
            "sns:DeleteTopic",
            "sns:SetSubscriptionAttributes",
            "sns:SetTopicAttributes",
            "sns:Subscribe",
            "sns:Unsubscribe",
        ),
    ),
}
"""By type; what only orders a bucket of somebody else's about is in *EXISTING_BUCKETS*."""


ALWAYS = ("tag:GetResources",)

FIRST_BALANCER = "LetAwsKeepTheRoleOfLoadBalancers"
UNBOUND = "ChangeWhatHasNoResource"
"""The statement about saved queries: IAM can bind them to nothing."""


def statements(kind: str, types: Sequence[str]) -> list[Json]:
    """The permissions to make, keep and delete what is of these types and of *kind*."""
    grants = [GRANTS[name] for name in sorted(types) if name in GRANTS]
    if not grants:
        return []
    conditioned = [g for g in grants if g.conditioned]
    plain = [g for g in grants if not g.conditioned]
    plain += [Grant(g.arns, changes=g.untagged) for g in conditioned if g.untagged]
    safe = _arns(kind, conditioned, lambda g: g.arns)
    unbound = _all(grants, lambda g: g.unbound)
    return [
        *([statement(UNBOUND, unbound)] if unbound else []),
        statement("OnEverything", [*ALWAYS, *(a for g in grants for a in g.lists)]),
        statement("LookAtNamed", _all(grants, lambda g: g.reads), _arns(kind, grants, lambda g: (*g.arns, *g.missing))),
        statement("MakeNamed", _all(conditioned, lambda g: (*g.creates, *g.tags[:1])), safe, nobodys(kind)),
        statement("ChangeNamed", _all(conditioned, lambda g: (*g.changes, *g.tags)), safe, ours(kind)),
        *_by_name(kind, plain),
        *_pass_roles(kind, sorted(filter(None, (g.passed_to for g in grants)))),
        *([_first_balancer()] if "LoadBalancer" in types else []),
    ]


def _by_name(kind: str, grants: Sequence[Grant]) -> Iterator[Json]:
    if actions := _all(grants, lambda g: (*g.creates, *g.tags, *g.changes)):
        yield statement("ByNameOnly", actions, _arns(kind, grants, lambda g: (*g.arns, *g.parts)))


def _pass_roles(kind: str, services: Sequence[str]) -> Iterator[Json]:
    if services:
        (roles,) = GRANTS["Role"].arns
        condition = {"StringEquals": {"iam:PassedToService": list(services)}}
        yield statement("PassRolesOfOurs", ["iam:PassRole"], [roles.format(kind=kind)], condition)


def _all(grants: Iterable[Grant], what: Callable[[Grant], Iterable[str]]) -> set[str]:
    return {one for grant in grants for one in what(grant)}


def _arns(kind: str, grants: Iterable[Grant], what: Callable[[Grant], Iterable[str]]) -> set[str]:
    return {arn.format(kind=kind) for arn in _all(grants, what)}


def _first_balancer() -> Json:
    """The account's first load balancer needs a role of AWS's own.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html
    """
    service = "elasticloadbalancing.amazonaws.com"
    role = f"arn:aws:iam::*:role/aws-service-role/{service}/*"
    condition = {"StringEquals": {"iam:AWSServiceName": service}}
    return statement(FIRST_BALANCER, ["iam:CreateServiceLinkedRole"], [role], condition)


def existing_buckets() -> list[Json]:
    """What a pipeline needs besides, whose files arrive in a bucket that somebody else made."""
    actions = ["s3:GetBucketNotification", "s3:PutBucketNotification"]
    return [statement("TellOfUploadsToExistingBuckets", actions, ["arn:aws:s3:::${BUCKET}"])]


def function_code() -> list[Json]:
    """What a pipeline needs besides, whose functions are made of code and layers that somebody else keeps."""
    return [
        statement("TakeCode", ["s3:GetObject", "s3:GetObjectVersion"], ["arn:aws:s3:::${BUCKET}/*"]),
        statement("TakeLayers", ["lambda:GetLayerVersion"], ["arn:aws:lambda:*:*:layer:${LAYER}:*"]),
    ]
