"""Who may do what: roles are assumed, their policies and those of resources are asked, decisions are kept.

Only credentials of a role are asked about, be they a service's (`assume`) or those of AssumeRole; users' keys may do
everything.
Whoever calls a function of this module holds the world's lock.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from awslab.local.aws.errors import AwsError
from awslab.local.aws.policies import Request, context_of, says, speaking
from awslab.local.aws.resource_policies import policy_of
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awslab.local.aws.call import Call
    from awslab.local.aws.policies import Values
    from awslab.local.aws.world import Due, World

book = Book("iam")
EVALUATION = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
SERVER_ROLE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html"
CODES = {"s3": "AccessDenied", "sqs": "AccessDenied", "iam": "AccessDenied", "sts": "AccessDenied"} | {
    "cloudwatch": "AccessDenied",
    "sns": "AuthorizationError",
}


@dataclass(frozen=True)
class Session:
    """The temporary credentials with which a service acts in a role."""

    access_key: str
    secret_key: str
    token: str
    role_arn: str
    name: str
    service: str

    @property
    def arn(self) -> str:
        """Return the ARN by which AWS names the session."""
        partition, account = self.role_arn.split(":")[1], self.role_arn.split(":")[4]
        return f"arn:{partition}:sts::{account}:assumed-role/{self.role_arn.rpartition('/')[2]}/{self.name}"

    def environment(self) -> dict[str, str]:
        """Return the credentials as the variables that every AWS SDK reads."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": self.token,
        }


def role_of(role_arn: str) -> Any:
    """Return moto's role of an ARN, path included; None where there is none."""
    partition, account = owner_of(role_arn)
    roles = iam_backends[account][partition].roles.values()
    return next((role for role in roles if role.arn == role_arn), None)


@book.behaves(
    "role-trust",
    "AssumeRole",
    code="AccessDenied",
    does="A service takes on only a role that is there and whose trust policy names the service.",
    see="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html",
)
def assume(
    world: World, role_arn: str, service: str, *, session: str = "", source_arn: str = "", keep: bool = True
) -> Session:
    """Let a service, as `lambda.amazonaws.com`, take on a role; raises AwsError AccessDenied if it may not.

    With `keep=False` it is only tried, and the credentials are good for nothing.
    """
    role = role_of(role_arn)
    context = context_of(SourceAccount=owner_of(role_arn)[1], SourceArn=source_arn)
    request = Request("sts:AssumeRole", role_arn, context, frozenset({service}))
    document = role.assume_role_policy_document if role else None
    if role is None or not says(document, request) or role_arn in world.overlay.new_roles:
        sentence = f"{service} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
        raise AwsError("AccessDenied", sentence, HTTPStatus.FORBIDDEN)
    name = session or secrets.token_hex(16)
    return _credentials(world, role_arn, name, service) if keep else Session("", "", "", role_arn, name, service)


def _credentials(world: World, role_arn: str, name: str, service: str) -> Session:
    partition, account = owner_of(role_arn)
    made = sts_backends[account][partition].assume_role(
        region_name="us-east-1",
        role_session_name=name,
        role_arn=role_arn,
        policy="",
        duration=3600,
        external_id="",
    )
    session = Session(made.access_key_id, made.secret_access_key, made.session_token, role_arn, name, service)
    world.overlay.sessions[session.access_key] = session
    return session


def end(world: World, session: Session) -> None:
    """Forget credentials that nobody uses any more."""
    world.overlay.sessions.pop(session.access_key, None)
    partition, account = owner_of(session.role_arn)
    sts = sts_backends[account][partition]
    sts.assumed_roles = [one for one in sts.assumed_roles if one.access_key_id != session.access_key]


def _assumable(world: World, due: Due) -> None:
    world.overlay.new_roles.discard(due.id)


CHANGES = {"role-assumable": _assumable}


@book.behaves(
    "role-permissions",
    "*",
    code="AccessDenied",
    does="A call made in a role is refused unless a policy of the role or the resource allows it and none denies it.",
    see=EVALUATION,
)
def authorize(
    world: World, principal: Session | str, action: str, resource: str, context: dict[str, Values] | None = None
) -> None:
    """Refuse what a role may not do; raises AwsError with AWS's sentence.

    `principal` is what `assume` returned, or a role's ARN; `context` has condition keys of this call beside the
    global ones.
    """
    role_arn = principal if isinstance(principal, str) else principal.role_arn
    shown = role_arn if isinstance(principal, str) else principal.arn
    account = owner_of(role_arn)[1]
    known = context_of(PrincipalArn=role_arn, PrincipalAccount=account, SecureTransport="true") | (context or {})
    asked = Request(action, resource, known, frozenset({role_arn, shown}))
    allowed, by = _decide(asked, account)
    name = "" if isinstance(principal, str) else principal.name
    world.decisions.add(principal=role_arn, session=name, action=action, resource=resource, allowed=allowed, by=by)
    if not allowed:
        raise denied(shown, action, resource, by)


def may(
    world: World, principal: Session | str, action: str, resource: str, context: dict[str, Values] | None = None
) -> bool:
    """Tell whether a role may do something; the decision is recorded as any other."""
    try:
        authorize(world, principal, action, resource, context)
    except AwsError:
        return False
    return True


def _decide(asked: Request, account: str) -> tuple[bool, str]:
    """Ask all policies; returns whether they allow it, and the statement that decided."""
    own = dict(role_policies(asked.context["aws:principalarn"][0]))
    theirs = policy_of(asked.resource, account)
    # The account as a principal hands the decision to the role's policies, and only denies by itself.
    outside = Request(asked.action, asked.resource, asked.context, asked.principals | {account})
    for name, document in own.items():
        for place in speaking(document, asked, "Deny"):
            return False, f"{name}[{place}]"
    for place in speaking(theirs, outside, "Deny"):
        return False, f"resource-policy[{place}]"
    for name, document in own.items():
        for place in speaking(document, asked, "Allow"):
            return True, f"{name}[{place}]"
    for place in speaking(theirs, asked, "Allow"):
        return True, f"resource-policy[{place}]"
    return False, ""


def role_policies(role_arn: str) -> Iterator[tuple[str, str]]:
    """Yield name and document of each policy of a role, inline ones first; nothing of a role that is gone."""
    role = role_of(role_arn)
    if role is None:
        return
    yield from role.policies.items()
    for policy in role.managed_policies.values():
        yield policy.name, next(version.document for version in policy.versions if version.is_default)


def denied(shown: str, action: str, resource: str, by: str = "") -> AwsError:
    """Return the refusal in AWS's own words."""
    service = action.partition(":")[0]
    code = CODES.get(service, "AccessDeniedException")
    status = HTTPStatus.BAD_REQUEST if service in {"dynamodb", "states", "logs", "events"} else HTTPStatus.FORBIDDEN
    kind = "a resource" if by.startswith("resource-policy") else "an identity"
    missing = f"because no identity-based policy allows the {action} action"
    why = f"with an explicit deny in {kind}-based policy" if by else missing
    there = f'"{resource}"' if service == "s3" else resource
    return AwsError(code, f"User: {shown} is not authorized to perform: {action} on resource: {there} {why}", status)


@book.behaves(
    "service-permissions",
    "*",
    does="A service acting by itself, as S3 that invokes a function, may do only what the resource's policy lets it.",
    see="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html",
)
def service_may(
    world: World,
    service_principal: str,
    action: str,
    resource: str,
    policy: str | dict[str, Any] | None,
    source_arn: str,
    account: str,
) -> bool:
    """Tell whether a resource's policy lets a service act for `source_arn` of `account`."""
    context = context_of(SourceArn=source_arn, SourceAccount=account, SecureTransport="true")
    asked = Request(action, resource, context, frozenset({service_principal}))
    allow = next(speaking(policy, asked, "Allow"), None)
    deny = next(speaking(policy, asked, "Deny"), None)
    allowed, place = allow is not None and deny is None, allow if deny is None else deny
    by = "" if place is None else f"resource-policy[{place}]"
    world.decisions.add(
        principal=service_principal, session=source_arn, action=action, resource=resource, allowed=allowed, by=by
    )
    return allowed


def session_of(world: World, call: Call) -> Session | None:
    """Return the session in which a call was made, if a role was assumed for it.

    Whoever took a role that was never made, as people do who only want another account, may do everything.
    """
    found: Session | None = world.overlay.sessions.get(call.access_key)
    if found is None and call.role_arn and role_of(call.role_arn):
        name = call.who.partition("/")[2]
        found = Session(call.access_key, "", "", call.role_arn, name, "")
    return found


def owner_of(arn: str) -> tuple[str, str]:
    """Return partition and account of an ARN."""
    parts = (arn + ":::::").split(":")
    return parts[1] or "aws", parts[4]
