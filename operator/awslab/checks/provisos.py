"""What has to hold of a flow beside being open: who is at its ends, and what it goes through.

An interface stands for what is not there yet, and AWS has more than one way to most things; so a flow
may be open and a promise broken all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

from .model import Interface, Network
from .parts import alone
from .reach import Result, Verdict


class Proviso(Protocol):
    """One thing that has to hold."""

    result: ClassVar[str]
    """What the flow comes to where it does not, as in ``status.checks``; empty where the analysis tells."""

    def broken(self, network: Network, verdict: Verdict | None) -> str:
        """What is wrong, as a sentence; empty where nothing is.  Without a verdict an end means nothing."""


@dataclass(frozen=True)
class Running:
    """Instances and load balancers at the ends of the flow."""

    result: ClassVar[str] = "unknown"

    names: tuple[str, ...]
    """Those of instances; or a part, for whatever is of it."""

    def broken(self, network: Network, _verdict: Verdict | None) -> str:
        """Who is missing."""
        there = {name for i in _own(network) for name in (i.name, i.part)}
        missing = [name for name in self.names if name not in there]
        return f"{' and '.join(missing)} {_verb(missing)} not there, or not running" if missing else ""


@dataclass(frozen=True)
class ThroughNat:
    """The NAT gateway of a zone, and no other."""

    result: ClassVar[str] = ""

    zone: str

    def broken(self, network: Network, verdict: Verdict | None) -> str:
        """That it is another one."""
        zones = {s.id: s.zone for s in network.subnets}
        passed = verdict.nats if verdict else ()
        elsewhere = [n for n in network.nats if n.id in passed and zones[n.subnet] != self.zone]
        return f"{verdict.decided_by}, which is not in {self.zone}" if verdict and elsewhere else ""


@dataclass(frozen=True)
class Directly:
    """No NAT gateway, behind which nobody sees who asks, and whom nobody can ask."""

    result: ClassVar[str] = ""

    def broken(self, _network: Network, verdict: Verdict | None) -> str:
        """That there is one."""
        return f"{verdict.decided_by}, and not directly" if verdict and verdict.nats else ""


@dataclass(frozen=True)
class ThroughEndpoint:
    """An endpoint of a service: what costs nothing, or needs no internet, is not to go another way."""

    result: ClassVar[str] = ""

    service: str

    def broken(self, network: Network, verdict: Verdict | None) -> str:
        """That there is none, or that the flow does not take it."""
        own = network.vpcs[0].id
        states = {e.id: e.state for e in network.endpoints if e.vpc == own and e.service == self.service}
        if not states:
            return f"the VPC has no endpoint for {self.service}"
        if "available" not in states.values():
            return f"endpoint {', '.join(sorted(states))} for {self.service} is not available"
        past = verdict is not None and verdict.result is not Result.CLOSED and verdict.nats
        return f"{verdict.decided_by}, and not through the endpoint for {self.service}" if past and verdict else ""


@dataclass(frozen=True)
class Forwarded:
    """A listener that forwards to each of some instances."""

    result: ClassVar[str] = "closed"

    names: tuple[str, ...]

    def broken(self, network: Network, _verdict: Verdict | None) -> str:
        """To whom no listener forwards."""
        own = {i.id: i for i in _own(network)}
        balancers = [b for b in network.balancers if any(i in own for i in b.interfaces)]
        served = {target for b in balancers for listener in b.listeners for target in listener.targets}
        lonely = sorted(i.name for i in own.values() if i.name in self.names and i.instance not in served)
        who = ", ".join(b.name for b in balancers)
        return f"closed by load balancer {who}: no listener forwards to {' or '.join(lonely)}" if lonely else ""


def _own(network: Network) -> Iterator[Interface]:
    """What is there in the VPC that is asked about."""
    return (i for i in alone(network).interfaces if not i.hypothetical)


def _verb(names: Iterable[str]) -> str:
    return "are" if len([*names]) > 1 else "is"
