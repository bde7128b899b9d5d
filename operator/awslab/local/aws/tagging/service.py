"""The tagging API: what has which tags, a little later than the services themselves know it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse

from awslab.local.aws.errors import AwsError
from awslab.local.aws.modelled import Modelled
from awslab.local.aws.rules import Book
from awslab.local.aws.tagging import sources
from awslab.local.aws.times import USUAL_SECONDS

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.call import Call
    from awslab.local.aws.world import Due, World

book = Book("tagging")
API = "https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/"
DELAY = "tags-shown"
USUAL_PAGE, LARGEST_PAGE = 50, 100
MOST_FILTERS, MOST_VALUES, MOST_ARNS = 50, 20, 100
NAMES = {"monitoring": "cloudwatch"}  # where the name in a signature is not that in an ARN
WATCHED = frozenset({*sources.OURS, "s3", "logs"})
CHANGES_TAGS = ("Create*", "Tag*", "Untag*", "Put*Alarm", "PutRule", "PutBucketTagging", "DeleteBucketTagging")


@dataclass
class Shown:
    """A resource's tags, and what is shown in their place until a moment."""

    tags: dict[str, str]
    before: dict[str, str]
    until: float

    def now(self, moment: float) -> dict[str, str]:
        """Return the tags that are shown at a moment."""
        return self.tags if moment >= self.until else self.before


def _known(world: World, account: str, region: str) -> dict[str, Shown]:
    known: dict[str, Shown] = world.store("tagging", account, region, dict)
    return known


def note(world: World, call: Call) -> None:
    """Write down, after a call that may change tags, which did: they are shown a little later."""
    service = NAMES.get(call.service, call.service)
    if service not in WATCHED or not any(fnmatchcase(call.action, glob) for glob in CHANGES_TAGS):
        return
    known, now = _known(world, call.account, call.region), world.clock()
    until = now + world.scaled(USUAL_SECONDS[DELAY])
    for arn, tags in sources.of_service(world, service, call.account, call.region).items():
        had = known.get(arn)
        if (had.tags if had else {}) != tags:
            known[arn] = Shown(tags, had.now(now) if had else {}, until)
            world.later(DELAY, call.account, call.region, arn)


def _settled(world: World, due: Due) -> None:
    """What was new is shown by now, and before the next change."""
    noted = _known(world, due.account, due.region).get(due.id)
    if noted is not None and noted.until <= due.at:
        noted.before = noted.tags


@book.behaves(
    "tags-eventually",
    "GetResources",
    does="A new or changed tag is shown some seconds later; a deleted resource is not shown.",
    see=API + "API_GetResources.html",
)
def _shown(asked: Asked) -> sources.Tags:
    """Return what is shown now: the truth, except for what has only just changed."""
    truth = sources.of_all(asked.world, asked.account, asked.region)
    known = _known(asked.world, asked.account, asked.region)
    for arn in [arn for arn in known if arn not in truth]:
        del known[arn]
    told = {
        arn: known[arn].now(asked.now) if arn in known and known[arn].tags == tags else tags
        for arn, tags in truth.items()
    }
    return {arn: told[arn] for arn in sorted(told) if told[arn]}


@book.behaves(
    "tags-resources",
    "GetResources",
    code="InvalidParameterException",
    does="Functions, state machines, rules, topics, queues, tables, alarms, log groups, buckets and networks are found"
    " by tags (any of a key's values, all keys), types or ARNs, in pages of at most 100; IAM's roles are not.",
    see=API + "API_GetResources.html",
)
def get_resources(asked: Asked) -> dict[str, Any]:
    """Answer GetResources."""
    params = asked.params
    _check(params)
    filters, types = params.get("TagFilters") or [], params.get("ResourceTypeFilters") or []
    arns = params.get("ResourceARNList") or []
    found = [
        (arn, tags)
        for arn, tags in _shown(asked).items()
        if (not arns or arn in arns) and _has_type(arn, types) and _has_tags(tags, filters)
    ]
    try:
        page, token = asked.page(found, size="ResourcesPerPage", after="PaginationToken", most=LARGEST_PAGE)
    except AwsError as error:
        raise AwsError("PaginationTokenExpiredException", "The token is not valid any more.") from error
    told = [{"ResourceARN": arn, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]} for arn, tags in page]
    return {"ResourceTagMappingList": told, "PaginationToken": token or ""}


def _check(params: dict[str, Any]) -> None:
    filters = params.get("TagFilters") or []
    size = params.setdefault("ResourcesPerPage", USUAL_PAGE)
    wrong = ""
    if not 1 <= int(size) <= LARGEST_PAGE:
        wrong = f"ResourcesPerPage must be between 1 and {LARGEST_PAGE}"
    elif len(filters) > MOST_FILTERS or any(len(one.get("Values") or []) > MOST_VALUES for one in filters):
        wrong = f"At most {MOST_FILTERS} tag filters of {MOST_VALUES} values each"
    elif any(not one.get("Key") for one in filters):
        wrong = "A tag filter needs a Key"
    elif params.get("ResourceARNList") and (filters or params.get("ResourceTypeFilters")):
        wrong = "ResourceARNList cannot be combined with filters"
    elif len(params.get("ResourceARNList") or []) > MOST_ARNS:
        wrong = f"ResourceARNList has at most {MOST_ARNS} entries"
    if wrong:
        raise AwsError("InvalidParameterException", wrong)


def _has_type(arn: str, types: list[str]) -> bool:
    if not types:
        return True
    kind = sources.type_of(arn)
    return kind in types or kind.partition(":")[0] in types


def _has_tags(tags: dict[str, str], filters: list[dict[str, Any]]) -> bool:
    return all(one["Key"] in tags and (not one.get("Values") or tags[one["Key"]] in one["Values"]) for one in filters)


def get_keys(asked: Asked) -> dict[str, Any]:
    """Answer GetTagKeys."""
    keys = sorted({key for tags in _shown(asked).values() for key in tags})
    page, token = asked.page(keys, after="PaginationToken", most=128)
    return {"TagKeys": page, "PaginationToken": token or ""}


def get_values(asked: Asked) -> dict[str, Any]:
    """Answer GetTagValues."""
    key = asked.params.get("Key")
    values = sorted({tags[key] for tags in _shown(asked).values() if key in tags})
    page, token = asked.page(values, after="PaginationToken", most=128)
    return {"TagValues": page, "PaginationToken": token or ""}


CHANGES = {DELAY: _settled}
ACTIONS = {"GetResources": get_resources, "GetTagKeys": get_keys, "GetTagValues": get_values}


class Tagging(Modelled):
    """Answers the calls of the tagging API."""

    def __init__(self, world: World) -> None:
        model = "resourcegroupstaggingapi"
        super().__init__(world, "tagging", model, ACTIONS, ResourceGroupsTaggingAPIResponse)
        world.changes.update(CHANGES)
