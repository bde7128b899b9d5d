"""What a network's expected traffic costs a month, beside what stands there.  Pure.

List prices without free tiers.  Sources: https://aws.amazon.com/vpc/pricing/ ,
https://aws.amazon.com/privatelink/pricing/ , https://aws.amazon.com/cloudwatch/pricing/ (vended logs),
https://aws.amazon.com/elasticloadbalancing/pricing/ (capacity units).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .prices import HOURS_A_MONTH, LOAD_BALANCER_UNIT_HOUR, NAT_GATEWAY_HOUR

ENDPOINT_GB = 0.01
VENDED_GB = {"CloudWatchLogs": 0.50, "S3": 0.25}
"""In us-east-1; elsewhere within a third."""

UNIT_GB_AN_HOUR = 1
UNIT_CONNECTIONS_A_SECOND = 25
UNIT_CONNECTIONS_AT_ONCE = 3000
"""What one capacity unit carries, of each; paid is whatever needs most of them."""

LASTING = 60
"""Seconds for which a connection is supposed to last; the idle timeout of a load balancer is the same."""


@dataclass(frozen=True)
class Balanced:
    """What goes through a load balancer."""

    gb: float = 0
    connections: float = 0
    """New ones in a second."""

    @property
    def units(self) -> float:
        """The capacity units that it needs on average; it is paid by the parts of one too."""
        return max(
            self.gb / HOURS_A_MONTH / UNIT_GB_AN_HOUR,
            self.connections / UNIT_CONNECTIONS_A_SECOND,
            self.connections * LASTING / UNIT_CONNECTIONS_AT_ONCE,
        )


@dataclass(frozen=True)
class Traffic:
    """What goes through in a month, in GB."""

    nat: float = 0
    endpoints: float = 0
    flow_logs: float = 0
    flow_logs_to: str = ""
    """Where flow logs go: CloudWatchLogs, S3, or nowhere."""
    balanced: Balanced | None = None
    """None where there is no load balancer."""


def monthly(traffic: Traffic, region: str) -> dict[str, float] | None:
    """US dollars a month by what the traffic goes through; None where the region's prices are not known."""
    if region not in NAT_GATEWAY_HOUR:
        return None
    # AWS's list has the same number for an hour of a NAT gateway and for a GB through it, in every region.
    told = {
        "NAT gateways": traffic.nat * NAT_GATEWAY_HOUR[region],
        "Interface endpoints": traffic.endpoints * ENDPOINT_GB,
        "Flow logs": traffic.flow_logs * VENDED_GB.get(traffic.flow_logs_to, 0.0),
        "Load balancer capacity": _units(traffic) * HOURS_A_MONTH * LOAD_BALANCER_UNIT_HOUR[region],
    }
    return {name: amount for name, amount in told.items() if amount}


def _units(traffic: Traffic) -> float:
    return traffic.balanced.units if traffic.balanced else 0


def _about_balanced(balanced: Balanced) -> dict[str, str]:
    connections = f"{balanced.connections:g} new connections a second (spec.expect.connectionsPerSecond)"
    amount = f"{balanced.gb:g} GB a month (spec.expect.loadBalancerGb)"
    evenly = f"evenly over the month, a connection for {LASTING} s, no rules beyond the default one"
    return {"Load balancer capacity": f"{balanced.units:.3g} units for {amount} and {connections}, {evenly}"}


def assumptions(traffic: Traffic) -> Mapping[str, str]:
    """What the numbers go by."""
    return {
        **(_about_balanced(traffic.balanced) if traffic.balanced else {}),
        "Data through NAT gateways": f"{traffic.nat:g} GB a month (spec.expect.natGb)",
        "Data through interface endpoints": f"{traffic.endpoints:g} GB a month (spec.expect.endpointGb)",
        "Flow logs": f"{traffic.flow_logs:g} GB a month (spec.expect.flowLogGb)",
        "Data to the internet and between zones": "not counted",
    }
