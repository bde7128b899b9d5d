"""Security groups and their rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.outcome import Blocker
from awslab.core.resource import Given, Ids, Observed, Ref, Resource
from awslab.core.values import FrozenMap

from . import blockers
from .ec2 import Ec2Resource, Filters, Item, pages
from .network import Vpc
from .session import Aws

ANY = -1
"""Every port, as EC2 writes it for protocol -1."""

PEERS = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "UserIdGroupPairs": "GroupId",
    "PrefixListIds": "PrefixListId",
}
"""Where a permission has its peers, and what it calls them."""


@dataclass(frozen=True)
class Rule:
    """One flow that a group lets through: protocol, ports, and who is at the other end."""

    protocol: str
    from_port: int
    to_port: int
    peer: str | Resource | Ref
    """A CIDR, the id of a group or prefix list, or a group of ours."""

    @classmethod
    def tcp(cls, port: int, peer: str | Resource | Ref) -> Rule:
        """One TCP port."""
        return cls("tcp", port, port, peer)

    def __str__(self) -> str:
        if self.protocol == "-1":
            return f"all {self.peer}"
        ports = f"{self.from_port}" if self.from_port == self.to_port else f"{self.from_port}-{self.to_port}"
        return f"{self.protocol} {ports} {self.peer}"


DEFAULT = "default"
"""The name of the group that AWS makes with a VPC."""

Rules = FrozenMap[Rule, str]
"""The description of each rule by the rule; a description may be changed, a rule is added or removed."""

NO_RULES: Rules = FrozenMap()
EVERYTHING = Rule("-1", ANY, ANY, "0.0.0.0/0")
"""What AWS lets every new group send."""


@dataclass(frozen=True, kw_only=True)
class _Group(Ec2Resource):
    """What every security group is: rules in a VPC."""

    noun: ClassVar = "security-group"
    id_key: ClassVar = "GroupId"
    id_filter: ClassVar = "group-id"
    mutable: ClassVar = frozenset({"ingress", "egress"})
    late: ClassVar = frozenset({"ingress", "egress"})

    vpc: Vpc | Given
    ingress: Rules = NO_RULES
    egress: Rules = NO_RULES

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return pages(aws, "describe_security_groups", "SecurityGroups", Filters=filters)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {
            "vpc": item["VpcId"],
            "ingress": rules_of(item.get("IpPermissions", ())),
            "egress": rules_of(item.get("IpPermissionsEgress", ())),
        }

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """First add, then remove: traffic is never without a rule."""
        ingress, egress = changes.of("ingress"), changes.of("egress")
        if new := _permissions(c.key for c in ingress if c.adds):
            aws.ec2.authorize_security_group_ingress(GroupId=found.id, IpPermissions=_described(new, ingress))
        if new := _permissions(c.key for c in egress if c.adds):
            aws.ec2.authorize_security_group_egress(GroupId=found.id, IpPermissions=_described(new, egress))
        if renamed := _permissions(c.key for c in ingress if not c.adds and not c.removes):
            aws.ec2.update_security_group_rule_descriptions_ingress(
                GroupId=found.id, IpPermissions=_described(renamed, ingress)
            )
        if renamed := _permissions(c.key for c in egress if not c.adds and not c.removes):
            aws.ec2.update_security_group_rule_descriptions_egress(
                GroupId=found.id, IpPermissions=_described(renamed, egress)
            )
        if old := _rule_ids(aws, found.id, {c.key for c in ingress.removals}, egress=False):
            aws.ec2.revoke_security_group_ingress(GroupId=found.id, SecurityGroupRuleIds=old)
        if old := _rule_ids(aws, found.id, {c.key for c in egress.removals}, egress=True):
            aws.ec2.revoke_security_group_egress(GroupId=found.id, SecurityGroupRuleIds=old)


@dataclass(frozen=True, kw_only=True)
class SecurityGroup(_Group):
    """A firewall around network interfaces."""

    unobserved: ClassVar = frozenset({"description"})

    description: str
    """Set at creation only: AWS cannot change it, and another text is no reason for another group."""

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return (item for item in super().describe(aws, filters) if item["GroupName"] != DEFAULT)

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Make it; AWS lets every new group send everything until told otherwise."""
        vpc = ids.of(self.vpc)
        answer = aws.ec2.create_security_group(
            VpcId=vpc,
            GroupName=aws.owner.label(self.name),
            Description=self.description,
            TagSpecifications=aws.tagged(self, self.noun),
        )
        return self.made(aws, {**answer, "VpcId": vpc}, egress=FrozenMap({EVERYTHING: ""}))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.ec2.delete_security_group(GroupId=found.id)

    @classmethod
    def blockers(cls, aws: Aws, found: Observed) -> Iterator[Blocker]:
        """The interfaces that use the group, and the groups with a rule about it."""
        yield from blockers.interfaces(aws, "group-id", found.id)
        for name in ("ip-permission.group-id", "egress.ip-permission.group-id"):
            for item in cls.describe(aws, blockers.filters(name, found.id)):
                if item["GroupId"] != found.id:
                    yield Blocker(item["GroupId"], "security group with a rule about it", blockers.owner(item))


@dataclass(frozen=True, kw_only=True)
class DefaultSecurityGroup(_Group):
    """The group that AWS makes with every VPC: emptied, so that nothing uses it by accident."""

    part_of: ClassVar = "vpc"

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        return super().describe(aws, [*filters, *blockers.filters("group-name", DEFAULT)])

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Find it and tag it; AWS has made it already, and nobody can make a second one."""
        filters = [
            {"Name": "vpc-id", "Values": [ids.of(self.vpc)]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        item = next(iter(self.describe(aws, filters)))
        aws.ec2.create_tags(Resources=[item["GroupId"]], Tags=aws.tagged(self, self.noun)[0]["Tags"])
        return self.made(aws, item)

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Let it go: it lives and dies with its VPC."""
        aws.ec2.delete_tags(Resources=[found.id], Tags=[{"Key": key} for key in sorted(found.tags)])


def rules_of(permissions: Iterable[Mapping[str, Any]]) -> Rules:
    """The rules that EC2's permissions say."""
    return FrozenMap(pair for permission in permissions for pair in _rules_in(permission))


def _rules_in(permission: Mapping[str, Any]) -> Iterator[tuple[Rule, str]]:
    ports = permission.get("FromPort", ANY), permission.get("ToPort", ANY)
    for listing, key in PEERS.items():
        for peer in permission.get(listing, ()):
            yield Rule(permission["IpProtocol"], *ports, peer[key]), peer.get("Description", "")


def _permissions(rules: Iterable[Rule]) -> list[Rule]:
    return sorted(rules, key=str)


def _described(rules: Iterable[Rule], changes: Changes) -> list[dict[str, Any]]:
    descriptions = {c.key: c.desired for c in changes}
    return [_permission(rule, descriptions[rule]) for rule in rules]


def _rule_ids(aws: Aws, group: str, rules: Set[Rule], *, egress: bool) -> list[str]:
    """The ids of *rules*: by its id a rule goes whatever else it says, a description or another account."""
    if not rules:
        return []
    filters = [{"Name": "group-id", "Values": [group]}]
    found = pages(aws, "describe_security_group_rules", "SecurityGroupRules", Filters=filters)
    return sorted(r["SecurityGroupRuleId"] for r in found if r["IsEgress"] is egress and _rule_of(r) in rules)


def _rule_of(item: Item) -> Rule:
    group = item.get("ReferencedGroupInfo", {}).get("GroupId")
    peer = item.get("CidrIpv4") or item.get("CidrIpv6") or item.get("PrefixListId") or group
    return Rule(item["IpProtocol"], item.get("FromPort", ANY), item.get("ToPort", ANY), str(peer))


def _permission(rule: Rule, description: str) -> dict[str, Any]:
    listing = _listing(str(rule.peer))
    ports = {} if rule.protocol == "-1" else {"FromPort": rule.from_port, "ToPort": rule.to_port}
    about = {"Description": description} if description else {}
    return {"IpProtocol": rule.protocol, **ports, listing: [{PEERS[listing]: rule.peer, **about}]}


def _listing(peer: str) -> str:
    if peer.startswith("sg-"):
        return "UserIdGroupPairs"
    if peer.startswith("pl-"):
        return "PrefixListIds"
    return "Ipv6Ranges" if ":" in peer else "IpRanges"
