"""What a network promises, as flows that have to be open or closed, and whether it keeps it.

The promises follow from a description of what is wanted that knows nothing of
any API; a person may add flows of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .ends import INTERNET, UnknownEnd
from .model import Network
from .reach import Flow, Result, Verdict, attempts

HTTPS, SSH = 443, 22
EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Intent:
    """What is wanted of a network, as far as flows follow from it."""

    private_subnets: tuple[tuple[str, str], ...]
    """The name of each private subnet, with its zone."""
    nat: Literal["None", "Single", "PerZone"] = "PerZone"
    nat_zone: str = ""
    """Where the single NAT gateway stands."""
    app_port: int = 80
    data_ports: tuple[int, ...] = (5432,)
    """Empty where there is no data tier."""
    balancer_ports: tuple[int, ...] = (80, 443)
    """Empty where nothing is to be reached from outside."""
    balancer_sources: tuple[str, ...] = (EVERYWHERE,)
    bastion_ports: tuple[int, ...] = ()
    """To the applications; empty where there is no bastion."""
    bastion_sources: tuple[str, ...] = ()
    """Who may log in to the bastion by SSH; empty where nobody may, as where it has no open port."""
    services: tuple[str, ...] = ()
    """Those that have an endpoint."""
    session_services: tuple[str, ...] = ()
    """Those among them, or beside them, through which people reach the bastion."""
    public: bool = True
    """Whether there are public subnets, and with them a way to and from the internet."""


@dataclass(frozen=True)
class Expectation:
    """A flow, and how it has to fare."""

    flow: Flow
    expect: Literal["open", "closed"]
    nat_zone: str = ""
    """The zone of the only NAT gateway that it may go through; empty where any will do."""


@dataclass(frozen=True)
class Checked:
    """An expectation, and what became of it."""

    expectation: Expectation
    verdict: Verdict | None
    """None where an end is not in the network."""
    held: bool
    message: str

    @property
    def name(self) -> str:
        """The flow, and what it is told by."""
        flow = self.expectation.flow
        return str(flow) if flow.groups else f"{flow}, without security groups"

    def on_wire(self) -> dict[str, Any]:
        """As in ``status.checks``."""
        flow = self.expectation.flow
        return {
            "name": self.name,
            "from": flow.source,
            "to": flow.target,
            "protocol": flow.protocol,
            **({"port": flow.port} if flow.port else {}),
            "expect": self.expectation.expect,
            "result": self.verdict.result.value if self.verdict else "unknown",
            "passed": self.held,
            "message": self.message,
            "path": list(self.verdict.path) if self.verdict else [],
        }


def expectations(intent: Intent) -> tuple[Expectation, ...]:
    """The flows that *intent* promises open or closed."""
    inside = (*_between_tiers(intent), *_to_services(intent))
    return (*_from_outside(intent), *inside, *_to_the_internet(intent), *_of_the_data(intent))


def _from_outside(intent: Intent) -> Iterator[Expectation]:
    for port in intent.balancer_ports:
        for source in intent.balancer_sources:
            name = INTERNET if source == EVERYWHERE else source
            yield Expectation(Flow(name, "load-balancer", port), "open")
    yield Expectation(Flow(INTERNET, "web", intent.app_port), "closed")
    for source in intent.bastion_sources:
        yield Expectation(Flow(INTERNET if source == EVERYWHERE else source, "bastion", SSH), "open")
    if intent.bastion_ports and not intent.bastion_sources:
        yield Expectation(Flow(INTERNET, "bastion", SSH), "closed")


def _between_tiers(intent: Intent) -> Iterator[Expectation]:
    for port in intent.bastion_ports:
        yield Expectation(Flow("bastion", "web", port), "open")
    if intent.balancer_ports:
        yield Expectation(Flow("load-balancer", "web", intent.app_port), "open")
    for port in intent.data_ports:
        yield Expectation(Flow("app", "data", port), "open")


def _to_services(intent: Intent) -> Iterator[Expectation]:
    """Through endpoints; and the bastion to AWS, without which nobody reaches it by Session Manager."""
    for service in intent.services:
        yield Expectation(Flow("web", service, HTTPS), "open")
    for service in intent.session_services:
        yield Expectation(Flow("bastion", service, HTTPS), "open")
    if intent.bastion_ports:
        yield Expectation(Flow("bastion", INTERNET, HTTPS), "open" if intent.public else "closed")


def _to_the_internet(intent: Intent) -> Iterator[Expectation]:
    """Each zone's private subnet through its NAT gateway; or, without one, not at all.

    What stands in a subnet may have any group, as endpoints and databases have: the way out is a promise of the routes.
    """
    if intent.nat == "None":
        yield Expectation(Flow("web", INTERNET, HTTPS), "closed")
        for subnet, _ in intent.private_subnets if not intent.public else ():
            yield Expectation(Flow(subnet, INTERNET, HTTPS, groups=False), "closed")
        return
    yield Expectation(Flow("web", INTERNET, HTTPS), "open")
    for subnet, zone in intent.private_subnets:
        through = zone if intent.nat == "PerZone" else intent.nat_zone
        yield Expectation(Flow(subnet, INTERNET, HTTPS, groups=False), "open", through)


def _of_the_data(intent: Intent) -> Iterator[Expectation]:
    """Closed by the routes already, whatever a security group of the data tier may let through."""
    if intent.data_ports:
        yield Expectation(Flow("data", INTERNET, HTTPS, groups=False), "closed")
        yield Expectation(Flow(INTERNET, "data", intent.data_ports[0], groups=False), "closed")


def checked(network: Network, expected: Sequence[Expectation]) -> list[Checked]:
    """How *network* keeps what is expected of it."""
    return [
        _checked(network, e, v) for e, v in zip(expected, attempts(network, [e.flow for e in expected]), strict=True)
    ]


def _checked(network: Network, expected: Expectation, verdict: Verdict | UnknownEnd) -> Checked:
    if isinstance(verdict, UnknownEnd):
        return Checked(expected, None, held=False, message=str(verdict))
    wanted = Result.OPEN if expected.expect == "open" else Result.CLOSED
    wrong_nats = [*_elsewhere(network, verdict.nats, expected.nat_zone)]
    if verdict.result is wanted and not wrong_nats:
        return Checked(expected, verdict, held=True, message=verdict.decided_by)
    if verdict.result is wanted:
        message = f"{verdict.decided_by}, which is not in {expected.nat_zone}"
        return Checked(expected, verdict, held=False, message=message)
    return Checked(expected, verdict, held=False, message=_surprise(verdict))


def _surprise(verdict: Verdict) -> str:
    """What decided; of a flow that should be closed, the last thing that let it pass."""
    if verdict.result is not Result.OPEN:
        return verdict.decided_by
    route = next((h.text for h in reversed(verdict.hops) if not h.answer and " goes to " in h.text), "")
    return f"{verdict.decided_by}: {route}" if route else verdict.decided_by


def _elsewhere(network: Network, nats: Iterable[str], zone: str) -> Iterator[str]:
    """The NAT gateways that are not in *zone*."""
    zones = {s.id: s.zone for s in network.subnets}
    if zone:
        yield from (n.id for n in network.nats if n.id in nats and zones[n.subnet] != zone)
