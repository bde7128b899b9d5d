"""IAM: names, documents and pages as AWS has them; new roles cannot be used at once."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.iam.models import iam_backends
from moto.iam.policy_validation import IAMPolicyDocumentValidator, IAMTrustPolicyDocumentValidator

from awslab.local.aws import identity
from awslab.local.aws.iam import pages
from awslab.local.aws.policies import OPERATORS, statements
from awslab.local.aws.rules import Book
from awslab.local.aws.services import Asked, Ruled

if TYPE_CHECKING:
    from awslab.local.aws.call import Call
    from awslab.local.aws.world import World

book = Book("iam")
API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
PATH = re.compile(r"/|/[\x21-\x7e]{1,510}/")
INLINE_SIZE = 10_240
CHANGES = identity.CHANGES


class Iam(Ruled):
    """Answers the calls of IAM."""

    name = "iam"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        pages.apply()

    def made(self, call: Call, _: Any) -> list[str]:
        """A new role is known by its name."""
        return [call.params["RoleName"]] if call.action == "CreateRole" else []


def roles(asked: Asked) -> Any:
    """Return moto's IAM of the caller's account."""
    return iam_backends[asked.call.account]["aws"]


def _role(asked: Asked) -> Any:
    name = asked.params.get("RoleName")
    return next((role for role in roles(asked).roles.values() if role.name == name), None)


@book.refuses(
    "role-name",
    "CreateRole",
    code="ValidationError",
    does="A role's name has at most 64 letters, digits and `+=,.@-_`; its path begins and ends with a slash.",
    see=API + "API_CreateRole.html",
)
def _name(asked: Asked) -> str | None:
    name, path = asked.params.get("RoleName", ""), asked.params.get("Path", "/")
    if not ROLE_NAME.fullmatch(name):
        return f"1 validation error detected: Value '{name}' at 'roleName' failed to satisfy constraint"
    if not PATH.fullmatch(path):
        return f"1 validation error detected: Value '{path}' at 'path' failed to satisfy constraint"
    return None


@book.refuses(
    "role-policy-name",
    "PutRolePolicy",
    code="ValidationError",
    does="An inline policy's name has at most 128 letters, digits and `+=,.@-_`.",
    see=API + "API_PutRolePolicy.html",
)
def _policy_name(asked: Asked) -> str | None:
    name = asked.params.get("PolicyName", "")
    return None if POLICY_NAME.fullmatch(name) else f"Value '{name}' at 'policyName' failed to satisfy constraint"


@book.refuses(
    "role-name-case",
    "CreateRole",
    code="EntityAlreadyExists",
    status=HTTPStatus.CONFLICT,
    does="Two roles of an account do not differ by upper and lower case only, nor by path.",
    see=API + "API_CreateRole.html",
)
def _case(asked: Asked) -> str | None:
    name = asked.params.get("RoleName", "")
    taken = any(role.name.lower() == name.lower() for role in roles(asked).roles.values())
    return f"Role with name {name} already exists." if taken else None


@book.refuses(
    "trust-malformed",
    "CreateRole",
    code="MalformedPolicyDocument",
    does="A role's trust policy is a valid document: principals, an action of sts, no resource, known operators.",
    see="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
)
def _trust(asked: Asked) -> str | None:
    return _refusal(IAMTrustPolicyDocumentValidator, asked.params.get("AssumeRolePolicyDocument", ""))


@book.refuses(
    "policy-malformed",
    "PutRolePolicy",
    "CreatePolicy",
    "CreatePolicyVersion",
    code="MalformedPolicyDocument",
    does="A policy is a valid document whose condition operators are known.",
    see="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
)
def _policy(asked: Asked) -> str | None:
    return _refusal(IAMPolicyDocumentValidator, asked.params.get("PolicyDocument", ""))


def _refusal(validator: type, document: str) -> str | None:
    """Return what is wrong with a document, if anything is."""
    try:
        validator(document).validate()
    except ServiceException as error:
        return str(error.message)
    used = {operator for one in statements(document) for operator in one.get("Condition", {})}
    names = {one.rpartition(":")[2].removesuffix("IfExists") for one in used}
    unknown = names - set(OPERATORS) - {"Null"} - OTHER_OPERATORS
    return f"Invalid Condition type : {', '.join(sorted(unknown))}." if unknown else None


OTHER_OPERATORS = {  # AWS has them; here they match nothing
    "StringNotEqualsIgnoreCase",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    *(f"{kind}{how}" for kind in ("Numeric", "Date") for how in ("Equals", "NotEquals")),
    *(f"{kind}{how}Than{end}" for kind in ("Numeric", "Date") for how in ("Less", "Greater") for end in ("", "Equals")),
}


@book.refuses(
    "role-policies-size",
    "PutRolePolicy",
    code="LimitExceeded",
    status=HTTPStatus.CONFLICT,
    does="All inline policies of a role together have at most 10,240 characters, white space not counted.",
    see=QUOTAS,
)
def _size(asked: Asked) -> str | None:
    role = _role(asked)
    if role is None:
        return None
    there = role.policies | {asked.params.get("PolicyName"): asked.params.get("PolicyDocument", "")}
    size = sum(len("".join(document.split())) for document in there.values())
    sentence = f"Maximum policy size of {INLINE_SIZE} bytes exceeded for role {role.name}"
    return sentence if size > INLINE_SIZE else None


@book.refuses(
    "role-policy-missing",
    "DeleteRolePolicy",
    code="NoSuchEntity",
    status=HTTPStatus.NOT_FOUND,
    does="Only an inline policy that is there can be deleted.",
    see=API + "API_DeleteRolePolicy.html",
)
def _policy_missing(asked: Asked) -> str | None:
    role, name = _role(asked), asked.params.get("PolicyName")
    if role is None or name in role.policies:
        return None
    return f"The role policy with name {name} cannot be found."


@book.follows(
    "role-new",
    "CreateRole",
    does="A role that was just made is shown at once, but cannot be assumed for some seconds.",
    see=identity.SERVER_ROLE,
)
def _new(asked: Asked, _: object) -> None:
    role = _role(asked)
    if role is not None:
        asked.world.overlay.new_roles.add(role.arn)
        asked.later("role-assumable", role.arn)
