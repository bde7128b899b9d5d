"""Who owns an AWS resource, as its tags say."""

from __future__ import annotations

import hashlib
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

    @property
    def prefix(self) -> str:
        """What every physical name begins with that is not cut."""
        return f"awslab-{self.name.replace('.', '-')}-"

    def physical_name(self, part: str, limit: int = 64) -> str:
        """The name in AWS of *part*, no other owner's: ``awslab-sales-validate-1f3a9c2e``, at most *limit* long.

        Functions, queues, topics and dashboards have no dots in their names; the digits tell ``a.b`` from ``a-b``.
        """
        unique = hashlib.sha256(self.key.encode()).hexdigest()[:8]
        text = f"{self.prefix}{part}"
        if len(text) > limit - 9:
            whole = hashlib.sha256(text.encode()).hexdigest()[:6]
            text = f"{text[: limit - 16]}-{whole}"
        return f"{text}-{unique}"

    def gave(self, name: str) -> bool:
        """Whether a physical name ends as all names of this owner do."""
        return name.endswith(self.physical_name("")[-9:])

    def bucket_name(self, part: str, account: str, region: str) -> str:
        """The name of a bucket: unique in the whole world, small letters, at most 63.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        """
        unique = hashlib.sha256(f"{self.key}|{account}|{region}".encode()).hexdigest()[:12]
        text = "-".join(filter(None, ("awslab", self.name.replace(".", "-"), part)))
        return f"{text[:50].rstrip('-')}-{unique}".lower()

    @property
    def path(self) -> str:
        """The path of IAM roles, which never changes: ``/awslab/default/DataPipeline/lab/sales/``."""
        return f"/awslab/{self.key}/"

    def label(self, name: str) -> str:
        """A name for people: ``production-public-a``."""
        return f"{self.name}-{name}"
