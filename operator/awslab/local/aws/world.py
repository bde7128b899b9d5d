"""All that one local AWS is: settings, clock, schedule, what is hidden, what was asked with a token."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from awslab.local.aws.background import Background
from awslab.local.aws.calllog import CallLog
from awslab.local.aws.decisions import Decisions
from awslab.local.aws.faults import Faults
from awslab.local.aws.quotas import QUOTAS
from awslab.local.aws.times import USUAL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from wsgiref.types import WSGIApplication

    from awslab.local.aws.identity import Session
    from awslab.local.aws.lambda_.model import Region, Waiting
    from awslab.local.aws.wire import Answer

TOKENS_KEPT = 100_000


@dataclass
class Settings:
    """What can be changed while the world runs."""

    time_scale: float = 0.01
    latency_ms: float = 0.0
    quota_scale: float = 1.0
    quotas: dict[str, int] = field(default_factory=dict)  # a limit of its own instead of AWS's

    def change(self, wish: dict[str, Any]) -> None:
        """Take over new values; raises ValueError with a sentence for what is unknown or makes no sense."""
        if unknown := set(wish) - {"time_scale", "latency_ms", "quota_scale", "quotas"}:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        if unknown := set(wish.get("quotas", {})) - set(QUOTAS):
            raise ValueError(f"no such quota: {', '.join(sorted(unknown))}; there are {', '.join(QUOTAS)}")
        for name in {"time_scale", "latency_ms", "quota_scale"} & set(wish):
            if not (isinstance(wish[name], int | float) and 0 <= wish[name] < math.inf):
                raise ValueError(f"{name} must be a number of 0 or more")
        for name, value in wish.items():
            setattr(self, name, value)


@dataclass(order=True)
class Due:
    """A change of state that comes by itself: plain data, so that it survives a restart."""

    at: float
    number: int
    change: str = field(compare=False)
    account: str = field(compare=False)
    region: str = field(compare=False)
    id: str = field(compare=False)


@dataclass
class Remembered:
    """The answer that was given to a ClientToken, and what was asked then."""

    asked: Hashable
    answer: Answer
    until: float


@dataclass
class Overlay:
    """What we keep beside moto's own resources; saved together with them."""

    schedule: list[Due] = field(default_factory=list)
    number: int = 0
    hidden: dict[str, float] = field(default_factory=dict)  # id -> until
    untagged: dict[str, float] = field(default_factory=dict)
    tokens: OrderedDict[Hashable, Remembered] = field(default_factory=OrderedDict)
    sessions: dict[str, Session] = field(default_factory=dict)  # by access key
    lambdas: dict[tuple[str, str], Region] = field(default_factory=dict)  # by account and region
    waiting: dict[str, Waiting] = field(default_factory=dict)  # events for functions, by id
    new_roles: set[str] = field(default_factory=set)  # ARNs of roles that cannot be assumed yet
    new_profiles: set[str] = field(default_factory=set)  # ARNs of instance profiles that EC2 does not know yet
    stores: dict[tuple[str, str, str], Any] = field(default_factory=dict)  # service, account, region -> what is ours

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over a state that was saved before a field was there."""
        self.__dict__.update(Overlay().__dict__ | state)


class World:
    """One local AWS. Whoever touches its resources holds `lock`."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.lock = threading.RLock()
        self.calls = CallLog()
        self.faults = Faults()
        self.decisions = Decisions()
        self.overlay = Overlay()
        self.changes: dict[str, Callable[[World, Due], None]] = {}
        self.clock: Callable[[], float] = time.time
        self.endpoint = ""  # where it serves; empty until it does
        self.subscribers: dict[str, Callable[..., None]] = {}  # who else hears of something, by its name
        self.resumers: list[Callable[[], None]] = []  # what goes on with what a restart has interrupted
        self.background = Background()
        self.application: WSGIApplication | None = None  # who answers the calls of this world
        self.enders: list[Callable[[], None]] = [
            self.background.stop
        ]  # what ends processes and threads, at reset and at stop

    def store(self, service: str, account: str, region: str, make: Callable[[], Any]) -> Any:
        """Return what is kept for a service of ours in an account and region; made when first asked for."""
        key = (service, account, region)
        if key not in self.overlay.stores:
            self.overlay.stores[key] = make()
        return self.overlay.stores[key]

    def scaled(self, seconds: float) -> float:
        """Return how long a time of AWS's takes here, in real seconds."""
        return seconds * self.settings.time_scale

    def quiet(self) -> None:
        """End everything that runs beside the calls."""
        for end in self.enders:
            end()

    def later(self, change: str, account: str, region: str, id_: str, *, after: float | None = None) -> None:
        """Let a change come after its usual time, scaled; `after` is the moment to count from."""
        begin = self.clock() if after is None else after
        at = begin + self.scaled(USUAL_SECONDS[change])
        self.overlay.number += 1
        heapq.heappush(self.overlay.schedule, Due(at, self.overlay.number, change, account, region, id_))

    def settle(self) -> None:
        """Carry out every change whose time has come, in order."""
        schedule, now = self.overlay.schedule, self.clock()
        while schedule and schedule[0].at <= now:
            due = heapq.heappop(schedule)
            self.changes[due.change](self, due)

    def hide(self, ids: list[str], seconds: float, *, tags_only: bool = False) -> None:
        """Let describe calls not show these resources, or their tags, for so many real seconds."""
        where = self.overlay.untagged if tags_only else self.overlay.hidden
        where.update(dict.fromkeys(ids, self.clock() + seconds))

    def is_hidden(self, id_: str) -> bool:
        """Tell whether a resource is too new to be shown."""
        return _still(self.overlay.hidden, id_, self.clock)

    def has_hidden_tags(self, id_: str) -> bool:
        """Tell whether a resource's tags are too new to be shown."""
        return _still(self.overlay.untagged, id_, self.clock)

    def recall(self, key: Hashable) -> Remembered | None:
        """Return what was answered to a ClientToken, unless it is long forgotten."""
        found = self.overlay.tokens.get(key)
        return found if found and found.until > self.clock() else None

    def remember(self, key: Hashable, asked: Hashable, answer: Answer) -> None:
        """Keep the answer to a ClientToken; a full memory loses the oldest."""
        until = self.clock() + USUAL_SECONDS["token-forgotten"] * max(self.settings.time_scale, 0.01)
        self.overlay.tokens[key] = Remembered(asked, answer, until)
        for old in list(itertools.islice(self.overlay.tokens, max(0, len(self.overlay.tokens) - TOKENS_KEPT))):
            del self.overlay.tokens[old]

    def limit(self, quota: str) -> float:
        """Return how many a quota allows now."""
        if quota in self.settings.quotas:
            return self.settings.quotas[quota]
        return QUOTAS[quota].limit * self.settings.quota_scale


def _still(until: dict[str, float], id_: str, clock: Callable[[], float]) -> bool:
    if not until or id_ not in until:
        return False
    if until[id_] > clock():
        return True
    del until[id_]
    return False


class _Current:
    """The world of this process: moto's backends are the process's own, so there is one."""

    world: World | None = None


def make_current(world: World) -> None:
    """Let changes that moto begins by itself, as an Auto Scaling group does, come in this world."""
    _Current.world = world


def current() -> World:
    """Return the world of this process."""
    if _Current.world is None:
        raise RuntimeError("no local AWS was made in this process")
    return _Current.world
