"""Instance profiles: how instances get a role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.ownership import OWNER_TAG, RESOURCE_TAG
from awslab.core.resource import Ids, Observed, Phase

from .iam import InRoles, Role, in_path
from .listed import Item, tags_of
from .named import Named, as_mapping, as_pairs, name_in, unless_gone
from .session import Aws


@dataclass(frozen=True, kw_only=True)
class InstanceProfile(Named, InRoles):
    """A role as instances can have it, under the role's own name.

    Those of one owner are found by their path, which never changes; those of all owners with their roles, whose
    listing shows no more than that they are there.
    """

    mutable: ClassVar = frozenset({"role"})
    hidden: ClassVar = True

    role: Role

    @classmethod
    def observed(cls, item: Item) -> Observed | None:
        """The profile in the description of a role of ours; its own tags are not told there."""
        kind, _, name = tags_of(item).get(RESOURCE_TAG, "").partition("/")
        return cls.read(item, name) if kind == Role.__name__ and _beside(item) else None

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        tags = {**tags_of(item), RESOURCE_TAG: f"{cls.__name__}/{name}"}
        return Observed(cls, name, _beside(item), tags=tags, owner=tags.get(OWNER_TAG, ""))

    @classmethod
    def examined(cls, aws: Aws, found: Observed) -> Observed:
        """As it is now."""
        now = cls.looked(aws, found.id)
        return replace(now, name=found.name) if now else replace(found, phase=Phase.GONE)

    @classmethod
    def tagged_with(cls, aws: Aws, tags: Mapping[str, str]) -> Iterator[Observed]:  # noqa: ARG003 - no listing does
        """None: no listing shows the tags of a profile."""
        return iter(())

    @classmethod
    def observe(cls, aws: Aws) -> Iterator[Observed]:
        """Find the owner's by their path."""
        return in_path(cls, aws, "list_instance_profiles", "InstanceProfiles")

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


def _beside(role: Item) -> str:
    """The ARN of the profile that has the role and stands under its path; "" where there is none."""
    profiles = role.get("InstanceProfileList", ())
    return next((str(profile["Arn"]) for profile in profiles if profile["Path"] == role["Path"]), "")


def _empty(iam: Any, found: Observed) -> None:
    if role := found.fields["role"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=name_in(found.id), RoleName=name_in(role))
