"""Who may take the operator's role, and which roles it may take itself."""

from __future__ import annotations

from .documents import Json, document


def irsa_trust() -> Json:
    """Who may take the role where pods have their identity from the cluster's OIDC provider."""
    subject = "system:serviceaccount:awslab-system:awslab-operator"
    return document(
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
    return document(
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
    return document(
        {
            "Sid": "TakeTheRolesOfAwsAccounts",
            "Effect": "Allow",
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Resource": ["arn:aws:iam::*:role/awslab-*"],
        }
    )
