"""Network ACLs: what may enter and leave a subnet, entry by entry, each direction for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from awslab.core.diff import Change, Changes
from awslab.core.errors import InUse, NotFound, NotYet
from awslab.core.outcome import Blocker
from awslab.core.ownership import OWNER_TAG
from awslab.core.resource import Ids, Observed, Ref
from awslab.core.values import FrozenMap

from . import blockers
from .blockers import filters
from .cidr_blocks import Ipv6Part
from .ec2 import Ec2Resource, Filters, Item, pages, unless_gone
from .network import Subnet, Vpc
from .session import Aws

LAST = 32767
"""From here on the entries are AWS's own; they deny what nothing else decided."""

PROTOCOLS = {"-1": "all", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
"""By the numbers with which EC2 tells them; any other is told by its number."""

NUMBERS = {name: number for number, name in PROTOCOLS.items()}
ICMP = frozenset({"icmp", "icmpv6"})


@dataclass(frozen=True)
class Entry:
    """What one entry decides: allow or deny, a protocol, ports, and who is at the other end."""

    action: str
    protocol: str
    from_port: int
    """Of ICMP the type, as EC2's security groups have it; -1 for all."""
    to_port: int
    """Of ICMP the code."""
    cidr: str | Ref | Ipv6Part
    """A range; or the VPC's block of IPv6 addresses, or a part of it, which AWS chooses."""

    @classmethod
    def allow(cls, cidr: str | Ref | Ipv6Part, protocol: str = "all", ports: tuple[int, int] = (-1, -1)) -> Entry:
        """Let through what comes from or goes to *cidr*."""
        return cls("allow", protocol, *ports, cidr)

    def __str__(self) -> str:
        ports = f"{self.from_port}" if self.from_port == self.to_port else f"{self.from_port}-{self.to_port}"
        words = [self.action, self.protocol, *([] if self.protocol == "all" else [ports])]
        return " ".join([*words, getattr(self.cidr, "address", str(self.cidr))])


Entries = FrozenMap[int, Entry]
"""The entries of one direction by their numbers: the lowest that fits decides."""

NO_ENTRIES: Entries = FrozenMap()
OPEN: Entries = FrozenMap({100: Entry.allow("0.0.0.0/0")})
"""Both directions of a default ACL as AWS makes it."""


@dataclass(frozen=True, kw_only=True)
class _Acl(Ec2Resource):
    """What both kinds of network ACL share."""

    noun: ClassVar = "network-acl"
    id_key: ClassVar = "NetworkAclId"
    id_filter: ClassVar = "network-acl-id"
    is_default: ClassVar[bool] = False

    vpc: Vpc

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return pages(aws, "describe_network_acls", "NetworkAcls", Filters=filters)

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:
        associations = item.get("Associations", ())
        return {
            "default": item.get("IsDefault", False),
            "associations": {a["SubnetId"]: a["NetworkAclAssociationId"] for a in associations},
        }

    @classmethod
    def tagged_with(cls, aws: Aws, tags: Mapping[str, str]) -> Iterator[Observed]:
        """Of both kinds listed by one call, those of this kind."""
        return (o for o in super().tagged_with(aws, tags) if o.details["default"] is cls.is_default)


@dataclass(frozen=True, kw_only=True)
class NetworkAcl(_Acl):
    """A stateless firewall around subnets: an answer needs an entry as much as a question does."""

    mutable: ClassVar = frozenset({"ingress", "egress", "subnets"})
    late: ClassVar = frozenset({"subnets"})

    ingress: Entries = NO_ENTRIES
    egress: Entries = NO_ENTRIES
    subnets: frozenset[Subnet] = frozenset()

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {
            "vpc": item["VpcId"],
            "ingress": entries_of(item, egress=False),
            "egress": entries_of(item, egress=True),
            "subnets": frozenset(cls.details_of(item)["associations"]),
        }

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Make it; it denies everything until told otherwise, and no subnet has it yet."""
        answer = aws.ec2.create_network_acl(
            VpcId=ids.of(self.vpc),
            ClientToken=aws.token(self),
            TagSpecifications=aws.tagged(self, self.noun),
        )
        return self.made(aws, answer["NetworkAcl"])

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """First what lets through, then the subnets, then what no longer does: traffic is never without an entry."""
        ways = [(changes.of("egress"), True), (changes.of("ingress"), False)]
        for of_way, egress in ways:
            _set(aws, found.id, of_way.additions, egress=egress)
        for subnet in changes.of("subnets").additions:
            _associate(aws, found.id, subnet.key)
        for of_way, egress in ways:
            _unset(aws, found.id, of_way.removals, egress=egress)
        _give_back(aws, found, [c.key for c in changes.of("subnets").removals])

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Give its subnets the VPC's default ACL first, as AWS asks."""
        with suppress(NotFound):  # then the VPC is gone, and its subnets with it
            _give_back(aws, found, list(found.details["associations"]))
        aws.ec2.delete_network_acl(NetworkAclId=found.id)

    @classmethod
    def blockers(cls, aws: Aws, found: Observed) -> Iterator[Blocker]:
        """What would be cut off."""
        inside = [{"Name": "subnet-id", "Values": sorted(found.fields["subnets"])}]
        return blockers.interfaces_that(aws, inside) if found.fields["subnets"] else iter(())


@dataclass(frozen=True, kw_only=True)
class DefaultNetworkAcl(_Acl):
    """The ACL that AWS makes with every VPC, which a subnet has that was given no other.

    It is ours to be tagged, so that subnets may be given back to it; its entries are
    touched only to empty it, or to open it again.
    """

    part_of: ClassVar = "vpc"
    mutable: ClassVar = frozenset({"emptied"})
    is_default: ClassVar = True

    emptied: bool = False

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        ways = (entries_of(item, egress=False), entries_of(item, egress=True))
        return {"vpc": item["VpcId"], "emptied": not any(ways)}

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Find it and tag it; AWS has made it already, and nobody can make a second one."""
        item = _default_of(aws, ids.of(self.vpc))
        aws.ec2.create_tags(Resources=[item["NetworkAclId"]], Tags=aws.tagged(self, self.noun)[0]["Tags"])
        return self.made(aws, item)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Take every entry away, once no subnet of the owner needs them; or open it as AWS had it."""
        item = _default_of(aws, found.fields["vpc"])
        for egress in (True, False):
            if changes.desired("emptied"):
                _check_unused(aws, item)
                _unset(aws, found.id, _all_gone(entries_of(item, egress=egress)), egress=egress)
            else:
                _set(aws, found.id, (Change("", entry, None, n) for n, entry in OPEN.items()), egress=egress)

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Let it go: it lives and dies with its VPC."""
        aws.ec2.delete_tags(Resources=[found.id], Tags=[{"Key": key} for key in sorted(found.tags)])


def entries_of(item: Item, *, egress: bool) -> Entries:
    """The entries of one direction, without AWS's own."""
    entries = (e for e in item.get("Entries", ()) if e["Egress"] is egress and e["RuleNumber"] < LAST)
    return FrozenMap({e["RuleNumber"]: _read(e) for e in entries})


def _all_gone(entries: Entries) -> list[Change]:
    """The changes that take every entry away."""
    return [Change("", None, entry, number) for number, entry in entries.items()]


def _read(entry: Item) -> Entry:
    protocol = PROTOCOLS.get(entry["Protocol"], entry["Protocol"])
    if protocol in ICMP:
        kind = entry.get("IcmpTypeCode") or {}
        ports = kind.get("Type", -1), kind.get("Code", -1)
    else:
        ranged = entry.get("PortRange") or {}
        ports = ranged.get("From", -1), ranged.get("To", -1)
    cidr = Ipv6Part.of(entry.get("CidrBlock") or entry["Ipv6CidrBlock"])
    return Entry(entry["RuleAction"], str(protocol), *ports, cidr)


def _set(aws: Aws, acl: str, entries: Iterable[Change], *, egress: bool) -> None:
    """New entries before changed ones, and of each those first that let something through."""
    for change in sorted(entries, key=lambda c: (not c.adds, c.desired.action != "allow", c.key)):
        write = aws.ec2.create_network_acl_entry if change.adds else aws.ec2.replace_network_acl_entry
        write(NetworkAclId=acl, RuleNumber=change.key, Egress=egress, **_arguments(change.desired))


def _unset(aws: Aws, acl: str, entries: Iterable[Change], *, egress: bool) -> None:
    for change in sorted(entries, key=lambda c: c.key):
        aws.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=change.key, Egress=egress)


def _arguments(entry: Entry) -> dict[str, Any]:
    cidr, protocol = str(entry.cidr), NUMBERS.get(entry.protocol, entry.protocol)
    family = "Ipv6CidrBlock" if ":" in cidr else "CidrBlock"
    arguments = {"Protocol": protocol, "RuleAction": entry.action, family: cidr}
    if entry.protocol in ICMP:
        return {**arguments, "IcmpTypeCode": {"Type": entry.from_port, "Code": entry.to_port}}
    if entry.from_port < 0:
        return arguments
    return {**arguments, "PortRange": {"From": entry.from_port, "To": entry.to_port}}


def _associate(aws: Aws, acl: str, subnet: str) -> None:
    """Give *subnet* this ACL in place of the one that it has; there always is one."""
    (item,) = pages(aws, "describe_network_acls", "NetworkAcls", Filters=filters("association.subnet-id", subnet))
    association = _Acl.details_of(item)["associations"][subnet]
    aws.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)


def _give_back(aws: Aws, found: Observed, subnets: list[str]) -> None:
    """Give *subnets* the default ACL, where they have not been given another one."""
    if not subnets:
        return
    default = _default_of(aws, found.fields["vpc"])
    if not entries_of(default, egress=False):
        _check_empty(aws, subnets)
    for subnet in subnets:
        with unless_gone():
            aws.ec2.replace_network_acl_association(
                AssociationId=found.details["associations"][subnet], NetworkAclId=default["NetworkAclId"]
            )


def _check_empty(aws: Aws, subnets: list[str]) -> None:
    """Refuse to cut off what stands in *subnets*: the default ACL lets nothing through."""
    inside = [{"Name": "subnet-id", "Values": subnets}]
    if next(iter(pages(aws, "describe_network_interfaces", "NetworkInterfaces", Filters=inside)), None):
        raise InUse(f"waits until {', '.join(sorted(subnets))} are empty: the default network ACL lets nothing through")


def _check_unused(aws: Aws, default: Item) -> None:
    """Refuse to cut off the owner's own subnets."""
    associated = sorted(_Acl.details_of(default)["associations"])
    ours = [{"Name": "subnet-id", "Values": associated}, {"Name": f"tag:{OWNER_TAG}", "Values": [aws.owner.key]}]
    if associated and (left := [s["SubnetId"] for s in pages(aws, "describe_subnets", "Subnets", Filters=ours)]):
        raise NotYet(f"waits until {', '.join(sorted(left))} have network ACLs of their own")


def _default_of(aws: Aws, vpc: str) -> Item:
    """The default ACL of *vpc*; raises NotFound while AWS does not show it."""
    wanted = [*filters("vpc-id", vpc), *filters("default", "true")]
    for item in pages(aws, "describe_network_acls", "NetworkAcls", Filters=wanted):
        return item
    raise NotFound(f"AWS shows no default network ACL of {vpc}")
