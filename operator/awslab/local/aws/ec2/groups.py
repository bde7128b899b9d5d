"""Security groups: names, rules, and what keeps a group from being deleted."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.responses.security_groups import SecurityGroups

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
LONGEST = 255


@book.refuses(
    "group-default",
    "DeleteSecurityGroup",
    code="CannotDelete",
    does="A VPC's default security group cannot be deleted.",
    see=API + "API_DeleteSecurityGroup.html",
)
def default(context: Context) -> str | None:
    """Refuse to delete a default group."""
    group = lookup.group(context.ec2, context.params)
    if group is None or not group.is_default:
        return None
    return f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'


@book.refuses(
    "group-in-use",
    "DeleteSecurityGroup",
    code="DependencyViolation",
    does="A security group that an interface, instance or endpoint is in, or that a rule of another group names,"
    " cannot be deleted.",
    see=API + "API_DeleteSecurityGroup.html",
)
def in_use(context: Context) -> str | None:
    """Refuse to delete a group in use."""
    group = lookup.group(context.ec2, context.params)
    if group is None or not (_has_member(context.ec2, group) or _is_named(context.ec2, group)):
        return None
    return f"resource {group.id} has a dependent object"


def _has_member(ec2: Any, group: Any) -> bool:
    enis = lookup.interfaces_of(ec2, group.vpc_id)
    return any(group.id == one.id for eni in enis for one in eni.group_set)


def _is_named(ec2: Any, group: Any) -> bool:
    """Tell whether a rule of another group of the VPC names this one."""
    others = (one for one in ec2.groups.get(group.vpc_id, {}).values() if one.id != group.id)
    rules = (rule for one in others for rule in (*one.ingress_rules, *one.egress_rules))
    return any(rule.source_group.get("GroupId") == group.id for rule in rules)


@book.refuses(
    "group-duplicate",
    "CreateSecurityGroup",
    code="InvalidGroup.Duplicate",
    does="A group's name is unique in its VPC.",
    see=API + "API_CreateSecurityGroup.html",
)
def duplicate(context: Context) -> str | None:
    """Refuse a name that is taken."""
    vpc = context.params.get("VpcId") or context.ec2.default_vpc.id
    name = context.params.get("GroupName")
    taken = any(one.name == name for one in context.ec2.groups.get(vpc, {}).values())
    return f"The security group '{name}' already exists for VPC '{vpc}'" if taken else None


@book.refuses(
    "group-name",
    "CreateSecurityGroup",
    code="InvalidParameterValue",
    does="A group's name and description have at most 255 characters; the name neither begins with `sg-`"
    " nor is `default`.",
    see=API + "API_CreateSecurityGroup.html",
)
def name(context: Context) -> str | None:
    """Refuse a name that AWS does not take."""
    wish, about = context.params.get("GroupName", ""), context.params.get("Description", "")
    if wish.lower().startswith("sg-"):
        return f"Value ({wish}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
    if max(len(wish), len(about)) > LONGEST:
        return f"Group name and description have at most {LONGEST} characters."
    return None


@book.refuses(
    "group-missing-vpc",
    "CreateSecurityGroup",
    code="InvalidVpcID.NotFound",
    does="A group is made in a VPC that is there.",
    see=API + "API_CreateSecurityGroup.html",
)
def missing_vpc(context: Context) -> str | None:
    """Refuse a VPC that is not there."""
    vpc = context.params.get("VpcId")
    return f"The vpc ID '{vpc}' does not exist" if vpc and vpc not in context.ec2.vpcs else None


@book.refuses(
    "group-range",
    "AuthorizeSecurityGroup*",
    code="InvalidParameterValue",
    does="The range of a rule is a valid CIDR block.",
    see=API + "API_IpRange.html",
)
def bad_range(context: Context) -> str | None:
    """Refuse what is no CIDR block."""
    for permission in context.params.get("IpPermissions") or []:
        ranges = [one.get("CidrIp") for one in permission.get("IpRanges") or []]
        ranges += [one.get("CidrIpv6") for one in permission.get("Ipv6Ranges") or []]
        for cidr in ranges:
            if not _is_cidr(cidr):
                return f"CIDR block {cidr} is malformed"
    return None


def _is_cidr(cidr: str | None) -> bool:
    try:
        ipaddress.ip_network(cidr or "", strict=False)
    except ValueError:
        return False
    return True


@book.refuses(
    "group-rule-missing-id",
    "RevokeSecurityGroup*",
    code="InvalidSecurityGroupRuleId.NotFound",
    does="A rule revoked by its id must be there.",
    see=API + "API_RevokeSecurityGroupIngress.html",
)
def rule_missing_id(context: Context) -> str | None:
    """Refuse to revoke an id that is not there."""
    group = lookup.group(context.ec2, context.params)
    if group is None:
        return None
    there = group.egress_rules if context.call.action.endswith("Egress") else group.ingress_rules
    known = {rule.id for rule in there}
    for id_ in context.params.get("SecurityGroupRuleIds") or []:
        if id_ not in known:
            return f"The security group rule ID '{id_}' does not exist"
    return None


book.behaves(
    "group-rule-missing",
    "RevokeSecurityGroup*",
    code="InvalidPermission.NotFound",
    does="A rule revoked by what it says must be there.",
    see=API + "API_RevokeSecurityGroupIngress.html",
)(SecurityGroupBackend.revoke_security_group_ingress)
book.behaves(
    "group-rule-duplicate",
    "AuthorizeSecurityGroup*",
    code="InvalidPermission.Duplicate",
    does="A group has a rule once.",
    see=API + "API_AuthorizeSecurityGroupIngress.html",
)(SecurityGroupBackend.authorize_security_group_ingress)


@book.behaves(
    "group-rules-together",
    "AuthorizeSecurityGroup*",
    "RevokeSecurityGroup*",
    does="All rules of a call come or go together, or none; the answer lists every rule that came.",
    see=API + "API_AuthorizeSecurityGroupIngress.html",
)
def together(self: Any, method: Any) -> Any:
    """Carry out a call on rules; where it fails half way, put the group back as it was."""
    group = lookup.group(self.ec2_backend, self._get_params())
    if group is None:
        return method(self)
    before = list(group.ingress_rules), list(group.egress_rules)
    try:
        result = method(self)
    except Exception:
        group.ingress_rules, group.egress_rules = before
        raise
    if isinstance(result.result, dict) and "SecurityGroupRules" in result.result:
        old = {rule.id for rules in before for rule in rules}
        fresh = [rule for rule in (*group.ingress_rules, *group.egress_rules) if rule.id not in old]
        result.result["SecurityGroupRules"] = fresh
    return result


def _wrap(name_: str) -> None:
    method = getattr(SecurityGroups, name_)
    if not hasattr(method, "awslab"):
        replaced = lambda self: together(self, method)  # noqa: E731 - it needs an attribute
        replaced.awslab = True  # type: ignore[attr-defined]
        setattr(SecurityGroups, name_, replaced)


for _name in (
    "authorize_security_group_ingress",
    "authorize_security_group_egress",
    "revoke_security_group_ingress",
    "revoke_security_group_egress",
):
    _wrap(_name)


@book.refuses(
    "group-rule-other-vpc",
    "AuthorizeSecurityGroup*",
    code="InvalidGroup.NotFound",
    does="A rule names a group of its own VPC, or of a peered one.",
    see=API + "API_UserIdGroupPair.html",
)
def rule_other_vpc(context: Context) -> str | None:
    """Refuse a rule that names a group that is not there, or cannot be reached."""
    group = lookup.group(context.ec2, context.params)
    pairs = (pair for one in context.params.get("IpPermissions") or [] for pair in one.get("UserIdGroupPairs") or [])
    for pair in pairs:
        named = context.ec2.get_security_group_from_id(pair.get("GroupId", ""))
        if pair.get("GroupId") and named is None:
            return f"The security group '{pair['GroupId']}' does not exist"
        if group is not None and named is not None and not _reaches(context.ec2, group.vpc_id, named.vpc_id):
            return f"You have specified two resources that belong to different networks: {group.id}, {named.id}"
    return None


def _reaches(ec2: Any, one: str, other: str) -> bool:
    peered = ({peering.vpc.id, peering.peer_vpc.id} for peering in ec2.vpc_pcxs.values())
    return one == other or {one, other} in list(peered)


@book.refuses(
    "group-missing",
    "DeleteSecurityGroup",
    code="InvalidGroup.NotFound",
    does="Deleting a group that is not there fails.",
    see=API + "API_DeleteSecurityGroup.html",
)
def missing(context: Context) -> str | None:
    """Refuse to delete what is not there."""
    if lookup.group(context.ec2, context.params) is not None:
        return None
    wish = context.params.get("GroupId") or context.params.get("GroupName")
    if not wish:
        raise AwsError("MissingParameter", "The request must contain the parameter groupName or groupId")
    return f"The security group '{wish}' does not exist"
