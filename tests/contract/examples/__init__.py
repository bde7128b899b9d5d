"""One example of every AWS type; a new type gets every contract test by its example here."""

from __future__ import annotations

from . import compute, flow, flow_logs, load_balancing, machines, network, network_parts
from .example import Example

EXAMPLES: list[Example] = [
    *network.EXAMPLES,
    *network_parts.EXAMPLES,
    *machines.EXAMPLES,
    *flow_logs.EXAMPLES,
    *load_balancing.EXAMPLES,
    *compute.EXAMPLES,
    *flow.EXAMPLES,
]
