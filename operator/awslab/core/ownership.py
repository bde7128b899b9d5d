"""Who owns an AWS resource, as its tags say."""

from __future__ import annotations

from dataclasses import dataclass

from .resource import Resource, Tags
from .values import FrozenMap

PREFIX = "awslab.dev/"
OWNER_TAG = PREFIX + "owner"
UID_TAG = PREFIX + "uid"
RESOURCE_TAG = PREFIX + "resource"


@dataclass(frozen=True)
class Owner:
    """The Kubernetes object on whose behalf AWS is changed.

    The key is made of names and holds no uid, so that objects that are applied
    again to a new cluster find what they made from the old one.
    """

    instance: str
    kind: str
    namespace: str
    name: str
    uid: str = ""

    @property
    def key(self) -> str:
        """``<instance>/<kind>/<namespace>/<name>``: the value of the owner tag."""
        return f"{self.instance}/{self.kind}/{self.namespace}/{self.name}"

    def tags(self, resource: Resource) -> Tags:
        """Every tag of *resource* that is kept so: ours, and the user's."""
        ours = {"Name": self.label(resource.name), OWNER_TAG: self.key, RESOURCE_TAG: resource.address}
        return FrozenMap(ours | dict(resource.tags) | {k: ours[k] for k in (OWNER_TAG, RESOURCE_TAG)})

    def birth_tags(self, resource: Resource) -> Tags:
        """The tags of the creating call: those above, and the uid, which is never changed later."""
        return FrozenMap({**self.tags(resource), UID_TAG: self.uid})

    def label(self, name: str) -> str:
        """A name for people: ``production-public-a``."""
        return f"{self.name}-{name}"
