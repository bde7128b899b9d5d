"""A call is asked about before it is carried out, with the tags that it gives and those of what it is about."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from awslab.local.aws import identity
from awslab.local.aws.actions import requests_of
from awslab.local.aws.identity import owner_of
from awslab.local.aws.policies import Request, context_of, says
from awslab.local.aws.rules import Book
from awslab.local.aws.services import Ruled
from awslab.local.aws.tagging import sources

if TYPE_CHECKING:
    from awslab.local.aws.call import Call
    from awslab.local.aws.policies import Values
    from awslab.local.aws.services import Asked
    from awslab.local.aws.world import World

book = Book("sts")


@book.behaves(
    "tag-conditions",
    "*",
    code="AccessDenied",
    does="Conditions on tags of the request and of the resource hold for everything but buckets and EC2.",
    see="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html",
)
def authorize_call(world: World, call: Call) -> None:
    """Ask for every permission that a call needs, if it was made in a role."""
    session = identity.session_of(world, call)
    if session is None:
        return
    call.account = owner_of(session.role_arn)[1]
    known = context_of(RequestedRegion=call.region)
    for action, resource, more in requests_of(call):
        identity.authorize(world, session, action, resource, known | _tags(world, resource) | more)


def _tags(world: World, arn: str) -> dict[str, Values]:
    return {f"aws:resourcetag/{key}".lower(): [value] for key, value in sources.of_arn(world, arn).items()}


class Sts(Ruled):
    """Answers the calls of STS."""

    name = "sts"


@book.refuses(
    "assume-role-trust",
    "AssumeRole",
    code="AccessDenied",
    status=HTTPStatus.FORBIDDEN,
    does="A role that is there is taken on only by whom its trust policy names; one that was never made by everybody.",
    see="https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
)
def _trusts(asked: Asked) -> str | None:
    arn, who = asked.params.get("RoleArn", ""), f"arn:aws:iam::{asked.call.account}:user/{asked.call.who}"
    role: Any = identity.role_of(arn)
    wish = Request("sts:AssumeRole", arn, _external(asked), frozenset({who, asked.call.account}))
    if role is None or says(role.assume_role_policy_document, wish):
        return None
    return f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {arn}"


def _external(asked: Asked) -> dict[str, Values]:
    given = asked.params.get("ExternalId")
    return {"sts:externalid": [given]} if given else {}
