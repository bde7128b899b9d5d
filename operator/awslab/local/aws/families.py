"""The modules that hold rules, by service. To add a family of rules, add its module here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.world import Due, World

FAMILIES: dict[str, tuple[str, ...]] = {
    "sts": ("services", "identity", "permissions"),
    "ec2": (
        "ec2.service",
        "ec2.tags",
        "ec2.limits",
        "ec2.vpcs",
        "ec2.subnets",
        "ec2.gateways",
        "ec2.addresses",
        "ec2.nat",
        "ec2.routes",
        "ec2.groups",
        "ec2.acls",
        "ec2.interfaces",
        "ec2.endpoints",
        "ec2.flowlogs",
        "ec2.instances",
        "ec2.keys",
        "ec2.cidrs",
        "ec2.ipv6",
        "ec2.dhcp",
        "ec2.peering",
        "ec2.transit",
        "ec2.vpn",
    ),
    "elb": ("elb.balancers", "elb.targets", "elb.listeners", "elb.tls"),
    "iam": ("iam.service", "iam.pages", "iam.profiles"),
    "logs": ("logs.service", "logs.keys", "logs.queries", "logs.insights", "logs.questions"),
    "s3": ("s3.service", "s3.buckets", "s3.notices", "s3.events"),
    "lambda": (
        "lambda_.checks",
        "lambda_.packages",
        "lambda_.functions",
        "lambda_.network",
        "lambda_.aliases",
        "lambda_.permissions",
        "lambda_.limits",
        "lambda_.layers",
        "lambda_.eventconfigs",
        "lambda_.tags",
        "lambda_.invoke",
        "lambda_.asynchronous",
        "lambda_.destinations",
        "lambda_.reporting",
    ),
    "states": (
        "states.names",
        "states.roles",
        "states.machines",
        "states.versions",
        "states.callbacks",
        "states.executions",
        "states.logs",
        "states.notices",
        "states.patches",
        "states.maps",
    ),
    "events": ("events.patterns", "events.inputs", "events.bus", "events.targets", "events.service"),
    "messaging": ("messaging.delivery", "messaging.topics", "messaging.queues"),
    "dynamodb": ("dynamodb.service",),
    "cloudwatch": ("cloudwatch.points", "cloudwatch.alarms", "cloudwatch.dashboards", "cloudwatch.service"),
    "tagging": ("tagging.service",),
}


def load_rules() -> None:
    """Enter all rules of all services into the registry."""
    for name in FAMILIES:
        _modules(name)


def changes_of(service: str) -> dict[str, Callable[[World, Due], None]]:
    """Return the changes of state that the modules of a service bring about, by their names."""
    return {name: change for module in _modules(service) for name, change in getattr(module, "CHANGES", {}).items()}


def _modules(service: str) -> list[Any]:
    return [importlib.import_module(f"awslab.local.aws.{name}") for name in FAMILIES[service]]
