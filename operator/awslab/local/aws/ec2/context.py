"""What a rule is given: the call, the world, and moto's EC2 of the caller's account and region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE

from awslab.local.aws.ec2.kinds import kind_of
from awslab.local.aws.errors import AwsError
from awslab.local.aws.quotas import QUOTAS

if TYPE_CHECKING:
    from awslab.local.aws.call import Call
    from awslab.local.aws.world import World

TYPE_NAMES = {  # where AWS's name in tags is not moto's
    "nat-gateway": "natgateway",
    "vpc-elastic-ip": "elastic-ip",
    "flow-logs": "vpc-flow-log",
    "managed-prefix-list": "prefix-list",
}


@dataclass
class Context:
    """One call of EC2, while it is carried out."""

    call: Call
    world: World
    ec2: Any

    @property
    def params(self) -> dict[str, Any]:
        """Return the parameters, by AWS's names."""
        return self.call.params

    def tags(self, id_: str) -> dict[str, str]:
        """Return a resource's tags, unless they are too new to be shown."""
        if self.world.has_hidden_tags(id_):
            return {}
        tags: dict[str, str] = self.ec2.tags.get(id_) or {}
        return tags

    def later(self, change: str, id_: str) -> None:
        """Let a change come to a resource after its usual time."""
        self.world.later(change, self.call.account, self.call.region, id_)

    def type_name(self, id_: str) -> str:
        """Return AWS's name for a resource's type, as DescribeTags shows it."""
        name: str = EC2_PREFIX_TO_RESOURCE.get(id_.rpartition("-")[0], "")
        return TYPE_NAMES.get(name, name)

    def refuse_missing(self, id_: str, store: Any) -> None:
        """Refuse with the type's own code if a resource is not in moto's store."""
        kind = kind_of(id_)
        if id_ not in store and kind is not None:
            raise AwsError(kind.missing, kind.sentence.format(id=id_))

    def refuse_over(self, quota: str, count: int) -> None:
        """Refuse one more than a quota allows; `count` is what there would be."""
        if count > self.world.limit(quota):
            raise AwsError(QUOTAS[quota].code, QUOTAS[quota].message)


def backend(account: str, region: str) -> Any:
    """Return moto's EC2 of one account and region."""
    return ec2_backends[account][region]
