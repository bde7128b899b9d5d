"""The operator in a role, as it acts in AWS, while everybody else in the account may do everything."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
import pytest

from awslab.local.aws.control import Authorization, Control

ACCOUNT, NAME = "123456789012", "operator"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{NAME}"
TRUST = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
VARIABLES = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
}


@contextmanager
def in_role(policies: Mapping[str, dict]) -> Iterator[Role]:
    """Sessions of boto3 that are made now are in the role; clients that are made without one are not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto3, "DEFAULT_SESSION", boto3.Session("test", "test"))
        iam = boto3.client("iam")
        trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=trust)
        for name, document in policies.items():
            iam.put_role_policy(RoleName=NAME, PolicyName=name, PolicyDocument=json.dumps(document))
        key = boto3.client("sts").assume_role(RoleArn=ROLE, RoleSessionName=NAME)["Credentials"]
        for variable, name in VARIABLES.items():
            patch.setenv(variable, key[name])
        yield Role(policies)


@dataclass(frozen=True)
class Role:
    """The role, and what has been asked about it."""

    policies: Mapping[str, dict]

    def asked(self, control: Control) -> list[Authorization]:
        return [one for one in control.authorizations() if one["principal"] == ROLE]

    def granted(self, what: str = "Action") -> dict[str, list[str]]:
        """The actions, or resources, of each statement, by what a decision calls it."""
        return {
            f"{name}[{place}]": one[what]
            for name, policy in self.policies.items()
            for place, one in enumerate(policy["Statement"])
        }


def denied(decisions: list[Authorization]) -> Counter[str]:
    return Counter(f"{one['action']} on {one['resource']}" for one in decisions if not one["allowed"])
