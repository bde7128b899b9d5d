"""Target groups: the instances that a load balancer forwards to, and whether they are well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed, Usual
from awslab.core.values import FrozenMap

from .elb import ElbResource, pages
from .instance import Instance
from .listed import Item
from .named import after, unless_gone
from .network import Vpc
from .session import Aws

DRAINING = "deregistration_delay.timeout_seconds"
LEAVING = frozenset({"draining"})

CHECK = {
    "path": "HealthCheckPath",
    "interval": "HealthCheckIntervalSeconds",
    "timeout": "HealthCheckTimeoutSeconds",
    "healthyAfter": "HealthyThresholdCount",
    "unhealthyAfter": "UnhealthyThresholdCount",
}
"""What a health check is made of, in our words and in AWS's; beside the codes that count as well."""

Check = FrozenMap[str, str]


@dataclass(frozen=True, kw_only=True)
class TargetGroup(ElbResource):
    """Instances that answer HTTP on one port.

    It is settled once every target is healthy; until then it says which is not, and why.
    """

    arn_key: ClassVar = "TargetGroupArn"
    usual: ClassVar = Usual(create=30)
    mutable: ClassVar = frozenset({"targets", "check", "drains"})
    late: ClassVar = frozenset({"targets"})
    one_by_one: ClassVar = frozenset({"targets", "drains"})

    called: str
    """At most 32 letters, digits and hyphens."""
    vpc: Vpc
    port: int
    check: Check
    """The health check: path, interval, timeout, healthyAfter, unhealthyAfter, codes."""
    drains: int = 30
    """Seconds for which requests under way may go on when a target leaves."""
    targets: frozenset[Instance] = frozenset()

    @classmethod
    def items(cls, aws: Aws, **which: Any) -> Iterator[Item]:
        return pages(aws, "describe_target_groups", "TargetGroups", **which)

    @classmethod
    def chosen(cls, aws: Aws, arn: str) -> Iterator[Item]:
        return iter(aws.client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"])

    @classmethod
    def name_of(cls, item: Item) -> str:
        return str(item["TargetGroupName"])

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        check = {ours: str(item[theirs]) for ours, theirs in CHECK.items() if theirs in item}
        return {
            "called": item["TargetGroupName"],
            "vpc": item.get("VpcId"),
            "port": item.get("Port"),
            "check": FrozenMap({**check, "codes": (item.get("Matcher") or {}).get("HttpCode", "")}),
        }

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:
        return {"in_use": bool(item.get("LoadBalancerArns"))}

    @classmethod
    def examined(cls, aws: Aws, found: Observed) -> Observed:
        """Add its targets and their health, and its attributes."""
        elb = aws.client("elbv2")
        health = elb.describe_target_health(TargetGroupArn=found.id)["TargetHealthDescriptions"]
        attributes = elb.describe_target_group_attributes(TargetGroupArn=found.id)["Attributes"]
        drains = next((int(a["Value"]) for a in attributes if a["Key"] == DRAINING), 0)
        there = [t for t in health if t["TargetHealth"]["State"] not in LEAVING]
        targets = frozenset(t["Target"]["Id"] for t in there)
        ill = sorted(_words(t) for t in there if t["TargetHealth"]["State"] != "healthy")
        if not ill or not found.details["in_use"]:  # without a listener nobody checks them
            return replace(found, fields={**found.fields, "targets": targets, "drains": drains})
        fields = {**found.fields, "targets": targets, "drains": drains}
        return replace(found, fields=fields, usable=False, message=f"waits for healthy targets: {'; '.join(ill)}")

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Ask for it; the same once more is the same target group to AWS."""
        answer = aws.client("elbv2").create_target_group(
            Name=self.called,
            Protocol="HTTP",
            Port=self.port,
            VpcId=ids.of(self.vpc),
            TargetType="instance",
            Tags=self.birth_tags(aws),
            **_checking(self.check),
        )
        return self.made(aws, answer["TargetGroups"][0], targets=frozenset(), drains=300)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        elb, wanted = aws.client("elbv2"), after(found, changes)
        if changes.of("check"):
            elb.modify_target_group(TargetGroupArn=found.id, **_checking(wanted["check"]))
        if changes.of("drains"):
            seconds = [{"Key": DRAINING, "Value": str(wanted["drains"])}]
            elb.modify_target_group_attributes(TargetGroupArn=found.id, Attributes=seconds)
        targets = changes.of("targets")
        if new := [c.key for c in targets.additions]:
            elb.register_targets(TargetGroupArn=found.id, Targets=_named(new))
        if gone := [c.key for c in targets.removals]:
            elb.deregister_targets(TargetGroupArn=found.id, Targets=_named(gone))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        with unless_gone():
            aws.client("elbv2").delete_target_group(TargetGroupArn=found.id)


def _named(instances: Iterable[str]) -> list[dict[str, str]]:
    return [{"Id": id_} for id_ in sorted(instances)]


def _checking(check: Check) -> dict[str, Any]:
    numbers = {theirs: int(check[ours]) for ours, theirs in CHECK.items() if ours != "path"}
    return {
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPath": check["path"],
        "Matcher": {"HttpCode": check["codes"]},
        **numbers,
    }


def _words(target: Item) -> str:
    health = target["TargetHealth"]
    why = health.get("Description") or health.get("Reason") or ""
    return f"{target['Target']['Id']} is {health['State']}" + (f" ({why})" if why else "")
