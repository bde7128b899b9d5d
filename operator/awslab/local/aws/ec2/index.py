"""Where things are, by VPC, subnet and tag: what moto finds by looking at everything.

An index lives in moto's backend itself, so that it is saved and reset with it. It is kept by wrapping
the few methods through which moto lets things come and go.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.route_tables import RouteBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.tags import TagBackend

if TYPE_CHECKING:
    from collections.abc import Callable

Things = dict[str, Any]


def _shelves() -> defaultdict[str, Things]:
    return defaultdict(dict)


@dataclass
class Index:
    """Addresses by id; the others by where they are; ids by tag, where one may be of something gone."""

    addresses: Things = field(default_factory=dict)
    subnets: Things = field(default_factory=dict)
    subnets_of: defaultdict[str, Things] = field(default_factory=_shelves)
    tables_of: defaultdict[str, Things] = field(default_factory=_shelves)
    interfaces_in: defaultdict[str, Things] = field(default_factory=_shelves)
    interfaces_of: defaultdict[str, Things] = field(default_factory=_shelves)
    tagged: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)


def index(ec2: Any) -> Index:
    """Return the index of one of moto's EC2 backends."""
    found: Index | None = ec2.__dict__.get("awslab")
    if found is None:
        found = ec2.awslab = Index()
    return found


def add_interface(ec2: Any, eni: Any) -> None:
    """Note a new interface."""
    index(ec2).interfaces_in[eni.subnet.id][eni.id] = eni
    index(ec2).interfaces_of[eni.subnet.vpc_id][eni.id] = eni


def drop_interface(ec2: Any, eni: Any) -> None:
    """Forget an interface."""
    index(ec2).interfaces_in[eni.subnet.id].pop(eni.id, None)
    index(ec2).interfaces_of[eni.subnet.vpc_id].pop(eni.id, None)


def with_tag(ec2: Any, key: str, values: list[str]) -> list[str]:
    """Return the ids that have, or once had, a tag with one of these values."""
    tagged = index(ec2).tagged
    return list(dict.fromkeys(id_ for value in values for id_ in tagged.get((key, value), ())))


def forget_tags(ec2: Any, id_: str) -> None:
    """Forget the tags of something that is gone."""
    for pair in (ec2.tags.pop(id_, None) or {}).items():
        index(ec2).tagged.get(pair, {}).pop(id_, None)


def _create_tags(ec2: Any, made: Any, resource_ids: list[str], tags: dict[str, str]) -> Any:
    for id_ in resource_ids:
        for pair in tags.items():
            index(ec2).tagged.setdefault(pair, {})[id_] = None
    return made


def _allocate_address(ec2: Any, made: Any, *_: Any, **__: Any) -> Any:
    index(ec2).addresses[made.id] = made
    return made


def _release_address(ec2: Any, result: Any, *_: Any, **__: Any) -> Any:
    there = {address.id for address in ec2.addresses}  # moto has taken away what the call named
    for id_ in [id_ for id_ in index(ec2).addresses if id_ not in there]:
        del index(ec2).addresses[id_]
    return result


def _create_subnet(ec2: Any, made: Any, *_: Any, **__: Any) -> Any:
    index(ec2).subnets[made.id] = index(ec2).subnets_of[made.vpc_id][made.id] = made
    return made


def _delete_subnet(ec2: Any, gone: Any, *_: Any, **__: Any) -> Any:
    index(ec2).subnets.pop(gone.id, None)
    index(ec2).subnets_of[gone.vpc_id].pop(gone.id, None)
    return gone


def _create_route_table(ec2: Any, made: Any, *_: Any, **__: Any) -> Any:
    index(ec2).tables_of[made.vpc_id][made.id] = made
    return made


def _delete_route_table(ec2: Any, result: Any, route_table_id: str) -> Any:
    for shelf in index(ec2).tables_of.values():
        if shelf.pop(route_table_id, None):
            break
    return result


def _then(owner: type, name: str, note: Callable[..., Any]) -> None:
    """Let a note be made after one of moto's methods succeeded."""
    method = getattr(owner, name)

    def noted(self: Any, *arguments: Any, **more: Any) -> Any:
        return note(self, method(self, *arguments, **more), *arguments, **more)

    setattr(owner, name, noted)


KEPT_BY: tuple[tuple[type, str, Callable[..., Any]], ...] = (
    (TagBackend, "create_tags", _create_tags),
    (ElasticAddressBackend, "allocate_address", _allocate_address),
    (ElasticAddressBackend, "release_address", _release_address),
    (SubnetBackend, "create_subnet", _create_subnet),
    (SubnetBackend, "delete_subnet", _delete_subnet),
    (RouteBackend, "create_route_table", _create_route_table),
    (RouteBackend, "delete_route_table", _delete_route_table),
)
for _entry in KEPT_BY:
    _then(*_entry)
