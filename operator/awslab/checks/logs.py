"""Whether what happens in a network is written down, as the spec promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .model import Network

NAME = "flow logs of the VPC"
EXPECT = "delivered"


@dataclass(frozen=True)
class Delivery:
    """How the flow logs of a VPC fare."""

    result: str
    """delivered, failing, or missing."""
    message: str

    name = NAME
    expect = EXPECT

    @property
    def held(self) -> bool:
        """Whether the promise is kept."""
        return self.result == EXPECT

    def on_wire(self) -> Mapping[str, Any]:
        """As in ``status.checks``."""
        told = {"name": NAME, "expect": EXPECT, "result": self.result, "passed": self.held, "message": self.message}
        return {**told, "path": []}


def delivery(network: Network) -> Delivery:
    """Whether a flow log of the VPC that is asked about is delivered."""
    logs = [log for log in network.flow_logs if log.vpc == network.vpcs[0].id]
    if well := next((log for log in logs if not log.trouble), None):
        return Delivery(EXPECT, f"delivered to {well.destination} by {well.id}")
    if logs:
        return Delivery("failing", f"{logs[0].id} is not delivered to {logs[0].destination}: {logs[0].trouble}")
    return Delivery("missing", f"{network.vpcs[0].id} has no flow log: what happens in it is written down nowhere")
