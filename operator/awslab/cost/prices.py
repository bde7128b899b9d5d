"""AWS's list prices of what is paid by the hour, in US dollars.

Source: https://aws.amazon.com/vpc/pricing/ and https://aws.amazon.com/ec2/pricing/on-demand/ .
On demand, without taxes, discounts, free tiers, or the price of traffic.  A
region that is not listed has no estimate, rather than a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HOURS_A_MONTH = 730

NOTHING: Mapping[str, Any] = {}

CURRENCY = "USD"

SOURCES = (
    "https://aws.amazon.com/vpc/pricing/",
    "https://aws.amazon.com/ec2/pricing/on-demand/",
    "https://aws.amazon.com/ebs/pricing/",
    "https://aws.amazon.com/elasticloadbalancing/pricing/",
    "https://aws.amazon.com/privatelink/pricing/",
    "https://aws.amazon.com/cloudwatch/pricing/",
)

AS_OF = "2025-06"
"""When the table was last compared with AWS's pages."""

NAT_GATEWAY_HOUR: Mapping[str, float] = {
    "us-east-1": 0.045,
    "us-east-2": 0.045,
    "us-west-1": 0.048,
    "us-west-2": 0.045,
    "ca-central-1": 0.05,
    "eu-central-1": 0.052,
    "eu-north-1": 0.046,
    "eu-west-1": 0.048,
    "eu-west-2": 0.05,
    "eu-west-3": 0.05,
    "ap-northeast-1": 0.062,
    "ap-south-1": 0.056,
    "ap-southeast-1": 0.059,
    "ap-southeast-2": 0.059,
    "sa-east-1": 0.093,
}

INTERFACE_ENDPOINT_HOUR: Mapping[str, float] = {
    "us-east-1": 0.01,
    "us-east-2": 0.01,
    "us-west-1": 0.011,
    "us-west-2": 0.01,
    "ca-central-1": 0.011,
    "eu-central-1": 0.012,
    "eu-north-1": 0.011,
    "eu-west-1": 0.011,
    "eu-west-2": 0.011,
    "eu-west-3": 0.011,
    "ap-northeast-1": 0.014,
    "ap-south-1": 0.013,
    "ap-southeast-1": 0.013,
    "ap-southeast-2": 0.013,
    "sa-east-1": 0.021,
}
"""In each zone: https://aws.amazon.com/privatelink/pricing/"""

LOAD_BALANCER_HOUR: Mapping[str, float] = {
    "us-east-1": 0.0225,
    "us-east-2": 0.0225,
    "us-west-1": 0.0252,
    "us-west-2": 0.0225,
    "ca-central-1": 0.02475,
    "eu-central-1": 0.027,
    "eu-north-1": 0.02394,
    "eu-west-1": 0.0252,
    "eu-west-2": 0.02646,
    "eu-west-3": 0.02646,
    "ap-northeast-1": 0.0243,
    "ap-south-1": 0.0239,
    "ap-southeast-1": 0.0252,
    "ap-southeast-2": 0.0252,
    "sa-east-1": 0.034,
}
"""Without its capacity units, which are paid by traffic: https://aws.amazon.com/elasticloadbalancing/pricing/"""

LOAD_BALANCER_UNIT_HOUR: Mapping[str, float] = dict.fromkeys(LOAD_BALANCER_HOUR, 0.008) | {
    "ca-central-1": 0.0088,
    "eu-north-1": 0.0076,
    "eu-west-2": 0.0084,
    "eu-west-3": 0.0084,
    "sa-east-1": 0.011,
}
"""Of a capacity unit of an application load balancer: https://aws.amazon.com/elasticloadbalancing/pricing/"""

INSTANCE_HOUR: Mapping[str, float] = {
    "t3.nano": 0.0052,
    "t3.micro": 0.0104,
    "t3.small": 0.0208,
    "t3.medium": 0.0416,
    "t3.large": 0.0832,
    "t3.xlarge": 0.1664,
    "t4g.nano": 0.0042,
    "t4g.micro": 0.0084,
    "t4g.small": 0.0168,
    "t4g.medium": 0.0336,
    "t4g.large": 0.0672,
    "m5.large": 0.096,
    "m6i.large": 0.096,
    "m6g.large": 0.077,
    "m7g.large": 0.0816,
    "c6i.large": 0.085,
    "c7g.large": 0.0725,
}
"""Linux in us-east-1: https://aws.amazon.com/ec2/pricing/on-demand/"""

GP3_GIBIBYTE_MONTH = 0.08
"""https://aws.amazon.com/ebs/pricing/"""

INSTANCE_GIBIBYTES = 8
"""The disk of an instance of Amazon Linux 2023."""

PUBLIC_IPV4_HOUR = 0.005
"""The same in every region: https://aws.amazon.com/blogs/aws/new-aws-public-ipv4-address-charge-public-ip-insights/"""

TRANSIT_GATEWAY_ATTACHMENT_HOUR: Mapping[str, float] = {
    "us-east-1": 0.05,
    "us-east-2": 0.05,
    "us-west-2": 0.05,
    "eu-west-1": 0.05,
}
"""https://aws.amazon.com/transit-gateway/pricing/"""

FREE = frozenset(
    {"Vpc", "Subnet", "InternetGateway", "RouteTable", "SecurityGroup", "DefaultSecurityGroup", "NetworkAcl",
     "DefaultNetworkAcl", "GatewayEndpoint", "InstanceProfile", "KeyPair", "FlowLog", "SavedQuery", "Table",
     "Queue", "Topic", "Bucket", "LogGroup", "Role", "Function", "Release", "StateMachine", "BucketEvents",
     "BucketNotification", "Rule", "TargetGroup", "Listener", "Ipv6Block", "EgressOnlyGateway",
     "SecondaryCidr", "DhcpOptions", "Peering", "VpnGateway"}
)  # fmt: skip
"""The types that cost nothing by themselves; what goes through them may."""

HOURS_EVERYWHERE: Mapping[str, float] = {"Alarm": 0.10 / HOURS_A_MONTH, "Dashboard": 3.00 / HOURS_A_MONTH}
"""https://aws.amazon.com/cloudwatch/pricing/ , beyond the first ten alarms and three dashboards of an account."""


def _instance(region: str, wishes: Mapping[str, Any]) -> float | None:
    """An instance with its disk and public address; None for a type that is not in the table."""
    hour = INSTANCE_HOUR.get(wishes.get("instance_type", "t3.micro"))
    if hour is None:
        return None
    disk = INSTANCE_GIBIBYTES * GP3_GIBIBYTE_MONTH / HOURS_A_MONTH
    address = PUBLIC_IPV4_HOUR if getattr(wishes.get("subnet"), "public_ips", False) else 0
    return hour * _level(region) + disk + address


def _level(region: str) -> float:
    """How much more an instance costs in *region* than in us-east-1, as its NAT gateways do: within a tenth."""
    return NAT_GATEWAY_HOUR[region] / NAT_GATEWAY_HOUR["us-east-1"]


def hourly(type_name: str, region: str, wishes: Mapping[str, Any] = NOTHING) -> float | None:
    """The price of one hour of a resource of that type with these fields; None where it is not known."""
    if type_name in FREE:
        return 0.0
    if type_name in HOURS_EVERYWHERE:
        return HOURS_EVERYWHERE[type_name]
    if region not in NAT_GATEWAY_HOUR:
        return None
    return {
        "NatGateway": NAT_GATEWAY_HOUR[region],
        "Eip": PUBLIC_IPV4_HOUR,
        "TransitGatewayAttachment": TRANSIT_GATEWAY_ATTACHMENT_HOUR.get(region),
        "Instance": _instance(region, wishes),
        "LoadBalancer": LOAD_BALANCER_HOUR[region] + PUBLIC_IPV4_HOUR * len(wishes.get("subnets", "12")),
        "InterfaceEndpoint": INTERFACE_ENDPOINT_HOUR[region] * len(wishes.get("subnets", "1")),
    }.get(type_name)
