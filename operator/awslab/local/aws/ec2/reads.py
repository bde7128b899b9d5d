"""Describe calls: found in moto's store, filtered, paged and shown by us.

What can be asked of moto's objects (ids, tags, the VPC) is asked there; only what is left is turned
into an answer, so that a call costs what it shows and not what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2 import filters, paging
from awslab.local.aws.ec2.index import with_tag
from awslab.local.aws.ec2.kinds import BY_ACTION, BY_PREFIX, Kind
from awslab.local.aws.ec2.shapes import element, picked
from awslab.local.aws.ec2.vpn import show_propagated
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from awslab.local.aws.ec2.context import Context

book = Book("ec2")
FILTERING = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"
CONSISTENCY = "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"
Item = dict[str, Any]


def describes(action: str) -> bool:
    """Tell whether a describe call is answered here."""
    return action in BY_ACTION or action == "DescribeTags"


def described(context: Context) -> Item:
    """Answer a describe call."""
    if context.call.action == "DescribeTags":
        return _tags(context)
    kind = BY_ACTION[context.call.action]
    wishes = filters.asked(context.params)
    filters.refuse_unknown(kind.describe, wishes)
    size = paging.page_size(kind.describe, context.params)
    things = list(_narrowed(context, kind, _named(context, kind), wishes))
    rest = [(name, values) for name, values in wishes if not _is_narrow(kind, name)]
    return _page(context, kind, things, rest, size)


@book.behaves(
    "missing-id",
    *(kind.describe for kind in BY_ACTION.values()),
    code="*.NotFound",
    does="A describe call that names an id that is not there fails with the code of that type.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
)
def _named(context: Context, kind: Kind) -> list[Any]:
    """Return the resources that the call names, or all; what is hidden is not there."""
    chosen = context.params.get(kind.ids)
    if chosen:
        things = [_one(context, kind, id_) for id_ in dict.fromkeys(chosen)]
    else:
        candidates = _candidates(context.ec2, kind, filters.asked(context.params))
        things = [one for one in candidates if not context.world.is_hidden(getattr(one, kind.key))]
    return ALSO_NAMED[kind.describe](context, things) if kind.describe in ALSO_NAMED else things


def _one(context: Context, kind: Kind, id_: str) -> Any:
    if kind.get:
        found = kind.get(context.ec2, id_)
    else:
        found = next((one for one in kind.all(context.ec2) if getattr(one, kind.key) == id_), None)
    if found is None or context.world.is_hidden(id_):
        raise AwsError(kind.missing, kind.sentence.format(id=id_))
    return found


def _candidates(ec2: Any, kind: Kind, wishes: list[tuple[str, list[str]]]) -> Iterable[Any]:
    """Return all resources, or only those near what is asked for by its very value."""
    for name, values in wishes:
        if any(filters.WILD.search(one) for one in values):
            continue
        if name in kind.near:
            return [one for value in dict.fromkeys(values) for one in kind.near[name](ec2, value)]
        if name.startswith("tag:") and kind.get:
            ids = with_tag(ec2, name.removeprefix("tag:"), values)
            found = (kind.get(ec2, id_) for id_ in ids if id_.startswith(kind.prefix))
            return [one for one in found if one is not None]
    return kind.all(ec2)


def _by_group_name(context: Context, groups: list[Any]) -> list[Any]:
    names = context.params.get("GroupNames")
    if not names:
        return groups
    default = [group for group in groups if group.vpc_id == context.ec2.default_vpc.id and group.name in names]
    for name in set(names) - {group.name for group in default}:
        raise AwsError("InvalidGroup.NotFound", f"The security group '{name}' does not exist in default VPC")
    return default


def _by_public_ip(context: Context, addresses: list[Any]) -> list[Any]:
    chosen = context.params.get("PublicIps")
    if not chosen:
        return addresses
    for ip in set(chosen) - {one.public_ip for one in addresses}:
        raise AwsError("InvalidAddress.NotFound", f"Address '{ip}' not found.")
    return [one for one in addresses if one.public_ip in chosen]


def _by_zone_id(context: Context, zones: list[Any]) -> list[Any]:
    chosen = context.params.get("ZoneIds")
    return [zone for zone in zones if zone.zone_id in chosen] if chosen else zones


def _by_key_name(context: Context, keys: list[Any]) -> list[Any]:
    names = context.params.get("KeyNames")
    for name in set(names or ()) - {key.key_name for key in keys}:
        raise AwsError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")
    return [key for key in keys if key.key_name in names] if names else keys


ALSO_NAMED: dict[str, Callable[[Context, list[Any]], list[Any]]] = {
    "DescribeSecurityGroups": _by_group_name,
    "DescribeAddresses": _by_public_ip,
    "DescribeAvailabilityZones": _by_zone_id,
    "DescribeKeyPairs": _by_key_name,
}


def _is_narrow(kind: Kind, name: str) -> bool:
    return filters.is_about_tags(name) or name in kind.narrow


@book.behaves(
    "filters",
    "Describe*",
    code="InvalidParameterValue",
    does="Every documented filter holds, with `*` and `?` in its values; an unknown one is refused.",
    see=FILTERING,
)
def _narrowed(context: Context, kind: Kind, things: list[Any], wishes: list[tuple[str, list[str]]]) -> list[Any]:
    """Keep the resources whose tags and plain attributes pass."""
    for name, values in wishes:
        if filters.is_about_tags(name):
            wish = [(name, values)]
            things = [one for one in things if filters.tags_pass(context.tags(getattr(one, kind.key)), wish)]
        elif name in kind.narrow:
            attribute = kind.narrow[name]
            things = [one for one in things if filters.any_matches([str(getattr(one, attribute))], values)]
    return things


def _page(context: Context, kind: Kind, things: list[Any], rest: list[tuple[str, list[str]]], size: int | None) -> Item:
    action = kind.describe
    first = paging.begin(action, context.params.get("NextToken"), [getattr(one, kind.key) for one in things])
    tests = [(filters.path_of(action, name), values) for name, values in rest]
    items: list[Item] = []
    token, last = None, ""
    for position, item, thing in _passing(context, kind, things, first, tests):
        if size is not None and len(items) == size:
            token = paging.token_for(action, position, last)
            break
        items.append(item)
        last = getattr(thing, kind.key)
    return SHOWN_AS.get(action, _plain)(context, kind, items) | ({"NextToken": token} if token else {})


def _passing(
    context: Context,
    kind: Kind,
    things: list[Any],
    first: int,
    tests: list[tuple[tuple[str, ...], list[str]]],
) -> Iterator[tuple[int, Item, Any]]:
    shape = element(kind.describe, kind.result)
    if kind.describe == "DescribeInstances":
        shape = shape.members["Instances"].member
    for position in range(first, len(things)):
        item = shown(context, kind, things[position], shape)
        if filters.passes(item, tests):
            yield position, item, things[position]


def shown(context: Context, kind: Kind, thing: Any, shape: Any) -> Item:
    """Turn one of moto's objects into what a describe call shows of it."""
    item: Item = picked(thing, shape)
    if "Tags" in shape.members:
        tags = context.tags(getattr(thing, kind.key))
        item["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    if kind.describe in MENDED:
        MENDED[kind.describe](thing, item)
    return item


def _mend_rule(_: Any, item: Item) -> None:
    item.setdefault("FromPort", -1)
    item.setdefault("ToPort", -1)


def _mend_interface(_: Any, item: Item) -> None:
    item["TagSet"] = item.pop("Tags", item.get("TagSet", []))
    if not item.get("Association"):
        item.pop("Association", None)


OF_THE_LIVING = ("NetworkInterfaces", "SecurityGroups", "PrivateIpAddress", "SubnetId", "VpcId")


def _mend_instance(_: Any, item: Item) -> None:
    if item["State"]["Name"] == "terminated":
        for key in OF_THE_LIVING:
            item.pop(key, None)
    for interface in item.get("NetworkInterfaces", []):
        _drop_empty(interface, "Association")
        if not item.get("SecurityGroups"):  # launched with NetworkInterfaces: moto has the groups there only
            item["SecurityGroups"] = interface.get("Groups", [])
    _drop_empty(item, "Tags")


def _drop_empty(item: Item, key: str) -> None:
    if not item.get(key):
        item.pop(key, None)


def _mend_address(_: Any, item: Item) -> None:
    for key in ("InstanceId", "NetworkInterfaceId"):
        _drop_empty(item, key)


MENDED: dict[str, Callable[[Any, Item], None]] = {
    "DescribeAddresses": _mend_address,
    "DescribeSecurityGroupRules": _mend_rule,
    "DescribeNetworkInterfaces": _mend_interface,
    "DescribeInstances": _mend_instance,
    "DescribeRouteTables": show_propagated,
}


def _plain(_: Context, kind: Kind, items: list[Item]) -> Item:
    return {kind.result: items}


def _as_reservations(context: Context, _: Kind, items: list[Item]) -> Item:
    """Put instances back into the reservations that they were launched with."""
    by_id = {item["InstanceId"]: item for item in items}
    reservations = []
    for one in context.ec2.reservations.values():
        instances = [by_id[instance.id] for instance in one.instances if instance.id in by_id]
        if instances:
            item = {"ReservationId": one.id, "OwnerId": one.owner_id, "Groups": [], "Instances": instances}
            reservations.append(item)
    return {"Reservations": reservations}


SHOWN_AS: dict[str, Callable[[Context, Kind, list[Item]], Item]] = {"DescribeInstances": _as_reservations}


def _tags(context: Context) -> Item:
    """Answer DescribeTags: one item a tag."""
    action = "DescribeTags"
    wishes = filters.asked(context.params)
    filters.refuse_unknown(action, wishes)
    size = paging.page_size(action, context.params)
    items = [item for item in _tag_items(context, dict(wishes)) if _tag_passes(item, wishes)]
    keys = [f"{item['ResourceId']} {item['Key']}" for item in items]
    first = paging.begin(action, context.params.get("NextToken"), keys)
    end = len(items) if size is None else first + size
    token = paging.token_for(action, end, keys[end - 1]) if end < len(items) else None
    return {"Tags": items[first:end]} | ({"NextToken": token} if token else {})


def _tag_items(context: Context, wishes: dict[str, list[str]]) -> Iterator[Item]:
    ids = wishes.get("resource-id")
    exact = ids is not None and not any(filters.WILD.search(one) for one in ids)
    for id_ in list(ids if exact and ids else context.ec2.tags):
        if context.world.is_hidden(id_):
            continue
        for key, value in context.tags(id_).items():
            yield {"ResourceId": id_, "ResourceType": context.type_name(id_), "Key": key, "Value": value}


def _tag_passes(item: Item, wishes: list[tuple[str, list[str]]]) -> bool:
    for name, values in wishes:
        if name.startswith("tag:"):
            if not filters.tags_pass({item["Key"]: item["Value"]}, [(name, values)]):
                return False
        elif not filters.passes(item, [(filters.path_of("DescribeTags", name), values)]):
            return False
    return True


@book.behaves(
    "eventual-consistency",
    "Describe*",
    code="*.NotFound",
    does="A new resource may not be shown for a while, and asking for it by id fails as if it were not there.",
    see=CONSISTENCY,
)
def hidden_ids_of(action: str, ids: list[str]) -> list[str]:
    """Return which ids that a call made are the resource itself; these are hidden when that is asked for."""
    wanted = {f"{prefix}" for prefix, kind in BY_PREFIX.items() if _makes(action, kind)}
    return [id_ for id_ in ids if id_.rpartition("-")[0] + "-" in wanted] if wanted else ids


def _makes(action: str, kind: Kind) -> bool:
    singular = kind.describe.removeprefix("Describe").removesuffix("es" if kind.prefix == "eipalloc-" else "s")
    special = {"RunInstances": "i-", "AllocateAddress": "eipalloc-", "AuthorizeSecurityGroupIngress": "sgr-"}
    special["AuthorizeSecurityGroupEgress"] = "sgr-"
    return action == f"Create{singular}" or special.get(action) == kind.prefix
