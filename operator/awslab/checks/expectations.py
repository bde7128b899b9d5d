"""What a network promises, as flows that have to be open or closed, and whether it keeps it.

The promises follow from a description of what is wanted that knows nothing of
any API; a person may add flows of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .ends import INTERNET, UnknownEnd
from .model import Network
from .provisos import Directly, Forwarded, Proviso, Running, ThroughEndpoint, ThroughNat
from .ranges import IPV6
from .reach import Flow, Result, Verdict, attempts

HTTPS, SSH = 443, 22
EVERYWHERE = "0.0.0.0/0"

Expect = Literal["open", "closed"]


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
    web_servers: tuple[str, ...] = ()
    """The names of those that run."""
    balancer: bool = False
    """Whether a load balancer of the network itself leads to the web servers."""
    bastion: bool = False
    """Whether one runs."""
    beyond: tuple[str, ...] = ()
    """The addresses of the networks beside this one that its private subnets reach, and that reach them."""
    ipv6: bool = False
    """Whether it has addresses of both families."""
    session_services: tuple[str, ...] = ()
    """Those among them through which people reach the bastion."""
    public: bool = True
    """Whether there are public subnets, and with them a way to and from the internet."""


@dataclass(frozen=True)
class Expectation:
    """A flow, and how it has to fare."""

    flow: Flow
    expect: Expect
    provisos: tuple[Proviso, ...] = ()
    """What has to hold beside, where it has to be open."""


@dataclass(frozen=True)
class Checked:
    """An expectation, and what became of it."""

    expectation: Expectation
    verdict: Verdict | None
    """None where an end is not in the network."""
    held: bool
    message: str
    result: str = "unknown"
    """As in ``status.checks``."""

    @property
    def expect(self) -> str:
        """What is promised: open or closed."""
        return self.expectation.expect

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
            "expect": self.expect,
            "result": self.result,
            "passed": self.held,
            "message": self.message,
            "path": list(self.verdict.path) if self.verdict else [],
        }


def expectations(intent: Intent) -> tuple[Expectation, ...]:
    """The flows that *intent* promises open or closed."""
    inside = (*_between_tiers(intent), *_to_services(intent))
    outside = (*_to_the_internet(intent), *_of_the_data(intent), *_beyond(intent), *_over_ipv6(intent))
    return tuple(occupied(intent, e) for e in (*_from_outside(intent), *inside, *outside))


def occupied(intent: Intent, expected: Expectation) -> Expectation:
    """*expected*; of an open flow whose ends the network has to have, that they are there."""
    if expected.expect == "closed" or not expected.flow.groups:
        return expected
    there = {
        "web": intent.web_servers,
        "app": intent.web_servers,
        "bastion": ("bastion",) if intent.bastion else (),
        "load-balancer": ("load-balancer",) if intent.balancer else (),
    }
    names = (*there.get(expected.flow.source, ()), *there.get(expected.flow.target, ()))
    return replace(expected, provisos=(Running(names), *expected.provisos)) if names else expected


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
        forwarded = (Forwarded(intent.web_servers),) if intent.balancer else ()
        yield Expectation(Flow("load-balancer", "web", intent.app_port), "open", forwarded)
    for port in intent.data_ports:
        yield Expectation(Flow("app", "data", port), "open")


def _to_services(intent: Intent) -> Iterator[Expectation]:
    """Through endpoints; and the bastion to AWS, without which nobody reaches it by Session Manager."""
    for service in intent.services:
        yield Expectation(Flow("web", service, HTTPS), "open", (ThroughEndpoint(service),))
    for service in intent.session_services:
        yield Expectation(Flow("bastion", service, HTTPS), "open", (ThroughEndpoint(service),))
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
        provisos = (ThroughNat(through),) if through else ()
        yield Expectation(Flow(subnet, INTERNET, HTTPS, groups=False), "open", provisos)


def _of_the_data(intent: Intent) -> Iterator[Expectation]:
    """Closed by the routes already, whatever a security group of the data tier may let through."""
    if intent.data_ports:
        yield Expectation(Flow("data", INTERNET, HTTPS, groups=False), "closed")
        yield Expectation(Flow(INTERNET, "data", intent.data_ports[0], groups=False), "closed")


def _beyond(intent: Intent) -> Iterator[Expectation]:
    """From the private subnets to the networks beside this one, and back, as far as it is for this one to say."""
    for cidr in intent.beyond:
        yield Expectation(Flow("private", cidr, HTTPS, groups=False), "open", (Directly(),))
        yield Expectation(Flow(cidr, "private", HTTPS, groups=False), "open")


def _over_ipv6(intent: Intent) -> Iterator[Expectation]:
    """The private subnets out, if anybody gets out, and nobody in; the data tier neither."""
    if not intent.ipv6:
        return
    tiers: list[tuple[str, Expect]] = [("private", "open" if intent.public else "closed")]
    tiers += [("data", "closed")] if intent.data_ports else []
    for tier, out in tiers:
        yield Expectation(Flow(tier, INTERNET, HTTPS, version=IPV6, groups=False), out)
        yield Expectation(Flow(INTERNET, tier, HTTPS, version=IPV6, groups=False), "closed")


def checked(network: Network, expected: Sequence[Expectation]) -> list[Checked]:
    """How *network* keeps what is expected of it."""
    return [
        _checked(network, e, v) for e, v in zip(expected, attempts(network, [e.flow for e in expected]), strict=True)
    ]


def _checked(network: Network, expected: Expectation, found: Verdict | UnknownEnd) -> Checked:
    verdict = found if isinstance(found, Verdict) else None
    for proviso in expected.provisos:
        if broken := proviso.broken(network, verdict):
            result = proviso.result or _result(verdict)
            return Checked(expected, verdict, held=False, message=broken, result=result)
    if verdict is None:
        return Checked(expected, None, held=False, message=str(found))
    wanted = Result.OPEN if expected.expect == "open" else Result.CLOSED
    held = verdict.result is wanted
    return Checked(expected, verdict, held, verdict.decided_by if held else _surprise(verdict), _result(verdict))


def _result(verdict: Verdict | None) -> str:
    return verdict.result.value if verdict else "unknown"


def _surprise(verdict: Verdict) -> str:
    """What decided; of a flow that should be closed, the last thing that let it pass."""
    if verdict.result is not Result.OPEN:
        return verdict.decided_by
    route = next((h.text for h in reversed(verdict.hops) if not h.answer and " goes to " in h.text), "")
    return f"{verdict.decided_by}: {route}" if route else verdict.decided_by
