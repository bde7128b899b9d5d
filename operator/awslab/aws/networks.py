"""The networks of all objects in one account and region, looked at together."""

from __future__ import annotations

import pickle
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from awslab.checks.model import Network
from awslab.core.ownership import OWNER_TAG

from .ec2 import VALUES, pages
from .observed_network import NoSuchVpc, observed_network, observed_networks
from .session import Aws, Clients

FORGOTTEN = 3600.0
"""Seconds after which a network that nobody asked for is looked at no longer."""


@dataclass(frozen=True)
class _Sight:
    """A network as it was seen, packed, as there may be thousands."""

    asked: float
    seen: float = float("-inf")
    packed: bytes = b""

    @property
    def network(self) -> Network:
        """Unpacked."""
        network: Network = pickle.loads(zlib.decompress(self.packed))  # noqa: S301 - packed by this process
        return network


class Networks:
    """Remembers networks, and looks at many at once: a routine look at one is a look at all that are due."""

    def __init__(self, clients: Clients, clock: Callable[[], float] = time.monotonic) -> None:
        self._clients, self._clock = clients, clock
        self._sights: dict[str, _Sight] = {}
        self._lock = threading.Lock()

    def look(self, aws: Aws, vpc: str, max_age: float) -> Network:
        """The network of *vpc* as it was at most *max_age* seconds ago; 0 is now.  Raises NoSuchVpc, or as boto3."""
        if max_age <= 0:
            return observed_network(self._clients, vpc)
        with self._lock:  # who comes meanwhile is served by the same look
            if vpc not in self._sights:
                self._sights |= dict.fromkeys([vpc, *self._ours(aws)], _Sight(self._clock())) | self._sights
            if self._clock() - self._sights[vpc].seen > max_age:
                self._refresh(vpc, max_age)
            if vpc not in self._sights:
                raise NoSuchVpc(f"{vpc} is no VPC of this account and region")
            self._sights[vpc] = replace(self._sights[vpc], asked=self._clock())
            return self._sights[vpc].network

    def _ours(self, aws: Aws) -> list[str]:
        """Every VPC of this operator, of which others will ask soon: it has just been started, or this one is new."""
        mine = [{"Name": f"tag:{OWNER_TAG}", "Values": [f"{aws.owner.instance}/*"]}]
        return [item["VpcId"] for item in pages(aws, "describe_vpcs", "Vpcs", Filters=mine)]

    def _refresh(self, vpc: str, max_age: float) -> None:
        """Look at *vpc*, and at others that are due; what is gone or of no interest any more is forgotten."""
        began = self._clock()
        self._sights = {v: s for v, s in self._sights.items() if v == vpc or began - s.asked <= FORGOTTEN}
        old = sorted((s.seen, v) for v, s in self._sights.items() if began - s.seen > max_age and v != vpc)
        due = [vpc, *(v for _, v in old[: VALUES - 1])]
        found = observed_networks(self._clients, due)
        for one in due:
            asked = self._sights.pop(one).asked
            if one in found:
                self._sights[one] = _Sight(asked, began, zlib.compress(pickle.dumps(found[one])))
