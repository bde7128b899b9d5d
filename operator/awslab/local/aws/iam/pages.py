"""Pages of IAM's lists, where moto gives all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse

from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable

book = Book("iam")
API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
PAGE = 100
LISTS = {  # method of moto, and the lists in its result, in their order
    "get_account_authorization_details": ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"),
    "list_role_policies": ("PolicyNames",),
    "list_instance_profiles_for_role": ("InstanceProfiles",),
}


@book.behaves(
    "iam-pages",
    "GetAccountAuthorizationDetails",
    "ListRolePolicies",
    "ListInstanceProfilesForRole",
    does="Lists come in pages of at most MaxItems, 100 unless told otherwise, with a marker for the next.",
    see=API + "API_GetAccountAuthorizationDetails.html",
)
def paged(method: Callable[[Any], ActionResult], keys: tuple[str, ...]) -> Callable[[Any], ActionResult]:
    """Return a method of moto's that gives one page."""

    def page(self: Any) -> ActionResult:
        result: dict[str, Any] = dict(method(self).result)
        entries = [(key, one) for key in keys for one in result[key]]
        first, size = _begin(self._get_param("Marker")), int(self._get_param("MaxItems") or PAGE)
        last = first + size
        here = entries[first:last]
        result |= {key: [one for name, one in here if name == key] for key in keys}
        more = last < len(entries)
        result["IsTruncated"] = more
        return ActionResult(result | ({"Marker": str(last)} if more else {}))

    return page


def _begin(marker: str | None) -> int:
    try:
        return int(marker or 0)
    except ValueError as error:
        raise AwsError("InvalidInput", f"Invalid Marker: {marker}") from error


_MOTOS = {name: getattr(IamResponse, name) for name in LISTS}


def apply() -> None:
    """Put the pages in; doing it twice changes nothing more."""
    for name, keys in LISTS.items():
        setattr(IamResponse, name, paged(_MOTOS[name], keys))
