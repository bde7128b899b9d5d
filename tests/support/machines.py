"""A state machine in the local AWS, with a role that it can assume."""

from __future__ import annotations

import json
import time

import boto3
from botocore.exceptions import ClientError

from tests.support.lab import REGION

TRUST = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}


def state_machine(name, definition, seconds=10):
    """The ARN of a new one; a new role cannot be assumed at once."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    states, end = boto3.client("stepfunctions", region_name=REGION), time.monotonic() + seconds
    while True:
        try:
            return states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)[
                "stateMachineArn"
            ]
        except ClientError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
