"""What a network's expected traffic costs a month, beside what stands there.  Pure.

List prices without free tiers.  Sources: https://aws.amazon.com/vpc/pricing/ ,
https://aws.amazon.com/privatelink/pricing/ , https://aws.amazon.com/cloudwatch/pricing/ (vended logs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .prices import NAT_GATEWAY_HOUR

ENDPOINT_GB = 0.01
VENDED_GB = {"CloudWatchLogs": 0.50, "S3": 0.25}
"""In us-east-1; elsewhere within a third."""


@dataclass(frozen=True)
class Traffic:
    """What goes through in a month, in GB."""

    nat: float = 0
    endpoints: float = 0
    flow_logs: float = 0
    flow_logs_to: str = ""
    """Where flow logs go: CloudWatchLogs, S3, or nowhere."""


def monthly(traffic: Traffic, region: str) -> dict[str, float] | None:
    """US dollars a month by what the traffic goes through; None where the region's prices are not known."""
    if region not in NAT_GATEWAY_HOUR:
        return None
    # AWS's list has the same number for an hour of a NAT gateway and for a GB through it, in every region.
    told = {
        "NAT gateways": traffic.nat * NAT_GATEWAY_HOUR[region],
        "Interface endpoints": traffic.endpoints * ENDPOINT_GB,
        "Flow logs": traffic.flow_logs * VENDED_GB.get(traffic.flow_logs_to, 0.0),
    }
    return {name: amount for name, amount in told.items() if amount}


def assumptions(traffic: Traffic) -> Mapping[str, str]:
    """What the numbers go by."""
    return {
        "Data through NAT gateways": f"{traffic.nat:g} GB a month (spec.expect.natGb)",
        "Data through interface endpoints": f"{traffic.endpoints:g} GB a month (spec.expect.endpointGb)",
        "Flow logs": f"{traffic.flow_logs:g} GB a month (spec.expect.flowLogGb)",
        "Data to the internet and between zones": "not counted",
    }
