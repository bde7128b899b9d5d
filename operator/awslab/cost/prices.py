"""AWS's list prices of what is paid by the hour, in US dollars.

Source: https://aws.amazon.com/vpc/pricing/ and https://aws.amazon.com/ec2/pricing/on-demand/ .
On demand, without taxes, discounts, free tiers, or the price of traffic.  A
region that is not listed has no estimate, rather than a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping

HOURS_A_MONTH = 730

CURRENCY = "USD"

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

PUBLIC_IPV4_HOUR = 0.005
"""The same in every region: https://aws.amazon.com/blogs/aws/new-aws-public-ipv4-address-charge-public-ip-insights/"""

FREE = frozenset(
    {"Vpc", "Subnet", "InternetGateway", "RouteTable", "SecurityGroup", "DefaultSecurityGroup", "Table", "Queue",
     "Topic", "Bucket", "LogGroup", "Role", "Function", "Release", "StateMachine", "BucketEvents",
     "BucketNotification", "Rule"}
)  # fmt: skip
"""The types that cost nothing by themselves; what goes through them may."""

HOURS_EVERYWHERE: Mapping[str, float] = {"Alarm": 0.10 / HOURS_A_MONTH, "Dashboard": 3.00 / HOURS_A_MONTH}
"""https://aws.amazon.com/cloudwatch/pricing/ , beyond the first ten alarms and three dashboards of an account."""


def hourly(type_name: str, region: str) -> float | None:
    """The price of one hour of a resource of that type; None where it is not known."""
    if type_name in FREE:
        return 0.0
    if type_name in HOURS_EVERYWHERE:
        return HOURS_EVERYWHERE[type_name]
    if region not in NAT_GATEWAY_HOUR:
        return None
    return {"NatGateway": NAT_GATEWAY_HOUR[region], "Eip": PUBLIC_IPV4_HOUR}.get(type_name)
