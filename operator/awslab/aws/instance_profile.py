"""Instance profiles: how instances get a role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed

from .iam import Role
from .named import Named, as_mapping, as_pairs, name_in, unless_gone
from .session import Aws


@dataclass(frozen=True, kw_only=True)
class InstanceProfile(Named):
    """A role as instances can have it.  Those of one owner are found by their path, which never changes."""

    mutable: ClassVar = frozenset({"role"})

    role: Role

    @classmethod
    def observe(cls, aws: Aws) -> Iterator[Observed]:
        """Find the owner's by their path."""
        for page in aws.client("iam").get_paginator("list_instance_profiles").paginate(PathPrefix=aws.owner.path):
            for item in page["InstanceProfiles"]:
                found = cls.looked(aws, item["Arn"])
                if found and found.owner == aws.owner.key:
                    yield found

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed | None:
        item = aws.client("iam").get_instance_profile(InstanceProfileName=name_in(arn))["InstanceProfile"]
        if item["Arn"] != arn:
            return None  # the name is taken under another path
        role = next((r["Arn"] for r in item["Roles"]), None)
        return cls.seen(arn, {"role": role}, as_mapping(item.get("Tags", ())))

    def make(self, aws: Aws, ids: Ids) -> None:
        iam, name = aws.client("iam"), self.physical_name
        path = self.arn.partition(":instance-profile")[2].removesuffix(name)
        iam.create_instance_profile(InstanceProfileName=name, Path=path, Tags=as_pairs(aws.owner.birth_tags(self)))
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name_in(ids.of(self.role)))

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Give it the wanted role; AWS allows one."""
        iam, name = aws.client("iam"), name_in(found.id)
        _empty(iam, found)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name_in(changes.desired("role")))

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        iam, name = aws.client("iam"), name_in(arn)
        if new:
            iam.tag_instance_profile(InstanceProfileName=name, Tags=as_pairs(new))
        if gone:
            iam.untag_instance_profile(InstanceProfileName=name, TagKeys=list(gone))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Take its role away, which AWS asks for, then the profile."""
        iam = aws.client("iam")
        with unless_gone():
            _empty(iam, found)
            iam.delete_instance_profile(InstanceProfileName=name_in(found.id))


def _empty(iam: Any, found: Observed) -> None:
    if role := found.fields["role"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=name_in(found.id), RoleName=name_in(role))
