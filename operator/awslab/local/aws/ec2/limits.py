"""Quotas: how many there may be, each with its own code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2 import lookup
from awslab.local.aws.quotas import QUOTAS
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.ec2.context import Context

book = Book("ec2")
SEE = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"


def _of_vpc(things: Any, vpc: str | None) -> int:
    return sum(1 for one in things if one.vpc_id == vpc)


def _subnets(context: Context) -> int:
    return len(lookup.subnets_of(context.ec2, context.params.get("VpcId", "")))


def _nats(context: Context) -> int:
    place = lookup.subnet(context.ec2, context.params.get("SubnetId"))
    zone = place.availability_zone if place else None
    return sum(1 for nat in lookup.living_nats(context.ec2) if nat.zone == zone)


def _routes(context: Context) -> int:
    table = context.ec2.route_tables.get(context.params.get("RouteTableId"))
    return sum(1 for route in table.routes if not route.local) if table else 0


def _acl_entries(context: Context) -> int:
    acl = context.ec2.network_acls.get(context.params.get("NetworkAclId"))
    egress = bool(context.params.get("Egress"))
    last = 32767  # AWS's own entry does not count
    entries = acl.network_acl_entries if acl else []
    return sum(1 for one in entries if bool(one.egress) == egress and int(one.rule_number) < last)


def _endpoints(context: Context) -> int:
    living = [one for one in context.ec2.vpc_end_points.values() if one.state not in {"deleted", "deleting"}]
    if _endpoint_quota(context) == "interface-endpoints":
        ours = [one for one in living if one.vpc_endpoint_type == "Interface"]
        return _of_vpc(ours, context.params.get("VpcId"))
    return sum(1 for one in living if one.vpc_endpoint_type != "Interface")


def _endpoint_quota(context: Context) -> str:
    interface = context.params.get("VpcEndpointType") == "Interface"
    return "interface-endpoints" if interface else "gateway-endpoints"


def _most(quota: str) -> str:
    entry = QUOTAS[quota]
    return f"There are at most {entry.limit:,} {quota.replace('-', ' ')} per {entry.per}, unless the quota is raised."


def _limited(quota: str, action: str, count: Callable[[Context], int]) -> None:
    """Enter the rule for one quota, counting what there is before one more is made."""
    entry = QUOTAS[quota]

    @book.refuses(
        f"limit-{quota}",
        action,
        code=entry.code,
        does=_most(quota),
        see=SEE,
    )
    def _check(context: Context) -> str | None:
        return entry.message if count(context) + 1 > context.world.limit(quota) else None


_limited("vpcs", "CreateVpc", lambda context: len(context.ec2.vpcs))
_limited("subnets", "CreateSubnet", _subnets)
_limited("internet-gateways", "CreateInternetGateway", lambda context: len(context.ec2.internet_gateways))
_limited("addresses", "AllocateAddress", lambda context: len(context.ec2.addresses))
_limited("nat-gateways", "CreateNatGateway", _nats)
_limited(
    "route-tables",
    "CreateRouteTable",
    lambda context: len(lookup.tables_of(context.ec2, context.params.get("VpcId", ""))),
)
_limited("routes", "CreateRoute", _routes)
_limited("security-groups", "CreateSecurityGroup", lambda context: sum(map(len, context.ec2.groups.values())))
_limited(
    "network-acls",
    "CreateNetworkAcl",
    lambda context: _of_vpc(context.ec2.network_acls.values(), context.params.get("VpcId")),
)
_limited("network-acl-entries", "CreateNetworkAclEntry", _acl_entries)


def _limit_endpoints(quota: str) -> None:
    entry = QUOTAS[quota]

    @book.refuses(
        f"limit-{quota}",
        "CreateVpcEndpoint",
        code=entry.code,
        does=_most(quota),
        see=SEE,
    )
    def _check(context: Context) -> str | None:
        over = _endpoint_quota(context) == quota and _endpoints(context) + 1 > context.world.limit(quota)
        return entry.message if over else None


_limit_endpoints("interface-endpoints")
_limit_endpoints("gateway-endpoints")


@book.refuses(
    "limit-rules-per-group",
    "AuthorizeSecurityGroup*",
    code=QUOTAS["rules-per-group"].code,
    does="A security group has at most 60 rules in each direction; each range, group and prefix list is one.",
    see=SEE,
)
def rules_per_group(context: Context) -> str | None:
    """Refuse the 61st rule of a direction."""
    group = lookup.group(context.ec2, context.params)
    if group is None:
        return None
    there = group.egress_rules if context.call.action.endswith("Egress") else group.ingress_rules
    sources = ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
    fresh = sum(len(one.get(source) or []) for one in context.params.get("IpPermissions") or [{}] for source in sources)
    over = len(there) + max(fresh, 1) > context.world.limit("rules-per-group")
    return QUOTAS["rules-per-group"].message if over else None


@book.refuses(
    "limit-groups-per-interface",
    "CreateNetworkInterface",
    "ModifyNetworkInterfaceAttribute",
    "RunInstances",
    code=QUOTAS["groups-per-interface"].code,
    does="A network interface is in at most 5 security groups, unless the quota is raised.",
    see=SEE,
)
def groups_per_interface(context: Context) -> str | None:
    """Refuse the sixth group."""
    groups = context.params.get("Groups") or context.params.get("SecurityGroupIds") or []
    over = len(groups) > context.world.limit("groups-per-interface")
    return QUOTAS["groups-per-interface"].message if over else None
