"""Resource policies: who else may invoke a function."""

from __future__ import annotations

import json
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_.asked import API
from awslab.local.aws.lambda_.model import LATEST, Policy
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.asked import LambdaAsked

book = Book("lambda")


def _policy(asked: LambdaAsked) -> tuple[str, Policy]:
    """Return the ARN that a call is about, and its policy; a missing qualifier is refused."""
    target = asked.target()
    if target.qualifier == LATEST:
        sentence = "We currently do not support adding policies for $LATEST."
        raise AwsError("InvalidParameterValueException", sentence)
    return target.arn, target.function.policies.setdefault(target.qualifier, Policy())


@book.behaves(
    "permission-duplicate",
    "AddPermission",
    code="ResourceConflictException",
    does="A statement's id is unique in the policy of a function, version or alias.",
    see=API + "API_AddPermission.html",
)
def add(asked: LambdaAsked) -> dict[str, Any]:
    """Let a service or an account invoke the function."""
    arn, policy = _policy(asked)
    asked.refuse_other_revision(policy.revision)
    sid = asked.params.get("StatementId", "")
    if any(one["Sid"] == sid for one in policy.statements):
        sentence = (
            f"The statement id ({sid}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
        raise AwsError("ResourceConflictException", sentence, HTTPStatus.CONFLICT)
    statement = _statement(asked.params, arn)
    policy.statements.append(statement)
    policy.revision = str(uuid.uuid4())
    return {"Statement": json.dumps(statement, separators=(",", ":"))}


def _statement(params: dict[str, Any], arn: str) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(str(params["Principal"])),
        "Action": params["Action"],
        "Resource": arn,
    }
    equal = {
        "AWS:SourceAccount": params.get("SourceAccount"),
        "aws:PrincipalOrgID": params.get("PrincipalOrgID"),
        "lambda:EventSourceToken": params.get("EventSourceToken"),
    }
    condition: dict[str, Any] = {}
    if given := {key: value for key, value in equal.items() if value}:
        condition["StringEquals"] = given
    if params.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": params["SourceArn"]}
    return statement | ({"Condition": condition} if condition else {})


def _principal(text: str) -> str | dict[str, str]:
    if text == "*":
        return text
    if text.endswith((".amazonaws.com", ".amazon.com")):
        return {"Service": text}
    return {"AWS": f"arn:aws:iam::{text}:root" if text.isdigit() else text}


@book.behaves(
    "permission-missing",
    "RemovePermission",
    "GetPolicy",
    code="ResourceNotFoundException",
    does="A policy without statements is none, and a statement is removed once.",
    see=API + "API_RemovePermission.html",
)
def remove(asked: LambdaAsked) -> None:
    """Take a statement away."""
    _, policy = _policy(asked)
    asked.refuse_other_revision(policy.revision)
    left = [one for one in policy.statements if one["Sid"] != asked.params["StatementId"]]
    if len(left) == len(policy.statements):
        sentence = f"Statement {asked.params['StatementId']} is not found in resource policy."
        raise AwsError("ResourceNotFoundException", sentence, HTTPStatus.NOT_FOUND)
    policy.statements = left
    policy.revision = str(uuid.uuid4())


def get(asked: LambdaAsked) -> dict[str, Any]:
    """Return the policy of a function, version or alias."""
    _, policy = _policy(asked)
    if not policy.statements:
        sentence = "The resource you requested does not exist."
        raise AwsError("ResourceNotFoundException", sentence, HTTPStatus.NOT_FOUND)
    document = {"Version": "2012-10-17", "Id": "default", "Statement": policy.statements}
    return {"Policy": json.dumps(document, separators=(",", ":")), "RevisionId": policy.revision}
