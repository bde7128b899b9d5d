"""Who is in the way when AWS refuses a deletion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from awslab.core.outcome import Blocker
from awslab.core.ownership import OWNER_TAG

from .ec2 import Filters, Item, pages
from .session import Aws


def interfaces(aws: Aws, name: str, value: str) -> Iterator[Blocker]:
    """The network interfaces that one filter finds, each with who made it."""
    return interfaces_that(aws, filters(name, value))


def interfaces_that(aws: Aws, these: Filters) -> Iterator[Blocker]:
    """The network interfaces that all filters find, but those that AWS is about to take away from what was ours."""
    for item in pages(aws, "describe_network_interfaces", "NetworkInterfaces", Filters=these):
        if not _of_our_balancer(aws, item):
            yield Blocker(item["NetworkInterfaceId"], _maker(item), owner(item))


def strangers(aws: Aws, items: Iterable[Item], id_key: str, what: str) -> Iterator[Blocker]:
    """Those of *items* that are not the owner's own."""
    for item in items:
        if owner(item) != aws.owner.key:
            yield Blocker(item[id_key], what, owner(item))


def filters(name: str, value: str) -> Filters:
    """One filter with one value."""
    return [{"Name": name, "Values": [value]}]


def owner(item: Item) -> str:
    """The owner tag of a description."""
    tags = item.get("Tags") or item.get("TagSet") or ()
    return next((t["Value"] for t in tags if t["Key"] == OWNER_TAG), "")


def _of_our_balancer(aws: Aws, interface: Item) -> bool:
    """Whether it is one of a load balancer with a name of the owner's: ``ELB app/<name>/<digits>``."""
    kind, _, rest = (interface.get("Description") or "").partition("/")
    return kind == "ELB app" and aws.owner.gave(rest.partition("/")[0])


def _maker(interface: Item) -> str:
    """What a network interface belongs to, as far as AWS tells."""
    attachment = interface.get("Attachment") or {}
    if instance := attachment.get("InstanceId"):
        return f"network interface of instance {instance}"
    about = interface.get("Description") or interface.get("InterfaceType") or ""
    return f"network interface: {about}" if about else "network interface"
