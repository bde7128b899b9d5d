"""Instance profiles: found by their path, known to EC2 after some seconds, held by instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse

from awslab.local.aws import identity
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.services import Asked
    from awslab.local.aws.world import Due, World

book = Book("iam")
API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"


def profile_of(arn: str) -> Any:
    """Return moto's instance profile of an ARN, path included; None where there is none."""
    account = arn.split(":")[4] if arn.count(":") > 4 else ""  # noqa: PLR2004 - the parts of an ARN
    profiles = iam_backends[account]["aws"].get_instance_profiles() if account else ()
    return next((one for one in profiles if one.arn == arn), None)


@book.behaves(
    "profiles-by-path",
    "ListInstanceProfiles",
    does="A path prefix selects the instance profiles under it.",
    see=API + "API_ListInstanceProfiles.html",
)
def listed(self: Any) -> ActionResult:
    """List the profiles under a path."""
    prefix = self._get_param("PathPrefix") or "/"
    found = [one for one in self.backend.get_instance_profiles() if one.path.startswith(prefix)]
    return ActionResult({"InstanceProfiles": found, "IsTruncated": False})


@book.follows(
    "profile-new",
    "CreateInstanceProfile",
    does="An instance profile that was just made is shown at once, but EC2 does not know it for some seconds.",
    see=identity.SERVER_ROLE,
)
def new(asked: Asked, _: object) -> None:
    """Let EC2 know it later."""
    name = asked.params.get("InstanceProfileName")
    profiles = iam_backends[asked.call.account]["aws"].get_instance_profiles()
    arn = next(one.arn for one in profiles if one.name == name)
    asked.world.overlay.new_profiles.add(arn)
    asked.later("profile-known", arn)


def _known(world: World, due: Due) -> None:
    world.overlay.new_profiles.discard(due.id)


CHANGES = {"profile-known": _known}
IamResponse.list_instance_profiles = listed
