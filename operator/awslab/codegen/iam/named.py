"""The permissions for what we name ourselves, by type: from one table of the calls that the types make.

tests/contract/test_iam_named.py holds the table against the calls of a life of every type. Names, resources and
conditions are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .documents import INSTANCE, Json, nobodys, requested, statement, tagged


@dataclass(frozen=True)
class Grant:
    """What the operator calls for one type."""

    arns: tuple[str, ...]
    """Patterns that fit our names only; ``{kind}`` stands for the kind of the owner."""
    reads: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    """Reads for which IAM knows no resource."""
    creates: tuple[str, ...] = ()
    """Calls that make it, with the owner's tag."""
    tags: tuple[str, ...] = ()
    """Calls that set and take tags; the first is what a tagged creation needs besides."""
    changes: tuple[str, ...] = ()
    unbound: tuple[str, ...] = ()
    """Calls that change it and for which IAM knows no resource."""
    conditioned: bool = True
    """Whether IAM knows conditions on its tags."""


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
            "s3:DeleteBucketPolicy",
            "s3:DeleteObject",
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
    "Dashboard": Grant(
        ("arn:aws:cloudwatch::*:dashboard/awslab-*",),
        reads=("cloudwatch:GetDashboard",),
        lists=("cloudwatch:ListDashboards",),
        changes=("cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"),
        conditioned=False,
    ),
    "Function": Grant(
        ("arn:aws:lambda:*:*:function:awslab-*",),
        reads=("lambda:GetFunction", "lambda:ListTags"),
        creates=("lambda:CreateFunction",),
        tags=("lambda:TagResource", "lambda:UntagResource"),
        changes=(
            "lambda:DeleteFunction",
            "lambda:DeleteFunctionConcurrency",
            "lambda:PutFunctionConcurrency",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ),
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
        changes=("logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy"),
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
            "lambda:DeleteAlias",
            "lambda:PublishVersion",
            "lambda:RemovePermission",
            "lambda:UpdateAlias",
        ),
    ),
    "Role": Grant(
        (f"arn:aws:iam::*:role/awslab/{INSTANCE}/{{kind}}/*",),
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

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetBucketNotificationConfiguration": ("s3:GetBucketNotification",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "s3:PutBucketNotificationConfiguration": ("s3:PutBucketNotification",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
}
"""The actions of IAM that a call is about, where they are not named as the call is."""

PASSED_TO = ("ec2.amazonaws.com", "lambda.amazonaws.com", "states.amazonaws.com", "vpc-flow-logs.amazonaws.com")
"""The services that are given roles of ours."""

ALWAYS = ("tag:GetResources",)

FIRST_BALANCER = "LetAwsKeepTheRoleOfLoadBalancers"
UNBOUND = "ChangeWhatHasNoResource"
"""The statement about saved queries: IAM can bind them to nothing."""


def statements(kind: str, types: Sequence[str]) -> list[Json]:
    """The permissions to make, keep and delete what is of these types and of *kind*."""
    grants = [GRANTS[name] for name in sorted(types) if name in GRANTS]
    if not grants:
        return []
    plain = [g for g in grants if not g.conditioned]
    tagged_ones = [g for g in grants if g.conditioned]
    arns = {arn.format(kind=kind) for g in grants for arn in g.arns}
    safe = {arn.format(kind=kind) for g in tagged_ones for arn in g.arns}
    open_ = {form for g in plain for arn in g.arns for form in (arn, f"{arn}/*")}
    unbound = {a for g in grants for a in g.unbound}
    return [
        *([statement(UNBOUND, unbound)] if unbound else []),
        statement("ListNamed", [*ALWAYS, *(a for g in grants for a in g.lists)]),
        statement("LookAtNamed", {a for g in grants for a in g.reads}, arns),
        statement("MakeNamed", {a for g in tagged_ones for a in (*g.creates, *g.tags[:1])}, safe, requested(kind)),
        statement("ChangeNamed", {a for g in tagged_ones for a in (*g.changes, *g.tags)}, safe, tagged(kind)),
        statement("ByNameOnly", {a for g in plain for a in (*g.creates, *g.tags, *g.changes)}, open_),
        _pass_roles(kind),
        *([_first_balancer()] if "LoadBalancer" in types else []),
    ]


def adoption(kind: str, types: Iterable[str]) -> list[Json]:
    """To tag what nobody owns."""
    grants = [GRANTS[name] for name in sorted(types) if name in GRANTS and GRANTS[name].conditioned]
    tags = {g.tags[0] for g in grants if g.tags}
    arns = {arn.format(kind=kind) for g in grants for arn in g.arns}
    return [statement("TakeNamedThatNobodyOwns", tags, arns, nobodys(kind))] if tags else []


def _pass_roles(kind: str) -> Json:
    (roles,) = GRANTS["Role"].arns
    condition = {"StringEquals": {"iam:PassedToService": list(PASSED_TO)}}
    return statement("PassRolesOfOurs", ["iam:PassRole"], [roles.format(kind=kind)], condition)


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
