"""Whether a health check gets through: security groups on both sides, network ACLs in both directions.

Within a VPC every route table leads everywhere.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

EPHEMERAL = (1024, 65535)
TCP = {"-1", "6", "tcp"}


def answers(ec2: Any, source: Any, target: Any, port: int) -> bool:
    """Tell whether a request from one network interface to a port of another is let through, and its answer back."""
    there = (port, port)
    asked = _group_lets(source.group_set, "egress_rules", target, port) and _group_lets(
        target.group_set, "ingress_rules", source, port
    )
    if source.subnet.id == target.subnet.id:
        return asked  # network ACLs stand at the border of subnets
    leaves = _acl_lets(ec2, source, target, there, egress=True) and _acl_lets(ec2, target, source, there, egress=False)
    returns = _acl_lets(ec2, target, source, EPHEMERAL, egress=True) and _acl_lets(
        ec2, source, target, EPHEMERAL, egress=False
    )
    return asked and leaves and returns


def _group_lets(groups: list[Any], rules: str, other: Any, port: int) -> bool:
    return any(_names(rule, other) and _covers(rule, port) for group in groups for rule in getattr(group, rules))


def _covers(rule: Any, port: int) -> bool:
    if str(rule.ip_protocol) == "-1":
        return True
    return str(rule.ip_protocol) in TCP and int(rule.from_port) <= port <= int(rule.to_port)


def _names(rule: Any, other: Any) -> bool:
    cidr = (rule.ip_range or {}).get("CidrIp")
    if cidr and ip_address(other.private_ip_address) in ip_network(cidr, strict=False):
        return True
    group = (rule.source_group or {}).get("GroupId")
    return any(one.id == group for one in other.group_set)


def _acl_lets(ec2: Any, here: Any, other: Any, ports: tuple[int, int], *, egress: bool) -> bool:
    """The lowest entry about the other end and the ports decides; ports that are cut in two are let through by none."""
    acl = next(
        one for one in ec2.network_acls.values() if any(each.subnet_id == here.subnet.id for each in one.associations)
    )
    for entry in sorted(acl.network_acl_entries, key=lambda one: int(one.rule_number)):
        if _is(entry.egress) is egress and _is_about(entry, other.private_ip_address, ports):
            return bool(entry.rule_action == "allow")
    return False


def _is(value: Any) -> bool:
    return str(value).lower() == "true"


def _is_about(entry: Any, address: str, ports: tuple[int, int]) -> bool:
    if not entry.cidr_block or ip_address(address) not in ip_network(entry.cidr_block, strict=False):
        return False
    if str(entry.protocol) == "-1":
        return True
    first, last = int(entry.port_range_from or 0), int(entry.port_range_to or 65535)
    covered = first <= ports[0] and ports[1] <= last
    overlaps = first <= ports[1] and ports[0] <= last
    return str(entry.protocol) in TCP and (covered if entry.rule_action == "allow" else overlaps)
