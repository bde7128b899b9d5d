"""The networks of all objects in one account and region, looked at together."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from awslab.checks.model import Network
from awslab.core.ownership import OWNER_TAG
from awslab.core.packer import Packer

from .ec2 import VALUES, pages
from .observed_network import NoSuchVpc, observed_network, observed_networks
from .session import Aws, Clients

FORGOTTEN = 3600.0
"""Seconds after which a network that nobody asked for is looked at no longer."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """When a network was seen; packed, as there may be thousands."""

    asked: float
    seen: float = float("-inf")
    packed: bytes = b""


class Networks:
    """Remembers networks, and looks at many at once: a routine look at one is a look at all that are due."""

    def __init__(self, clients: Clients, clock: Callable[[], float] = time.monotonic) -> None:
        self._clients, self._clock = clients, clock
        self._sights: dict[str, _Sight] = {}
        self._packer: Packer | None = None
        self.proved: dict[str, int] = {}
        """Of networks that kept all that was promised, what stood for network and promises."""
        self._lock = threading.Lock()

    def look(self, aws: Aws, vpc: str, max_age: float) -> Network:
        """The network of *vpc* as it was at most *max_age* seconds ago; 0 is now.  Raises NoSuchVpc, or as boto3."""
        if max_age <= 0:
            return observed_network(self._clients, vpc)
        return self._unpacked(self._seen(aws, vpc, max_age).packed)

    def mark(self, aws: Aws, vpc: str, max_age: float) -> int:
        """What stands for the network that *look* shows: another one as soon as anything in it is another.

        Raises NoSuchVpc, or as boto3.
        """
        return hash(self._seen(aws, vpc, max_age).packed)

    def _seen(self, aws: Aws, vpc: str, max_age: float) -> _Sight:
        with self._lock:  # who comes meanwhile is served by the same look
            if vpc not in self._sights:
                self._sights |= dict.fromkeys([vpc, *self._ours(aws)], _Sight(self._clock())) | self._sights
            if self._clock() - self._sights[vpc].seen > max_age:
                self._refresh(vpc, max_age)
            if vpc not in self._sights:
                raise NoSuchVpc(f"{vpc} is no VPC of this account and region")
            self._sights[vpc] = replace(self._sights[vpc], asked=self._clock())
            return self._sights[vpc]

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
                self._sights[one] = _Sight(asked, began, self._packed(found[one]))
        for gone in {*self.proved} - {*self._sights}:
            del self.proved[gone]

    def _packed(self, network: Network) -> bytes:
        text = pickle.dumps(network)
        self._packer = self._packer or Packer(text)
        return self._packer.pack(text)

    def _unpacked(self, packed: bytes) -> Network:
        assert self._packer is not None  # noqa: S101 - it packed this
        network: Network = pickle.loads(self._packer.unpack(packed))  # noqa: S301 - packed by this process
        return network
