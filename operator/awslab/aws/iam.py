"""Roles of IAM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed

from .listed import Filters, Item, Listed
from .named import Named, after, as_mapping, as_pairs, name_in, unless_gone
from .policies import NOTHING, Policy, document, read
from .session import Aws

ACCESS = "access"
"""The name of a role's only policy."""

PAGE = 1000
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html"""


@dataclass(frozen=True, kw_only=True)
class InRoles(Listed):
    """What the listing of all roles shows: the roles, and the instance profiles that they are in."""

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterator[Item]:  # noqa: ARG003 - as its sentence says
        """Every role of the account: this listing has no filter for tags."""
        paginator = aws.client("iam").get_paginator("get_account_authorization_details")
        for page in paginator.paginate(Filter=["Role"], PaginationConfig={"PageSize": PAGE}):
            yield from page["RoleDetailList"]


@dataclass(frozen=True, kw_only=True)
class Role(Named, InRoles):
    """Who a function or another service is in AWS, and all that it may do.

    IAM is not among what the tagging API lists.  The roles of all owners come from one listing, which holds
    everything; those of one owner are found by their path, which never changes.
    """

    mutable: ClassVar = frozenset({"trust", "access", "boundary", "managed", "others"})

    trust: Policy
    """Who may assume it."""
    access: Policy = NOTHING
    """What it may do: an inline policy."""
    boundary: str = ""
    """The ARN of the managed policy beyond which nothing is allowed; "" for none."""
    managed: frozenset[str] = frozenset()
    """The ARNs of attached policies."""
    others: frozenset[str] = frozenset()
    """The names of further inline policies: none is wanted, as each would allow more."""

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        """Read a role as the listing of all shows it."""
        inline = {p["PolicyName"]: p["PolicyDocument"] for p in item["RolePolicyList"]}
        fields = {
            "trust": read(item["AssumeRolePolicyDocument"]),
            "access": read(inline.pop(ACCESS, None)),
            "boundary": item.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            "managed": frozenset(p["PolicyArn"] for p in item["AttachedManagedPolicies"]),
            "others": frozenset(inline),
        }
        return replace(cls.seen(item["Arn"], fields, as_mapping(item.get("Tags", ()))), name=name)

    @classmethod
    def observe(cls, aws: Aws) -> Iterator[Observed]:
        """Find the owner's by their path."""
        return in_path(cls, aws, "list_roles", "Roles")

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed | None:
        iam, name = aws.client("iam"), name_in(arn)
        role = iam.get_role(RoleName=name)["Role"]
        if role["Arn"] != arn:
            return None  # the name is taken under another path
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        role["RolePolicyList"] = [iam.get_role_policy(RoleName=name, PolicyName=policy) for policy in inline]
        role["AttachedManagedPolicies"] = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        found = cls.read(role, "")
        return cls.seen(arn, found.fields, found.tags)

    def make(self, aws: Aws, ids: Ids) -> None:
        iam, name = aws.client("iam"), self.physical_name
        path = self.arn.partition(":role")[2].removesuffix(name)
        limits = {"PermissionsBoundary": self.boundary} if self.boundary else {}
        tags = as_pairs(aws.owner.birth_tags(self))
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document(self.trust), Tags=tags, **limits)
        _allow(iam, name, self.access)
        _attach(iam, name, self.managed)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        iam, name, wanted = aws.client("iam"), name_in(found.id), after(found, changes)
        if changes.of("trust"):
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(wanted["trust"]))
        if changes.of("boundary"):
            _limit(iam, name, wanted["boundary"])
        if changes.of("access"):
            _allow(iam, name, wanted["access"])
        _attach(iam, name, [c.key for c in changes.of("managed").additions])
        _detach(iam, name, [c.key for c in changes.of("managed").removals])
        _forbid(iam, name, [c.key for c in changes.of("others").removals])

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        iam, name = aws.client("iam"), name_in(arn)
        if new:
            iam.tag_role(RoleName=name, Tags=as_pairs(new))
        if gone:
            iam.untag_role(RoleName=name, TagKeys=gone)

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Take away what it may do, which AWS asks for, then the role."""
        iam, name = aws.client("iam"), name_in(found.id)
        _forbid(iam, name, [*found.fields["others"], *([ACCESS] if found.fields["access"] else [])])
        _detach(iam, name, found.fields["managed"])
        with unless_gone():
            iam.delete_role(RoleName=name)


def in_path(type_: type[Named], aws: Aws, operation: str, key: str) -> Iterator[Observed]:
    """The owner's of one type, by a listing of its path, which never changes."""
    for page in aws.client("iam").get_paginator(operation).paginate(PathPrefix=aws.owner.path):
        for item in page[key]:
            found = type_.looked(aws, item["Arn"])
            if found and found.owner == aws.owner.key:
                yield found


def _allow(iam: Any, role: str, access: Policy) -> None:
    """Let *role* do this and nothing else; IAM knows no policy without statements."""
    if access:
        iam.put_role_policy(RoleName=role, PolicyName=ACCESS, PolicyDocument=document(access))
    else:
        _forbid(iam, role, [ACCESS])


def _forbid(iam: Any, role: str, policies: Iterable[str]) -> None:
    for policy in sorted(policies):
        with unless_gone():
            iam.delete_role_policy(RoleName=role, PolicyName=policy)


def _limit(iam: Any, role: str, boundary: str | None) -> None:
    if boundary:
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
    else:
        iam.delete_role_permissions_boundary(RoleName=role)


def _attach(iam: Any, role: str, policies: Iterable[str]) -> None:
    for policy in sorted(policies):
        iam.attach_role_policy(RoleName=role, PolicyArn=policy)


def _detach(iam: Any, role: str, policies: Iterable[str]) -> None:
    for policy in sorted(policies):
        with unless_gone():
            iam.detach_role_policy(RoleName=role, PolicyArn=policy)
