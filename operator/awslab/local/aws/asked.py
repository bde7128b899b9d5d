"""What an action or a rule of a modelled service is given: the call and its world."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from moto.utilities.utils import get_partition

from awslab.local.aws.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awslab.local.aws.call import Call
    from awslab.local.aws.world import World

Item = TypeVar("Item")


@dataclass
class Asked:
    """One call, while it is carried out with the world's lock held."""

    world: World
    call: Call
    finish: Callable[[], dict[str, Any]] | None = None  # what gives the result, once the lock is free
    motos: Callable[[], Any] = dict  # what moto makes of the call

    @property
    def params(self) -> dict[str, Any]:
        """Return the parameters, by AWS's names."""
        return self.call.params

    @property
    def account(self) -> str:
        """Return whose resources the call is about."""
        return self.call.account

    @property
    def region(self) -> str:
        """Return the region that was called."""
        return self.call.region

    @property
    def now(self) -> float:
        """Return the world's time, in seconds since the epoch."""
        return self.world.clock()

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of the caller's account and region."""
        return f"arn:{get_partition(self.region)}:{service}:{self.region}:{self.account}:{resource}"

    def later(self, change: str, id_: str) -> None:
        """Let a change come to a resource after its usual time."""
        self.world.later(change, self.account, self.region, id_)

    def page(
        self, items: Sequence[Item], *, size: str = "maxResults", after: str = "nextToken", most: int = 1000
    ) -> tuple[list[Item], str | None]:
        """Cut a page from a list, by the parameters for its size and token; raises AwsError for a token of nobody's."""
        first = _offset(self.params.get(after))
        wanted = int(self.params.get(size) or most) or most
        end = first + min(wanted, most)
        return list(items[first:end]), _token(end) if end < len(items) else None


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"awslab:{offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        mark, _, offset = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if mark == "awslab":
            return int(offset)
    except (binascii.Error, ValueError):
        pass
    raise AwsError("InvalidToken", f"Invalid Token: '{token}'")
