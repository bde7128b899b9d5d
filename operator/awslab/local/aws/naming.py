"""What the permissions of all services have in common: names that are ARNs, tags of the request, roles that are passed.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from awslab.local.aws.call import Call
    from awslab.local.aws.policies import Values

Need = tuple[str, str, "dict[str, Values]"]
USUAL = ("TagResource", "UntagResource")
TAGGING = {  # what services call the giving and taking of tags
    "elasticloadbalancing": ("AddTags", "RemoveTags"),
    "sqs": ("TagQueue", "UntagQueue"),
    "iam": ("TagRole", "UntagRole"),
    "s3": ("PutBucketTagging", "PutBucketTagging"),
}
MAKING = ("Create", "Put")


def needs(call: Call, service: str, arns: Sequence[str], action: str = "") -> Iterator[Need]:
    """Yield what a call needs on each of some resources; who makes one with tags may also tag it."""
    tags = tags_of(call)
    context: dict[str, Values] = {f"aws:requesttag/{key}".lower(): [value] for key, value in tags.items()}
    if tags:
        context["aws:tagkeys"] = list(tags)
    for arn in arns:
        yield f"{service}:{action or call.action}", arn, context
        if tags and call.action.startswith(MAKING):
            yield f"{service}:{tag_action(service)}", arn, context


def tags_of(call: Call) -> dict[str, str]:
    """Return the tags that a call gives, in whatever form its service takes them."""
    given: Any = call.params.get("Tags") or call.params.get("tags") or _flat(call)
    if isinstance(given, dict):
        return {str(key): str(value) for key, value in given.items()}
    pairs = ({name.lower(): value for name, value in one.items()} for one in given)
    return {str(one.get("key")): str(one.get("value", "")) for one in pairs}


def _flat(call: Call) -> dict[str, str]:
    """Return the tags of a call in AWS's query protocol that nobody has read for us."""
    keys = {name.split(".")[2]: value for name, value in call.params.items() if _is_flat(name, "Key")}
    return {key: call.params.get(f"Tags.member.{number}.Value", "") for number, key in keys.items()}


def _is_flat(name: str, what: str) -> bool:
    return name.startswith("Tags.member.") and name.endswith(f".{what}")


def tag_action(service: str, *, gives: bool = True) -> str:
    """Return what a service calls the giving, or the taking, of tags."""
    return TAGGING.get(service, USUAL)[0 if gives else 1]


def passed(role: str | None, service: str) -> Iterator[Need]:
    """Yield what whoever gives a role to a service needs."""
    if role:
        yield "iam:PassRole", role, {"iam:passedtoservice": [service]}


def arn_of(call: Call, service: str, rest: str, account: str = "") -> str:
    """Return the ARN of something in the caller's region, and in the caller's account unless it is told otherwise."""
    return f"arn:aws:{service}:{call.region}:{account or call.account}:{rest}"


def role_arn(call: Call, name: str) -> str:
    """Return a role's ARN: its path is that of the call that makes it, or of the role that is there."""
    roles = iam_backends[call.account]["aws"].roles.values()
    there = next((role.arn for role in roles if role.name == name), None)
    path = call.params.get("Path", "/") if call.action == "CreateRole" else "/"
    return str(there or f"arn:aws:iam::{call.account}:role{path}{name}")
