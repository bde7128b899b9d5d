"""What every pass over an object does, whether the object is wanted or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from awslab import engine
from awslab.aws.accounts import OWN, Account, located
from awslab.aws.callers import Caller, Urgency, calling
from awslab.aws.inventory import Inventory, Seen
from awslab.aws.named import Named
from awslab.aws.session import Aws, Clients
from awslab.core import conditions
from awslab.core.conditions import Condition, Type, Verdict
from awslab.core.drift import Drift
from awslab.core.errors import LabError, Waits
from awslab.core.graph import Graph
from awslab.core.outcome import Pass
from awslab.core.ownership import Owner
from awslab.core.plan import Hints
from awslab.core.step import Step
from awslab.kinds.kind import Kind
from awslab.settings import Settings

from .accounts import Grant
from .counting import ResourceCount
from .handle import Handle
from .happenings import Happenings
from .held import LOOKED_AGAIN
from .status import Status, Telling, parsed, recorded, timestamp
from .timing import backoff, next_look

UNSURE_AFTER = 3
"""Looks at AWS that may fail in a row before Ready is no longer believed."""

UNSURE = "AWS cannot be looked at; before that: "


class World(Protocol):
    """What a pass needs of the reconciler."""

    settings: Settings
    clock: Callable[[], datetime]
    pool: Any
    resources: ResourceCount

    def clients(self, region: str, account: Account = OWN) -> Clients:
        """The AWS clients of *region* in *account*."""

    def referrers(self, kind: str) -> Sequence[str]:
        """The kinds whose objects may refer to one of the kind named."""

    def inventory(self, clients: Clients) -> Inventory:
        """What all owners have where *clients* look."""

    def failures(self, key: str) -> int:
        """How many passes over one owner have failed in a row."""


class ObjectPass(ABC):
    """One pass over one object."""

    def __init__(self, world: World, kind: Kind[Any, Any], handle: Handle) -> None:
        self.world, self.kind, self.handle = world, kind, handle
        self.failed: LabError | None = None
        self.seen: Seen | None = None
        """What was seen of all owners together, where the pass went by that."""
        meta = handle.obj["metadata"]
        self.meta: Mapping[str, Any] = meta
        self.owner = Owner(world.settings.instance, kind.name, meta["namespace"], meta["name"], meta.get("uid", ""))
        self.before: Mapping[str, Any] = handle.obj.get("status") or {}
        self.spec: Mapping[str, Any] = handle.obj.get("spec") or {}
        self.telling = Telling(
            meta.get("generation", 0), self.before, world.clock(), time_scale=world.settings.time_scale
        )
        self.happenings = Happenings(handle, kind.name)
        self.grant = Grant()
        self.elsewhere: Mapping[str, Clients] = {}
        self.others: Sequence[Account] = ()
        self.clients: Clients | None = None

    def run(self) -> float | None:
        """Carry it out; returns the seconds until the next, None for the interval."""
        try:
            with calling(Caller(self.owner.key, self.urgency)):
                return self.go()
        except Waits as waits:
            return self.wait(waits)
        except LabError as error:
            return self.fail(located(error, self.clients) if self.clients else error)

    @property
    def urgency(self) -> Urgency:
        """How soon its calls to AWS are served where calls have to wait."""
        return Urgency.CHANGE

    @abstractmethod
    def go(self) -> float | None:
        """Carry it out; raises LabError where AWS cannot even be looked at."""

    # AWS

    def enter(self, grant: Grant, region: str) -> Clients:
        """Go into the account that was granted."""
        self.grant, self.clients = grant, self.world.clients(region, grant.account)
        return self.clients

    def reach(self, others: Mapping[str, Account], region: str) -> None:
        """Act in *others* too, by the ids of the accounts."""
        self.others = tuple(others.values())
        self.elsewhere = {id_: self.world.clients(region, account) for id_, account in others.items()}

    def reconcile(
        self, desired: Graph, clients: Clients, hints: Hints, *, claims: Mapping[str, str] | None = None, **how: Any
    ) -> Pass:
        """Bring AWS nearer to *desired*, by the engine; *claims* are ids by address."""
        pool: Executor = self.world.pool
        on_delete = self.spec.get("deletion") or {}  # as it stands there: a spec that is not valid must not stop it
        aws = Aws(clients, self.owner, on_delete=on_delete, elsewhere=self.elsewhere)
        types = self.kind.types
        inventory = self.world.inventory(clients)
        wanted = {type(resource) for resource in desired}
        self.seen = inventory.look(aws, types, self.interval, wanted) if self.is_routine else None
        if self.seen and (result := engine.as_wanted(desired, self.seen.found, hints)):
            return result
        self.seen = None
        ours = engine.Claims(claims or {}, self._recorded())
        result = engine.reconcile(desired, types, aws, hints, pool, claims=ours, stopping=self.handle.stopping, **how)
        inventory.looked(self.owner.key, changed=bool(result.outcomes))
        return result

    def _recorded(self) -> dict[str, str]:
        """What was ours when the status was written and has an id of our choice: some of these no listing shows."""
        named = {t.__name__ for t in self.kind.types if issubclass(t, Named)}
        return {a: id_ for a, id_ in recorded(self.before).items() if a.partition("/")[0] in named}

    @property
    def is_routine(self) -> bool:
        """Whether nobody waits for this pass, so that it may go by what was seen of all owners together."""
        return False

    @property
    def interval(self) -> float:
        """Seconds between two routine looks."""
        return self.world.settings.resync

    def hints(self) -> Hints:
        """What the status remembers for the plan."""
        return Hints(
            self.owner,
            unseen=self.unseen(),
            known=recorded(self.before),
            applied_tags=frozenset(self.before.get("appliedTagKeys", ())),
        )

    def unseen(self) -> frozenset[str]:
        """What was about to be made so lately that AWS may not show it yet."""
        window = timedelta(seconds=self.world.settings.consistency_window)
        intents = self.before.get("intents", {})
        return frozenset(a for a, since in intents.items() if self.telling.now - parsed(since) < window)

    # Status

    def announce(
        self,
        verdict: Verdict,
        steps: Sequence[Step],
        drift: Sequence[Drift] = (),
        also: Sequence[Mapping[str, Any]] = (),
        **more: Any,
    ) -> None:
        """Tell what is about to happen; while a failure is being retried that is no news, and nothing flaps."""
        told = self.telling.verdict(verdict, drift)
        told["conditions"] += also
        if self._retrying():
            told = dict(self.before)
        elif synced := self._condition("Synced"):
            told["conditions"] = [synced if c["type"] == "Synced" else c for c in told["conditions"]]
        self.write(told | {"resources": self.telling.resources(steps, {})} | more)

    def told(self, result: Pass, verdict: Verdict, drift: Sequence[Drift] = ()) -> Status:
        """The status at the end of a pass."""
        errors = {o.step.key: str(o.error) for o in result.errors}
        begun = {o.step.key: str(o.error) for o in result.begun}
        self.failed = verdict.error
        telling = replace(self.telling, before=self.handle.obj.get("status") or {}, now=self.world.clock())
        status = telling.verdict(verdict, drift)
        return status | {
            "resources": telling.resources(result.steps, errors, begun),
            "intents": self._open_intents(result),
            "otherAccounts": [{"name": other.name, "id": other.id} for other in self.others],
        }

    def _open_intents(self, result: Pass) -> dict[str, str]:
        """The intents of which nobody knows yet what became of them."""
        intents = (self.handle.obj.get("status") or {}).get("intents", {})
        seen = {o.address for o in result.found}
        open_ = self.unseen() | {o.step.address for o in result.outcomes if engine.may_have_made(o)}
        return {a: since for a, since in intents.items() if a in open_ - seen}

    def write(self, status: Status) -> None:
        """Write the status if it changed; what is empty is left out."""
        self.handle.write_status({k: v for k, v in status.items() if v not in (None, [], {}, "")})

    def fail(self, error: LabError) -> float | None:
        """Tell why AWS could not even be looked at; what was known stays known."""
        self.failed = error
        verdict = conditions.of_error(error)
        status = self.telling.verdict(verdict) | {"drift": self.before.get("drift", [])}
        ready = self._condition("Ready")
        if ready and not verdict.stalled:
            status["conditions"] = [self._doubted(ready), *status["conditions"][1:]]
        self.write(status)
        self.happenings.failed(error)
        return None

    def wait(self, waits: Waits) -> float:
        """Tell which other object is waited for; whoever waits is woken by it."""
        verdict = Verdict(ready=False, reason=waits.reason, message=str(waits))
        status = self.telling.verdict(verdict) | {"drift": self.before.get("drift", [])}
        synced = self._condition("Synced")
        status["conditions"] = [synced if c["type"] == "Synced" else c for c in status["conditions"]]
        self.write(status | {"conditions": [c for c in status["conditions"] if c]})
        return LOOKED_AGAIN

    def _doubted(self, ready: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ready as it was last seen, until AWS has been out of sight for too long."""
        if self.world.failures(self.owner.key) < UNSURE_AFTER:
            return ready
        doubt = Condition(Type.READY, None, "Unreachable", UNSURE + str(ready["message"]).removeprefix(UNSURE))
        return doubt.on_wire(self.telling.generation, timestamp(self.telling.now), self.before.get("conditions", ()))

    @property
    def is_patient(self) -> bool:
        """Whether what AWS is not as far as yet needs no telling so far."""
        return self.world.failures(self.owner.key) < UNSURE_AFTER

    def _retrying(self) -> bool:
        synced = self._condition("Synced") or {}
        return synced.get("status") == "False" and synced.get("observedGeneration") == self.telling.generation

    def _condition_is_true(self, type_: str) -> bool:
        return (self._condition(type_) or {}).get("status") == "True"

    def _condition(self, type_: str) -> Mapping[str, Any] | None:
        return next((c for c in self.before.get("conditions", ()) if c["type"] == type_), None)

    # Time

    def again(self, result: Pass, status: Status, *, unfinished: bool) -> float | None:
        """Seconds until AWS is worth another look; None where nothing is waited for."""
        settings = self.world.settings
        if unfinished and not self.failed:
            return backoff(0)
        looks = [next_look(result, status, self.world.clock(), settings.time_scale)]
        if status.get("intents"):
            looks.append(max(0.5, settings.consistency_window / 10))
        return min((look for look in looks if look is not None), default=None)
